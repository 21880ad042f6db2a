"""A measured count stays a whole number in the records, and nothing is printed beside the log."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime

from alerts.model import Incident, IncidentId, IncidentKind, IncidentStatus, Severity
from api.schemas import IncidentDetail
from storage.records.codec import incident_body, incident_of

AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
FACTS = (("changes", 7), ("rx_dbm", -28.1), ("place", "core-1:sfp9"))


def test_facts_come_back_as_they_were() -> None:
    incident = Incident(
        IncidentId("R-261122-001"),
        IncidentKind.FLAPPING,
        IncidentStatus.OPEN,
        Severity.WARNING,
        (),
        (),
        0.9,
        "why",
        AT,
        facts=FACTS,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        body = incident_body(incident)
    back = incident_of(body, ())
    assert back == incident
    assert [type(value) for _, value in back.facts] == [int, float, str]


def test_the_api_shows_a_count_as_a_whole_number() -> None:
    whole = IncidentDetail.model_fields["facts"].annotation
    assert whole == dict[str, str | int | float]
