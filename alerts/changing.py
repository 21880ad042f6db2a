"""How an incident goes on when the same cause shows itself otherwise. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alerts.findings import Finding
from alerts.flapping import reason
from alerts.model import (
    AffectedOffice,
    ConditionKind,
    Happened,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentStatus,
    Severity,
    TimelineEntry,
)
from topology.findings import Component, ComponentKind, Connectivity
from topology.model import OfficeId


def held(incident: Incident, finding: Finding) -> Finding:
    """What flaps is up at the moment: of an incident that told of it, all stands as it was."""
    offices = {o.office: o.connectivity for o in incident.offices_now}
    explains = tuple(sorted({*incident.explains, *finding.explains}))
    if incident.kind is IncidentKind.FLAPPING and not offices:
        return replace(finding, explains=explains)
    cut = Connectivity.CUT in offices.values()
    return replace(
        finding,
        kind=IncidentKind.OUTAGE if cut else IncidentKind.FLAPPING,
        components=incident.components,
        explains=explains,
        group=incident.group or finding.group,
        confidence=incident.confidence,
        offices=offices,
        alternatives=incident.alternatives,
    )


def changed(incident: Incident, finding: Finding) -> str | None:
    """In which way the same cause shows itself otherwise than before, if it does."""
    if finding.kind is IncidentKind.CONDITION:
        if finding.condition is not incident.condition:
            return f"{incident.condition} → {finding.condition}: {finding.why}"
        if "returned" in dict(finding.facts) and incident.fact("returned") is None:
            return finding.why  # it is damped from now on, and this is why
        return None
    if not incident.told:
        return None
    if "changes" in dict(finding.facts) and incident.fact("changes") is None:
        return reason(finding.facts)
    if finding.kind is not incident.kind:
        return f"{incident.kind} → {finding.kind}: {finding.why}"
    return None


def announcement(id_: IncidentId, office: OfficeId, since: datetime, why: str, now: datetime) -> Incident:
    """Good news: over as soon as it is told."""
    return Incident(
        id=id_,
        kind=IncidentKind.CONDITION,
        status=IncidentStatus.RESOLVED,
        severity=Severity.INFO,
        components=(Component(ComponentKind.OFFICE, office),),
        explains=(),
        confidence=1.0,
        why=why,
        began_at=since,
        opened_at=now,
        resolved_at=now,
        offices=(AffectedOffice(office, Connectivity.CONNECTED, since, now),),
        timeline=(TimelineEntry(now, Happened.CONNECTED, why),),
        group=f"connected:{office}",
        changed_at=now,
        condition=ConditionKind.OFFICE_CONNECTED,
    )
