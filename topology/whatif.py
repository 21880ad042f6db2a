"""What would happen if: single points of failure, N-1, and what a maintenance window would cost.

Reads the declared network only, not what is seen of it. An office counts when its plan says that it is
connected and the drawing gives it a way to a hub.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from topology.cuts import Cuts, Unit
from topology.findings import Component, ComponentKind
from topology.graph import NOTHING, Failed, NetworkGraph
from topology.model import ApplicationId, DeviceId, OfficeId
from topology.paths import disjoint_paths, risk_groups


@dataclass(frozen=True, slots=True)
class ApplicationLoss:
    id: ApplicationId
    lost_by: tuple[OfficeId, ...]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What is lost with some components down."""

    cut: tuple[OfficeId, ...]
    degraded: tuple[OfficeId, ...]
    applications: tuple[ApplicationLoss, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "cut": list(self.cut),
            "degraded": list(self.degraded),
            "applications": [{"id": a.id, "lost_by": list(a.lost_by)} for a in self.applications],
        }


@dataclass(frozen=True, slots=True)
class Spof:
    """A component whose loss alone cuts these offices off."""

    component: Component
    offices: tuple[OfficeId, ...]


@dataclass(frozen=True, slots=True)
class Spofs:
    links: tuple[Spof, ...]
    devices: tuple[Spof, ...]
    risk_groups: tuple[Spof, ...]

    def __bool__(self) -> bool:
        return bool(self.links or self.devices or self.risk_groups)

    def as_json(self) -> dict[str, Any]:
        def rows(found: tuple[Spof, ...]) -> list[dict[str, Any]]:
            return [{"id": s.component.id, "offices": list(s.offices)} for s in found]

        return {
            "links": rows(self.links),
            "devices": rows(self.devices),
            "risk_groups": rows(self.risk_groups),
        }


@dataclass(frozen=True, slots=True)
class Loss:
    """What the loss of one component would cost."""

    component: Component
    cut: tuple[OfficeId, ...]
    degraded: tuple[OfficeId, ...]
    applications: tuple[ApplicationLoss, ...]


class Design:
    """The network as declared, with nothing broken, asked one question after another."""

    def __init__(self, graph: NetworkGraph) -> None:
        self.graph = graph

    @cached_property
    def cuts(self) -> Cuts:
        return Cuts(self.graph)

    @cached_property
    def joined(self) -> dict[OfficeId, tuple[DeviceId, ...]]:
        """Judged offices that have a way to a hub, with those of their devices that do."""
        reached = self.graph.reach(self.graph.hub_devices)
        found = {o: tuple(d for d in self.graph.office_devices[o] if d in reached) for o in self.graph.judged}
        return {o: devices for o, devices in found.items() if devices}

    @cached_property
    def _offices_at(self) -> dict[int, list[OfficeId]]:
        """Position in the cuts' order to the offices that have a device there."""
        found: dict[int, list[OfficeId]] = {}
        for office, devices in self.joined.items():
            for device in devices:
                found.setdefault(self.cuts.position[device], []).append(office)
        return found

    def cut_by(self, unit: Unit) -> tuple[OfficeId, ...]:
        """The offices that one thing's loss cuts off, sorted."""
        lost: dict[OfficeId, int] = {}
        for start, stop in self.cuts.ranges(unit):
            for here in range(start, stop):
                for office in self._offices_at.get(here, ()):
                    lost[office] = lost.get(office, 0) + 1
        return tuple(sorted(o for o, count in lost.items() if count == len(self.joined[o])))

    def spofs(self) -> Spofs:
        inventory = self.graph.inventory
        links = [(Component(ComponentKind.LINK, i), Unit(frozenset({i}))) for i in inventory.links]
        devices = [
            (Component(ComponentKind.DEVICE, i), Unit(frozenset(), frozenset({i}))) for i in inventory.devices
        ]
        groups = [
            (c, Unit(m.links, m.devices))
            for c in self.graph.shared
            if c.kind is ComponentKind.RISK_GROUP
            for m in (self.graph.members(c),)
        ]

        def rows(units: Iterable[tuple[Component, Unit]]) -> tuple[Spof, ...]:
            found = (Spof(c, self.cut_by(unit)) for c, unit in units)
            return tuple(sorted((s for s in found if s.offices), key=lambda s: s.component))

        return Spofs(rows(links), rows(devices), rows(groups))

    def without(self, failed: Failed) -> WhatIf:
        """Everything in `failed` down at once."""
        graph = self.graph
        reached = graph.reach(graph.hub_devices, failed)
        cut = tuple(sorted(o for o, devices in self.joined.items() if not reached & set(devices)))
        return WhatIf(cut, self._degraded(failed, cut), self._lost_applications(failed))

    def _degraded(self, failed: Failed, cut: tuple[OfficeId, ...]) -> tuple[OfficeId, ...]:
        graph, groups, found = self.graph, risk_groups(self.graph), []
        for office, devices in self.joined.items():
            if office in cut or office in graph.hubs:
                continue
            sources = frozenset(devices)
            before = self._designed.get(office)
            if before is None:
                limit = sum(len(graph.neighbours(d)) for d in devices)
                before = self._designed[office] = disjoint_paths(graph, sources, NOTHING, limit, groups)
            if disjoint_paths(graph, sources, failed, before, groups) < before:
                found.append(office)
        return tuple(sorted(found))

    @cached_property
    def _designed(self) -> dict[OfficeId, int]:
        return {}

    def _lost_applications(self, failed: Failed) -> tuple[ApplicationLoss, ...]:
        graph, found = self.graph, []
        for application in graph.inventory.applications.values():
            before = graph.reach([application.hosted_at])
            after = graph.reach([application.hosted_at], failed)
            users = graph.judged if application.used_by is None else application.used_by
            lost = []
            for office in users:
                devices = set(graph.office_devices.get(office, ()))
                if devices & before and not devices & after:
                    lost.append(office)
            if lost:
                found.append(ApplicationLoss(application.id, tuple(sorted(lost))))
        return tuple(found)


def what_if(graph: NetworkGraph, down: Iterable[Component]) -> WhatIf:
    """All of `down` down at once. Raises UnknownComponentError."""
    return Design(graph).without(graph.failed(down))


def single_points_of_failure(graph: NetworkGraph) -> Spofs:
    """Every link, device and risk group whose loss alone cuts an office off, with those offices."""
    return Design(graph).spofs()


def n_minus_one(graph: NetworkGraph) -> tuple[Loss, ...]:
    """What each single loss would cost, of every link, device, risk group and provider; worst first."""
    design = Design(graph)
    inventory = graph.inventory
    components = [
        *(Component(ComponentKind.LINK, i) for i in inventory.links),
        *(Component(ComponentKind.DEVICE, i) for i in inventory.devices),
        *graph.shared,
    ]
    losses = []
    for component in components:
        lost = design.without(graph.members(component))
        losses.append(Loss(component, lost.cut, lost.degraded, lost.applications))
    return tuple(sorted(losses, key=lambda x: (-len(x.cut), -len(x.degraded), x.component)))
