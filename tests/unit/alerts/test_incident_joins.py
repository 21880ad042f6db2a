"""Incidents that split, merge, flap and come back: each with its entry in the timeline, and who is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from alerts.incident import IncidentBook, IncidentSettings
from alerts.model import Happened, Incident, IncidentKind, Severity
from alerts.steps import Step
from topology.findings import (
    Cause,
    Component,
    ComponentKind,
    DeviceCondition,
    Flapping,
    LinkCondition,
    StateChange,
    Verdict,
)
from topology.model import DeviceId, Link, LinkEnd, LinkId, Office, OfficeId

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
OFFICES = {OfficeId(o): Office(OfficeId(o), o) for o in ("kuaro", "desa", "long")}
LINKS = {
    LinkId(f"l{n}"): Link(
        LinkId(f"l{n}"), LinkEnd(DeviceId("core"), f"p{n}"), LinkEnd(DeviceId(f"d{n}"), "up")
    )
    for n in (1, 2, 3)
}


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def link(n: int) -> Component:
    return Component(ComponentKind.LINK, f"l{n}")


def device(n: int) -> Component:
    return Component(ComponentKind.DEVICE, f"d{n}")


DUCT = Component(ComponentKind.RISK_GROUP, "duct")


def cause(
    *blamed: Component, explains: Iterable[Component], cut: Iterable[str] = (), since: float = 0
) -> Cause:
    group = "+".join(map(str, blamed))
    return Cause(group, 1, blamed, tuple(explains), 0.9, "seen", at(since), cut=tuple(map(OfficeId, cut)))


def verdict(
    second: float, *causes: Cause, down: Iterable[int] = (), flapping: Iterable[Component] = ()
) -> Verdict:
    links = {i: LinkCondition.DOWN if i in {f"l{n}" for n in down} else LinkCondition.UP for i in LINKS}
    devices = {DeviceId(d): DeviceCondition.UP for d in ("core", "d1", "d2", "d3")}
    devices |= {DeviceId(f"d{n}"): DeviceCondition.SILENT for n in down}
    flaps = tuple(Flapping(c, 0.5, at(0)) for c in flapping)
    return Verdict(at(second), {}, devices, links, causes, flapping=flaps)


@pytest.fixture
def book() -> IncidentBook:
    return IncidentBook(OFFICES, IncidentSettings(), links=LINKS)


def entries(incident: Incident, what: Happened) -> list[str]:
    return [e.why for e in incident.timeline if e.what is what]


def by_component(steps: list[Step]) -> dict[str, Step]:
    return {str(s.after.components[0]): s for s in steps}


def test_two_incidents_that_one_duct_explains_are_merged(book: IncidentBook) -> None:
    one = cause(link(1), explains=(link(1), device(1)), cut=("kuaro",))
    two = cause(link(2), explains=(link(2), device(2)), cut=("desa",))
    book.advance(verdict(0, one, two, down=(1, 2)))
    assert len(book.active) == 2
    both = cause(DUCT, explains=(link(1), link(2), device(1), device(2)), cut=("kuaro", "desa"))
    book.advance(verdict(10, both, down=(1, 2)))
    (whole,) = book.active
    (part,) = [i for i in book if not i.active]
    assert part.merged_into == whole.id
    assert entries(part, Happened.MERGED) == [f"{whole.id} explains all of it: seen"]
    assert entries(whole, Happened.MERGED) == [f"{part.id} (link:l2) is part of it"]
    assert {o.office for o in whole.offices_now} == {"kuaro", "desa"}
    assert part.offices_now == ()


def test_a_part_with_a_cause_of_its_own_splits_off(book: IncidentBook) -> None:
    whole = cause(link(1), explains=(link(1), device(1), device(2)), cut=("kuaro", "desa"))
    book.advance(verdict(0, whole, down=(1, 2)))
    left = cause(link(1), explains=(link(1), device(1)), cut=("kuaro",))
    own = cause(link(2), explains=(link(2), device(2)), cut=("desa",))
    steps = by_component(book.advance(verdict(20, left, own, down=(1, 2))))
    old, new = steps["link:l1"], steps["link:l2"]
    assert Happened.SPLIT in old.happened
    assert Happened.OPENED in new.happened
    assert new.after.split_from == old.after.id
    assert entries(old.after, Happened.SPLIT) == [f"link:l2 has a cause of its own: {new.after.id}"]
    assert entries(new.after, Happened.SPLIT) == [f"was part of {old.after.id} until now"]
    assert [o.office for o in old.after.offices_now] == ["kuaro"]


def test_strangers_do_not_split(book: IncidentBook) -> None:
    one = cause(link(1), explains=(link(1), device(1)), cut=("kuaro",))
    two = cause(link(2), explains=(link(2), device(2)), cut=("desa",))
    book.advance(verdict(0, one, down=(1,)))
    steps = book.advance(verdict(5, one, two, down=(1, 2)))
    assert [s.after.split_from for s in steps] == [None]


def flips(component: Component, seconds: Iterable[float]) -> list[StateChange]:
    return [
        StateChange(at(s), component, *(("up", "down") if n % 2 == 0 else ("down", "up")))
        for n, s in enumerate(seconds)
    ]


def test_a_flapping_link_is_one_incident_with_the_reason(book: IncidentBook) -> None:
    changes = flips(link(1), range(0, 60, 6))
    (step,) = book.advance(verdict(60, flapping=(link(1), device(1))), changes=changes)
    assert step.after.kind is IncidentKind.FLAPPING
    assert step.after.severity is Severity.WARNING
    assert step.after.components == (link(1),)  # the device behind it flaps along
    assert step.after.why == "it flaps: 10 changes in 60 s"
    assert book.advance(verdict(70, flapping=(link(1),))) == []
    (step,) = book.advance(verdict(400))
    assert step.happened == (Happened.RESOLVED,)
    assert entries(step.after, Happened.RESOLVED) == ["it keeps still now"]


def test_a_device_whose_links_all_flap_is_blamed_for_them(book: IncidentBook) -> None:
    core = Component(ComponentKind.DEVICE, "core")
    (step,) = book.advance(verdict(60, flapping=(core, link(1), link(2), link(3))))
    assert step.after.components == (core,)


def test_a_device_that_only_loses_answers_makes_no_incident(book: IncidentBook) -> None:
    assert book.advance(verdict(60, flapping=(device(1),))) == []


def test_an_outage_that_flaps_keeps_its_offices(book: IncidentBook) -> None:
    cut = cause(link(1), explains=(link(1), device(1)), cut=("kuaro",))
    book.advance(verdict(0, cut, down=(1,)))
    (step,) = book.advance(verdict(10, flapping=(link(1),)), changes=flips(link(1), (0, 3, 6, 10)))
    assert step.happened == (Happened.CHANGED,)
    assert step.after.kind is IncidentKind.OUTAGE
    assert [o.office for o in step.after.offices_now] == ["kuaro"]
    assert step.after.revision > (step.before.revision if step.before else 0)  # told, with the reason
    assert book.advance(verdict(13, cut, down=(1,), flapping=(link(1),))) == []
    assert book.advance(verdict(16, flapping=(link(1),))) == []
    (step,) = book.advance(verdict(300))
    assert step.happened == (Happened.RESOLVED,)


def test_what_came_back_must_be_well_for_a_while(book: IncidentBook) -> None:
    cut = cause(link(1), explains=(link(1), device(1)), cut=("kuaro",))
    book.advance(verdict(0, cut, down=(1,)))
    (step,) = book.advance(verdict(10))
    assert step.happened == (Happened.RESOLVED,)  # the first time: at once
    (step,) = book.advance(verdict(20, cut, down=(1,)))
    book.mark_told(step.after)
    assert book.advance(verdict(30)) == []
    assert book.next_at() == at(90)
    assert book.advance(verdict(40, cut, down=(1,))) == []
    assert book.advance(verdict(50)) == []
    assert book.advance(verdict(109)) == []
    (step,) = book.advance(verdict(110))
    assert step.happened == (Happened.RESOLVED,)
    assert step.after.resolved_at == at(50)  # when it was well, not when that was believed


def test_later_the_same_day_it_is_a_new_incident(book: IncidentBook) -> None:
    cut = cause(link(1), explains=(link(1), device(1)), cut=("kuaro",))
    book.advance(verdict(0, cut, down=(1,)))
    book.advance(verdict(10))
    (step,) = book.advance(verdict(3600, cut, down=(1,)))
    assert step.before is None
    assert [i.id for i in book] == ["R-261121-002"]


def test_a_day_of_outages_leaves_nothing_in_memory_but_a_number(book: IncidentBook) -> None:
    cut = cause(link(1), explains=(link(1), device(1)), cut=("kuaro",))
    told = []
    for n in range(20):
        (step,) = book.advance(verdict(1900 * n, cut, down=(1,)))
        told.append(step.after.id)
        book.advance(verdict(1900 * n + 60))
        assert len(list(book)) == 1
    assert len(set(told)) == 20
    book.advance(verdict(1900 * 20))
    assert list(book) == []
