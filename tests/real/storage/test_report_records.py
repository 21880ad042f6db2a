"""What reports and the roll-out register keep, on SQLite and on a real PostgreSQL: the same on both."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from alerts.model import Incident, IncidentId, IncidentKind, IncidentStatus, Severity
from storage.records import Records, RecordsError, history, outage_causes, rollout
from storage.records.incidents import between
from storage.records.outage_causes import CauseKind
from topology.findings import Component, ComponentKind, StateChange
from topology.model import ConnectionStage, OfficeId, ProviderId

T0 = datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=UTC)
OFFICE = Component(ComponentKind.OFFICE, "kuaro")


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def incident(id_: str, began: float, resolved: float | None) -> Incident:
    return Incident(
        IncidentId(id_),
        IncidentKind.OUTAGE,
        IncidentStatus.OPEN if resolved is None else IncidentStatus.RESOLVED,
        Severity.MAJOR,
        (),
        (),
        0.9,
        "",
        at(began),
        resolved_at=None if resolved is None else at(resolved),
    )


def test_a_subjects_past_starts_with_what_held_before(records: Records) -> None:
    states = [(0, "connected"), (100, "cut"), (100, "unknown"), (200, "connected"), (300, "cut")]
    records.append_changes([StateChange(at(s), OFFICE, None, now) for s, now in states])
    other = Component(ComponentKind.OFFICE, "long-ikis")
    found = records.read(lambda c: history.of_subjects(c, [OFFICE, other], at(150), at(300)))
    assert [r.change.now for r in found[OFFICE]] == ["unknown", "connected"]
    assert found[other] == []
    again = records.read(lambda c: history.of_subjects(c, [OFFICE], at(100), at(301)))
    assert [r.change.now for r in again[OFFICE]] == ["connected", "cut", "unknown", "connected", "cut"]


def test_incidents_of_a_period_touch_it(records: Records) -> None:
    records.save([incident("R-1", 0, 50), incident("R-2", 40, None), incident("R-3", 200, 300)])
    found = records.read(lambda c: between(c, at(50), at(200)))
    assert [i.id for i in found] == ["R-1", "R-2"]


def test_joinings_are_the_turns_of_the_plan(records: Records) -> None:
    states = [
        (None, "not_connected"),
        ("not_connected", "connected"),
        ("connected", "cut"),
        ("cut", "connected"),
    ]
    changes = [StateChange(at(n), OFFICE, was, now) for n, (was, now) in enumerate(states)]
    records.append_changes(changes)
    found = records.read(lambda c: history.joinings(c, ["kuaro", "nobody"]))
    assert [r.change.now for r in found["kuaro"]] == ["not_connected", "connected"]
    assert found["nobody"] == []


def test_a_watch_never_shrinks(records: Records) -> None:
    for until in (10, 20, 15):
        records.write(lambda c, u=until: history.keep_watch(c, at(0), at(u)))
    assert records.read(lambda c: history.watched(c, at(0), at(99))) == [(at(0), at(20))]


def test_causes_are_kept_in_order_and_go_with_their_incident(records: Records) -> None:
    id_ = IncidentId("R-1")
    with pytest.raises(RecordsError):
        records.write(lambda c: outage_causes.add(c, id_, at(0), "Rina", CauseKind.LISTRIK, "foto"))
    records.save([incident(id_, 0, 50)])
    given = [
        records.write(lambda c: outage_causes.add(c, id_, at(1), "Rina", CauseKind.LISTRIK, "foto", "n")),
        records.write(
            lambda c: outage_causes.add(
                c,
                id_,
                at(2),
                "Budi",
                CauseKind.PENYEDIA,
                "tiket",
                "",
                [OfficeId("kuaro")],
                ProviderId("icon"),
            )
        ),
    ]
    assert records.read(lambda c: outage_causes.of_incidents(c, [id_, IncidentId("R-9")])) == {id_: given}


def test_progress_is_kept_in_order(records: Records) -> None:
    office = OfficeId("kuaro")
    given = [
        records.write(lambda c: rollout.add(c, office, at(1), "Rina", ConnectionStage.ORDERED, "PO 12")),
        records.write(
            lambda c: rollout.add(c, office, at(2), "Rina", None, "\0", date(2027, 1, 31), "https://x.id/a")
        ),
    ]
    found = records.read(lambda c: rollout.of_offices(c, [office]))[office]
    assert found[0] == given[0]
    assert (found[1].note, found[1].promised_date) == ("\ufffd", date(2027, 1, 31))
