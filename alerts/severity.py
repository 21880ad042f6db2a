"""How bad it is, from the offices that it costs. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.model import IncidentKind, Severity
from topology.findings import Connectivity
from topology.model import Office, OfficeId, OfficeKind

MANY_OFFICES = 5
"""An outage of this many offices is critical whatever they are."""


def severity_of(
    kind: IncidentKind,
    affected: Mapping[OfficeId, Connectivity],
    offices: Mapping[OfficeId, Office],
) -> Severity:
    """Critical: a hospital, a first-priority office, many offices, or the monitor blind. Major: any other
    office cut. Warning: nobody is cut, but redundancy or management is lost."""
    if kind is IncidentKind.BLIND:
        return Severity.CRITICAL
    cut = [offices[o] for o, c in affected.items() if c is Connectivity.CUT and o in offices]
    if not cut:
        return Severity.WARNING
    if len(cut) >= MANY_OFFICES or any(o.priority == 1 or o.kind is OfficeKind.RSUD for o in cut):
        return Severity.CRITICAL
    return Severity.MAJOR
