"""Which parts of the network a caller may see: sets of ids, made once for an inventory and a scope.

What a provider's coordinator sees is written down, with the reasons, in docs/decisions/provider-scope.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from dataclasses import replace

from alerts.model import AffectedOffice, Happened, Incident, TimelineEntry
from api.scope import Scope
from topology.findings import Component, ComponentKind
from topology.graph import Failed, NetworkGraph
from topology.model import (
    ApplicationId,
    DeviceId,
    Inventory,
    LinkId,
    OfficeId,
    ProviderId,
    RiskGroupId,
    RiskGroupKind,
)

_TOLD_A_PROVIDER = frozenset(
    {Happened.OPENED, Happened.ACKNOWLEDGED, Happened.RESOLVED, Happened.REOPENED, Happened.DISMISSED}
)


class Visible:
    """Ids of what may be shown. A caller who is no provider sees every id; wire values cut further what his
    role may not read (addresses, contacts, equipment)."""

    offices: Set[OfficeId]
    """Shown with all that is known of them: for a provider, the offices that it serves."""
    places: Set[OfficeId]
    """May be named as the far end of a link (the hub, too), and no more than that."""
    links: Set[LinkId]
    devices: Set[DeviceId]
    providers: Set[ProviderId]
    risk_groups: Set[RiskGroupId]
    applications: Set[ApplicationId]

    def __init__(self, inventory: Inventory, scope: Scope) -> None:
        self.inventory = inventory
        self.provider = scope.provider
        if scope.provider is None:
            self.offices = self.places = inventory.offices.keys()
            self.links = inventory.links.keys()
            self.devices = inventory.devices.keys()
            self.providers = inventory.providers.keys()
            self.risk_groups = inventory.risk_groups.keys()
            self.applications = inventory.applications.keys()
            self._others: re.Pattern[str] | None = None
            return
        self._others = _names_of_others(inventory, scope.provider)
        self.providers = {scope.provider} & inventory.providers.keys()
        self.links = {i for i, link in inventory.links.items() if link.provider == scope.provider}
        ends = {end.device for i in self.links for end in inventory.links[i].ends}
        self.places = self._places(ends)
        self.offices = self._served(self.places)
        self.devices = {
            i
            for i, device in inventory.devices.items()
            if device.provider == scope.provider
            or (i in ends and device.provider is None and device.office in self.offices - set(inventory.hubs))
        }
        self.risk_groups = self._shared_risks()
        self.applications = frozenset()

    # --- what a provider sees

    def _places(self, ends: Iterable[DeviceId]) -> set[OfficeId]:
        """Where its circuits end."""
        found = {self.inventory.devices[d].office for d in ends}
        return {o for o in found if o is not None}

    def _served(self, ends: Set[OfficeId]) -> set[OfficeId]:
        """Its customers: those that name it, those (but hubs) where a circuit of its ends, and those that
        name nobody and reach a hub over its circuits only."""
        offices = self.inventory.offices
        served = {i for i, office in offices.items() if office.provider == self.provider}
        served |= ends - set(self.inventory.hubs)
        graph = NetworkGraph(self.inventory)
        before = graph.reach(graph.hub_devices)
        after = graph.reach(graph.hub_devices, Failed(links=frozenset(self.links)))
        for i, office in offices.items():
            devices = set(graph.office_devices[i])
            if office.provider is None and devices & before and not devices & after:
                served.add(i)
        return served

    def _shared_risks(self) -> set[RiskGroupId]:
        """What its circuits run through and its devices hang on, if not named after another provider."""
        inventory = self.inventory
        own = {g for i in self.links for g in inventory.links[i].risk_groups}
        own |= {g for d in inventory.devices.values() if d.provider == self.provider for g in d.risk_groups}
        strange = {g for d in inventory.devices.values() if self._another(d.provider) for g in d.risk_groups}
        strange |= {g for x in inventory.links.values() if self._another(x.provider) for g in x.risk_groups}
        return {
            g
            for g in own
            if not (inventory.risk_groups[g].kind is RiskGroupKind.PROVIDER_NODE and g in strange)
            and not self.mentions_others(g)
            and not self.mentions_others(inventory.risk_groups[g].name)
        }

    def _another(self, provider: ProviderId | None) -> bool:
        return provider is not None and provider != self.provider

    # --- questions

    @property
    def everything(self) -> bool:
        return self.provider is None

    def mentions_others(self, text: str) -> bool:
        """Whether another provider's id or name stands in it: a last look at what people wrote."""
        return self._others is not None and self._others.search(text) is not None

    def component(self, component: Component) -> bool:
        known: Set[str]
        match component.kind:
            case ComponentKind.OFFICE:
                known = self.offices
            case ComponentKind.LINK:
                known = self.links
            case ComponentKind.DEVICE:
                known = self.devices
            case ComponentKind.PROVIDER:
                known = self.providers
            case ComponentKind.RISK_GROUP:
                known = self.risk_groups
            case ComponentKind.APPLICATION:
                known = self.applications
        return self.everything or component.id in known

    def components(self, components: Iterable[Component]) -> tuple[Component, ...]:
        return tuple(c for c in components if self.component(c))

    def incident(self, incident: Incident) -> bool:
        """A provider's are those that touch an office that it serves or a component of its own."""
        if self.everything:
            return True
        if not incident.told:
            return False
        return any(o.office in self.offices for o in incident.offices) or any(
            self.component(c) for c in (*incident.components, *incident.explains)
        )

    def cut(self, incident: Incident) -> Incident:
        """The incident with nothing in it that is not the caller's: fit to be shown, or to be counted.

        A provider gets no words that were written for others (`why` is made anew where it is shown), no
        names of staff, and of the timeline when it began, was taken on, and ended.
        """
        if self.everything:
            return incident
        return replace(
            incident,
            components=self.components(incident.components),
            explains=self.components(incident.explains),
            why="",
            alternatives=(),
            acknowledged_by=None,
            offices=self._offices_of(incident.offices),
            timeline=tuple(
                TimelineEntry(e.at, e.what, "") for e in incident.timeline if e.what in _TOLD_A_PROVIDER
            ),
            receivers=(),
        )

    def _offices_of(self, affected: Iterable[AffectedOffice]) -> tuple[AffectedOffice, ...]:
        return tuple(o for o in affected if o.office in self.offices)


def _names_of_others(inventory: Inventory, provider: ProviderId) -> re.Pattern[str] | None:
    words = {
        word.strip()
        for other in inventory.providers.values()
        if other.id != provider
        for word in (other.id, other.name)
        if word.strip()
    }
    if not words:
        return None
    longest = sorted(words, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)", re.IGNORECASE)
