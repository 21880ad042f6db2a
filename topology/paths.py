"""How many risk-disjoint paths to a hub an office has: by design, and now.

Counted by what it takes to cut it off: the least number of links or risk groups whose loss leaves no way.
For networks without risk groups these are its link-disjoint paths (Menger); the power feed of the office's
own devices and of the hub does not count against it. Devices are no risk here: `ronda spof` tells of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from topology.cuts import Cuts, Unit
from topology.findings import Component, ComponentKind
from topology.graph import NOTHING, Failed, NetworkGraph
from topology.model import DeviceId, LinkId, OfficeId

COUNTED = 3
"""Three means three and more."""


def disjoint_paths(
    graph: NetworkGraph,
    sources: frozenset[DeviceId],
    failed: Failed = NOTHING,
    limit: int = COUNTED,
    groups: Iterable[Component] | None = None,
) -> int:
    """Exact for one set of devices, up to `limit`: 0 when they reach no hub."""
    groups = risk_groups(graph) if groups is None else groups
    best, links = _flow(graph, sources, failed, limit)
    if best < 2:
        return best
    devices = {d for link in links for d in graph.ends[link]} - sources - graph.hub_devices
    for group in groups:
        members = graph.members(group)
        exempt = not members.devices.isdisjoint(sources)
        own = Failed(members.links, NOTHING.devices if exempt else members.devices - graph.hub_devices)
        # A smaller cut must hit two of these paths at once by one group.
        if len(own.links & links) + 2 * len(own.devices & devices) < 2:
            continue
        without = disjoint_paths(graph, sources, failed | own, best - 1, [g for g in groups if g > group])
        best = min(best, 1 + without)
        if best < 2:
            break
    return best


def _flow(
    graph: NetworkGraph, sources: frozenset[DeviceId], failed: Failed, limit: int
) -> tuple[int, frozenset[LinkId]]:
    """How many link-disjoint paths lead to a hub (augmenting paths, Ford and Fulkerson), and their links."""
    hubs = graph.hub_devices - failed.devices
    alive = [s for s in sorted(sources) if s not in failed.devices]
    used: dict[LinkId, DeviceId] = {}
    """Link to the device from which a path enters it."""
    count = 0
    if hubs & set(alive):
        return limit, frozenset()
    while count < limit:
        came: dict[DeviceId, tuple[LinkId, DeviceId] | None] = dict.fromkeys(alive)
        queue = list(alive)
        goal = None
        for here in queue:  # grows while it is read: breadth first
            for link, other in graph.neighbours(here):
                if (
                    other in came
                    or link in failed.links
                    or other in failed.devices
                    or (link in used and used[link] != other)
                ):
                    continue
                came[other] = (link, here)
                if other in hubs:
                    goal = other
                    break
                queue.append(other)
            if goal is not None:
                break
        if goal is None:
            break
        at = goal
        while (step := came[at]) is not None:
            link, before = step
            if link in used:
                del used[link]  # two paths that would use it both ways need it neither way
            else:
                used[link] = before
            at = before
        count += 1
    return count, frozenset(used)


def risk_groups(graph: NetworkGraph) -> list[Component]:
    """Those that take more than one thing along."""
    found = []
    for component in graph.shared:
        if component.kind is ComponentKind.RISK_GROUP:
            members = graph.members(component)
            if len(members.links) + len(members.devices) > 1:
                found.append(component)
    return found


class Paths:
    """Path counts of all judged offices, remembered for what was asked last."""

    def __init__(self, graph: NetworkGraph) -> None:
        self.graph = graph
        self._groups = risk_groups(graph)
        self._units = [Unit(m.links, m.devices - graph.hub_devices) for m in map(graph.members, self._groups)]
        self._last: tuple[Failed, Mapping[OfficeId, int]] | None = None

    @cached_property
    def _whole(self) -> Cuts:
        return Cuts(self.graph)

    @cached_property
    def designed(self) -> Mapping[OfficeId, int]:
        """With nothing broken. Shape: office to count; 0: none is declared."""
        return self._count(NOTHING, self._whole)

    def left(self, failed: Failed) -> Mapping[OfficeId, int]:
        """With `failed` out of order; right for offices that still reach a hub."""
        hubs_left = failed.devices.isdisjoint(self.graph.hub_devices)
        relevant = self.relevant(failed) if hubs_left else failed
        if not relevant:
            return self.designed
        if self._last is None or self._last[0] != relevant:
            self._last = (relevant, self._count(relevant, Cuts(self.graph, relevant)))
        return self._last[1]

    def relevant(self, failed: Failed) -> Failed:
        """Without what can only cut off, and not take one of several paths: bridges, single-homed devices."""
        label = self._whole.label
        links = frozenset(link for link in failed.links if label.get(link))
        devices = frozenset(d for d in failed.devices if self._joins(d))
        return Failed(links, devices)

    def _joins(self, device: DeviceId) -> bool:
        """Whether paths of others may run through it. At a hub its own arrival counts as a way on."""
        label = self._whole.label
        ways = sum(bool(label.get(link)) for link, _ in self.graph.neighbours(device))
        return ways + (device in self.graph.hub_devices) > 1

    def _count(self, failed: Failed, cuts: Cuts) -> Mapping[OfficeId, int]:
        graph = self.graph
        by_device = cuts.paths(self._units)
        found: dict[OfficeId, int] = {}
        for office in graph.judged:
            devices = [d for d in graph.office_devices[office] if d not in failed.devices]
            if office in graph.hubs:
                found[office] = 1 if devices else 0
            elif len(devices) == 1:
                found[office] = by_device.get(devices[0], 0)
            else:
                reaching = [d for d in devices if d in by_device]
                if max((by_device[d] for d in reaching), default=0) in (0, COUNTED):
                    found[office] = COUNTED if reaching else 0
                else:
                    found[office] = disjoint_paths(graph, frozenset(devices), failed, COUNTED, self._groups)
        return found
