"""Single moves of an incident, each with its entry in the timeline. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.model import Happened, Incident, IncidentStatus, TimelineEntry
from topology.findings import Component


@dataclass(frozen=True, slots=True)
class Step:
    """One incident's move. `before` is None for a new one."""

    before: Incident | None
    after: Incident
    happened: tuple[Happened, ...]


def noted(incident: Incident, what: Happened, at: datetime, why: str, who: str | None = None) -> Incident:
    return replace(incident, timeline=(*incident.timeline, TimelineEntry(at, what, why, who)))


def names(components: Iterable[Component]) -> str:
    return ", ".join(map(str, components)) or "nothing"


def acknowledged(incident: Incident, who: str, now: datetime, note: str) -> Step:
    if incident.status is IncidentStatus.ACKNOWLEDGED:
        return Step(incident, incident, ())
    after = replace(
        noted(incident, Happened.ACKNOWLEDGED, now, note or "taken on", who),
        status=IncidentStatus.ACKNOWLEDGED,
        acknowledged_at=now,
        acknowledged_by=who,
        revision=incident.revision + 1,
        changed_at=now,
    )
    return Step(incident, after, (Happened.ACKNOWLEDGED,))


def commented(incident: Incident, who: str, now: datetime, text: str) -> Step:
    # No new revision: a remark in the timeline is nothing to wake anybody for. The same below.
    return Step(incident, noted(incident, Happened.COMMENTED, now, text, who), (Happened.COMMENTED,))


def assigned(incident: Incident, who: str, to: str | None, now: datetime) -> Step:
    if incident.assigned_to == to:
        return Step(incident, incident, ())
    why = f"{incident.assigned_to or 'nobody'} → {to or 'nobody'}"
    after = replace(noted(incident, Happened.ASSIGNED, now, why, who), assigned_to=to)
    return Step(incident, after, (Happened.ASSIGNED,))


def ticketed(incident: Incident, who: str, ticket: str | None, now: datetime) -> Step:
    if incident.ticket == ticket:
        return Step(incident, incident, ())
    why = ticket if ticket is not None else f"{incident.ticket} taken off"
    after = replace(noted(incident, Happened.TICKETED, now, why, who), ticket=ticket)
    return Step(incident, after, (Happened.TICKETED,))
