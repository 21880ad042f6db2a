"""What is done now and then: evidence kept for the next start, our own figures, old rows deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection

from storage.metrics.point_maker import points_of_self
from storage.records import RecordsError
from storage.records.history import keep_watch

if TYPE_CHECKING:
    from ronda.app import App

log = structlog.get_logger(__name__)

KEEP_EVIDENCE_EVERY_S = 10.0
SELF_EVERY_S = 30.0
STORE_EVERY_S = 60.0
PRUNE_EVERY_S = 6 * 3600.0
WINDOWS_EVERY_S = 30.0
"""Windows that were written past this process (`ronda maintenance` with no server to be found) are seen."""


class Upkeep:
    """Inert until `start`."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._task: asyncio.Task[None] | None = None

    def turns(self) -> Iterator[tuple[str, float, Callable[[], Awaitable[None]]]]:
        """(key, every so many seconds, what is done), for the schedule."""
        yield "self", SELF_EVERY_S, self._measure_self
        yield "prune", PRUNE_EVERY_S, self._prune
        yield "maintain", STORE_EVERY_S, self._maintain
        yield "windows", WINDOWS_EVERY_S, self.reload_windows

    async def start(self) -> None:
        self._task = asyncio.create_task(self._keep_evidence(), name="evidence")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def last_words(self) -> None:
        """At the end: the next start knows as much as this process did."""
        try:
            await self._save_evidence()
        except RecordsError as error:  # the next start knows less; nothing else is lost
            log.warning("evidence can't be saved", error=str(error))

    async def reload_windows(self) -> None:
        """Maintenance as the records have it."""
        app = self._app
        since = app.clock.now() - timedelta(days=1)
        app.patrol.plan_maintenance(await app.keeper.call(lambda: app.records.maintenance_windows(since)))
        app.rounds.poke()

    async def _keep_evidence(self) -> None:
        counters = self._app.counters
        while True:
            await asyncio.sleep(KEEP_EVIDENCE_EVERY_S)
            try:
                await self._save_evidence()
            except Exception as error:  # noqa: BLE001  # only a convenience for the next start: counted and said
                counters["evidence_errors"] += 1
                if counters["evidence_errors"] in (1, 10, 100):
                    log.warning("evidence can't be saved", error=str(error))

    async def _save_evidence(self) -> None:
        app = self._app
        evidence, watched = app.patrol.judge.evidence(), app.watch.to_save()

        def keep(connection: Connection) -> None:
            for since, until in watched:
                keep_watch(connection, since, until)

        await app.keeper.call(lambda: app.records.save_evidence(evidence))
        await app.keeper.call(lambda: app.records.write(keep))
        app.watch.saved(watched)

    async def _measure_self(self) -> None:
        app = self._app
        now = app.clock.now()
        app.writer.write(points_of_self(app.backend.self_counters(), now))
        windows = {d: w for d in app.inventory.devices if (w := app.echo_windows.of(d)) is not None}
        app.writer.write(app.points.of_windows(windows, now))
        if app.patrol.verdict is not None:
            app.rounds.write_verdict(app.patrol.verdict)

    async def _prune(self) -> None:
        app = self._app
        now, policy = app.clock.now(), app.storage_settings.records_retention
        await app.keeper.call(lambda: app.records.prune(now, policy))

    async def _maintain(self) -> None:
        await self._app.store.maintain(int(self._app.clock.now().timestamp()))
