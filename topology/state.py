"""Observations folded into what is known now: a condition of every device and link, each with its age.

One observation costs what it touches. `now` must not run backwards between two calls of `refresh`.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from topology.evidence import DeviceEvidence, PortEvidence, PortSays
from topology.findings import Component, ComponentKind, DeviceCondition, Flapping, LinkCondition
from topology.flap import confirmed, flapping
from topology.graph import NetworkGraph
from topology.model import ApplicationId, DeviceId, LinkId, PortRef
from topology.observations import (
    ApplicationCheck,
    Observation,
    OpticalReading,
    PortCounters,
    PortRates,
    PortStatus,
    Reachability,
)
from topology.settings import VerdictSettings

_JUST_AFTER = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh found different."""

    devices: frozenset[DeviceId]
    links: frozenset[LinkId]
    touched: frozenset[DeviceId]
    """Devices of which anything new came in, changed or not."""


class NetworkState:
    def __init__(self, graph: NetworkGraph, settings: VerdictSettings) -> None:
        self.graph = graph
        self.settings = settings
        inventory = graph.inventory
        self.devices: dict[DeviceId, DeviceCondition] = dict.fromkeys(
            inventory.devices, DeviceCondition.UNKNOWN
        )
        """Up, silent or unknown; what is a shadow, the causes tell."""
        self.links: dict[LinkId, LinkCondition] = dict.fromkeys(inventory.links, LinkCondition.UNKNOWN)
        self.unseen_links: set[LinkId] = set(inventory.links)
        """Links of which no end says how it is."""
        self.management_faults: set[DeviceId] = set()
        self.manageable: set[DeviceId] = set()
        """Devices whose SNMP answered when it was last asked."""
        self.suspects: dict[DeviceId, datetime] = {}
        """Devices that missed an answer and are not silent yet: since when."""
        self.unsure: set[DeviceId] = set()
        """Those of them that missed enough for silence, were they not known to lose answers."""
        self.flapping: dict[Component, Flapping] = {}
        self.checks: dict[ApplicationId, ApplicationCheck] = {}
        self.counters: Counter[str] = Counter()
        """observed, and what could not be used: unknown_device, unknown_port, unknown_application."""
        self._evidence = {d.id: DeviceEvidence(d, settings) for d in inventory.devices.values()}
        self._ports: dict[PortRef, PortEvidence] = {}
        self._links_at: dict[PortRef, list[LinkId]] = {}
        self._ends: dict[LinkId, list[PortRef]] = {}
        for link in inventory.links.values():
            self._ends[link.id] = [end.port for end in link.ends if end.port is not None]
            for port in self._ends[link.id]:
                device = inventory.devices[port.device]
                self._ports.setdefault(port, PortEvidence(port, device, settings))
                self._links_at.setdefault(port, []).append(link.id)
        self._dirty_devices: set[DeviceId] = set()
        self._dirty_links: set[LinkId] = set()
        self._touched: set[DeviceId] = set()
        self._silent_from: dict[DeviceId, datetime | None] = {}
        self._began_at: datetime | None = None
        """When this process first asked how things are."""
        self._due: list[tuple[datetime, str, str]] = []
        self._scheduled: dict[tuple[str, str], datetime] = {}

    # --- in ---

    def observe(self, seen: Observation) -> None:
        """Take an observation in. What is about nothing in the inventory is counted, not raised."""
        self.counters["observed"] += 1
        if isinstance(seen, PortRates):
            return  # made of counters that were reported already
        if isinstance(seen, ApplicationCheck):
            self._check(seen)
            return
        device = seen.port.device if isinstance(seen, PortStatus | PortCounters) else seen.device
        evidence = self._evidence.get(device)
        if evidence is None:
            self.counters["unknown_device"] += 1
            return
        if isinstance(seen, Reachability):
            fresh = evidence.probe(seen)
        else:
            fresh = evidence.report(seen.at)
            if isinstance(seen, PortStatus):
                fresh |= self._port(seen)
            elif isinstance(seen, OpticalReading) and seen.port in self._ports:
                fresh |= self._lit(seen.port, seen)
        if fresh:
            self._dirty_devices.add(device)
            self._touched.add(device)

    def _port(self, seen: PortStatus) -> bool:
        device = seen.port.device
        for matched, name in enumerate((seen.port.if_name, seen.if_descr, seen.if_alias)):
            if name is None:
                continue
            port = PortRef(device, name)
            known = self._ports.get(port)
            if known is not None:
                if not known.status(seen, matched):
                    return False
                self._dirty_links.update(self._links_at[port])
                return True
        self.counters["unknown_port"] += 1
        return False

    def _lit(self, port: PortRef, seen: OpticalReading) -> bool:
        if not self._ports[port].light(seen):
            return False
        self._dirty_links.update(self._links_at[port])
        return True

    def _check(self, seen: ApplicationCheck) -> None:
        if seen.application not in self.graph.inventory.applications:
            self.counters["unknown_application"] += 1
            return
        known = self.checks.get(seen.application)
        if known is None or (seen.at, seen.up) > (known.at, known.up):
            self.checks[seen.application] = seen

    # --- out ---

    def refresh(self, now: datetime) -> Refreshed:
        """Bring the conditions up to `now`: what was touched, and what has gone stale by then."""
        self._began_at = self._began_at or now
        while self._due and self._due[0][0] <= now:
            at, kind, name = heapq.heappop(self._due)
            if self._scheduled.get((kind, name)) == at:
                del self._scheduled[kind, name]
                if kind == "device":
                    self._dirty_devices.add(DeviceId(name))
                else:
                    self._dirty_links.add(LinkId(name))
        devices = {d for d in self._dirty_devices if self._refresh_device(d, now)}
        links = {link for link in self._dirty_links if self._refresh_link(link, now)}
        changed = Refreshed(frozenset(devices), frozenset(links), frozenset(self._touched))
        self._dirty_devices, self._dirty_links, self._touched = set(), set(), set()
        return changed

    def _refresh_device(self, device: DeviceId, now: datetime) -> bool:
        evidence, settings = self._evidence[device], self.settings
        was = (
            self.devices[device],
            device in self.management_faults,
            device in self.manageable,
            self._silent_from.get(device),
        )
        condition, until = evidence.condition(now, settings.silent_after_probes)
        unmanageable = condition is DeviceCondition.UP and evidence.unmanageable(
            now, settings.management_after_polls, settings.silent_after_probes, self._began_at or now
        )
        self.devices[device] = condition
        (self.management_faults.add if unmanageable else self.management_faults.discard)(device)
        manageable = evidence.manageable(now)
        (self.manageable.add if manageable else self.manageable.discard)(device)
        missing = evidence.silence(1)
        if missing is not None and condition is DeviceCondition.UP:
            self.suspects[device] = missing[0]
        else:
            self.suspects.pop(device, None)
        enough = missing is not None and missing[2] >= settings.silent_after_probes
        unsure = enough and device in self.suspects
        (self.unsure.add if unsure else self.unsure.discard)(device)
        if condition is not was[0] and DeviceCondition.SILENT in (condition, was[0]):
            # Whether it is silent decides what its last words about its ports are worth.
            self._dirty_links.update(link for link, _ in self.graph.neighbours(device))
        if evidence.snmp and (stale := evidence.snmp.newest[0] + evidence.poll_horizon) >= now:
            until = stale if until is None else min(until, stale)
        self._wake("device", device, until)
        samples = evidence.icmp or evidence.snmp
        states = confirmed(samples.after(None), settings.silent_after_probes) if len(samples.kept) > 3 else []
        self._flap(Component(ComponentKind.DEVICE, device), [states])
        silence = evidence.silence(settings.silent_after_probes)
        since = silence[0] if silence is not None and condition is DeviceCondition.SILENT else None
        self._silent_from[device] = since
        return was != (condition, unmanageable, manageable, since)

    def _refresh_link(self, link: LinkId, now: datetime) -> bool:
        was = self.links[link]
        said: set[PortSays] = set()
        wake: datetime | None = None
        for port in self._ends[link]:
            says, until = self._ports[port].at_moment(now)
            if says is PortSays.UP and self.devices[port.device] is DeviceCondition.SILENT:
                says = PortSays.NOTHING
            said.add(says)
            if until is not None:
                wake = until if wake is None else min(wake, until)
        if PortSays.DISABLED in said:
            self.links[link] = LinkCondition.DISABLED
        elif PortSays.DOWN in said:
            self.links[link] = LinkCondition.DOWN
        elif PortSays.UP in said:
            self.links[link] = LinkCondition.UP
        else:
            self.links[link] = LinkCondition.UNKNOWN
        unseen = self.links[link] is LinkCondition.UNKNOWN
        (self.unseen_links.add if unseen else self.unseen_links.discard)(link)
        self._wake("link", link, wake)
        ends = [self._ports[port].says.kept for port in self._ends[link]]
        self._flap(Component(ComponentKind.LINK, link), ends)
        return was is not self.links[link]

    def _flap(self, component: Component, histories: list[list[tuple[datetime, int]]]) -> None:
        settings = self.settings
        found = [
            flap
            for history in histories
            if (flap := flapping(history, settings.flap_high, settings.flap_low, settings.flap_least))
        ]
        if found:
            share, since = max(found)
            self.flapping[component] = Flapping(component, round(share, 3), since)
        else:
            self.flapping.pop(component, None)

    def _wake(self, kind: str, name: str, at: datetime | None) -> None:
        if at is None:
            return
        at += _JUST_AFTER
        known = self._scheduled.get((kind, name))
        if known is None or at < known:
            self._scheduled[kind, name] = at
            heapq.heappush(self._due, (at, kind, name))

    @property
    def next_change_at(self) -> datetime | None:
        """The earliest moment at which evidence may go stale; a lower bound."""
        return self._due[0][0] if self._due else None

    # --- what a condition rests on ---

    def answered_at(self, device: DeviceId) -> datetime | None:
        return self._evidence[device].answered_at()

    def up_since(self, device: DeviceId) -> datetime | None:
        return self._evidence[device].up_since()

    def silent_since(self, device: DeviceId) -> datetime | None:
        """When the first of the unanswered probes was, if there is any."""
        if (known := self._silent_from.get(device)) is not None:
            return known
        silence = self._evidence[device].silence(self.settings.silent_after_probes)
        return None if silence is None else silence[0]

    def found_silent_at(self, device: DeviceId) -> datetime | None:
        """When it had missed enough answers to be called silent."""
        return self._evidence[device].found_silent_at(self.settings.silent_after_probes)

    def misses(self, device: DeviceId) -> int:
        """Unanswered probes in a row, since it was last heard by any means."""
        silence = self._evidence[device].silence(1)
        return 0 if silence is None else silence[2]

    def asked_before(self, device: DeviceId, at: datetime) -> bool:
        """Whether its last answer or missed answer is older than `at`."""
        times = (self.answered_at(device), self.missed_at(device))
        return all(t is None or t < at for t in times)

    def missed_at(self, device: DeviceId) -> datetime | None:
        """When the newest of the unanswered probes was, if there is any."""
        return self._evidence[device].missed_at()

    def down_since(self, link: LinkId) -> datetime | None:
        """Since when an end has been saying down."""
        found = []
        for port in self._ends[link]:
            evidence = self._ports[port]
            says = evidence.says.newest[1] if evidence.says else PortSays.NOTHING
            if (
                says == PortSays.DOWN or (says == PortSays.NOTHING and evidence.dark)
            ) and evidence.since() is not None:
                found.append(evidence.since())
        return min((at for at in found if at is not None), default=None)

    def up_seen_at(self, link: LinkId) -> datetime | None:
        """When an end last said up."""
        times = (
            evidence.says.newest_of(PortSays.UP)
            for port in self._ends[link]
            if (evidence := self._ports[port]).says and evidence.says.newest[1] == PortSays.UP
        )
        return max((at for at in times if at is not None), default=None)

    def link_seen_at(self, link: LinkId, device: DeviceId) -> datetime | None:
        """When the end at `device` last said how it is; None when that end has no port to ask."""
        times = [self._ports[p].seen_at() for p in self._ends[link] if p.device == device]
        return max((at for at in times if at is not None), default=None)

    def has_port(self, link: LinkId, device: DeviceId) -> bool:
        return any(p.device == device for p in self._ends[link])

    def says(self, link: LinkId, now: datetime) -> dict[PortRef, PortSays]:
        """What each end that has a declared port says now."""
        return {port: self._ports[port].at_moment(now)[0] for port in self._ends[link]}

    def dark_ends(self, link: LinkId, now: datetime) -> tuple[PortRef, ...]:
        """Ends into which no light comes."""
        return tuple(port for port in self._ends[link] if self._ports[port].is_dark(now))

    def evidence(self) -> Iterator[Observation]:
        """What is retained: taken in by a fresh state, it makes the same state."""
        for device in self._evidence.values():
            yield from device.observations()
        for port in self._ports.values():
            yield from port.observations()
        yield from self.checks.values()
