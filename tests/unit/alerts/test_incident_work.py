"""Who works on an incident, and under which ticket of the provider."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.incident import IncidentBook, UnknownIncidentError
from alerts.model import Happened, Incident, IncidentId, IncidentKind, IncidentStatus, Severity
from storage.records.codec import incident_body, incident_of
from topology.findings import Component, ComponentKind

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = START + timedelta(minutes=5)
LINK = Component(ComponentKind.LINK, "l1")
OPEN = Incident(
    id=IncidentId("R-261121-001"),
    kind=IncidentKind.OUTAGE,
    status=IncidentStatus.OPEN,
    severity=Severity.MAJOR,
    components=(LINK,),
    explains=(LINK,),
    confidence=0.9,
    why="both ends report down",
    began_at=START,
    opened_at=START,
    told_revision=1,
)


@pytest.fixture
def book() -> IncidentBook:
    return IncidentBook({}, incidents=[OPEN])


def test_assigned_and_handed_over(book: IncidentBook) -> None:
    step = book.assign(OPEN.id, "Ani", "Budi", LATER)
    assert step.happened == (Happened.ASSIGNED,)
    assert step.after.assigned_to == "Budi"
    assert (step.after.timeline[-1].who, step.after.timeline[-1].why) == ("Ani", "nobody → Budi")
    assert book.assign(OPEN.id, "Ani", "Budi", LATER).happened == ()
    freed = book.assign(OPEN.id, "Budi", None, LATER).after
    assert freed.assigned_to is None
    assert freed.timeline[-1].why == "Budi → nobody"


def test_a_ticket_is_noted_and_nobody_is_woken_for_it(book: IncidentBook) -> None:
    step = book.link_ticket(OPEN.id, "Ani", "INC-4711", LATER)
    assert step.after.ticket == "INC-4711"
    assert step.after.timeline[-1].what is Happened.TICKETED
    assert book.due_updates(LATER + timedelta(hours=1)) == []


def test_neither_is_possible_for_what_is_not_active(book: IncidentBook) -> None:
    for call in (book.assign, book.link_ticket):
        with pytest.raises(UnknownIncidentError):
            call(IncidentId("R-1"), "Ani", "x", LATER)


def test_both_survive_the_records(book: IncidentBook) -> None:
    book.assign(OPEN.id, "Ani", "Budi", LATER)
    after = book.link_ticket(OPEN.id, "Ani", "INC-4711", LATER).after
    assert incident_of(incident_body(after), after.timeline) == after
