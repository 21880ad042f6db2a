"""The network as one caller may see it: inventory, verdict and incidents joined, cut to his scope, as wire
values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from alerts.model import AffectedOffice, Happened, Incident, TimelineEntry
from api import schemas
from api.network_view import NetworkView
from storage.records.events import RecordedChange
from topology.findings import StateChange
from topology.model import OfficeId


class View(NetworkView):
    def incidents(self, incidents: Iterable[Incident]) -> list[schemas.IncidentOut]:
        """Those that are the caller's to see."""
        return [self.incident(i) for i in incidents if self.visible.incident(i)]

    def incident(self, incident: Incident) -> schemas.IncidentOut:
        """Cut to the caller; ask `visible.incident` first whether it is his at all."""
        return schemas.IncidentOut(**self._incident(self.visible.cut(incident)))

    def incident_detail(self, incident: Incident) -> schemas.IncidentDetail:
        incident = self.visible.cut(incident)
        return schemas.IncidentDetail(
            **self._incident(incident),
            explains=self.components(incident.explains),
            alternatives=[
                schemas.HypothesisOut(
                    components=self.components(h.components),
                    confidence=h.confidence,
                    why=self.words(h.why, h.components),
                )
                for h in incident.alternatives
            ],
            timeline=[
                schemas.TimelineOut(at=e.at, what=e.what, why=e.why, who=e.who)
                for e in map(self._entry, incident.timeline)
                if e is not None
            ],
            facts={name: value for name, value in incident.facts if self.scope.sees_devices},
        )

    def _entry(self, entry: TimelineEntry) -> TimelineEntry | None:
        """What staff write to each other is not for walls and providers; who is on it is for walls."""
        if self.scope.sees_comments:
            return entry
        if entry.what is Happened.COMMENTED:
            return None
        return replace(entry, why="")

    def _incident(self, incident: Incident) -> dict[str, object]:
        same = ("id", "kind", "status", "severity", "confidence", "began_at", "opened_at", "revision")
        more = ("acknowledged_at", "acknowledged_by", "resolved_at", "condition", "assigned_to")
        return {
            **{name: getattr(incident, name) for name in (*same, *more)},
            "why": self.words(incident.why, incident.components),
            "components": self.components(incident.components),
            "offices": [
                self._affected(a.office, a) for a in incident.offices if a.office in self.visible.offices
            ],
            "ticket": incident.ticket if self.scope.sees_devices else None,
            "held_by": list(incident.held_by) if self.scope.sees_comments else [],
        }

    def _affected(self, id_: OfficeId, affected: AffectedOffice) -> schemas.AffectedOfficeOut:
        office = self._inventory.offices.get(id_)
        return schemas.AffectedOfficeOut(
            office=id_,
            name=office.name if office else id_,
            kecamatan=office.kecamatan if office else None,
            connectivity=affected.connectivity,
            since=affected.since,
            until=affected.until,
        )

    def event(self, recorded: RecordedChange) -> schemas.EventOut:
        """Cut to the caller; ask `visible.component` of its subject first whether it is his at all."""
        return schemas.EventOut(id=recorded.id, **self.change(recorded.change))

    def change(self, change: StateChange) -> dict[str, object]:
        return {
            "at": change.at,
            "subject": self.component(change.subject),
            "was": change.was,
            "now": change.now,
            "why": change.why if self.visible.everything and self.scope.sees_devices else "",
        }
