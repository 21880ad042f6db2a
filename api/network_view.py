"""Offices, devices, links and the drawing as one caller may see them, as wire values.

Everything that leaves here has passed `Visible` and the role: nothing is taken from the inventory or a
verdict past it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from alerts.model import Incident
from alerts.words import component_name
from api import schemas
from api.backend import Backend
from api.past import Past
from api.scope import Scope
from api.visible import Visible
from topology.findings import (
    Cause,
    Component,
    ComponentKind,
    Connectivity,
    DeviceCondition,
    LinkCondition,
    OfficeVerdict,
    Verdict,
)
from topology.model import (
    ApplicationId,
    ConnectionStage,
    Device,
    DeviceId,
    Language,
    Link,
    LinkEnd,
    Office,
    OfficeId,
    ProviderId,
)

POINTS_TO = {Language.ID: "Diduga pada: {names}", Language.EN: "Points to: {names}"}
ELSEWHERE = {
    Language.ID: "Penyebabnya bukan pada sirkit Anda",
    Language.EN: "The cause is not among your circuits",
}
"""Words for a provider: those written for staff name what is not its own."""


class NetworkView:
    def __init__(
        self,
        backend: Backend,
        scope: Scope,
        language: Language | None = None,
        *,
        visible: Visible | None = None,
        past: Past | None = None,
    ) -> None:
        """`language` of the names of components; None: the network's. `visible`: made already. `past`: as it
        stood then, instead of now."""
        self.scope = scope
        self.visible = Visible(backend.inventory, scope) if visible is None else visible
        self.language = language or backend.inventory.network.language
        self.past = past
        self._inventory = backend.inventory
        self._verdict: Verdict | None = backend.verdict() if past is None else past.verdict
        now = backend.clock.now() if past is None else past.at
        self.today: date = now.astimezone(ZoneInfo(self._inventory.network.timezone)).date()

    @property
    def verdict_at(self) -> datetime | None:
        return None if self._verdict is None else self._verdict.at

    @property
    def moment(self) -> schemas.MomentOut | None:
        """For an answer about the past: which moment, and what can't be known of it."""
        if self.past is None:
            return None
        return schemas.MomentOut(
            at=self.past.at, judged=self._verdict is not None, not_known=self._not_known()
        )

    def _not_known(self) -> list[str]:
        if self._verdict is None:
            return ["everything: nobody watched then, or the log does not reach back so far"]
        return [
            "inventory: today's is shown, with how its parts were",
            "paths",
            "causes: see the incidents",
            "management_fault",
            "applications",
        ]

    # --- offices

    def offices(self, incidents: Iterable[Incident] = ()) -> list[schemas.OfficeOut]:
        affected = self._affecting(incidents)
        offices = self._inventory.offices
        return [
            schemas.OfficeOut(**self._office(office, affected))
            for id_, office in offices.items()
            if id_ in self.visible.offices
        ]

    def office(self, id_: str, incidents: Iterable[Incident]) -> schemas.OfficeDetail | None:
        """None: there is none, or it is not the caller's to see."""
        office = self._inventory.offices.get(OfficeId(id_))
        if office is None or office.id not in self.visible.offices:
            return None
        judged = self._judged(office)
        devices = {d.id for d in self._inventory.devices.values() if d.office == office.id}
        groups = set(judged.causes) if judged else set()
        shown = [out for cause, out in self._causes if cause.group in groups]
        applications = self._verdict.applications.values() if self._verdict else ()
        return schemas.OfficeDetail(
            **self._office(office, self._affecting(incidents)),
            contacts=[
                schemas.ContactOut(name=c.name, email=c.email, phone=c.phone, telegram=c.telegram)
                for c in office.contacts
                if self.scope.sees_contacts
            ],
            devices=self.devices(devices),
            links=self.links(devices),
            explained_by=shown,
            applications_lost=[
                a.application
                for a in applications
                if office.id in a.lost_by and a.application in self.visible.applications
            ],
            moment=self.moment,
        )

    def _office(self, office: Office, affected: Mapping[OfficeId, list[str]]) -> dict[str, object]:
        judged = self._judged(office)
        active = office.connection is ConnectionStage.ACTIVE
        waiting = Connectivity.UNKNOWN if active else Connectivity.NOT_CONNECTED
        place = office.location
        own = office.provider is None or office.provider in self.visible.providers
        known = judged if self.past is None and self.visible.everything else None
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
            "provider": office.provider if own else None,
            "target_date": office.target_date if own else None,
            "phase": office.phase if own else None,
            "late": own and not active and office.target_date is not None and office.target_date < self.today,
            "connectivity": judged.connectivity if judged else waiting,
            "since": judged.since if judged else None,
            "paths": known.paths if known else None,
            "paths_designed": known.paths_designed if known else None,
            "causes": [self._group_names[g] for g in judged.causes if g in self._group_names]
            if judged
            else [],
            "incidents": affected.get(office.id, []),
        }

    def _judged(self, office: Office) -> OfficeVerdict | None:
        return self._verdict.offices.get(office.id) if self._verdict else None

    def _affecting(self, incidents: Iterable[Incident]) -> dict[OfficeId, list[str]]:
        affected: dict[OfficeId, list[str]] = defaultdict(list)
        for incident in incidents:
            if not self.visible.incident(incident):
                continue
            for office in incident.offices if self.past is not None else incident.offices_now:
                if self.past is None or (
                    office.since <= self.past.at and (office.until is None or office.until > self.past.at)
                ):
                    affected[office.office].append(incident.id)
        return affected

    # --- devices and links

    def devices(self, only: Collection[DeviceId] | None = None) -> list[schemas.DeviceOut]:
        if not self.scope.sees_devices:
            return []
        return [
            self._device(device)
            for id_, device in self._inventory.devices.items()
            if id_ in self.visible.devices and (only is None or id_ in only)
        ]

    def device(self, id_: str) -> schemas.DeviceOut | None:
        """None: there is none, or it is not the caller's to see."""
        return next(iter(self.devices({DeviceId(id_)})), None)

    def _device(self, device: Device) -> schemas.DeviceOut:
        verdict = self._verdict
        shown = device.address is not None and self.scope.sees_addresses
        return schemas.DeviceOut(
            id=device.id,
            name=self._text(device.name),
            office=device.office if device.office in self.visible.places else None,
            role=device.role,
            address=str(device.address) if shown else None,
            monitored=device.monitored,
            provider=self._provider(device.provider),
            risk_groups=[g for g in device.risk_groups if g in self.visible.risk_groups],
            condition=verdict.devices.get(device.id, DeviceCondition.UNKNOWN)
            if verdict
            else DeviceCondition.UNKNOWN,
            management_fault=verdict is not None and device.id in verdict.management_faults,
        )

    def links(self, touching: Collection[DeviceId] | None = None) -> list[schemas.LinkOut]:
        return [
            self._link(link)
            for id_, link in self._inventory.links.items()
            if id_ in self.visible.links
            and (touching is None or link.a.device in touching or link.b.device in touching)
        ]

    def link(self, id_: str) -> schemas.LinkOut | None:
        """None: there is none, or it is not the caller's to see."""
        found = next((link for i, link in self._inventory.links.items() if i == id_), None)
        return self._link(found) if found is not None and found.id in self.visible.links else None

    def _link(self, link: Link) -> schemas.LinkOut:
        verdict = self._verdict
        return schemas.LinkOut(
            id=link.id,
            name=self._text(link.name),
            a=self._end(link.a),
            b=self._end(link.b),
            medium=link.medium,
            provider=self._provider(link.provider),
            circuit_id=link.circuit_id if self.scope.sees_devices else None,
            capacity_bps=link.capacity_bps,
            length_m=link.length_m,
            risk_groups=[g for g in link.risk_groups if g in self.visible.risk_groups],
            rx_min_dbm=link.rx_min_dbm,
            rx_max_dbm=link.rx_max_dbm,
            condition=verdict.links.get(link.id, LinkCondition.UNKNOWN) if verdict else LinkCondition.UNKNOWN,
        )

    def _end(self, end: LinkEnd) -> schemas.EndOut:
        office = self._inventory.devices[end.device].office
        shown = self.scope.sees_devices and end.device in self.visible.devices
        return schemas.EndOut(
            device=end.device if shown else None,
            office=office if office in self.visible.places else None,
            port=end.if_name if shown else None,
        )

    def _provider(self, provider: ProviderId | None) -> ProviderId | None:
        return provider if provider in self.visible.providers else None

    def _text(self, text: str | None) -> str | None:
        return None if text is None or self.visible.mentions_others(text) else text

    # --- the whole

    def topology(self, incidents: Iterable[Incident] = ()) -> schemas.TopologyOut:
        visible = self.visible
        return schemas.TopologyOut(
            judged=self._verdict is not None,
            blind=bool(self._verdict and self._verdict.blind),
            vantages=[v for v in self._inventory.vantages if v in visible.devices]
            if self.scope.sees_devices
            else [],
            hubs=[h for h in self._inventory.hubs if h in visible.places],
            offices=self.offices(incidents),
            devices=self.devices(),
            links=self.links(),
            risk_groups=self.risk_groups() if self.scope.sees_devices else [],
            causes=[out for _, out in self._causes],
            moment=self.moment,
        )

    def risk_groups(self) -> list[schemas.RiskGroupOut]:
        groups: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
        for link in self._inventory.links.values():
            if link.id in self.visible.links:
                for group in link.risk_groups:
                    groups[group][0].append(link.id)
        for device in self._inventory.devices.values():
            if device.id in self.visible.devices:
                for group in device.risk_groups:
                    groups[group][1].append(device.id)
        return [
            schemas.RiskGroupOut(
                id=g.id, kind=g.kind, name=g.name, links=groups[g.id][0], devices=groups[g.id][1]
            )
            for g in self._inventory.risk_groups.values()
            if g.id in self.visible.risk_groups
        ]

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
            incidents=sum(i.told and self.visible.incident(i) for i in incidents),
            moment=self.moment,
        )

    # --- causes

    @cached_property
    def _causes(self) -> Sequence[tuple[Cause, schemas.CauseOut]]:
        """Those that touch what the caller sees, as he may read them; of a provider's, no hypothesis that
        blames others only, unless a group has no other."""
        found: list[tuple[Cause, schemas.CauseOut]] = []
        by_group: dict[str, list[Cause]] = defaultdict(list)
        for cause in self._verdict.causes if self._verdict else ():
            by_group[cause.group].append(cause)
        for group in by_group.values():
            if self.visible.everything:
                found += [(c, self._cause(c, c.rank)) for c in group]
                continue
            mine = [c for c in group if any(self.visible.component(x) for x in c.components)]
            touched = [c for c in group if self._touches(c)]
            for rank, cause in enumerate(mine or touched[:1], start=1):
                found.append((cause, self._cause(cause, rank)))
        return found

    def _touches(self, cause: Cause) -> bool:
        return any(map(self.visible.component, cause.explains)) or any(
            o in self.visible.offices for o in (*cause.cut, *cause.degraded)
        )

    @cached_property
    def _group_names(self) -> dict[str, str]:
        """A group is named after its first symptom, which may be somebody else's: a provider gets numbers."""
        verdict = self._verdict
        if verdict is None:
            return {}
        if self.visible.everything:
            named = {c.group for c in verdict.causes}
            return {g: g for o in verdict.offices.values() for g in o.causes} | {g: g for g in named}
        mine: dict[str, list[Cause]] = defaultdict(list)
        for cause in verdict.causes:
            if self._touches(cause) or any(map(self.visible.component, cause.components)):
                mine[cause.group].append(cause)
        return {group: f"c{n}" for n, group in enumerate(mine, start=1)}

    def _cause(self, cause: Cause, rank: int) -> schemas.CauseOut:
        shown = self.visible.components(cause.components)
        return schemas.CauseOut(
            group=self._group_names[cause.group],
            rank=rank,
            components=self.components(shown),
            explains=self.components(self.visible.components(cause.explains)),
            confidence=cause.confidence,
            why=self.words(cause.why, shown),
            since=cause.since,
            settled=cause.settled,
            cut=[o for o in cause.cut if o in self.visible.offices],
            degraded=[o for o in cause.degraded if o in self.visible.offices],
        )

    def words(self, why: str, components: Sequence[Component]) -> str:
        """Why, for this caller: words written for staff may name what is not his."""
        if self.visible.everything and self.scope.sees_devices:
            return why
        shown = [c for c in components if self.scope.sees_devices or _is_plain(c)]
        if shown:
            return POINTS_TO[self.language].format(names=", ".join(map(self.name, shown)))
        return "" if self.visible.everything else ELSEWHERE[self.language]

    # --- names

    def components(self, components: Iterable[Component]) -> list[schemas.ComponentOut]:
        return [self.component(c) for c in components if self.scope.sees_devices or _is_plain(c)]

    def component(self, component: Component) -> schemas.ComponentOut:
        return schemas.ComponentOut(kind=component.kind, id=component.id, name=self.name(component))

    def name(self, component: Component) -> str:
        known: Office | None = None
        if component.kind is ComponentKind.OFFICE:
            known = self._inventory.offices.get(OfficeId(component.id))
        elif component.kind is ComponentKind.APPLICATION:
            application = self._inventory.applications.get(ApplicationId(component.id))
            if application is not None:
                return application.name
        text = known.name if known is not None else component_name(component, self._inventory, self.language)
        return component.id if self.visible.mentions_others(text) else text


def _is_plain(component: Component) -> bool:
    """What a wall screen may name: no equipment."""
    return component.kind not in (ComponentKind.DEVICE, ComponentKind.PORT)


def _counts(values: Iterable[str]) -> schemas.Counts:
    return schemas.Counts(**Counter(values))
