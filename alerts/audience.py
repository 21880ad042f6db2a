"""What of an incident is a provider's, and the incident cut down to that. Pure.

A provider's are its circuits and clouds, and the offices that they serve (docs/decisions/provider-scope.md).
An incident is its business when one of its components is blamed, by the best explanation or by another one,
or when a circuit of its is down, unless a device of somebody else's is blamed for that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from alerts.model import AffectedOffice, Incident
from topology.findings import Component, ComponentKind
from topology.graph import Failed, NetworkGraph
from topology.model import DeviceId, Inventory, LinkId, OfficeId, ProviderId


@dataclass(frozen=True, slots=True)
class Own:
    """Ids of what is one provider's."""

    provider: ProviderId
    links: frozenset[LinkId]
    devices: frozenset[DeviceId]
    offices: frozenset[OfficeId]

    def has(self, component: Component) -> bool:
        match component.kind:
            case ComponentKind.LINK:
                return component.id in self.links
            case ComponentKind.DEVICE:
                return component.id in self.devices
            case ComponentKind.PROVIDER:
                return component.id == self.provider
            case ComponentKind.OFFICE:
                return component.id in self.offices
        return False


def own_of(provider: ProviderId, inventory: Inventory) -> Own:
    """Its circuits, its devices, and the offices that it serves: those that name it, those (but hubs) where
    one of its circuits ends, and those that name nobody and reach a hub over its circuits only."""
    links = frozenset(i for i, link in inventory.links.items() if link.provider == provider)
    ends = {inventory.devices[end.device].office for i in links for end in inventory.links[i].ends}
    served = {o for o in ends if o is not None} - set(inventory.hubs)
    served |= {i for i, office in inventory.offices.items() if office.provider == provider}
    graph = NetworkGraph(inventory)
    before, after = graph.reach(graph.hub_devices), graph.reach(graph.hub_devices, Failed(links))
    for i, office in inventory.offices.items():
        devices = set(graph.office_devices[i])
        if office.provider is None and devices & before and not devices & after:
            served.add(i)
    devices_of = frozenset(i for i, device in inventory.devices.items() if device.provider == provider)
    return Own(provider, links, devices_of, frozenset(served))


class Owners:
    """Asks `own_of` once a provider."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._own: dict[ProviderId, Own] = {}

    def of(self, provider: ProviderId) -> Own:
        if provider not in self._own:
            self._own[provider] = own_of(provider, self._inventory)
        return self._own[provider]

    def involved(self, incident: Incident) -> frozenset[ProviderId]:
        """The providers whose business it is."""
        return frozenset(p for p in self._inventory.providers if concerns(incident, self.of(p)))

    def cut(self, incident: Incident, provider: ProviderId) -> Incident:
        return cut_to(incident, self.of(provider))


def concerns(incident: Incident, own: Own) -> bool:
    named = [*incident.components, *(c for h in incident.alternatives for c in h.components)]
    if any(own.has(c) for c in named if c.kind is not ComponentKind.OFFICE):
        return True
    if incident.components and all(c.kind is ComponentKind.DEVICE for c in incident.components):
        return (
            False  # a circuit is dark because the router at its end is off: nothing to mend for its provider
        )
    return any(c.kind is ComponentKind.LINK and own.has(c) for c in incident.explains)


def cut_to(incident: Incident, own: Own) -> Incident:
    """With nothing in it that is not the provider's. What is blamed and not its own is left out; its circuits
    that are down stand there instead."""
    components = tuple(c for c in incident.components if own.has(c))
    explains = tuple(c for c in incident.explains if own.has(c))
    return replace(
        incident,
        components=components or tuple(c for c in explains if c.kind is ComponentKind.LINK),
        explains=explains,
        alternatives=(),
        offices=_offices(incident.offices, own),
    )


def _offices(affected: tuple[AffectedOffice, ...], own: Own) -> tuple[AffectedOffice, ...]:
    return tuple(o for o in affected if o.office in own.offices)
