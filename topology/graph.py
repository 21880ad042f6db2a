"""The declared network as a graph: devices are nodes, links are edges, several between a pair allowed.

Built once per inventory and never changed: what is broken is always an argument (`Failed`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import networkx as nx

from topology.findings import Component, ComponentKind
from topology.model import (
    ConnectionStage,
    DeviceId,
    DeviceRole,
    Inventory,
    LinkId,
    OfficeId,
    ProviderId,
    RiskGroupId,
)

Neighbour = tuple[LinkId, DeviceId]


@dataclass(frozen=True, slots=True)
class Failed:
    """What is out of order: links that carry nothing, and devices that forward nothing."""

    links: frozenset[LinkId] = frozenset()
    devices: frozenset[DeviceId] = frozenset()

    def __or__(self, other: Failed) -> Failed:
        return Failed(self.links | other.links, self.devices | other.devices)

    def __bool__(self) -> bool:
        return bool(self.links or self.devices)


NOTHING = Failed()


class UnknownComponentError(KeyError):
    """A component that the inventory does not have."""

    def __str__(self) -> str:
        return str(self.args[0])


class NetworkGraph:
    """Neighbours, hubs, vantages and shared risks of an inventory."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.vantages: tuple[DeviceId, ...] = inventory.vantages
        self.hubs: frozenset[OfficeId] = frozenset(inventory.hubs)
        self.ends: dict[LinkId, tuple[DeviceId, DeviceId]] = {
            link.id: (link.a.device, link.b.device) for link in inventory.links.values()
        }
        around: dict[DeviceId, list[Neighbour]] = {d: [] for d in inventory.devices}
        for link, (a, b) in self.ends.items():
            if a != b:  # a cable from a device to itself joins nothing
                around[a].append((link, b))
                around[b].append((link, a))
        self._around = {d: tuple(found) for d, found in around.items()}
        self.office_devices: dict[OfficeId, tuple[DeviceId, ...]] = _by_office(inventory)
        self.hub_devices: frozenset[DeviceId] = frozenset(
            d for hub in inventory.hubs for d in self.office_devices.get(hub, ())
        )
        self.judged: tuple[OfficeId, ...] = tuple(
            o.id for o in inventory.offices.values() if o.connection is ConnectionStage.ACTIVE
        )
        self._members = _members(inventory)
        self._risks_of_device = {d.id: d.risk_groups for d in inventory.devices.values()}

    def neighbours(self, device: DeviceId) -> tuple[Neighbour, ...]:
        """Shape: (link, device at its other end), in the inventory's order. Raises KeyError."""
        return self._around[device]

    def monitored_around(self, device: DeviceId) -> set[DeviceId]:
        """The nearest devices that can be asked: neighbours, and beyond a cloud its neighbours."""
        found: set[DeviceId] = set()
        seen, queue = {device}, [device]
        for here in queue:  # grows while it is read
            for _, other in self._around[here]:
                if other in seen:
                    continue
                seen.add(other)
                if self.inventory.devices[other].monitored:
                    found.add(other)
                else:
                    queue.append(other)
        return found

    @cached_property
    def networkx(self) -> nx.MultiGraph[DeviceId]:
        """The same as a networkx MultiGraph; edges are keyed by link id."""
        graph: nx.MultiGraph[DeviceId] = nx.MultiGraph()
        graph.add_nodes_from(self.inventory.devices)
        for link, (a, b) in self.ends.items():
            graph.add_edge(a, b, key=link)
        return graph

    @property
    def shared(self) -> Iterable[Component]:
        """Every risk group and every provider that has members: what takes several things along."""
        return self._members.keys()

    def members(self, component: Component) -> Failed:
        """What fails when `component` does. Raises UnknownComponentError.

        A provider's members are its circuits and its clouds; a router that it manages in an office is not
        down because the provider's network is.
        """
        inventory = self.inventory
        match component.kind:
            case ComponentKind.LINK if component.id in inventory.links:
                return Failed(links=frozenset({LinkId(component.id)}))
            case ComponentKind.DEVICE if component.id in inventory.devices:
                return Failed(devices=frozenset({DeviceId(component.id)}))
            case ComponentKind.RISK_GROUP if component.id in inventory.risk_groups:
                return self._members.get(component, Failed())
            case ComponentKind.PROVIDER if component.id in inventory.providers:
                return self._members.get(component, Failed())
            case ComponentKind.OFFICE if component.id in inventory.offices:
                return Failed(devices=frozenset(self.office_devices.get(OfficeId(component.id), ())))
        raise UnknownComponentError(f"no {component.kind.value.replace('_', ' ')} {component.id!r}")

    def failed(self, components: Iterable[Component]) -> Failed:
        """All that fails when all of them do. Raises UnknownComponentError."""
        links: set[LinkId] = set()
        devices: set[DeviceId] = set()
        for component in components:
            members = self.members(component)
            links |= members.links
            devices |= members.devices
        return Failed(frozenset(links), frozenset(devices))

    def shared_by_link(self, link: LinkId) -> tuple[Component, ...]:
        """The risk groups and the provider whose loss takes this link along."""
        declared = self.inventory.links[link]
        found = [Component(ComponentKind.RISK_GROUP, g) for g in declared.risk_groups]
        if declared.provider is not None:
            found.append(Component(ComponentKind.PROVIDER, declared.provider))
        return tuple(found)

    def shared_by_device(self, device: DeviceId) -> tuple[Component, ...]:
        """The risk groups (and, for a cloud, the provider) whose loss takes this device along."""
        found = [Component(ComponentKind.RISK_GROUP, g) for g in self._risks_of_device[device]]
        declared = self.inventory.devices[device]
        if declared.role is DeviceRole.CLOUD and declared.provider is not None:
            found.append(Component(ComponentKind.PROVIDER, declared.provider))
        return tuple(found)

    def reach(self, sources: Iterable[DeviceId], failed: Failed = NOTHING) -> set[DeviceId]:
        """Every device that a chain of working links joins with one of `sources` (working ones included)."""
        off_links, off_devices, around = failed.links, failed.devices, self._around
        seen = {s for s in sources if s not in off_devices}
        queue = list(seen)
        while queue:
            for link, other in around[queue.pop()]:
                if other not in seen and link not in off_links and other not in off_devices:
                    seen.add(other)
                    queue.append(other)
        return seen

    def path(
        self, sources: Iterable[DeviceId], targets: Iterable[DeviceId], failed: Failed = NOTHING
    ) -> tuple[LinkId, ...] | None:
        """The links of a path with the fewest hops; () when a source is a target; None when there is none."""
        wanted = set(targets) - failed.devices
        came: dict[DeviceId, tuple[LinkId, DeviceId] | None] = {
            s: None for s in sources if s not in failed.devices
        }
        queue = deque(came)
        while queue:
            here = queue.popleft()
            if here in wanted:
                links = []
                while (step := came[here]) is not None:
                    links.append(step[0])
                    here = step[1]
                return tuple(reversed(links))
            for link, other in self._around[here]:
                if other not in came and link not in failed.links and other not in failed.devices:
                    came[other] = (link, here)
                    queue.append(other)
        return None

    @cached_property
    def depth(self) -> Mapping[DeviceId, int]:
        """Hops from the nearest vantage in the whole network; devices that none leads to are missing."""
        depth = dict.fromkeys(self.vantages, 0)
        queue = deque(self.vantages)
        while queue:
            here = queue.popleft()
            for _, other in self._around[here]:
                if other not in depth:
                    depth[other] = depth[here] + 1
                    queue.append(other)
        return depth

    def ancestors(self, device: DeviceId) -> tuple[DeviceId, ...]:
        """Devices on the shortest ways from the vantage to `device`, the nearest to it first."""
        depth, found, layer = self.depth, [], {device}
        if device not in depth:
            return ()
        while layer:
            layer = {o for d in layer for _, o in self._around[d] if depth[o] == depth[d] - 1}
            found += sorted(layer)
        return tuple(found)

    def offices_of(self, devices: Iterable[DeviceId]) -> tuple[OfficeId, ...]:
        """The offices in which they stand, sorted."""
        offices = {self.inventory.devices[d].office for d in devices}
        return tuple(sorted(o for o in offices if o is not None))


def _by_office(inventory: Inventory) -> dict[OfficeId, tuple[DeviceId, ...]]:
    found: dict[OfficeId, list[DeviceId]] = {o: [] for o in inventory.offices}
    for device in inventory.devices.values():
        if device.office is not None:
            found[device.office].append(device.id)
    return {o: tuple(ds) for o, ds in found.items()}


def _members(inventory: Inventory) -> dict[Component, Failed]:
    links: dict[Component, set[LinkId]] = {}
    devices: dict[Component, set[DeviceId]] = {}

    def group(g: RiskGroupId) -> Component:
        return Component(ComponentKind.RISK_GROUP, g)

    def provider(p: ProviderId) -> Component:
        return Component(ComponentKind.PROVIDER, p)

    for link in inventory.links.values():
        for g in link.risk_groups:
            links.setdefault(group(g), set()).add(link.id)
        if link.provider is not None:
            links.setdefault(provider(link.provider), set()).add(link.id)
    for device in inventory.devices.values():
        for g in device.risk_groups:
            devices.setdefault(group(g), set()).add(device.id)
        if device.role is DeviceRole.CLOUD and device.provider is not None:
            devices.setdefault(provider(device.provider), set()).add(device.id)
    return {
        c: Failed(frozenset(links.get(c, ())), frozenset(devices.get(c, ())))
        for c in sorted({*links, *devices})
    }
