"""How far the monitor sees: what is certainly reached, what is dark, and where the edge between them runs.

vantage ── lit ── lit ──╳── silent ── silent      a dark region with one edge, a link seen down
                   │
                   └── (unclear) ── silent        a dark region whose edge runs through the unseen
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from topology.findings import DeviceCondition
from topology.graph import Failed, Neighbour, NetworkGraph
from topology.model import DeviceId, LinkId
from topology.state import NetworkState

Edge = tuple[DeviceId, LinkId, DeviceId]
"""(lit device, link, dark device)"""


@dataclass(slots=True)
class Dark:
    """A connected region without a lit device, at least one of its devices silent."""

    devices: set[DeviceId] = field(default_factory=set)
    silent: list[DeviceId] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    """Where it touches lit devices over links that are not known to be down."""
    down: set[LinkId] = field(default_factory=set)
    """Links seen down at its border or inside."""
    disabled: set[LinkId] = field(default_factory=set)

    @property
    def unclear(self) -> bool:
        """Whether part of it is neither silent nor lit."""
        return len(self.silent) < len(self.devices)


@dataclass(slots=True)
class Sight:
    lit: set[DeviceId]
    """Answered freshly, or must be working because something behind it, and behind nothing else, did."""
    silent: set[DeviceId]
    doubtful: set[DeviceId]
    """Answered before the way to them was blocked, and not since: to be asked again at once."""
    carrying: set[LinkId]
    """Links that must be working because something behind them, and behind nothing else, answered."""
    down: set[LinkId]
    disabled: set[LinkId]
    regions: list[Dark]

    @property
    def impassable(self) -> Failed:
        """What is known to carry nothing."""
        return Failed(frozenset(self.down | self.disabled), frozenset(self.silent))


def look(
    graph: NetworkGraph,
    state: NetworkState,
    silent: set[DeviceId],
    down: set[LinkId],
    disabled: set[LinkId],
) -> Sight:
    """Sort every device into lit, silent and the rest."""
    blocked = Failed(frozenset(down | disabled), frozenset(silent))
    roots = [v for v in graph.vantages if v not in silent] or list(graph.vantages)
    reached = graph.reach(roots, Failed(blocked.links, blocked.devices - set(roots)))
    up = {d for d, condition in state.devices.items() if condition is DeviceCondition.UP}
    outside = {d for d in up - reached if d in graph.depth}
    doubtful = _doubtful(graph, state, outside, blocked) if outside else set()
    lit = (up - doubtful) | {v for v in graph.vantages if v not in silent}
    extra_roots = lit - reached
    implied: set[DeviceId] = set()
    carrying: set[LinkId] = set()
    if not reached <= lit or any(reached.issuperset(graph.ends[link]) for link in state.unseen_links):
        implied, carrying = _implied(graph, [*roots, *sorted(extra_roots)], lit, blocked)
    lit |= implied
    doubtful -= implied
    regions = _regions(graph, silent, lit, down, disabled)
    return Sight(lit, silent, doubtful, carrying, down, disabled, regions)


def _doubtful(
    graph: NetworkGraph, state: NetworkState, outside: set[DeviceId], blocked: Failed
) -> set[DeviceId]:
    """Of devices up beyond what is blocked: those last heard before the blocking was complete."""
    doubtful: set[DeviceId] = set()
    left = set(outside)
    while left:
        start = left.pop()
        island = graph.reach([start], blocked)
        left -= island
        began = []
        for link, other in (edge for d in island for edge in graph.neighbours(d)):
            if other in blocked.devices:
                began.append(state.silent_since(other))
            if link in blocked.links:
                began.append(state.down_since(link))
        complete = max((at for at in began if at is not None), default=None)
        for device in island & outside:
            heard = state.answered_at(device)
            if complete is not None and heard is not None and heard < complete:
                doubtful.add(device)
    return doubtful


def _implied(
    graph: NetworkGraph, roots: Iterable[DeviceId], lit: set[DeviceId], blocked: Failed
) -> tuple[set[DeviceId], set[LinkId]]:
    """Articulation points and bridges (Tarjan 1972) between the roots and lit devices: they must work."""
    found: set[DeviceId] = set()
    carrying: set[LinkId] = set()
    number: dict[DeviceId, int] = {}
    low: dict[DeviceId, int] = {}
    lights: dict[DeviceId, int] = {}
    around, off_links, off_devices = graph.neighbours, blocked.links, blocked.devices
    for root in roots:
        if root in number:
            continue
        number[root] = low[root] = len(number)
        lights[root] = root in lit
        stack: list[tuple[DeviceId, LinkId | None, Iterator[Neighbour]]] = [(root, None, iter(around(root)))]
        while stack:
            device, came, rest = stack[-1]
            for link, other in rest:
                if link == came or link in off_links or other in off_devices:
                    continue
                if other in number:
                    low[device] = min(low[device], number[other])
                    continue
                number[other] = low[other] = len(number)
                lights[other] = other in lit
                stack.append((other, link, iter(around(other))))
                break
            else:
                stack.pop()
                if came is None:
                    continue
                parent = stack[-1][0]
                low[parent] = min(low[parent], low[device])
                lights[parent] += lights[device]
                if lights[device]:
                    if low[device] >= number[parent] and parent not in lit:
                        found.add(parent)
                    if low[device] > number[parent]:
                        carrying.add(came)
    return found, carrying


def _regions(
    graph: NetworkGraph,
    silent: set[DeviceId],
    lit: set[DeviceId],
    down: set[LinkId],
    disabled: set[LinkId],
) -> list[Dark]:
    regions, seen = [], set[DeviceId]()
    for start in sorted(silent):
        if start in seen:
            continue
        region = Dark()
        seen.add(start)
        queue = [start]
        while queue:
            device = queue.pop()
            region.devices.add(device)
            if device in silent:
                region.silent.append(device)
            for link, other in graph.neighbours(device):
                if link in disabled:
                    region.disabled.add(link)
                elif link in down:
                    region.down.add(link)
                elif other in lit:
                    region.edges.append((other, link, device))
                elif other not in seen:
                    seen.add(other)
                    queue.append(other)
        region.silent.sort()
        region.edges.sort()
        regions.append(region)
    return regions
