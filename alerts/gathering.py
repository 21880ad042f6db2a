"""What is left of one failure stays one incident, though its parts are now mended one by one. Pure.

A duct is cut and told as one incident. When the first of its fibers is spliced the duct is no longer to
blame, and each of the others is a cause of its own; nobody needs a page for each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from alerts.findings import Finding
from alerts.model import Incident, IncidentKind
from topology.findings import ComponentKind, Connectivity
from topology.model import OfficeId

_SHARED = (ComponentKind.RISK_GROUP, ComponentKind.PROVIDER)


def gather(findings: Sequence[Finding], incidents: Sequence[Incident]) -> list[Finding]:
    """Findings with nothing in them but what one incident of several parts has told already, made one."""
    left = list(findings)
    for incident in sorted(incidents, key=lambda i: i.began_at):
        if not (incident.active and incident.told and _has_parts(incident)):
            continue
        told = set(incident.explains)
        mine = [f for f in left if f.kind is not IncidentKind.MANAGEMENT and told.issuperset(f.explains)]
        if len(mine) > 1:
            left = [f for f in left if f not in mine]
            left.append(_joined(mine))
    return left


def _has_parts(incident: Incident) -> bool:
    return len(incident.components) > 1 or any(c.kind in _SHARED for c in incident.components)


def _joined(parts: Sequence[Finding]) -> Finding:
    """The first of the parts leads; its offices are those of all, cut ones before degraded ones."""
    offices: dict[OfficeId, Connectivity] = {}
    for part in parts:
        for office, state in part.offices.items():
            if offices.get(office) is not Connectivity.CUT:
                offices[office] = state
    cut = Connectivity.CUT in offices.values()
    return replace(
        parts[0],
        kind=IncidentKind.OUTAGE if cut else parts[0].kind,
        components=tuple(sorted({c for part in parts for c in part.components})),
        explains=tuple(sorted({c for part in parts for c in part.explains})),
        confidence=min(part.confidence for part in parts),
        why="; ".join(dict.fromkeys(part.why for part in parts)),
        since=min(part.since for part in parts),
        settled=all(part.settled for part in parts),
        offices=offices,
        alternatives=(),
    )
