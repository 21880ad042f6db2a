"""Offices and the drawing as a whole, as one caller may see them, as wire values."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from alerts.model import Incident
from api import schemas
from api.cause_view import CauseView
from api.equipment_view import EquipmentView
from topology.findings import Connectivity, OfficeVerdict
from topology.model import ConnectionStage, Office, OfficeId


class NetworkView(CauseView, EquipmentView):
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
        return [self._row(office, affected) for id_, office in offices.items() if id_ in self.visible.offices]

    def _row(self, office: Office, affected: Mapping[OfficeId, list[str]]) -> schemas.OfficeOut:
        """Kept while all that it says is the same: of a thousand offices few change at a time."""
        if self.past is not None:
            return schemas.OfficeOut(**self._office(office, affected))
        judged = self._judged(office)
        causes = [self._group_names.get(g) for g in judged.causes] if judged else ()
        says = (judged, tuple(causes), tuple(affected.get(office.id, ())), self.today)
        kept = self.visible.office_rows.get(office.id)
        if kept is not None and kept[0] == says:
            return kept[1]
        row = schemas.OfficeOut(**self._office(office, affected))
        self.visible.office_rows[office.id] = says, row
        return row

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


def _counts(values: Iterable[str]) -> schemas.Counts:
    return schemas.Counts(**Counter(values))
