"""Which parts of the network a caller may see: sets of ids, made once for an inventory and a scope.

What a provider's coordinator sees is written down, with the reasons, in docs/decisions/provider-scope.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from dataclasses import replace

from alerts.audience import own_of
from alerts.model import AffectedOffice, Fact, Happened, Incident, IncidentKind, TimelineEntry
from api.schemas import OfficeOut
from api.scope import Scope
from topology.findings import Component, ComponentKind
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
    {
        Happened.OPENED,
        Happened.ACKNOWLEDGED,
        Happened.UNACKNOWLEDGED,
        Happened.TICKETED,
        Happened.RESOLVED,
        Happened.REOPENED,
    }
)
_EVIDENCE = frozenset(
    {
        *("rx_dbm", "limit_dbm", "baseline_dbm", "drop_db", "slope_db_per_day"),
        *("days_left", "days_left_soonest", "days_left_latest", "days"),
        *("errors_per_s", "limit_per_s", "used_ratio", "limit_ratio", "capacity_bps", "window_s"),
        *("changes", "over_s", "change_ratio"),
    }
)
"""Figures of a circuit that its provider is told: measured at it, and naming nobody."""


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
        self.office_rows: dict[OfficeId, tuple[object, OfficeOut]] = {}
        """What every caller of this sight was shown last, and of what it was made (`NetworkView.offices`); so
        nothing in it may depend on the role."""
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
        self._own = own = own_of(scope.provider, inventory)
        self.links = own.links
        self.offices = own.offices
        ends = {end.device for i in self.links for end in inventory.links[i].ends}
        at_ends = {inventory.devices[d].office for d in ends}
        self.places = self.offices | {o for o in at_ends if o is not None}
        customers = self.offices - set(inventory.hubs)
        self.devices = own.devices | {
            d
            for d in ends
            if inventory.devices[d].provider is None and inventory.devices[d].office in customers
        }
        self.risk_groups = self._shared_risks()
        self.applications = frozenset()

    # --- what a provider sees

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
        if self.everything:
            return True
        match component.kind:
            case ComponentKind.OFFICE | ComponentKind.CONNECTION:
                return component.id in self.offices
            case ComponentKind.LINK:
                return component.id in self.links
            case ComponentKind.DEVICE:
                return component.id in self.devices
            case ComponentKind.PORT:
                return self._is_own_port(component.id)
            case ComponentKind.PROVIDER:
                return component.id in self.providers
            case ComponentKind.RISK_GROUP:
                return component.id in self.risk_groups
        return False

    def _is_own_port(self, text: str) -> bool:
        """Of a device of its own; on the region's, only those where its circuits end are links anyway."""
        device = self.inventory.devices.get(DeviceId(text.partition(":")[0]))
        return device is not None and device.provider == self.provider

    def components(self, components: Iterable[Component]) -> tuple[Component, ...]:
        return tuple(c for c in components if self.component(c))

    def all_components(self) -> list[Component]:
        """Of a provider: everything of its that can change its state."""
        return [
            *(Component(ComponentKind.OFFICE, i) for i in sorted(self.offices)),
            *(Component(ComponentKind.CONNECTION, i) for i in sorted(self.offices)),
            *(Component(ComponentKind.LINK, i) for i in sorted(self.links)),
            *(Component(ComponentKind.DEVICE, i) for i in sorted(self.devices)),
        ]

    def incident(self, incident: Incident) -> bool:
        """A provider's are those that touch an office that it serves or a component of its own. How hot,
        how changed or how well managed the region's own equipment is, is none of its business."""
        if self.everything:
            return True
        if not incident.told:
            return False
        if incident.kind in (IncidentKind.CONDITION, IncidentKind.MANAGEMENT):
            return any(map(self._delivers, incident.components))
        return any(o.office in self.offices for o in incident.offices) or any(
            self.component(c) for c in (*incident.components, *incident.explains)
        )

    def _delivers(self, component: Component) -> bool:
        """Its own, not only seen by it."""
        if component.kind is ComponentKind.DEVICE:
            return component.id in self._own.devices
        return self.component(component)

    def _evidence(self, incident: Incident) -> tuple[Fact, ...]:
        """What was measured, when all that is blamed is the provider's."""
        if not incident.components or not all(map(self._delivers, incident.components)):
            return ()
        return tuple(
            (name, value)
            for name, value in incident.facts
            if name in _EVIDENCE and isinstance(value, int | float)
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
            assigned_to=None,
            group=None,
            facts=self._evidence(incident),
            merged_into=None,
            split_from=None,
            held_by=(),
            tellings=(),
            escalations=(),
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
