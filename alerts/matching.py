"""Which finding is which incident's: the same outage must stay the same incident. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from alerts.findings import Finding
from alerts.model import Incident, IncidentKind
from alerts.proof import cause_cleared
from topology.findings import Verdict


def open_to_causes(incidents: Iterable[Incident], verdict: Verdict, horizon: datetime) -> list[Incident]:
    """Incidents that a cause may continue: active ones whose blamed component has not been repaired (a
    monitor that is still blind is so though its own device answers again, and what flaps is well only
    for a moment), and, for the very same components, those resolved since `horizon`."""
    flapping = {f.component for f in verdict.flapping}
    return [
        i
        for i in incidents
        if i.kind is not IncidentKind.CONDITION
        and (
            (i.resolved_at is not None and i.resolved_at >= horizon)
            if not i.active
            else (i.kind is IncidentKind.BLIND and verdict.blind)
            or not flapping.isdisjoint(i.components)
            or not cause_cleared(i, verdict)
        )
    ]


def match(
    findings: Sequence[Finding], incidents: Sequence[Incident]
) -> tuple[list[tuple[Incident, Finding]], list[Finding]]:
    """Pair findings with incidents, strongest likeness first; each is used once.

    Returns the pairs, and the findings that are new.
    """
    scored = [
        (score, incident.id, finding.group, incident, finding)
        for incident in incidents
        for finding in findings
        if (score := likeness(incident, finding)) > 0
    ]
    # Older incidents win ties: the first page stays the page.
    scored.sort(key=lambda row: (-row[0], row[3].began_at, row[1], row[2]))
    taken_incidents, taken_groups = set(), set()
    pairs = []
    for _, incident_id, group, incident, finding in scored:
        if incident_id not in taken_incidents and group not in taken_groups:
            taken_incidents.add(incident_id)
            taken_groups.add(group)
            pairs.append((incident, finding))
    return pairs, [f for f in findings if f.group not in taken_groups]


def likeness(incident: Incident, finding: Finding) -> float:
    """0 for strangers; above 0 the more, the surer that both are about the same failure.

    A resolved incident comes back only for the very same components: it is "again", not "still".
    """
    if (incident.kind is IncidentKind.MANAGEMENT) != (finding.kind is IncidentKind.MANAGEMENT):
        return 0.0
    if incident.told and (incident.kind is IncidentKind.BLIND) != (finding.kind is IncidentKind.BLIND):
        return 0.0  # what was broken before the monitor went blind is broken still
    same_components = incident.components == finding.components
    if not incident.active:
        return 1.0 if same_components and incident.told else 0.0
    shared = len(set(incident.explains) & set(finding.explains))
    overlap = shared / max(1, len(set(incident.explains) | set(finding.explains)))
    score = overlap
    if same_components:
        score += 3.0
    if incident.group == finding.group:
        score += 2.0
    if incident.told and shared * 2 >= len(finding.explains):
        score += 5.5  # most of it has been told: a suspicion that knows it better is no reason to page again
    if incident.kind is finding.kind is IncidentKind.BLIND:
        score += 6.0  # there is one monitor, and so one blindness
    return score
