"""Second paths: the way of an office to its hub and its spare, and where one new link would help most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import asin, cos, radians, sin, sqrt
from typing import Any

from topology.findings import Component, ComponentKind
from topology.graph import Failed, NetworkGraph, UnknownComponentError
from topology.model import DeviceId, Link, LinkEnd, LinkId, OfficeId
from topology.whatif import Design, Spofs

EARTH_RADIUS_M = 6_371_000.0
TRIED = 60
"""So many promising pairs are tried out in full."""


@dataclass(frozen=True, slots=True)
class Way:
    """A path from an office to a hub."""

    devices: tuple[DeviceId, ...]
    links: tuple[LinkId, ...]
    capacity_bps: int | None
    """Of its narrowest link; None when no link declares one."""
    length_m: float | None

    def as_json(self) -> dict[str, Any]:
        return {
            "devices": list(self.devices),
            "links": list(self.links),
            "capacity_bps": self.capacity_bps,
            "length_m": self.length_m,
        }


@dataclass(frozen=True, slots=True)
class PathAndSpare:
    office: OfficeId
    path: Way | None
    spare: Way | None
    shared: tuple[Component, ...]
    """Links, devices and risk groups that both go through: with none, the spare is worth its name."""
    load_bps: float | None
    """Today's highest load on the path's links."""
    spare_free_bps: float | None
    """What the spare's tightest link has left today."""
    fits: bool | None
    """Whether the load would fit on the spare; None when loads or capacities are not known."""

    def as_json(self) -> dict[str, Any]:
        return {
            "office": self.office,
            "path": self.path.as_json() if self.path else None,
            "spare": self.spare.as_json() if self.spare else None,
            "shared": [{"kind": c.kind.value, "id": c.id} for c in self.shared],
            "load_bps": self.load_bps,
            "spare_free_bps": self.spare_free_bps,
            "fits": self.fits,
        }


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One new link, and what it would mend."""

    a: DeviceId
    b: DeviceId
    removes: tuple[Component, ...]
    """Single points of failure that would be none any more."""
    spares: tuple[OfficeId, ...]
    """Offices that some single point of failure would no longer cut off."""
    length_m: float | None
    """As the crow flies; None when a place is not known."""

    def as_json(self) -> dict[str, Any]:
        return {
            "a": self.a,
            "b": self.b,
            "removes": [{"kind": c.kind.value, "id": c.id} for c in self.removes],
            "offices": list(self.spares),
            "length_m": None if self.length_m is None else round(self.length_m),
        }


def path_and_spare(
    graph: NetworkGraph, office: OfficeId, loads: Mapping[LinkId, float] | None = None
) -> PathAndSpare:
    """The shortest way (fewest hops) to a hub, and the best other one. Raises UnknownComponentError.

    The spare avoids the path's links, risk groups and devices; what it can't avoid is in `shared`. `loads`
    are bits per second, of each link's busier direction.
    """
    if office not in graph.inventory.offices:
        raise UnknownComponentError(f"no office {office!r}")
    sources = graph.office_devices[office]
    path = _way(graph, sources, Failed())
    if path is None or not path.links:
        return PathAndSpare(office, path, None, (), None, None, None)
    links = frozenset(path.links)
    transit = frozenset(path.devices) - set(sources) - graph.hub_devices
    groups = {g for link in links for g in graph.inventory.links[link].risk_groups}
    risks = graph.failed(Component(ComponentKind.RISK_GROUP, g) for g in groups)
    risks = Failed(risks.links, risks.devices - set(sources) - graph.hub_devices)
    spare = None
    for avoided in (
        Failed(links, transit) | risks,
        Failed(links) | risks,
        Failed(links, transit),
        Failed(links),
    ):
        spare = _way(graph, sources, avoided)
        if spare is not None:
            break
    load = max((loads[link] for link in path.links if link in loads), default=None) if loads else None
    free = _free(graph, spare, loads) if spare is not None and loads is not None else None
    fits = None if load is None or free is None else load <= free
    shared = _shared(graph, path, spare, sources) if spare is not None else ()
    return PathAndSpare(office, path, spare, shared, load, free, fits)


def _way(graph: NetworkGraph, sources: Iterable[DeviceId], failed: Failed) -> Way | None:
    sources = tuple(sources)
    links = graph.path(sources, graph.hub_devices, failed)
    if links is None:
        return None
    if not links:
        return Way(tuple(sorted(set(sources) & graph.hub_devices))[:1], (), None, 0.0)
    here = next(d for d in graph.ends[links[0]] if d in sources)
    devices = [here]
    for link in links:
        here = graph.inventory.links[link].other(here).device
        devices.append(here)
    declared = [graph.inventory.links[link] for link in links]
    capacities = [link.capacity_bps for link in declared if link.capacity_bps is not None]
    lengths = [link.length_m for link in declared]
    known = [x for x in lengths if x is not None]
    return Way(
        tuple(devices),
        links,
        min(capacities, default=None),
        sum(known) if len(known) == len(lengths) else None,
    )


def _free(graph: NetworkGraph, spare: Way, loads: Mapping[LinkId, float]) -> float | None:
    free = [
        capacity - loads.get(link, 0.0)
        for link in spare.links
        if (capacity := graph.inventory.links[link].capacity_bps) is not None
    ]
    return min(free, default=None)


def _shared(graph: NetworkGraph, path: Way, spare: Way, sources: Iterable[DeviceId]) -> tuple[Component, ...]:
    ends = set(sources) | graph.hub_devices
    found = {Component(ComponentKind.LINK, link) for link in set(path.links) & set(spare.links)}
    both = set(path.devices) & set(spare.devices) - ends
    found |= {Component(ComponentKind.DEVICE, d) for d in both}
    first, second = ({g for link in w.links for g in graph.shared_by_link(link)} for w in (path, spare))
    found |= {c for c in first & second if c.kind is ComponentKind.RISK_GROUP}
    return tuple(sorted(found))


def suggest_links(
    graph: NetworkGraph, at_most: int = 5, max_length_m: float | None = None
) -> tuple[Suggestion, ...]:
    """Single new links between existing sites that remove the most single points of failure, best first.

    Of equals the shorter is first. Pairs are weighed roughly by the bridges between them; the most promising
    are then tried out in full, risk groups included.
    """
    before = Design(graph).spofs()
    found = []
    for a, b, length_m in _promising(graph, before, max_length_m):
        link = Link(LinkId(f"new {a} - {b}"), LinkEnd(a), LinkEnd(b))
        inventory = replace(graph.inventory, links={**graph.inventory.links, link.id: link})
        removes, spares = _gain(before, Design(NetworkGraph(inventory)).spofs())
        if spares:
            found.append(Suggestion(a, b, removes, spares, length_m))
    found.sort(key=lambda s: (-len(s.removes), -len(s.spares), s.length_m or float("inf"), s.a, s.b))
    return tuple(found[:at_most])


def _gain(before: Spofs, after: Spofs) -> tuple[tuple[Component, ...], tuple[OfficeId, ...]]:
    def table(found: Spofs) -> dict[Component, set[OfficeId]]:
        return {s.component: set(s.offices) for s in (*found.links, *found.devices, *found.risk_groups)}

    was, left = table(before), table(after)
    removed, spared = [], set()
    for component, offices in was.items():
        freed = offices - left.get(component, set())
        spared |= freed
        if freed and (component not in left):
            removed.append(component)
    return tuple(sorted(removed)), tuple(sorted(spared))


def _promising(
    graph: NetworkGraph, spofs: Spofs, max_length_m: float | None
) -> list[tuple[DeviceId, DeviceId, float | None]]:
    """Pairs of devices of different offices with the most offices hanging on the bridges between them."""
    weight = {s.component.id: len(s.offices) for s in spofs.links}
    design = Design(graph)
    cuts = design.cuts
    above: list[tuple[int, ...]] = [()] * len(cuts.order)
    bridge_at = {cuts.child[LinkId(i)]: n for n, i in enumerate(weight) if LinkId(i) in cuts.child}
    cost = list(weight.values())
    for start in sorted(bridge_at):
        for here in range(start, cuts.end[start]):
            above[here] = (*above[here], bridge_at[start])
    sites: dict[OfficeId, DeviceId] = {}
    for office, devices in design.joined.items():
        sites[office] = min(devices, key=lambda d: (len(above[cuts.position[d]]), d))
    ranked = []
    items = sorted(sites.items())
    if len(items) > 400:  # the pairs of larger networks: those offices on which most hangs, and the hubs
        items.sort(key=lambda i: -sum(cost[n] for n in above[cuts.position[i[1]]]))
        items = items[:400] + [i for i in items[400:] if i[0] in graph.hubs]
    for i, (office_a, a) in enumerate(items):
        over_a = set(above[cuts.position[a]])
        around = {other for _, other in graph.neighbours(a)}
        for office_b, b in items[i + 1 :]:
            if b in around:
                continue
            length = _distance(graph, office_a, office_b)
            if max_length_m is not None and (length is None or length > max_length_m):
                continue
            gain = sum(cost[n] for n in over_a ^ set(above[cuts.position[b]]))
            if gain:
                ranked.append((-gain, float("inf") if length is None else length, a, b, length))
    ranked.sort()
    return [(a, b, length) for _, _, a, b, length in ranked[:TRIED]]


def _distance(graph: NetworkGraph, a: OfficeId, b: OfficeId) -> float | None:
    """Great-circle distance (haversine), in metres."""
    p, q = (graph.inventory.offices[o].location for o in (a, b))
    if p is None or q is None:
        return None
    lat_p, lat_q = radians(p.latitude_deg), radians(q.latitude_deg)
    d_lat, d_lon = lat_q - lat_p, radians(q.longitude_deg - p.longitude_deg)
    h = sin(d_lat / 2) ** 2 + cos(lat_p) * cos(lat_q) * sin(d_lon / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(sqrt(h))
