"""What the API asks of the running system, answered from memory or from the records."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from sqlalchemy import Connection

from alerts.incident import UnknownIncidentError
from alerts.maintenance import Window, WindowId
from alerts.model import Incident, IncidentId
from alerts.notify import Moved
from api.access import Access
from api.backend import MetricsUnavailableError, NotActiveError, ReadinessCheck, RecordsUnavailableError
from api.changes import ChangeFeed
from api.past import Past
from api.register import Register
from ronda.access import RecordsAccess
from ronda.findings import JobFindings
from ronda.keeper import Unsaved
from ronda.loads import busiest
from ronda.patrol import Patrol, Round
from ronda.register import RecordsRegister
from ronda.safe_settings import safe_settings
from storage.metrics.store import Aggregate, Series, StoreError, Where, choose_resolution
from storage.records import RecordedChange, RecordsError
from storage.records.history import watched
from topology.clock import Clock
from topology.findings import Component, Verdict
from topology.history import verdict_at
from topology.model import Inventory, LinkId

if TYPE_CHECKING:
    from ronda.app import App

T = TypeVar("T")
LOADS_FRESH_S = 300.0
VERDICT_FRESH_S = 30.0
"""A verdict is given at least every few seconds; an older one means that the rounds have stopped."""


class AppBackend:
    """Implements `api.backend.Backend` for a running `App`."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._loading = asyncio.Lock()
        self._loads: Mapping[LinkId, float] = {}
        self._loads_s: float | None = None
        self._access = RecordsAccess(app.records.access, self._ask)
        self._register = RecordsRegister(app.records, lambda: app.inventory, app.clock)
        self._feed = ChangeFeed(run=f"{int(app.clock.now().timestamp()):x}")

    @property
    def inventory(self) -> Inventory:
        return self._app.inventory

    @property
    def clock(self) -> Clock:
        return self._app.clock

    @property
    def feed(self) -> ChangeFeed:
        return self._feed

    @property
    def access(self) -> Access:
        return self._access

    @property
    def register(self) -> Register:
        return self._register

    @property
    def findings(self) -> JobFindings:
        return JobFindings(self._app.discovery, self._app.config_backup)

    def verdict(self) -> Verdict | None:
        return self._app.patrol.verdict

    def changed(self, round_: Round) -> None:
        """Tell the streams."""
        self._feed.publish(round_.changes, (i for i in round_.moved.incidents if i.told))

    async def incidents(
        self,
        *,
        which: Literal["active", "all"],
        limit: int,
        after: IncidentId | None = None,
        since: datetime | None = None,
    ) -> Sequence[Incident]:
        records = self._app.records
        status: Literal["active"] | None = "active" if which == "active" else None
        return await self._ask(lambda: records.incidents(status, since, limit=limit, after=after))

    async def incident(self, id_: IncidentId) -> Incident | None:
        return await self._ask(lambda: self._app.records.incident(id_))

    async def acknowledge(self, id_: IncidentId, who: str, note: str) -> Incident | None:
        return await self._work(id_, lambda patrol, now: patrol.acknowledge(id_, who, now, note))

    async def unacknowledge(self, id_: IncidentId, who: str, note: str) -> Incident | None:
        return await self._work(id_, lambda patrol, now: patrol.unacknowledge(id_, who, now, note))

    async def comment(self, id_: IncidentId, who: str, text: str) -> Incident | None:
        return await self._work(id_, lambda patrol, now: patrol.comment(id_, who, now, text))

    async def assign(self, id_: IncidentId, who: str, to: str | None) -> Incident | None:
        return await self._work(id_, lambda patrol, now: patrol.assign(id_, who, to, now))

    async def link_ticket(self, id_: IncidentId, who: str, ticket: str | None) -> Incident | None:
        return await self._work(id_, lambda patrol, now: patrol.link_ticket(id_, who, ticket, now))

    async def _work(self, id_: IncidentId, do: Callable[[Patrol, datetime], Moved]) -> Incident | None:
        app = self._app
        try:
            moved = do(app.patrol, app.clock.now())
        except UnknownIncidentError as error:
            if await self.incident(id_) is None:
                return None
            raise NotActiveError(id_) from error
        app.keeper.add(Unsaved(moved.incidents, moved.notifications, ()))
        if not await app.keeper.save():
            raise RecordsUnavailableError("it is kept in memory; the records can't be written")
        app.outbox.poke()
        return next(incident for incident in moved.incidents if incident.id == id_)

    async def windows(self, since: datetime | None) -> Sequence[Window]:
        return await self._ask(lambda: self._app.records.maintenance_windows(since))

    async def plan(self, window: Window) -> bool:
        added = await self._ask(lambda: self._app.records.save_window(window))
        await self._reload_windows()
        return added

    async def cancel_window(self, id_: WindowId) -> Window | None:
        now = self._app.clock.now()
        found = await self._ask(lambda: self._app.records.cancel_window(id_, now))
        await self._reload_windows()
        return found

    async def _reload_windows(self) -> None:
        try:
            await self._app.upkeep.reload_windows()
        except (RecordsError, RuntimeError) as error:
            raise RecordsUnavailableError(f"it is recorded, and in force within a minute: {error}") from error

    async def events(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        subjects: Collection[Component] | None = None,
        limit: int = 200,
        after: int = 0,
    ) -> Sequence[RecordedChange]:
        records = self._app.records
        return await self._ask(
            lambda: records.changes(since, until, subjects=subjects, limit=limit, after_id=after)
        )

    async def past(self, at: datetime) -> Past:
        app, now = self._app, self._app.clock.now()
        seen = any(since <= at <= until for since, until in app.watch.to_save())
        if not seen:
            stretches = await self._ask(lambda: app.records.read(_watches(at)))
            seen = any(since <= at <= until for since, until in stretches)
        if not seen or at < now - timedelta(days=app.settings.retention.events_days):
            return Past(at, None)
        return Past(at, verdict_at(await self._ask(lambda: app.records.changes_until(at)), at))

    async def series(
        self,
        measurement: str,
        field: str,
        *,
        start_s: int,
        end_s: int,
        where: Where,
        every_s: int,
        aggregate: Aggregate,
    ) -> Sequence[Series]:
        app = self._app
        resolution = choose_resolution(
            start_s=start_s,
            every_s=every_s,
            now_s=int(app.clock.now().timestamp()),
            retention=app.storage_settings.retention,
        )
        try:
            return await app.store.range(
                measurement,
                [field],
                start_s=start_s,
                end_s=end_s,
                where=where,
                every_s=every_s,
                aggregate=aggregate,
                resolution=resolution,
            )
        except StoreError as error:
            raise MetricsUnavailableError(str(error)) from error

    async def loads(self) -> Mapping[LinkId, float]:
        now_s = self._app.clock.monotonic_s()
        async with self._loading:
            if self._loads_s is None or now_s - self._loads_s >= LOADS_FRESH_S:
                try:
                    self._loads = await busiest(self._app.store, self._app.clock.now())
                except StoreError as error:
                    raise MetricsUnavailableError(str(error)) from error
                self._loads_s = now_s
        return self._loads

    def safe_settings(self) -> Mapping[str, Any]:
        return safe_settings(self._app.settings)

    async def readiness(self) -> Sequence[ReadinessCheck]:
        app = self._app
        verdict, now = app.patrol.verdict, app.clock.now()
        if verdict is None:
            looked = ReadinessCheck("verdict", False, "the first look at the network is not over")
        else:
            fresh = now - verdict.at <= timedelta(seconds=VERDICT_FRESH_S)
            looked = ReadinessCheck(
                "verdict", fresh, "" if fresh else f"the last verdict is of {verdict.at:%H:%M:%S}Z"
            )
        return [looked, await self._records_check(), self._metrics_check(), self._probing_check()]

    def self_counters(self) -> Mapping[str, int | float]:
        app = self._app
        parts: dict[str, Mapping[str, int | float]] = {
            "app": app.counters,
            "records": {
                **app.records.counters(),
                **app.keeper.counters,
                "unsaved": float(app.keeper.waiting),
            },
            "outbox": app.outbox.counters,
            "channels": app.outbox.channel_counters(),
            "heartbeat": app.heartbeat.counters if app.heartbeat is not None else {},
            "metrics": app.store.counters(),
            "schedule": _flat(app.schedule.counters.samples()),
            "snmp": app.poller.counters,
            "ssh": app.ssh_turns.counters,
            "echo": _flat(app.prober.counters.samples()),
            "http": _flat(app.checker.counters.samples()),
            "traps": app.traps.counters if app.traps is not None else {},
            "judge": app.patrol.judge.counters,
            "conditions": app.condition_jobs.counters,
            "discovery": app.discovery.counters,
            "config_backup": app.config_backup.counters,
        }
        return {
            f"{part}_{name.removeprefix(f'{part}_')}": value
            for part, counters in parts.items()
            for name, value in counters.items()
        }

    async def _ask(self, function: Callable[[], T]) -> T:
        try:
            return await self._app.keeper.call(function)
        except (RecordsError, RuntimeError) as error:
            raise RecordsUnavailableError(str(error)) from error

    async def _records_check(self) -> ReadinessCheck:
        waiting = self._app.keeper.waiting
        try:
            await self._ask(self._app.records.pending_count)
        except RecordsUnavailableError as error:
            return ReadinessCheck("records", False, str(error))
        return ReadinessCheck("records", waiting == 0, f"{waiting} changes can't be saved" if waiting else "")

    def _metrics_check(self) -> ReadinessCheck:
        trouble = self._app.store.trouble
        return ReadinessCheck("metrics", trouble is None, trouble or "")

    def _probing_check(self) -> ReadinessCheck:
        wire = str(self._app.prober.wire)
        return ReadinessCheck("probing", wire != "none", self._app.prober.why if wire == "none" else "")


def _watches(at: datetime) -> Callable[[Connection], list[tuple[datetime, datetime]]]:
    return lambda connection: watched(connection, at, at + timedelta(microseconds=1))


def _flat(samples: Iterable[tuple[str, Mapping[str, str], float]]) -> dict[str, int | float]:
    """Labelled samples as plain names: `sent{wire=raw}` becomes `sent_raw`."""
    return {"_".join([name, *labels.values()]): value for name, labels, value in samples}
