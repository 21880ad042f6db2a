"""What an outage is put down to, and whether that counts against a provider. Pure.

A person's word, with evidence, goes before what follows from the incident. Without one: a power failure is
proven when the blamed thing is a power feed that the office hangs on, or the office's UPS ran on battery when
the outage began and the incident can be explained by the office's own equipment. Otherwise the blamed
component decides: a provider's circuit or device, the regency's own equipment, anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.model import ConditionKind, Incident, IncidentId, IncidentKind
from reports.spans import Span
from storage.records.outage_causes import CauseFound, CauseKind
from topology.findings import Component, ComponentKind
from topology.model import (
    DeviceId,
    Inventory,
    Link,
    LinkId,
    OfficeId,
    ProviderId,
    RiskGroupId,
    RiskGroupKind,
)

BATTERY_BEFORE = timedelta(seconds=60)
"""A UPS that says so within this time after the office fell silent was on battery when it did."""
JUDGED = frozenset({IncidentKind.OUTAGE, IncidentKind.REDUNDANCY, IncidentKind.FLAPPING})


class Proof(StrEnum):
    """What makes the cause be what it is said to be."""

    PERSON = "person"
    POWER_FEED = "power_feed"
    ON_BATTERY = "on_battery"
    BLAMED = "blamed"
    """The incident's best explanation."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Of one office's outage."""

    kind: CauseKind
    proof: Proof
    providers: tuple[ProviderId, ...] = ()
    """Against whom it counts."""
    circuits: tuple[LinkId, ...] = ()
    """Whose outage it is, too; those of a power failure and of maintenance included."""
    found: CauseFound | None = None


class Blame:
    """`incidents`: all that touch the period, conditions included. `words`: what people found, oldest first,
    by incident."""

    def __init__(
        self,
        inventory: Inventory,
        incidents: Iterable[Incident],
        words: Mapping[IncidentId, Sequence[CauseFound]],
    ) -> None:
        self._inventory = inventory
        self._words = words
        self._known: dict[Component, tuple[Link, ...]] = {}
        self._feeds_of: dict[OfficeId, set[str]] = {}
        """Risk groups that an office's own devices hang on."""
        for device in inventory.devices.values():
            if device.office is not None:
                self._feeds_of.setdefault(device.office, set()).update(device.risk_groups)
        self._batteries: dict[OfficeId, list[tuple[datetime, datetime | None]]] = {}
        for one in incidents:
            if one.condition is ConditionKind.ON_BATTERY:
                for office in self._offices_of(one.components):
                    self._batteries.setdefault(office, []).append((one.began_at, one.resolved_at))

    def of(self, incident: Incident, office: OfficeId, outage: Span) -> Cause:
        circuits = self.circuits(incident)
        found = self._word(incident, office)
        if found is not None:
            return self._said(found, office, circuits)
        if self._feeds(incident.components, office):
            return Cause(CauseKind.LISTRIK, Proof.POWER_FEED, circuits=circuits)
        if self._could_be_its_own(incident, office) and self._on_battery(office, outage):
            return Cause(CauseKind.LISTRIK, Proof.ON_BATTERY, circuits=circuits)
        providers = self._providers(incident.components, circuits)
        if providers:
            return Cause(CauseKind.PENYEDIA, Proof.BLAMED, providers, circuits)
        devices = [c for c in incident.components if c.kind is ComponentKind.DEVICE]
        kind = CauseKind.LAINNYA
        if devices and len(devices) == len(incident.components):
            kind = CauseKind.PERANGKAT
        return Cause(kind, Proof.BLAMED)

    def circuits(self, incident: Incident) -> tuple[LinkId, ...]:
        """Providers' circuits among what the incident blames: of a duct or node those that were seen down."""
        found: set[LinkId] = set()
        seen = {LinkId(c.id) for c in incident.explains if c.kind is ComponentKind.LINK}
        for component in incident.components:
            links = {link.id for link in self._links_of(component) if link.provider is not None}
            found |= links & seen or links
        return tuple(sorted(found))

    def _said(self, found: CauseFound, office: OfficeId, circuits: tuple[LinkId, ...]) -> Cause:
        links = self._inventory.links
        if found.cause is not CauseKind.PENYEDIA:
            excused = found.cause in (CauseKind.LISTRIK, CauseKind.PEMELIHARAAN)
            return Cause(found.cause, Proof.PERSON, (), circuits if excused else (), found)
        blamed = {p for c in circuits if (p := links[c].provider) is not None}
        provider = found.provider or (None if blamed else self._inventory.offices[office].provider)
        if provider is not None:
            blamed = {provider}
            circuits = tuple(c for c in circuits if links[c].provider == provider) or tuple(
                sorted(link.id for link in self._at(office) if link.provider == provider)
            )
        return Cause(CauseKind.PENYEDIA, Proof.PERSON, tuple(sorted(blamed)), circuits, found)

    def _word(self, incident: Incident, office: OfficeId) -> CauseFound | None:
        mine = [w for w in self._words.get(incident.id, ()) if w.offices is None or office in w.offices]
        return mine[-1] if mine else None

    def _providers(
        self, components: Iterable[Component], circuits: Iterable[LinkId]
    ) -> tuple[ProviderId, ...]:
        found = {p for c in circuits if (p := self._inventory.links[c].provider) is not None}
        for component in components:
            if component.kind is ComponentKind.PROVIDER:
                found.add(ProviderId(component.id))
            elif component.kind is ComponentKind.DEVICE:
                device = self._inventory.devices.get(DeviceId(component.id))
                if device is not None and device.provider is not None:
                    found.add(device.provider)
        return tuple(sorted(found))

    # --- what belongs to what

    def _links_of(self, component: Component) -> tuple[Link, ...]:
        found = self._known.get(component)
        if found is None:
            found = self._known[component] = tuple(self._find_links(component))
        return found

    def _find_links(self, component: Component) -> Iterable[Link]:
        links = self._inventory.links.values()
        match component.kind:
            case ComponentKind.LINK:
                link = self._inventory.links.get(LinkId(component.id))
                return () if link is None else (link,)
            case ComponentKind.RISK_GROUP:
                group = self._inventory.risk_groups.get(RiskGroupId(component.id))
                if group is None or group.kind is RiskGroupKind.POWER_FEED:
                    return ()
                return (link for link in links if group.id in link.risk_groups)
            case ComponentKind.PROVIDER:
                return (link for link in links if link.provider == component.id)
            case ComponentKind.DEVICE:
                device = self._inventory.devices.get(DeviceId(component.id))
                if device is None or device.provider is None:
                    return ()
                owner, id_ = device.provider, device.id
                return (x for x in links if x.provider == owner and id_ in (x.a.device, x.b.device))
        return ()

    def _at(self, office: OfficeId) -> Iterator[Link]:
        devices = self._inventory.devices
        for link in self._inventory.links.values():
            if office in (devices[link.a.device].office, devices[link.b.device].office):
                yield link

    def _offices_of(self, components: Iterable[Component]) -> set[OfficeId]:
        found = set()
        for component in components:
            if component.kind is ComponentKind.OFFICE:
                found.add(OfficeId(component.id))
            elif component.kind is ComponentKind.DEVICE:
                device = self._inventory.devices.get(DeviceId(component.id))
                if device is not None and device.office is not None:
                    found.add(device.office)
        return found

    # --- power

    def _feeds(self, components: Iterable[Component], office: OfficeId) -> bool:
        """Whether a power feed is blamed that a device of this very office hangs on."""
        groups = self._inventory.risk_groups
        feeds = {
            c.id
            for c in components
            if c.kind is ComponentKind.RISK_GROUP
            and (group := groups.get(RiskGroupId(c.id))) is not None
            and group.kind is RiskGroupKind.POWER_FEED
        }
        return bool(feeds & self._feeds_of.get(office, set()))

    def _could_be_its_own(self, incident: Incident, office: OfficeId) -> bool:
        named = [*incident.components, *(c for h in incident.alternatives for c in h.components)]
        return office in self._offices_of(named) or self._feeds(named, office)

    def _on_battery(self, office: OfficeId, outage: Span) -> bool:
        return any(
            began <= outage.since + BATTERY_BEFORE and (ended is None or ended >= outage.since)
            for began, ended in self._batteries.get(office, ())
        )
