"""The steps of one poll: who it is, what is known of it, what has to be learned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from collector import ifmib, system
from collector.counters import Counters
from collector.entity import Entities
from collector.faults import SnmpFault
from collector.ifmib import Ports
from collector.memory import Memory
from collector.observe import Learned
from collector.optics import live_rows
from collector.plan import Batch, Group, groups_of, pack
from collector.profile import AUTO, Profiles
from collector.reader import Reader
from collector.settings import PollSettings
from collector.transport import SnmpTransport
from topology.clock import Clock
from topology.observations import PollError, PollFault

_WIDE_ABOVE_PACKETS = 200
_LANES = 3
"""Beside the first session: 20,000 ports are 2,500 packets a poll, too many in a row at 20 ms each."""


@dataclass(slots=True)
class Run:
    """What one poll came to."""

    errors: list[PollError] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    """Groups that were read in this poll."""
    doing: str | None = None
    answered: bool = False
    began_at: datetime | None = None
    """When the first question went out; None while an earlier poll of the same device is still under way."""


class Collection:
    """One device, one poll. Raises SnmpFault when the device falls silent or can't be asked."""

    def __init__(
        self,
        memory: Memory,
        reader: Reader,
        run: Run,
        profiles: Profiles,
        settings: PollSettings,
        clock: Clock,
        counters: Counters,
        another: Callable[[], SnmpTransport | None] = lambda: None,
    ) -> None:
        """`another` makes one more session to the device."""
        self._another = another
        self._memory = memory
        self._reader = reader
        self._run = run
        self._profiles = profiles
        self._settings = settings
        self._clock = clock
        self._counters = counters

    async def collect(self) -> None:
        if self._memory.profile is None:
            await self._identify()
        else:
            await self._refresh()
        await self._learn()

    # -- who it is -----------------------------------------------------------------------------

    async def _identify(self) -> None:
        """The system group, and by it the profile."""
        memory = self._memory
        self._run.doing = "system"
        await self._reader.fetch((*system.STATIC_CELLS, *system.VOLATILE_CELLS))
        self._reader.missing.clear()
        for column, _ in system.VOLATILE_CELLS:
            memory.rows[column] = ["0"] if memory.columns.get(column) else []
        memory.rows[system.SYS_UPTIME] = ["0"]
        self._choose_profile()
        memory.signature = system.table_signature(memory.columns)
        memory.uptime_s = system.uptime_s(memory.columns)
        memory.lldp_changed_at = system.lldp_changed_at(memory.columns)

    def _choose_profile(self) -> None:
        memory = self._memory
        wanted = memory.device.profile
        if wanted in self._profiles:
            profile = self._profiles[wanted]
        else:
            info = system.system_info(memory.device.id, memory.columns, self._clock.now(), None)
            profile = self._profiles.choose(info.sys_object_id, info.sys_descr)
            if wanted != AUTO:
                message = f"unknown profile {wanted!r}; {profile.name} is used"
                self._run.errors.append(PollError(PollFault.CONFIGURATION, message, what="profile"))
        if memory.profile is None or memory.profile.name != profile.name:
            memory.profile = profile
            memory.groups = groups_of(profile, self._settings.neighbors_every_s)
            memory.forget_rows()
            if profile.max_repetitions is not None:
                memory.limits.max_repetitions = min(memory.limits.max_repetitions, profile.max_repetitions)

    # -- what is known of it ---------------------------------------------------------------------

    async def _refresh(self) -> None:
        """Exactly the known cells; the first packet tells whether they still mean the same."""
        memory, reader, run = self._memory, self._reader, self._run
        run.doing = "interfaces"
        now_s = self._clock.monotonic_s()
        batches = self._batches()
        for column in memory.rows:
            memory.columns[column] = {}
        await reader.ask(batches[0])
        if self._rows_moved():
            memory.forget_rows()
            await reader.fetch(system.STATIC_CELLS)
            self._choose_profile()
            return
        if len(batches) > _WIDE_ABOVE_PACKETS:
            await self._open_lanes()
            await self._refresh_wide(batches[1:])
        else:
            await reader.refresh(batches[1:])
        for group in memory.groups:
            if group.walk_always or group.name not in memory.learned_at_s:
                continue
            if group.min_interval_s > 0:
                if not self._due(group, now_s):
                    continue
                run.doing = group.name
                await reader.fetch(self._cells(group))
            run.read.add(group.name)
            memory.read_at_s[group.name] = now_s
        if reader.missing:
            self._prune(now_s)
        if memory.packed_for_bytes != memory.limits.payload_bytes:
            memory.batches = None

    async def _open_lanes(self) -> None:
        memory = self._memory
        while len(memory.lanes) < _LANES:
            lane = self._another()
            if lane is None:
                return
            await lane.open()
            memory.lanes.append(lane)

    async def _refresh_wide(self, batches: Sequence[Batch]) -> None:
        try:
            await self._reader.refresh_wide(batches, self._memory.lanes)
        except* SnmpFault as faults:
            raise _first(faults) from None

    def _batches(self) -> Sequence[Batch]:
        memory = self._memory
        if memory.batches is None:
            cells = [
                (column, index)
                for column, _ in system.VOLATILE_CELLS
                for index in memory.rows.get(column, ())
            ]
            for group in memory.groups:
                if not group.walk_always and group.min_interval_s == 0 and group.name in memory.learned_at_s:
                    cells.extend(self._cells(group))
            memory.batches = pack(cells, memory.limits.payload_bytes, memory.headers_bytes)
            memory.packed_for_bytes = memory.limits.payload_bytes
        return memory.batches

    def _cells(self, group: Group) -> Iterable[tuple[str, str]]:
        rows = self._memory.rows
        return (
            (column.oid, index)
            for column in group.columns
            if column.volatile
            for index in rows.get(column.oid, ())
        )

    def _due(self, group: Group, now_s: float) -> bool:
        """A little early counts: polls don't come to the second."""
        last_s = self._memory.read_at_s.get(group.name)
        return last_s is None or now_s - last_s >= 0.95 * group.min_interval_s

    def _rows_moved(self) -> bool:
        memory = self._memory
        uptime_s = system.uptime_s(memory.columns)
        before_s, memory.uptime_s = memory.uptime_s, uptime_s
        signature = system.table_signature(memory.columns)
        moved = signature != memory.signature
        memory.signature = signature
        lldp_changed_at = system.lldp_changed_at(memory.columns)
        if lldp_changed_at != memory.lldp_changed_at:
            memory.lldp_changed_at = lldp_changed_at
            memory.learned_at_s.pop("lldp", None)
        if uptime_s is not None and before_s is not None and uptime_s < before_s:
            self._counters.add("snmp_reboots_seen")
            return True
        return moved

    def _prune(self, now_s: float) -> None:
        """Cells that did not come are not asked again; their group is learned anew, soon."""
        memory = self._memory
        gone: dict[str, set[str]] = {}
        for column, index in self._reader.missing:
            gone.setdefault(column, set()).add(index)
        gone.pop(system.SYS_UPTIME, None)
        for column, indexes in gone.items():
            memory.rows[column] = [index for index in memory.rows.get(column, ()) if index not in indexes]
        soon_s = now_s - self._settings.learn_every_s + self._settings.relearn_at_least_s
        for group in memory.groups:
            if group.name in memory.learned_at_s and any(column.oid in gone for column in group.columns):
                memory.learned_at_s[group.name] = min(memory.learned_at_s[group.name], soon_s)
        memory.batches = None
        self._counters.add("snmp_rows_vanished", len(self._reader.missing))
        self._reader.missing.clear()
        for column_oid in self._reader.refused:
            message = "the agent answers this column with an error"
            self._run.errors.append(PollError(PollFault.AGENT, message, oid=column_oid))

    # -- what has to be learned ---------------------------------------------------------------------

    async def _learn(self) -> None:
        """Walks what was never learned, or long ago. A poll cut short goes on here the next time."""
        memory, run = self._memory, self._run
        for group in memory.groups:
            if not self._to_be_learned(group):
                continue
            now_s = self._clock.monotonic_s()
            run.doing = group.name
            if group.name == "interfaces" and group.name in memory.learned_at_s:
                await self._reader.fetch(system.STATIC_CELLS)
            goes_on = group.name in memory.walked
            await self._reader.learn(group, memory.rows, memory.walked.setdefault(group.name, set()))
            del memory.walked[group.name]
            if not group.walk_always:
                for column in group.columns:
                    if column.volatile:
                        memory.rows[column.oid] = self._worth_asking(group, column.oid)
            memory.learned_at_s[group.name] = memory.read_at_s[group.name] = now_s
            memory.batches = None
            memory.learned = Learned()
            self._counters.add("snmp_groups_learned")
            if goes_on:  # begun in an earlier poll: its values are of then, only its rows are of use
                for column in group.columns:
                    if column.volatile:
                        memory.columns[column.oid] = {}
            else:
                run.read.add(group.name)
            if group.name in ("interfaces", "entities"):
                memory.ports = Ports(memory.device.id, memory.columns)
                memory.entities = Entities(memory.columns, memory.ports)
        run.doing = None

    def _worth_asking(self, group: Group, column: str) -> list[str]:
        """Rows of a column; of optics those with a module, until the next learning."""
        memory = self._memory
        values = memory.columns.get(column, {})
        rows = list(values)
        if memory.profile is None:
            return rows
        if column in ifmib.NARROW_OF:  # beside a 64-bit counter at 0 only while it counts itself
            wide = memory.columns.get(ifmib.NARROW_OF[column], {})
            return [index for index in rows if index not in wide or values[index]]
        for table in memory.profile.optics:
            if group.name == f"optics {table.name}":
                live = live_rows(table, memory.columns)
                return [index for index in rows if index in live]
        return rows

    def _to_be_learned(self, group: Group) -> bool:
        learned_at_s = self._memory.learned_at_s.get(group.name)
        if learned_at_s is None:
            return True
        age_s = self._clock.monotonic_s() - learned_at_s
        every_s = group.min_interval_s if group.walk_always else self._settings.learn_every_s
        return age_s >= 0.95 * max(every_s, group.min_interval_s)


def _first(faults: BaseExceptionGroup[SnmpFault]) -> SnmpFault:
    found: BaseException = faults
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, SnmpFault)
    return found
