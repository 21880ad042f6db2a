"""The job that keeps configurations: daily, after a notice of a change, again after a failure."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from alerts.conditions import Condition, config_changed
from alerts.maintenance import Window, covers, occurrences
from alerts.model import ConditionKind, Severity
from ronda.backup_settings import directory_of
from ronda.config_fetch import Fetched, fetch
from storage.configs import ConfigStore, ConfigStoreError
from storage.records import RecordsError
from storage.records.configurations import BackupState, note, states
from topology.findings import Component, ComponentKind
from topology.model import Device, DeviceId, Inventory

if TYPE_CHECKING:
    from ronda.app import App

log = structlog.get_logger(__name__)
LOOK_EVERY_S = 15.0
TRAP_WORD = "config_changed"
"""What profiles' `traps` call a notice that the configuration was changed."""
MISSING = "monitor:backup"
"""The condition of devices without a whole copy."""
TIDY_EVERY = 200
"""Changes after which the repository is packed."""


def backed_up(device: Device) -> bool:
    return device.ssh is not None and device.address is not None


class ConfigBackup:
    """Inert until `start`. Runs on a task of its own: reading a configuration takes long."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._settings = app.settings.backup
        self.store = ConfigStore(directory_of(self._settings, app.settings.data_dir))
        self.counters: Counter[str] = Counter()
        self.states: dict[DeviceId, BackupState] = {}
        self.trouble: str | None = None
        """Why nothing can be kept at all."""
        self._due: dict[DeviceId, datetime] = {}
        self._busy: set[DeviceId] = set()
        self._task: asyncio.Task[None] | None = None
        self._stale_since: datetime | None = None
        self._late: list[BackupState] = []

    async def start(self) -> None:
        if not self._settings.enabled or not any(map(backed_up, self._app.inventory.devices.values())):
            return
        try:
            await asyncio.to_thread(self.store.start)
            self.states = await self._app.keeper.call(lambda: self._app.records.read(states))
        except (ConfigStoreError, RecordsError) as error:  # the watch over the network goes on without it
            self.trouble = str(error)
            log.error("configurations are not backed up", error=str(error))
            return
        told = (i for i in self._app.patrol.book.active if i.group == MISSING)
        self._stale_since = next((i.began_at for i in told), None)
        self._task = asyncio.create_task(self._run(), name="configuration backup")

    @property
    def running(self) -> bool:
        return self._task is not None

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def on_trap(self, device: DeviceId, kinds: Sequence[str], now: datetime) -> None:
        """It says that it was changed: it is read soon, once, however often it says so."""
        known = self._app.inventory.devices.get(device)
        if self._task is None or TRAP_WORD not in kinds or known is None or not backed_up(known):
            return
        self.counters["traps"] += 1
        self._due[device] = now + timedelta(seconds=self._settings.after_trap_s)

    async def _run(self) -> None:
        now, first_s = self._app.clock.now(), self._settings.first_after_s
        for n, device in enumerate(filter(backed_up, self._app.inventory.devices.values())):
            # Spread out: a thousand devices don't log in at once after each start.
            soonest = now + timedelta(seconds=first_s + n * min(5.0, self._settings.every_s / 1000))
            self._due.setdefault(device.id, max(soonest, self._next(device.id, soonest)))
        async with asyncio.TaskGroup() as group:
            while True:
                for device_id in self._due_now():
                    self._busy.add(device_id)
                    group.create_task(self._one(self._app.inventory.devices[device_id]))
                self._tell_stale()
                await asyncio.sleep(min(LOOK_EVERY_S, max(1.0, self._settings.after_trap_s / 4)))

    def _due_now(self) -> list[DeviceId]:
        now = self._app.clock.now()
        free = self._settings.places - len(self._busy)
        waiting = sorted((at, d) for d, at in self._due.items() if at <= now and d not in self._busy)
        return [device for _, device in waiting[: max(0, free)]]

    def _next(self, device: DeviceId, otherwise: datetime) -> datetime:
        state = self.states.get(device)
        if state is None:
            return otherwise
        gap_s = self._settings.every_s if state.reason is None else self._settings.retry_s
        return state.tried_at + timedelta(seconds=gap_s)

    async def _one(self, device: Device) -> None:
        asked_at = self._app.clock.now()
        try:
            await self._safely(device)
        except Exception as error:  # one device must not end the job: counted and said
            self.counters["errors"] += 1
            if self.counters["errors"] in (1, 10, 100):
                log.exception("a configuration could not be backed up", device=device.id, error=str(error))
        finally:
            self._busy.discard(device.id)
            now = self._app.clock.now()
            # What came in meanwhile (a notice) stands; else the next turn, even when nothing could be noted.
            if self._due.get(device.id, asked_at) <= asked_at:
                later = now + timedelta(seconds=self._settings.retry_s)
                self._due[device.id] = max(self._next(device.id, later), now + timedelta(seconds=30))

    async def _safely(self, device: Device) -> None:
        app = self._app
        planned = self._planned(device, await self._windows())
        got = await fetch(device, app.ssh, self.store, app.clock, planned=planned)
        self.counters["fetched"] += 1
        self.states[device.id] = await app.keeper.call(
            lambda: app.records.write(lambda c: note(c, device.id, got.at, got.reason))
        )
        if got.failed:
            self.counters["failed"] += 1
            failures = self.states[device.id].failures
            if failures in (1, 10, 100):
                log.warning("no configuration", device=device.id, reason=got.reason, failures=failures)
            return
        if got.change is not None:
            await self._changed(got)

    async def _changed(self, got: Fetched) -> None:
        assert got.change is not None
        change, device = got.change, got.device
        self.counters["changes"] += 1
        log.info("configuration kept", device=device.id, summary=change.summary, who=change.who)
        if self.counters["changes"] % TIDY_EVERY == 0:
            await asyncio.to_thread(self.store.tidy)
        if change.first or change.planned:
            return
        self.counters["unplanned"] += 1
        self._app.put(
            [
                config_changed(
                    device.id,
                    change.at,
                    added=change.lines_added,
                    removed=change.lines_removed,
                    who=change.who,
                    office=device.office,
                )
            ]
        )

    async def _windows(self) -> Sequence[Window]:
        since = self._app.clock.now() - timedelta(days=max(2.0, self._settings.stale_days))
        return await self._app.keeper.call(lambda: self._app.records.maintenance_windows(since))

    def _planned(self, device: Device, windows: Sequence[Window]) -> bool:
        """Whether work on the device was planned at some time since the last copy."""
        state, now = self.states.get(device.id), self._app.clock.now()
        since = now if state is None or state.good_at is None else state.good_at
        return planned_between(self._app.inventory, device.id, windows, since, now)

    def _tell_stale(self) -> None:
        """One condition for all that have had no whole copy for long."""
        now = self._app.clock.now()
        late = stale(self._app.inventory, self.states, now, timedelta(days=self._settings.stale_days))
        if late:
            self._stale_since = self._stale_since or now
            if late != self._late:
                self._app.put([backups_missing(late, self._stale_since, standing=True)])
        elif self._stale_since is not None:
            self._stale_since = None
            self._app.put([backups_missing([], now, standing=False)])
        self._late = late


def planned_between(
    inventory: Inventory, device: DeviceId, windows: Sequence[Window], since: datetime, until: datetime
) -> bool:
    zone = ZoneInfo(inventory.network.timezone)
    component = Component(ComponentKind.DEVICE, device)
    end = until + timedelta(microseconds=1)
    return any(
        covers(window, [component], inventory)
        and next(occurrences(window, since, end, zone), None) is not None
        for window in windows
    )


def stale(
    inventory: Inventory, known: dict[DeviceId, BackupState], now: datetime, after: timedelta
) -> list[BackupState]:
    return [
        state
        for device, state in sorted(known.items())
        if device in inventory.devices
        and backed_up(inventory.devices[device])
        and state.reason is not None
        and now - (state.good_at or state.wanted_since) >= after
    ]


def backups_missing(late: Sequence[BackupState], since: datetime, *, standing: bool) -> Condition:
    names = ", ".join(s.device for s in late[:3]) + (f" and {len(late) - 3} more" if len(late) > 3 else "")
    why = f"no whole configuration of {names}: {late[0].reason}" if late else "configurations are read again"
    return Condition(
        key=MISSING,
        kind=ConditionKind.MONITOR_UNWELL,
        components=(Component(ComponentKind.MONITOR, "backup"),),
        severity=Severity.WARNING,
        standing=standing,
        since=since,
        why=why,
        facts=(("part", "backup"), ("waiting", len(late)), ("reason", why)),
    )
