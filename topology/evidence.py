"""What is held of one device and of one port, and what it says at a moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import IntEnum
from math import ceil, log

from topology.findings import DeviceCondition
from topology.model import Device, DeviceId, PortRef
from topology.observations import (
    AdminStatus,
    Light,
    Means,
    Observation,
    OperStatus,
    OpticalReading,
    PortStatus,
    Reachability,
)
from topology.samples import Samples
from topology.settings import VerdictSettings

ANSWERED, UNANSWERED = 1, 0
BY_CHANCE = 1e-4
MOST_NEEDED = 10
"""A row of misses that no loss explains any more."""


class PortSays(IntEnum):
    """The higher counts when two come at one moment."""

    NOTHING = 0
    DOWN = 1
    DISABLED = 2
    UP = 3


_ADMIN = {
    PortSays.DISABLED: AdminStatus.DOWN,
    PortSays.NOTHING: AdminStatus.UP,
    PortSays.DOWN: AdminStatus.UP,
    PortSays.UP: AdminStatus.UP,
}
_OPER = {
    PortSays.DISABLED: OperStatus.DOWN,
    PortSays.NOTHING: OperStatus.UNKNOWN,
    PortSays.DOWN: OperStatus.DOWN,
    PortSays.UP: OperStatus.UP,
}
_DOWN = {OperStatus.DOWN, OperStatus.LOWER_LAYER_DOWN, OperStatus.NOT_PRESENT}


def port_says(admin: AdminStatus, oper: OperStatus) -> PortSays:
    """RFC 2863: notPresent and lowerLayerDown carry as little as down does."""
    if admin is AdminStatus.DOWN:
        return PortSays.DISABLED
    if admin is AdminStatus.TESTING:
        return PortSays.NOTHING
    if oper in _DOWN:
        return PortSays.DOWN
    return PortSays.UP if oper is OperStatus.UP else PortSays.NOTHING


class DeviceEvidence:
    """Every probe and poll of one device, as far as it still counts."""

    __slots__ = ("heard", "icmp", "id", "least", "poll_horizon", "probe_horizon", "snmp")

    def __init__(self, device: Device, settings: VerdictSettings) -> None:
        self.id = device.id
        self.least = max(settings.silent_after_probes, settings.management_after_polls)
        self.probe_horizon = timedelta(seconds=settings.stale_after_intervals * device.probe_interval_s)
        self.poll_horizon = timedelta(seconds=settings.stale_after_intervals * device.poll_interval_s)
        self.icmp = Samples()
        self.snmp = Samples()
        self.heard: datetime | None = None
        """Last sign by SSH or a trap."""

    def probe(self, seen: Reachability) -> bool:
        value = ANSWERED if seen.answered else UNANSWERED
        if seen.means is Means.ICMP:
            return self.icmp.add(seen.at, value, self.probe_horizon, self.least)
        if seen.means is Means.SNMP:
            return self.snmp.add(seen.at, value, self.poll_horizon, self.least)
        return seen.answered and self.voice(seen.at)

    def voice(self, at: datetime) -> bool:
        if self.heard is not None and at <= self.heard:
            return False
        self.heard = at
        return True

    def report(self, at: datetime) -> bool:
        """It told something over SNMP, so it answered. What came with a sign by SSH, it told there."""
        if at == self.heard:
            return False
        return self.snmp.add(at, ANSWERED, self.poll_horizon, self.least)

    def answered_at(self) -> datetime | None:
        """When anything of it was last heard."""
        times = (self.icmp.newest_of(ANSWERED), self.snmp.newest_of(ANSWERED), self.heard)
        return max((t for t in times if t is not None), default=None)

    def missed_at(self) -> datetime | None:
        """When an answer was last missed."""
        times = (self.icmp.newest_of(UNANSWERED), self.snmp.newest_of(UNANSWERED))
        return max((t for t in times if t is not None), default=None)

    def up_since(self) -> datetime | None:
        """When it answered for the first time after it had been silent, or at all."""
        since = [s.run()[0] for s in (self.icmp, self.snmp) if s and s.newest[1] == ANSWERED]
        return min(since, default=self.heard)

    def fresh_until(self) -> datetime | None:
        """Until when some answer counts."""
        found = []
        if (at := self.icmp.newest_of(ANSWERED)) is not None:
            found.append(at + self.probe_horizon)
        found += [
            at + self.poll_horizon for at in (self.snmp.newest_of(ANSWERED), self.heard) if at is not None
        ]
        return max(found, default=None)

    def icmp_is_blocked(self, probes: int) -> bool:
        """It never answered ICMP, and was heard otherwise while it did not: silence there says nothing."""
        if not self.icmp or self.icmp.newest_of(ANSWERED) is not None:
            return False
        otherwise = max(
            (t for t in (self.snmp.newest_of(ANSWERED), self.heard) if t is not None), default=None
        )
        if otherwise is None:
            return False
        if self.icmp.dropped is not None and otherwise - self.icmp.dropped[0] >= self.probe_horizon:
            return True  # of so long a row most probes are not kept any more
        return sum(at < otherwise for at, _ in self.icmp.after(None)) >= probes

    def silence(self, probes: int) -> tuple[datetime, datetime, int] | None:
        """(first, last, how many) of the unanswered probes since it was last heard; None when there are none.

        ICMP is what counts where it is in use and not blocked; else failed SNMP polls do.
        """
        asked, horizon = self.icmp, self.probe_horizon
        if not asked or self.icmp_is_blocked(probes):
            asked, horizon = self.snmp, self.poll_horizon
        heard = self.answered_at()
        missed = [at for at, value in asked.after(heard) if value == UNANSWERED]
        if not missed:
            return None
        polls = [at for at, value in self.snmp.after(heard) if value == UNANSWERED]
        if polls and heard is not None and self.snmp.run()[0] <= heard:
            polls = []  # its SNMP was silent already while it answered otherwise
        return min([missed[0], *polls[:1]]), missed[-1] + horizon, len(missed)

    def needed(self, probes: int) -> int:
        """Missed answers in a row that mean silence: `probes`, but of a device that loses many so many that
        chance alone would do it less than once in ten thousand times."""
        lost = total = run = rows = 0
        for _, value in self.icmp.kept:
            if value == UNANSWERED:
                run += 1
                continue
            if run < MOST_NEEDED:
                lost, total, rows = lost + run, total + run, rows + bool(run)
            total, run = total + 1, 0
        if rows < 2:  # one row of misses is an outage, or an accident
            return probes
        share = (lost + 2) / (total + 4)  # few samples: rather too many than too few (Agresti and Coull 1998)
        return max(probes, min(MOST_NEEDED, ceil(log(BY_CHANCE) / log(share))))

    def found_silent_at(self, probes: int) -> datetime | None:
        """When the answer was missed that made so many in a row."""
        asked = self.snmp if not self.icmp or self.icmp_is_blocked(probes) else self.icmp
        missed = [at for at, value in asked.after(self.answered_at()) if value == UNANSWERED]
        return missed[probes - 1] if len(missed) >= probes else None

    def condition(self, now: datetime, probes: int) -> tuple[DeviceCondition, datetime | None]:
        """The condition (up, silent or unknown), and until when it stands if nothing more is seen."""
        silence = self.silence(probes)
        if silence is not None and silence[2] >= probes and silence[2] >= self.needed(probes):
            if now <= silence[1]:
                return DeviceCondition.SILENT, silence[1]
            return DeviceCondition.UNKNOWN, None
        until = self.fresh_until()
        if until is not None and now <= until:
            return DeviceCondition.UP, until
        return DeviceCondition.UNKNOWN, None

    def unmanageable(self, now: datetime, polls: int, probes: int, asked_since: datetime) -> bool:
        """ICMP answers, SNMP does not: so many polls in a row failed, or its last answer is stale.

        A poll counts as failed only between two echoes that were answered: when all falls silent, polls fail
        before the device is called silent. Nor does the age of an answer count while nobody asked, before
        `asked_since` or in a gap of our own. Where echoes get lost by chance, so do polls.
        """
        at = self.icmp.newest_of(ANSWERED)
        if at is None or now > at + self.probe_horizon or not self.snmp:
            return False
        last, value = self.snmp.newest
        if value == ANSWERED:
            return now > max(last, asked_since, self._echoing_since(at)) + self.poll_horizon
        failed = (t for t, v in self.snmp.after(self.snmp.newest_of(ANSWERED)) if v == UNANSWERED)
        return sum(t < at and self._echoed(t) for t in failed) >= polls + self.needed(probes) - probes

    def manageable(self, now: datetime) -> bool:
        """SNMP answered when it was last asked, and not too long ago."""
        if not self.snmp:
            return False
        at, value = self.snmp.newest
        return value == ANSWERED and now <= at + self.poll_horizon

    def _echoing_since(self, newest: datetime) -> datetime:
        """Since when echoes have been answered without a miss, and without a pause in which nobody asked."""
        since = newest
        for at, value in reversed(self.icmp.kept):
            if at > newest:
                continue
            if value != ANSWERED or since - at > self.probe_horizon:
                break
            since = at
        return since

    def _echoed(self, at: datetime) -> bool:
        """Whether ICMP was being answered at that time."""
        before = [value for t, value in self.icmp.after(None) if t <= at]
        return not before or before[-1] == ANSWERED

    def observations(self) -> Iterator[Observation]:
        for samples, means in ((self.icmp, Means.ICMP), (self.snmp, Means.SNMP)):
            for at, value in samples.retained(self.least):
                yield Reachability(self.id, at, value == ANSWERED, means, received=value)
        if self.heard is not None:
            yield Reachability(self.id, self.heard, True, Means.TRAP)


class PortEvidence:
    """What one declared port said of itself."""

    __slots__ = ("dark", "horizon", "matched", "port", "says")

    def __init__(self, port: PortRef, device: Device, settings: VerdictSettings) -> None:
        self.port = port
        self.horizon = timedelta(seconds=settings.stale_after_intervals * device.poll_interval_s)
        self.says = Samples()
        self.dark = Samples()
        """1: no light came in."""
        self.matched = 9
        """How the device's port was recognised: 0 by ifName, 1 by ifDescr, 2 by ifAlias."""

    def status(self, seen: PortStatus, matched: int) -> bool:
        if matched > self.matched:
            return False
        if matched < self.matched:
            self.matched, self.says = matched, Samples()
        return self.says.add(seen.at, port_says(seen.admin, seen.oper), self.horizon, 2)

    def light(self, seen: OpticalReading) -> bool:
        if seen.light is Light.UNSUPPORTED:
            return False
        return self.dark.add(seen.at, int(seen.light is Light.DARK), self.horizon, 2)

    def at_moment(self, now: datetime) -> tuple[PortSays, datetime | None]:
        """What it says, and until when that counts.

        Darkness speaks for a port that says nothing itself. Where the port says up, that counts: modules
        that report no light on a working port are common.
        """
        if self.says:
            at, value = self.says.newest
            if now <= at + self.horizon and value != PortSays.NOTHING:
                return PortSays(value), at + self.horizon
        if self.is_dark(now):
            return PortSays.DOWN, self.dark.newest[0] + self.horizon
        return PortSays.NOTHING, None

    def is_dark(self, now: datetime) -> bool:
        return bool(self.dark) and self.dark.newest[1] == 1 and now <= self.dark.newest[0] + self.horizon

    def seen_at(self) -> datetime | None:
        """When it last said how it is."""
        return self.says.newest[0] if self.says else self.dark.newest[0] if self.dark else None

    def since(self) -> datetime | None:
        """Since when it has been saying so."""
        return self.says.run()[0] if self.says else self.dark.run()[0] if self.dark else None

    def observations(self) -> Iterator[Observation]:
        for at, value in self.says.retained(2):
            says = PortSays(value)
            name = self.port.if_name
            port = self.port if self.matched == 0 else PortRef(self.port.device, f"?{name}")
            yield PortStatus(
                port,
                at,
                _ADMIN[says],
                _OPER[says],
                if_descr=name if self.matched == 1 else None,
                if_alias=name if self.matched == 2 else None,
            )
        for at, value in self.dark.retained(2):
            light = Light.DARK if value else Light.LIT
            name = self.port.if_name
            yield OpticalReading(DeviceId(self.port.device), at, name, if_name=name, light=light)
