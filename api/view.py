"""The network as one caller may see it: inventory and verdict joined, cut to his scope, as wire values."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from alerts.model import Incident
from alerts.words import component_name
from api import schemas
from api.backend import Backend
from api.scope import Scope
from api.visible import Visible
from storage.records.events import RecordedChange
from topology.findings import (
    Cause,
    Component,
    ComponentKind,
    Connectivity,
    DeviceCondition,
    LinkCondition,
    OfficeVerdict,
    StateChange,
    Verdict,
)
from topology.model import (
    Application,
    ApplicationId,
    ConnectionStage,
    Device,
    DeviceId,
    Language,
    Link,
    LinkEnd,
    Office,
    OfficeId,
)


class View:
    def __init__(
        self,
        backend: Backend,
        scope: Scope,
        language: Language | None = None,
        *,
        visible: Visible | None = None,
    ) -> None:
        """`language` of the names of components; None: the network's. `visible`: made already."""
        self.scope = scope
        self.visible = Visible(backend.inventory, scope) if visible is None else visible
        self.language = language or backend.inventory.network.language
        self._inventory = backend.inventory
        self._verdict: Verdict | None = backend.verdict()
        self.today: date = backend.clock.now().astimezone(ZoneInfo(self._inventory.network.timezone)).date()

    @property
    def verdict_at(self) -> datetime | None:
        return None if self._verdict is None else self._verdict.at

    # --- offices

    def offices(self, incidents: Iterable[Incident] = ()) -> list[schemas.OfficeOut]:
        affected = _affecting(incidents)
        return [schemas.OfficeOut(**self._office(o, affected)) for o in self._inventory.offices.values()]

    def office(self, id_: str, incidents: Iterable[Incident]) -> schemas.OfficeDetail | None:
        office = self._inventory.offices.get(OfficeId(id_))
        if office is None:
            return None
        judged = self._judged(office)
        devices = {d.id for d in self._inventory.devices.values() if d.office == office.id}
        groups = set(judged.causes) if judged else set()
        causes = [c for c in self._causes() if c.group in groups]
        applications = self._verdict.applications.values() if self._verdict else ()
        return schemas.OfficeDetail(
            **self._office(office, _affecting(incidents)),
            contacts=[
                schemas.ContactOut(name=c.name, email=c.email, phone=c.phone, telegram=c.telegram)
                for c in office.contacts
            ],
            devices=self.devices(devices),
            links=self.links(devices),
            explained_by=[self._cause(c) for c in causes],
            applications_lost=[a.application for a in applications if office.id in a.lost_by],
        )

    def _office(self, office: Office, affected: dict[OfficeId, list[str]]) -> dict[str, object]:
        judged = self._judged(office)
        active = office.connection is ConnectionStage.ACTIVE
        waiting = Connectivity.UNKNOWN if active else Connectivity.NOT_CONNECTED
        place = office.location
        return {
            "id": office.id,
            "name": office.name,
            "kind": office.kind,
            "kecamatan": office.kecamatan,
            "priority": office.priority,
            "location": place
            and schemas.LocationOut(latitude_deg=place.latitude_deg, longitude_deg=place.longitude_deg),
            "hub": office.id in self._inventory.hubs,
            "connection": office.connection,
            "provider": office.provider,
            "target_date": office.target_date,
            "phase": office.phase,
            "late": not active and office.target_date is not None and office.target_date < self.today,
            "connectivity": judged.connectivity if judged else waiting,
            "since": judged.since if judged else None,
            "paths": judged.paths if judged else None,
            "paths_designed": judged.paths_designed if judged else None,
            "causes": list(judged.causes) if judged else [],
            "incidents": affected.get(office.id, []),
        }

    def _judged(self, office: Office) -> OfficeVerdict | None:
        return self._verdict.offices.get(office.id) if self._verdict else None

    # --- devices and links

    def devices(self, only: Collection[DeviceId] | None = None) -> list[schemas.DeviceOut]:
        devices = self._inventory.devices.values()
        return [self._device(d) for d in devices if only is None or d.id in only]

    def _device(self, device: Device) -> schemas.DeviceOut:
        verdict = self._verdict
        shown = device.address is not None and self.scope.sees_addresses
        return schemas.DeviceOut(
            id=device.id,
            name=device.name,
            office=device.office,
            role=device.role,
            address=str(device.address) if shown else None,
            monitored=device.monitored,
            provider=device.provider,
            risk_groups=list(device.risk_groups),
            condition=verdict.devices.get(device.id, DeviceCondition.UNKNOWN)
            if verdict
            else DeviceCondition.UNKNOWN,
            management_fault=verdict is not None and device.id in verdict.management_faults,
        )

    def links(self, touching: Collection[DeviceId] | None = None) -> list[schemas.LinkOut]:
        links = self._inventory.links.values()
        return [
            self._link(link)
            for link in links
            if touching is None or link.a.device in touching or link.b.device in touching
        ]

    def _link(self, link: Link) -> schemas.LinkOut:
        verdict = self._verdict
        return schemas.LinkOut(
            id=link.id,
            name=link.name,
            a=self._end(link.a),
            b=self._end(link.b),
            medium=link.medium,
            provider=link.provider,
            circuit_id=link.circuit_id,
            capacity_bps=link.capacity_bps,
            length_m=link.length_m,
            risk_groups=list(link.risk_groups),
            rx_min_dbm=link.rx_min_dbm,
            rx_max_dbm=link.rx_max_dbm,
            condition=verdict.links.get(link.id, LinkCondition.UNKNOWN) if verdict else LinkCondition.UNKNOWN,
        )

    def _end(self, end: LinkEnd) -> schemas.EndOut:
        return schemas.EndOut(
            device=end.device, office=self._inventory.devices[end.device].office, port=end.if_name
        )

    # --- the whole

    def topology(self, incidents: Iterable[Incident] = ()) -> schemas.TopologyOut:
        groups: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
        for link in self._inventory.links.values():
            for group in link.risk_groups:
                groups[group][0].append(link.id)
        for device in self._inventory.devices.values():
            for group in device.risk_groups:
                groups[group][1].append(device.id)
        return schemas.TopologyOut(
            judged=self._verdict is not None,
            blind=bool(self._verdict and self._verdict.blind),
            vantages=list(self._inventory.vantages),
            hubs=list(self._inventory.hubs),
            offices=self.offices(incidents),
            devices=self.devices(),
            links=self.links(),
            risk_groups=[
                schemas.RiskGroupOut(
                    id=g.id, kind=g.kind, name=g.name, links=groups[g.id][0], devices=groups[g.id][1]
                )
                for g in self._inventory.risk_groups.values()
            ],
            causes=[self._cause(c) for c in self._causes()],
        )

    def summary(self, incidents: Iterable[Incident]) -> schemas.SummaryOut:
        offices = self.offices()
        by_kecamatan: dict[str | None, Counter[str]] = defaultdict(Counter)
        for office in offices:
            by_kecamatan[office.kecamatan][office.connectivity.value] += 1
        network = self._inventory.network
        return schemas.SummaryOut(
            network=network.name,
            timezone=network.timezone,
            language=network.language.value,
            judged=self._verdict is not None,
            blind=bool(self._verdict and self._verdict.blind),
            offices=_counts(o.connectivity.value for o in offices),
            by_kecamatan=[
                schemas.KecamatanOut(name=name, offices=schemas.Counts(**counted))
                for name, counted in sorted(by_kecamatan.items(), key=lambda row: row[0] or "")
            ],
            incidents=sum(i.told for i in incidents),
        )

    def _causes(self) -> Sequence[Cause]:
        return self._verdict.causes if self._verdict else ()

    def _cause(self, cause: Cause) -> schemas.CauseOut:
        return schemas.CauseOut(
            group=cause.group,
            rank=cause.rank,
            components=self._components(cause.components),
            explains=self._components(cause.explains),
            confidence=cause.confidence,
            why=cause.why,
            since=cause.since,
            settled=cause.settled,
            cut=list(cause.cut),
            degraded=list(cause.degraded),
        )

    # --- incidents and events

    def incident(self, incident: Incident) -> schemas.IncidentOut:
        return schemas.IncidentOut(**self._incident(incident))

    def incident_detail(self, incident: Incident) -> schemas.IncidentDetail:
        return schemas.IncidentDetail(
            **self._incident(incident),
            explains=self._components(incident.explains),
            alternatives=[
                schemas.HypothesisOut(
                    components=self._components(h.components), confidence=h.confidence, why=h.why
                )
                for h in incident.alternatives
            ],
            timeline=[
                schemas.TimelineOut(at=e.at, what=e.what, why=e.why, who=e.who) for e in incident.timeline
            ],
        )

    def _incident(self, incident: Incident) -> dict[str, object]:
        same = ("id", "kind", "status", "severity", "confidence", "why", "began_at", "opened_at", "revision")
        more = ("acknowledged_at", "acknowledged_by", "resolved_at")
        offices = []
        for affected in incident.offices:
            office = self._inventory.offices.get(affected.office)
            offices.append(
                schemas.AffectedOfficeOut(
                    office=affected.office,
                    name=office.name if office else affected.office,
                    kecamatan=office.kecamatan if office else None,
                    connectivity=affected.connectivity,
                    since=affected.since,
                    until=affected.until,
                )
            )
        return {
            **{name: getattr(incident, name) for name in (*same, *more)},
            "components": self._components(incident.components),
            "offices": offices,
        }

    def event(self, recorded: RecordedChange) -> schemas.EventOut:
        return schemas.EventOut(id=recorded.id, **self.change(recorded.change))

    def change(self, change: StateChange) -> dict[str, object]:
        return {
            "at": change.at,
            "subject": self._component(change.subject),
            "was": change.was,
            "now": change.now,
            "why": change.why,
        }

    def _components(self, components: Iterable[Component]) -> list[schemas.ComponentOut]:
        return [self._component(c) for c in components]

    def _component(self, component: Component) -> schemas.ComponentOut:
        return schemas.ComponentOut(kind=component.kind, id=component.id, name=self._name(component))

    def _name(self, component: Component) -> str:
        known: Office | Application | None = None
        if component.kind is ComponentKind.OFFICE:
            known = self._inventory.offices.get(OfficeId(component.id))
        elif component.kind is ComponentKind.APPLICATION:
            known = self._inventory.applications.get(ApplicationId(component.id))
        if known is not None:
            return known.name
        return component_name(component, self._inventory, self.language)


def _affecting(incidents: Iterable[Incident]) -> dict[OfficeId, list[str]]:
    affected: dict[OfficeId, list[str]] = defaultdict(list)
    for incident in incidents:
        for office in incident.offices_now:
            affected[office.office].append(incident.id)
    return affected


def _counts(values: Iterable[str]) -> schemas.Counts:
    return schemas.Counts(**Counter(values))
