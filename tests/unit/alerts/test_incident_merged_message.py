"""An incident that is part of another one now is not restored, and its message doesn't say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.message import compose
from alerts.model import (
    AffectedOffice,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentStatus,
    Reason,
    Severity,
)
from topology.findings import Component, ComponentKind, Connectivity
from topology.model import Inventory, Language, Network, Office, OfficeId

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOW = START + timedelta(minutes=3)
LINK = Component(ComponentKind.LINK, "l1")
OFFICE = OfficeId("kuaro")
MERGED = Incident(
    id=IncidentId("R-261121-002"),
    kind=IncidentKind.OUTAGE,
    status=IncidentStatus.RESOLVED,
    severity=Severity.MAJOR,
    components=(LINK,),
    explains=(LINK,),
    confidence=0.9,
    why="seen",
    began_at=START,
    opened_at=START,
    resolved_at=NOW,
    offices=(AffectedOffice(OFFICE, Connectivity.CUT, START, NOW),),
    merged_into=IncidentId("R-261121-001"),
)


@pytest.mark.parametrize(
    ("language", "said", "not_said"),
    [(Language.ID, "bagian dari R-261121-001", "pulih"), (Language.EN, "part of R-261121-001", "restored")],
)
def test_it_says_where_the_story_goes_on(language: Language, said: str, not_said: str) -> None:
    inventory = Inventory(
        Network("Uji", language=language), (), (), {OFFICE: Office(OFFICE, "Kantor Camat Kuaro")}, {}, {}
    )
    zone = ZoneInfo("Asia/Makassar")
    message = compose(MERGED, Reason.RESOLVED, inventory, NOW, zone)
    assert said in message.subject
    assert "R-261121-001" in message.text
    assert not_said not in f"{message.subject} {message.text}".lower()
    ended = compose(replace(MERGED, merged_into=None), Reason.RESOLVED, inventory, NOW, zone)
    assert not_said in ended.text.lower()
