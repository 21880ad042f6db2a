"""Timelines of one incident: each test says what the verdict was at which second, and what moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.incident import IncidentBook, IncidentSettings, UnknownIncidentError
from alerts.model import Happened, IncidentId, IncidentKind, IncidentStatus, Severity
from topology.findings import (
    Cause,
    Component,
    ComponentKind,
    Connectivity,
    DeviceCondition,
    Flapping,
    LinkCondition,
    Verdict,
)
from topology.model import DeviceId, LinkId, Office, OfficeId, OfficeKind

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
OFFICES = {
    OfficeId("kuaro"): Office(OfficeId("kuaro"), "Kantor Camat Kuaro", OfficeKind.KECAMATAN, priority=2),
    OfficeId("rsud"): Office(OfficeId("rsud"), "RSUD Panglima Sebaya", OfficeKind.RSUD, priority=2),
    OfficeId("desa"): Office(OfficeId("desa"), "Desa Rangan", OfficeKind.DESA, priority=4),
}


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def link(name: str) -> Component:
    return Component(ComponentKind.LINK, name)


def device(name: str) -> Component:
    return Component(ComponentKind.DEVICE, name)


def duct(name: str) -> Component:
    return Component(ComponentKind.RISK_GROUP, name)


def cause(
    *components: Component,
    explains: tuple[Component, ...],
    cut: tuple[str, ...] = (),
    degraded: tuple[str, ...] = (),
    group: str = "g1",
    rank: int = 1,
    settled: bool = True,
    since: float = 0,
) -> Cause:
    return Cause(
        group=group,
        rank=rank,
        components=components,
        explains=explains,
        confidence=0.9 / rank,
        why="both ends report down",
        since=at(since),
        settled=settled,
        cut=tuple(map(OfficeId, cut)),
        degraded=tuple(map(OfficeId, degraded)),
    )


def verdict(
    second: float,
    *causes: Cause,
    down: tuple[str, ...] = (),
    unknown: tuple[str, ...] = (),
    silent: tuple[str, ...] = (),
    blind: bool = False,
    flapping: tuple[Component, ...] = (),
    management: tuple[str, ...] = (),
) -> Verdict:
    links = dict.fromkeys(map(LinkId, ("l1", "l2", "l3")), LinkCondition.UP)
    links |= dict.fromkeys(map(LinkId, down), LinkCondition.DOWN)
    links |= dict.fromkeys(map(LinkId, unknown), LinkCondition.UNKNOWN)
    devices = dict.fromkeys(map(DeviceId, ("d1", "d2", "d3")), DeviceCondition.UP)
    devices |= dict.fromkeys(map(DeviceId, silent), DeviceCondition.SILENT)
    return Verdict(
        at(second),
        {},
        devices,
        links,
        causes,
        blind=blind,
        flapping=tuple(Flapping(c, 0.6, at(0)) for c in flapping),
        management_faults=tuple(map(DeviceId, management)),
        manageable=frozenset(set(devices) - set(map(DeviceId, management)) - set(map(DeviceId, silent))),
    )


@pytest.fixture
def book() -> IncidentBook:
    return IncidentBook(
        OFFICES, IncidentSettings(reopen_window_s=600, update_quiet_s=10, update_at_most_s=60)
    )


def cut_l1(second: float, **more: object) -> Verdict:
    return verdict(
        second,
        cause(link("l1"), explains=(link("l1"), device("d1")), cut=("kuaro",), **more),  # type: ignore[arg-type]
        down=("l1",),
        silent=("d1",),
    )


def test_settling_then_open_then_resolved(book: IncidentBook) -> None:
    (step,) = book.advance(cut_l1(1, settled=False))
    assert step.happened == (Happened.SUSPECTED,)
    assert step.after.status is IncidentStatus.SUSPECTED
    assert not step.after.told

    (step,) = book.advance(cut_l1(4))
    assert step.happened == (Happened.OPENED,)
    assert step.after.opened_at == at(4)
    assert step.after.began_at == at(0)
    assert [o.office for o in step.after.offices_now] == ["kuaro"]

    assert book.advance(cut_l1(60)) == []

    (step,) = book.advance(verdict(90))
    assert step.happened == (Happened.RESOLVED,)
    assert step.after.resolved_at == at(90)
    assert step.after.offices[0].until == at(90)
    assert book.active == ()


def test_gone_before_it_settled_is_dismissed_and_never_told(book: IncidentBook) -> None:
    book.advance(cut_l1(1, settled=False))
    (step,) = book.advance(verdict(2))
    assert step.happened == (Happened.DISMISSED,)
    assert not step.after.told


def test_missing_evidence_does_not_resolve(book: IncidentBook) -> None:
    book.advance(cut_l1(0))
    assert book.advance(verdict(300, unknown=("l1",))) == []
    assert len(book.active) == 1
    (step,) = book.advance(verdict(310))
    assert step.happened == (Happened.RESOLVED,)


def test_a_blind_monitor_resolves_nothing(book: IncidentBook) -> None:
    book.advance(cut_l1(0))
    uplink = cause(link("l3"), explains=(link("l3"),), group="blind")
    steps = book.advance(verdict(30, uplink, blind=True))
    assert [s.after.kind for s in steps] == [IncidentKind.BLIND]
    assert steps[0].after.severity is Severity.CRITICAL
    assert len(book.active) == 2


def test_blame_moves_from_link_to_duct_within_the_same_incident(book: IncidentBook) -> None:
    book.advance(cut_l1(0))
    both = cause(
        duct("duct"),
        explains=(link("l1"), link("l2"), device("d1"), device("d2")),
        cut=("kuaro", "desa"),
        group="g2",
    )
    (step,) = book.advance(verdict(3, both, down=("l1", "l2"), silent=("d1", "d2")))
    assert set(step.happened) == {Happened.REATTRIBUTED, Happened.GREW}
    assert step.after.components == (duct("duct"),)
    assert [o.office for o in step.after.offices_now] == ["kuaro", "desa"]
    assert len(list(book)) == 1


def test_what_remains_after_a_repair_is_a_new_incident(book: IncidentBook) -> None:
    """A cut behind a cut: the first is mended, the second was hidden behind it."""
    first = cause(link("l1"), explains=(link("l1"), device("d1"), device("d2")), cut=("kuaro", "desa"))
    book.advance(verdict(0, first, down=("l1",), silent=("d1", "d2")))
    second = cause(link("l2"), explains=(link("l2"), device("d2")), cut=("desa",), group="g2")
    steps = book.advance(verdict(100, second, down=("l2",), silent=("d2",)))
    assert [s.happened for s in steps] == [
        (Happened.RESOLVED, Happened.SPLIT),
        (Happened.SUSPECTED, Happened.OPENED),
    ]
    assert [i.components for i in book.active] == [(link("l2"),)]


def test_repaired_link_waits_for_what_is_behind_it(book: IncidentBook) -> None:
    """The link is up again, the device behind has not been asked yet: no "restored" before it answers."""
    book.advance(cut_l1(0))
    lingering = cause(device("d1"), explains=(device("d1"),), cut=("kuaro",), group="g2", settled=False)
    steps = book.advance(verdict(60, lingering, silent=("d1",)))
    assert [s.happened for s in steps] == [(Happened.SUSPECTED,)]
    steps = book.advance(verdict(61))
    assert sorted(s.happened for s in steps) == [(Happened.DISMISSED,), (Happened.RESOLVED,)]


def test_back_within_the_window_reopens(book: IncidentBook) -> None:
    book.advance(cut_l1(0))
    book.advance(verdict(100))
    (step,) = book.advance(cut_l1(200))
    assert Happened.REOPENED in step.happened
    assert step.after.resolved_at is None
    assert len(list(book)) == 1


def test_a_suspicion_reopens_nothing(book: IncidentBook) -> None:
    book.advance(cut_l1(0))
    book.advance(verdict(100))
    assert book.advance(cut_l1(200, settled=False)) == []
    assert book.active == ()
    (step,) = book.advance(cut_l1(203))
    assert Happened.REOPENED in step.happened


def test_back_after_the_window_is_new(book: IncidentBook) -> None:
    book.advance(cut_l1(0))
    book.advance(verdict(100))
    (step,) = book.advance(cut_l1(100 + 86_400))
    assert step.before is None
    assert Happened.OPENED in step.happened


def test_flapping_holds_it_open(book: IncidentBook) -> None:
    book.advance(cut_l1(0))
    (step,) = book.advance(verdict(10, flapping=(link("l1"),)))
    assert step.happened == (Happened.CHANGED,)  # the reason why it is held is said, once
    assert step.after.active
    assert book.advance(verdict(20, flapping=(link("l1"),))) == []
    (step,) = book.advance(verdict(300))
    assert step.happened == (Happened.RESOLVED,)


def test_growth_is_told_once_when_it_keeps_still(book: IncidentBook) -> None:
    (step,) = book.advance(cut_l1(0))
    book.mark_told(step.after)
    assert book.next_at() is None
    for second, cut in ((1, ("kuaro", "desa")), (5, ("kuaro", "desa", "rsud"))):
        book.advance(verdict(second, cause(link("l1"), explains=(link("l1"),), cut=cut), down=("l1",)))
    assert book.due_updates(at(14.9)) == []
    assert book.next_at() == at(15)
    (due,) = book.due_updates(at(15))
    assert due.severity is Severity.CRITICAL  # a hospital is among them now
    book.mark_told(due)
    assert book.due_updates(at(100)) == []


def test_growth_without_end_is_told_all_the_same(book: IncidentBook) -> None:
    (step,) = book.advance(cut_l1(0))
    book.mark_told(step.after)
    for second in range(5, 70, 5):
        offices = ("kuaro", "desa") if second % 10 else ("kuaro",)
        book.advance(verdict(second, cause(link("l1"), explains=(link("l1"),), cut=offices), down=("l1",)))
        assert not book.due_updates(at(second)) or second >= 65
    assert book.due_updates(at(65))


def test_acknowledged_stays_acknowledged_until_it_ends(book: IncidentBook) -> None:
    (step,) = book.advance(cut_l1(0))
    acked = book.acknowledge(step.after.id, "Budi", at(30), "on the way").after
    assert acked.status is IncidentStatus.ACKNOWLEDGED
    assert acked.timeline[-1].who == "Budi"
    assert book.advance(cut_l1(60)) == []
    (step,) = book.advance(verdict(90))
    assert step.after.status is IncidentStatus.RESOLVED
    with pytest.raises(UnknownIncidentError):
        book.acknowledge(step.after.id, "Budi", at(91))


def test_unknown_incident_is_said_so(book: IncidentBook) -> None:
    with pytest.raises(UnknownIncidentError):
        book.acknowledge(IncidentId("R-000000-001"), "Budi", at(0))


def test_management_faults_are_one_incident_and_never_an_outage(book: IncidentBook) -> None:
    (step,) = book.advance(verdict(0, management=("d1", "d2")))
    assert step.after.kind is IncidentKind.MANAGEMENT
    assert step.after.severity is Severity.WARNING
    assert step.after.offices == ()
    (step,) = book.advance(verdict(60))
    assert step.happened == (Happened.RESOLVED,)


def test_a_management_fault_ends_only_with_an_answer(book: IncidentBook) -> None:
    """After a restart nothing is known of SNMP yet: neither a fault nor an answer."""
    book.advance(verdict(0, management=("d1",)))
    assert book.advance(replace(verdict(30), manageable=frozenset())) == []
    (step,) = book.advance(verdict(60))
    assert step.happened == (Happened.RESOLVED,)


def test_a_recurrence_has_a_beginning_of_its_own(book: IncidentBook) -> None:
    book.advance(cut_l1(0))
    book.advance(verdict(10))
    (step,) = book.advance(cut_l1(210, since=208))
    assert step.after.began_at == at(0)
    assert step.after.reopened_at == at(208)


def test_an_outage_ends_though_snmp_is_still_silent(book: IncidentBook) -> None:
    book.advance(cut_l1(0))
    steps = book.advance(verdict(60, management=("d1",)))
    assert sorted((s.after.kind.value, s.after.status.value) for s in steps) == [
        ("management", "open"),
        ("outage", "resolved"),
    ]


def test_redundancy_lost_is_a_warning(book: IncidentBook) -> None:
    spare = cause(link("l1"), explains=(link("l1"),), degraded=("kuaro", "rsud"))
    (step,) = book.advance(verdict(0, spare, down=("l1",)))
    assert step.after.kind is IncidentKind.REDUNDANCY
    assert step.after.severity is Severity.WARNING
    assert {o.connectivity for o in step.after.offices_now} == {Connectivity.DEGRADED}


def test_a_new_process_goes_on_with_what_was_saved(book: IncidentBook) -> None:
    (step,) = book.advance(cut_l1(0))
    saved = book.mark_told(step.after)
    later = IncidentBook(OFFICES, incidents=[saved])
    assert later.advance(verdict(20, unknown=("l1",), silent=())) == []
    assert later.advance(cut_l1(30)) == []  # the same outage seen again: nothing to tell
    assert later.due_updates(at(1000)) == []
    (step,) = later.advance(verdict(60))
    assert step.happened == (Happened.RESOLVED,)
    (step,) = later.advance(verdict(70, cause(link("l2"), explains=(link("l2"),), group="g9"), down=("l2",)))
    assert step.after.id == "R-261121-002"  # ids go on where they were
