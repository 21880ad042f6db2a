"""How bad it is, from the offices that it costs: how many, of which kind, and how important. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.model import IncidentKind, Severity
from topology.findings import Connectivity
from topology.model import Office, OfficeId, OfficeKind

MANY_OFFICES = 5
"""An outage of this many offices is critical whatever they are."""
_KINDS = frozenset({OfficeKind.RSUD, OfficeKind.SEKRETARIAT})
_NAMES = ("dukcapil", "catatan sipil", "bupati", "sekretariat daerah", "rumah sakit", "rsud")
"""Parts of names, for inventories that don't declare the kind."""


def counts_more(office: Office) -> bool:
    """Where people wait at the counter or the region is led from: a hospital, the civil registry, the
    regent's office, and whatever the inventory gives the first priority."""
    if office.priority == 1 or office.kind in _KINDS:
        return True
    words = f"{office.name} {office.id}".lower().replace("-", " ")
    return any(name in words for name in _NAMES)


def severity_of(
    kind: IncidentKind,
    affected: Mapping[OfficeId, Connectivity],
    offices: Mapping[OfficeId, Office],
) -> Severity:
    """Critical: an office that counts more is cut off, or many are, or the monitor is blind. Major: any other
    office cut. Warning: nobody is cut, but redundancy or management is lost."""
    if kind is IncidentKind.BLIND:
        return Severity.CRITICAL
    cut = [offices[o] for o, c in affected.items() if c is Connectivity.CUT and o in offices]
    if not cut:
        return Severity.WARNING
    if len(cut) >= MANY_OFFICES or any(map(counts_more, cut)):
        return Severity.CRITICAL
    return Severity.MAJOR
