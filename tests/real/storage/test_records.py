"""The records, on SQLite and on a real PostgreSQL: the same on both."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from alerts.model import (
    AffectedOffice,
    Happened,
    Hypothesis,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentStatus,
    Notification,
    Outcome,
    Reason,
    ReceiverId,
    Severity,
    TimelineEntry,
)
from storage.records import Records, RecordsError, StaleRevisionError
from storage.records.engine import make_engine
from storage.records.migrate import migrate, newest_revision, revision_of
from storage.records.tables import metadata
from storage.settings import DAY_S, RecordsRetention
from topology.findings import Component, ComponentKind, Connectivity, StateChange
from topology.model import ApplicationId, DeviceId, OfficeId, PortRef
from topology.observations import (
    AdminStatus,
    ApplicationCheck,
    Light,
    Means,
    Neighbor,
    Observation,
    OperStatus,
    OpticalLimits,
    OpticalReading,
    PortCounters,
    PortRates,
    PortStatus,
    Reachability,
    SensorReading,
    SystemInfo,
)

T0 = datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=UTC)
LINK = Component(ComponentKind.LINK, "grogot-kuaro")


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def incident(
    number: int = 1, status: IncidentStatus = IncidentStatus.OPEN, began: float = 0, revision: int = 1
) -> Incident:
    return Incident(
        id=IncidentId(f"PSR-{number:04d}"),
        kind=IncidentKind.OUTAGE,
        status=status,
        severity=Severity.MAJOR,
        components=(LINK, Component(ComponentKind.RISK_GROUP, "duct-kuaro")),
        explains=(Component(ComponentKind.DEVICE, "kuaro-r1"),),
        confidence=0.1 + 0.2,
        why="kedua ujung melaporkan turun; \u201csfp1\u201d",
        began_at=at(began),
        alternatives=(Hypothesis((Component(ComponentKind.DEVICE, "kuaro-r1"),), 0.25, "listrik padam"),),
        opened_at=at(began + 5),
        resolved_at=at(began + 100) if status is IncidentStatus.RESOLVED else None,
        offices=(
            AffectedOffice(OfficeId("camat-kuaro"), Connectivity.CUT, at(began)),
            AffectedOffice(OfficeId("pkm-kuaro"), Connectivity.CUT, at(began), at(began + 60)),
        ),
        timeline=(
            TimelineEntry(at(began), Happened.SUSPECTED, "first symptom"),
            TimelineEntry(at(began + 5), Happened.OPENED, "settled"),
            TimelineEntry(at(began + 30), Happened.COMMENTED, "tim berangkat", "Budi"),
        ),
        revision=revision,
    )


def message(
    key: str,
    receiver: str = "noc",
    incident_id: str | None = "PSR-0001",
    created: float = 0,
    revision: int = 1,
) -> Notification:
    return Notification(
        dedup_key=key,
        receiver=ReceiverId(receiver),
        reason=Reason.OPENED,
        incident=None if incident_id is None else IncidentId(incident_id),
        revision=revision,
        severity=Severity.MAJOR,
        created_at=at(created),
        subject="Putus: Kuaro, 2 SKPD",
        text="...",
        components=(LINK,),
        offices=(OfficeId("camat-kuaro"),),
        payload={"a": [1, 2.5, None, {"b": "é"}]},
    )


def change(seconds: float, subject: Component, was: str | None, now: str) -> StateChange:
    return StateChange(at(seconds), subject, was, now, why=f"{was} to {now}")


# Incidents


def test_an_incident_comes_back_equal(records: Records) -> None:
    one = incident()
    records.save([one])
    assert records.incident(one.id) == one
    assert records.incident(IncidentId("none")) is None


def test_a_later_revision_replaces_all_of_it(records: Records) -> None:
    records.save([incident()])
    later = Incident(**{**_fields(incident(revision=2)), "timeline": incident().timeline[:1], "offices": ()})
    records.save([later])
    assert records.incident(later.id) == later


def _fields(one: Incident) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__slots__}


def test_an_older_revision_is_refused_and_nothing_of_its_transaction_kept(records: Records) -> None:
    records.save([incident(revision=3)])
    with pytest.raises(StaleRevisionError):
        records.save([incident(revision=2)], [message("k")], [change(0, LINK, None, "down")])
    assert records.pending_count() == 0
    assert records.changes() == []
    kept = records.incident(IncidentId("PSR-0001"))
    assert kept is not None
    assert kept.revision == 3


def test_active_ones_and_pages(records: Records) -> None:
    all_of_them = [
        incident(n, IncidentStatus.RESOLVED if n % 2 else IncidentStatus.OPEN, began=60 * n)
        for n in range(10)
    ]
    records.save(all_of_them)
    assert [i.id for i in records.active_incidents()] == [f"PSR-{n:04d}" for n in (0, 2, 4, 6, 8)]
    assert records.incidents("active", limit=100) == records.active_incidents()[::-1]
    newest_first = [i.id for i in all_of_them][::-1]
    pages: list[str] = []
    after: IncidentId | None = None
    while page := records.incidents(limit=3, after=after):
        pages += [i.id for i in page]
        after = page[-1].id
    assert pages == newest_first
    assert [i.id for i in records.incidents(IncidentStatus.RESOLVED, since=at(7 * 60 + 50), limit=9)] == [
        "PSR-0009",
        "PSR-0007",
    ]


def test_incident_numbers_rise_and_are_never_given_twice(records: Records) -> None:
    found: list[int] = []

    def take() -> None:
        found.extend(records.next_incident_number() for _ in range(10))

    records.next_incident_number()
    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(2, 42))


# Events


def test_events_by_time_subject_and_page(records: Records) -> None:
    router = Component(ComponentKind.DEVICE, "kuaro-r1")
    log = [change(n, LINK if n % 2 else router, "up", "down") for n in range(10)]
    records.append_changes(log)
    assert [r.change for r in records.changes()] == log
    assert [r.change for r in records.changes(at(2), at(5))] == log[2:5]
    assert [r.change for r in records.changes(subject=LINK)] == log[1::2]
    first = records.changes(limit=4)
    assert [r.change for r in records.changes(after_id=first[-1].id)] == log[4:]


def test_any_past_moment_can_be_rebuilt(records: Records) -> None:
    """At 0 s up, at 10 s down, at 20 s up; a change that comes late counts by its own time."""
    other = Component(ComponentKind.OFFICE, "dkisp")
    records.append_changes([change(0, LINK, None, "up"), change(20, LINK, "down", "up")])
    records.append_changes([change(10, LINK, "up", "down"), change(15, other, None, "connected")])

    def state(seconds: float) -> dict[str, str]:
        return {str(c.subject): c.now for c in records.changes_until(at(seconds))}

    assert state(-1) == {}
    assert state(0) == {"link:grogot-kuaro": "up"}
    assert state(12) == {"link:grogot-kuaro": "down"}
    assert state(99) == {"link:grogot-kuaro": "up", "office:dkisp": "connected"}


# Outbox


def test_the_change_the_incident_and_the_message_commit_together(records: Records) -> None:
    records.save([incident()], [message("a")], [change(0, LINK, None, "down")])
    assert records.pending_count() == 1
    assert len(records.changes()) == 1
    with pytest.raises(RecordsError):
        records.save([], [message("b")], [StateChange(at(0), LINK, None, None)])  # type: ignore[arg-type]  # on purpose
    assert records.pending_count() == 1, "the message went with the change that failed"


def test_a_known_dedup_key_is_not_added_again(records: Records) -> None:
    records.save(notifications=[message("a"), message("a")])
    records.save(notifications=[message("a")])
    assert records.pending_count() == 1


def test_a_claimed_message_comes_back_equal_and_to_one_taker_only(records: Records) -> None:
    records.save(notifications=[message("a")])
    (claimed,) = records.claim_due(at(1), 10, lease_s=30)
    sent = message("a")
    assert claimed.notification.payload == sent.payload
    assert claimed.notification.outcome is Outcome.SENDING
    assert (claimed.notification.dedup_key, claimed.notification.text) == ("a", sent.text)
    assert records.claim_due(at(1), 10, lease_s=30) == []
    assert records.mark("a", Outcome.SENT, at(2))
    assert records.pending_count() == 0
    assert not records.mark("a", Outcome.SENT, at(3)), "it is nobody's any more"


def test_of_one_incident_and_receiver_one_at_a_time_in_order(records: Records) -> None:
    """Opened, updated, resolved for the same receiver; another receiver and another incident don't wait."""
    records.save(notifications=[message("1"), message("2"), message("3"), message("x", receiver="boss")])
    records.save(notifications=[message("y", incident_id="PSR-0002"), message("t1", incident_id=None)])
    records.save(notifications=[message("t2", incident_id=None)])

    def take(now: float) -> list[str]:
        return [c.notification.dedup_key for c in records.claim_due(at(now), 10, 30)]

    assert take(1) == ["1", "x", "y", "t1", "t2"]
    assert take(1) == []
    records.mark("1", Outcome.RETRY, at(2), "503", retry_at=at(10))
    assert take(3) == [], "2 waits for 1"
    assert take(10) == ["1"]
    records.mark("1", Outcome.FAILED, at(11), "chat not found")
    assert take(12) == ["2"]
    records.mark("2", Outcome.SENT, at(12))
    assert take(13) == ["3"]


def test_a_dead_senders_message_is_taken_again_when_its_lease_is_over(records: Records) -> None:
    records.save(notifications=[message("a")])
    (first,) = records.claim_due(at(0), 10, lease_s=30)
    assert records.claim_due(at(29), 10, 30) == []
    (second,) = records.claim_due(at(31), 10, 30)
    assert (first.attempts, second.attempts) == (1, 2)
    assert not records.mark("a", Outcome.SENT, at(32), attempt=1), "the first taker was too late"
    assert records.mark("a", Outcome.SENT, at(33), attempt=2)


def test_many_senders_take_each_message_once(records: Records) -> None:
    records.save(
        notifications=[message(f"k{n}", receiver=f"r{n % 5}", incident_id=f"I{n}") for n in range(60)]
    )
    taken: list[str] = []

    def send() -> None:
        while claimed := records.claim_due(at(1), 3, 300):
            for one in claimed:
                taken.append(one.notification.dedup_key)
                records.mark(one.notification.dedup_key, Outcome.SENT, at(2), attempt=one.attempts)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(f"k{n}" for n in range(60))


def test_overtaken_messages_expire(records: Records) -> None:
    records.save(notifications=[message("open", revision=1), message("resolved", revision=2)])
    records.save(notifications=[message("other", incident_id="PSR-0002")])
    assert records.expire(at(5), incident=IncidentId("PSR-0001"), before_revision=2, why="resolved") == 1
    assert {c.notification.dedup_key for c in records.claim_due(at(6), 10, 30)} == {"resolved", "other"}
    (row, _) = records.notifications_of(IncidentId("PSR-0001"))
    assert (row.notification.outcome, row.error, row.ended_at) == (Outcome.EXPIRED, "resolved", at(5))
    with pytest.raises(ValueError, match="which messages"):
        records.expire(at(5))


def test_retry_at_goes_with_retry_only(records: Records) -> None:
    records.save(notifications=[message("a")])
    records.claim_due(at(0), 1, 30)
    with pytest.raises(ValueError, match="retry_at"):
        records.mark("a", Outcome.RETRY, at(1))
    with pytest.raises(ValueError, match="retry_at"):
        records.mark("a", Outcome.SENT, at(1), retry_at=at(2))


# Evidence

R1 = DeviceId("r1")
PORT = PortRef(R1, "sfp1")
EVERY_KIND: list[Observation] = [
    Reachability(R1, at(0), True, Means.SNMP, 0.012, 3, 2),
    PortStatus(PORT, at(0), AdminStatus.UP, OperStatus.LOWER_LAYER_DOWN, 3, "d", "a", 6, 10**9, 12.5),
    PortCounters(PORT, at(0), 2**64 - 1, 0, None, 1, 2, 3, 32, 4.5),
    PortRates(PORT, at(0), 60.0, 1.5, None, 0.0),
    OpticalReading(
        R1, at(0), "sfp1", "sfp1", 3, 1, Light.LIT, -7.25, None, 40.0, 6.5, 3.3, OpticalLimits(-30.0), "1.3.6"
    ),
    OpticalReading(R1, at(0), "onu-1/2", light=Light.DARK),
    Neighbor(R1, at(0), "lldp", "sfp1", "core", "sfp2", "10.0.0.1", None),
    SensorReading(R1, at(0), "fan", "fan1", None, "state", "failed"),
    SystemInfo(R1, at(0), "R1", "1.3.6.1", "RouterOS \x00 7", 1e6, "mikrotik", "rak 2"),
    ApplicationCheck(ApplicationId("e-budgeting"), at(0), False, None, 502, "bad gateway"),
]


def test_every_kind_of_evidence_comes_back_equal(records: Records) -> None:
    assert records.save_evidence(EVERY_KIND) == len(EVERY_KIND)
    found = records.load_evidence()
    assert sorted(found, key=repr) == sorted(EVERY_KIND, key=repr)


def test_of_one_thing_the_newest_evidence_stays_whatever_the_order(records: Records) -> None:
    records.save_evidence([Reachability(R1, at(10), False), Reachability(R1, at(5), True)])
    records.save_evidence([Reachability(R1, at(7), True)])
    records.save_evidence([Reachability(R1, at(10), False, Means.SNMP)])
    assert records.load_evidence(since=at(8)) == [
        Reachability(R1, at(10), False),
        Reachability(R1, at(10), False, Means.SNMP),
    ]


# Care


def test_pruning_keeps_what_is_still_needed(records: Records) -> None:
    day = DAY_S
    records.append_changes(
        [
            change(-900 * day, LINK, None, "up"),
            change(-850 * day, LINK, "up", "down"),
            change(-10 * day, LINK, "down", "up"),
        ]
    )
    records.save(
        [
            incident(1, IncidentStatus.RESOLVED, began=-900 * day),
            incident(2, IncidentStatus.OPEN, began=-900 * day),
            incident(3, IncidentStatus.RESOLVED, began=-10 * day),
        ],
        [message("old", created=-200 * day), message("waits", created=-200 * day, incident_id="PSR-0003")],
    )
    records.claim_due(at(-200 * day), 1, 30)
    records.mark("old", Outcome.SENT, at(-200 * day))
    pruned = records.prune(at(0), RecordsRetention())
    assert (pruned.events, pruned.incidents, pruned.outbox) == (1, 1, 1)
    assert {i.id for i in records.incidents()} == {"PSR-0002", "PSR-0003"}
    assert records.pending_count() == 1
    assert [c.now for c in records.changes_until(at(-20 * day))] == ["down"], "the days after can be rebuilt"


def test_thirteen_months_can_not_be_configured_away() -> None:
    with pytest.raises(ValueError, match="13 months"):
        RecordsRetention(events_s=396 * DAY_S)


def test_what_a_database_can_not_hold_is_replaced(records: Records) -> None:
    records.append_changes([StateChange(at(0), LINK, None, "down", why="nul \0 and \ud800")])
    (found,) = records.changes()
    assert found.change.why.startswith("nul ")
    assert found.change.subject == LINK


# Migrations


def test_migrations_make_what_the_tables_say(url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    engine = make_engine(url)
    assert revision_of(engine) is None
    assert migrate(engine) is None, "an empty database needs no backup"
    assert revision_of(engine) == newest_revision()
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert migrate(engine) is None
    engine.dispose()


def test_a_later_version_s_records_are_refused(url: str) -> None:
    records = Records(url)
    records.start()
    records.stop()
    engine = make_engine(url)
    with engine.connect().execution_options(ronda_writes=True) as connection, connection.begin():
        connection.execute(sa.text("UPDATE alembic_version SET version_num='9999'"))
    engine.dispose()
    with pytest.raises(RecordsError, match="later Ronda"):
        records.start()


def test_two_processes_may_start_at_once(url: str) -> None:
    failures: list[Exception] = []

    def start() -> None:
        records = Records(url)
        try:
            records.start()
        except Exception as error:  # noqa: BLE001 - handed to the thread that asserts
            failures.append(error)
        finally:
            records.stop()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
