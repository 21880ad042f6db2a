"""Severity from the offices: how many, of which kind, how important."""

from __future__ import annotations

import pytest

from alerts.model import IncidentKind, Severity
from alerts.severity import severity_of
from topology.findings import Connectivity
from topology.model import Office, OfficeId, OfficeKind

PLAIN = [Office(OfficeId(f"desa-{n}"), f"Desa {n}", OfficeKind.DESA, priority=4) for n in range(5)]


def of(*offices: Office, state: Connectivity = Connectivity.CUT) -> Severity:
    known = {o.id: o for o in offices}
    return severity_of(IncidentKind.OUTAGE, dict.fromkeys(known, state), known)


@pytest.mark.parametrize(
    "office",
    [
        Office(OfficeId("rsud"), "RSUD Panglima Sebaya", OfficeKind.RSUD, priority=3),
        Office(OfficeId("x1"), "Disdukcapil", OfficeKind.DINAS),
        Office(OfficeId("dukcapil"), "Dinas Kependudukan", OfficeKind.DINAS),
        Office(OfficeId("setda"), "Sekretariat Daerah", OfficeKind.SEKRETARIAT),
        Office(OfficeId("x2"), "Ruang Bupati"),
        Office(OfficeId("x3"), "Dinas Sosial", OfficeKind.DINAS, priority=1),
    ],
)
def test_one_of_these_is_critical(office: Office) -> None:
    assert of(office) is Severity.CRITICAL
    assert of(office, state=Connectivity.DEGRADED) is Severity.WARNING


def test_one_other_is_major_and_five_are_critical() -> None:
    assert of(PLAIN[0]) is Severity.MAJOR
    assert of(*PLAIN[:4]) is Severity.MAJOR
    assert of(*PLAIN) is Severity.CRITICAL
