"""The jobs that feed conditions what no poll brings: the monitor's own figures, and what is usual on a link.

They run on tasks of their own and not on the schedule: that the schedule stands still is one of the things
to be noticed.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Coroutine
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog

from ronda.trends import daily_medians
from ronda.vitals import Vitals, VitalSigns
from storage.metrics.store import StoreError
from storage.records import RecordsError
from storage.records.outbox import UNFINISHED
from storage.records.tables import outbox

if TYPE_CHECKING:
    from ronda.app import App

log = structlog.get_logger(__name__)
EVERY_S = 30.0
LEARN_EVERY_S = 3600.0
LEARN_FIRST_S = 20.0
RECORDS_TIMEOUT_S = 10.0
_WAITING = ("metrics_points_held", "spool_backlog_bytes")


class ConditionJobs:
    """Inert until `start`."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._signs = VitalSigns(app.settings.self_watch)
        self._tasks: list[asyncio.Task[None]] = []
        self.counters: Counter[str] = Counter()

    async def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._watch(), name="self watch"),
            asyncio.create_task(self._learn(), name="trends"),
        ]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def look(self) -> None:
        """One look at ourselves."""
        app = self._app
        vitals = await self._vitals()
        app.put(self._signs.look(vitals, app.clock.now(), app.clock.monotonic_s()))
        self.counters["looks"] += 1

    async def learn(self) -> None:
        """Read what is usual on every link. Raises StoreError."""
        app = self._app
        settings = app.patrol.conditions.settings
        if not settings.enabled:
            return
        days = max(settings.baseline_days, settings.trend_days)
        zone = ZoneInfo(app.inventory.network.timezone)
        devices = [d.id for d in app.inventory.devices.values() if d.snmp or d.ssh]
        found = await daily_medians(app.store, devices, app.clock.now(), zone, days)
        app.patrol.conditions.learn(found, app.clock.now())
        self.counters["learned"] = len(found)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            await self._safely("look", self.look())

    async def _learn(self) -> None:
        await asyncio.sleep(LEARN_FIRST_S)
        while True:
            await self._safely("learn", self.learn())
            await asyncio.sleep(LEARN_EVERY_S)

    async def _safely(self, what: str, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001  # the watch of ourselves must outlive whatever it finds
            self.counters[f"{what}_errors"] += 1
            if self.counters[f"{what}_errors"] in (1, 10, 100):
                expected = isinstance(error, StoreError | RecordsError)
                (log.warning if expected else log.exception)("a look at ourselves failed", error=str(error))

    async def _vitals(self) -> Vitals:
        app = self._app
        metrics = app.store.counters()
        waiting, oldest_s = await self._messages()
        try:
            disk = shutil.disk_usage(app.settings.data_dir)
        except OSError:
            disk = None
        return Vitals(
            asked=app.counters["polls"] + app.counters["probes"],
            devices=sum(d.monitored for d in app.inventory.devices.values()),
            unsaved=app.keeper.waiting,
            metrics_trouble=app.store.trouble,
            metrics_waiting=float(sum(metrics.get(name, 0.0) for name in _WAITING)),
            metrics_lost=int(metrics.get("metrics_points_lost", 0)),
            clock_steps=app.schedule.counters.clock_steps,
            round_errors=app.counters["round_errors"],
            oldest_message_s=oldest_s,
            messages_waiting=waiting,
            disk_free_bytes=None if disk is None else disk.free,
            disk_bytes=None if disk is None else disk.total,
        )

    async def _messages(self) -> tuple[int, float | None]:
        """How many wait, and for how long the oldest has. While the records can't be asked: nobody knows."""
        app = self._app
        query = sa.select(sa.func.count(), sa.func.min(outbox.c.created_at)).where(
            outbox.c.outcome.in_(UNFINISHED)
        )
        try:
            async with asyncio.timeout(RECORDS_TIMEOUT_S):
                count, oldest = await app.keeper.call(
                    lambda: app.records.read(lambda connection: connection.execute(query).one())
                )
        except (RecordsError, RuntimeError, TimeoutError):
            self.counters["records_unknown"] += 1
            return 0, None
        if oldest is None:
            return count, None
        return count, (app.clock.now() - oldest).total_seconds()
