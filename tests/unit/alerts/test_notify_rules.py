"""Small stories about one incident and its receivers, minute by minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from alerts.incident import IncidentBook, Step
from alerts.model import (
    ConditionKind,
    Happened,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentStatus,
    Reason,
    ReceiverId,
    Severity,
)
from alerts.notify import Teller
from alerts.office_hours import Hours
from alerts.route import Digest, QuietHours, Route, Routing
from topology.findings import Component, ComponentKind, Verdict
from topology.graph import NetworkGraph
from topology.inventory import load_inventory

WITA = ZoneInfo("Asia/Makassar")
TOWN = load_inventory(Path(__file__).parents[2] / "scenarios/networks/town.yaml")
MIDNIGHT = datetime(2026, 11, 22, tzinfo=WITA).astimezone(UTC)
PIKET = ReceiverId("piket")
QUIET = (QuietHours(Hours(begins=time(21), ends=time(6))),)


def warning(now: datetime) -> Incident:
    link = Component(ComponentKind.LINK, "core-t")
    return Incident(
        IncidentId("R-1"),
        IncidentKind.CONDITION,
        IncidentStatus.OPEN,
        Severity.WARNING,
        (link,),
        (),
        1.0,
        "errors",
        now,
        opened_at=now,
        changed_at=now,
        condition=ConditionKind.ERRORS,
    )


class Night:
    def __init__(self, routing: Routing) -> None:
        self.teller = Teller(routing, TOWN, NetworkGraph(TOWN), WITA)
        self.book = IncidentBook(TOWN.offices)
        self.incident: Incident | None = None
        self.told: list[tuple[int, Reason]] = []

    def at(self, minute: int, after: Incident | None = None, *happened: Happened) -> None:
        now = MIDNIGHT + timedelta(minutes=minute)
        steps = [] if after is None else [Step(self.incident, after, happened)]
        known = after or self.incident
        self.book = IncidentBook(TOWN.offices, incidents=[known] if known is not None else [])
        moved = self.teller.tell(self.book, steps, now, Verdict(now, {}, {}, {}))
        for one in moved.incidents:
            self.incident = one
        self.told += [(minute, note.reason) for note in moved.notifications]

    def changed(self, minute: int, **more: object) -> Incident:
        assert self.incident is not None
        changed_at = MIDNIGHT + timedelta(minutes=minute)
        revision = self.incident.revision + 1
        return replace(self.incident, revision=revision, changed_at=changed_at, **more)  # type: ignore[arg-type]  # by name

    def resolved(self, minute: int) -> None:
        over = self.changed(
            minute, status=IncidentStatus.RESOLVED, resolved_at=MIDNIGHT + timedelta(minutes=minute)
        )
        self.at(minute, over, Happened.RESOLVED)


def test_what_waits_for_the_morning_is_told_when_it_gets_worse() -> None:
    night = Night(Routing((Route((PIKET,)),), quiet=QUIET))
    night.at(60, warning(MIDNIGHT + timedelta(minutes=60)), Happened.OPENED)
    assert night.told == []
    night.at(90, night.changed(90, severity=Severity.MAJOR), Happened.SEVERITY)
    night.at(91)
    assert night.told == [(90, Reason.OPENED)], "the first that they hear of it is its opening"


def test_a_night_of_changes_is_one_message() -> None:
    night = Night(Routing((Route((PIKET,)),), quiet=QUIET))
    night.at(0, warning(MIDNIGHT), Happened.OPENED)
    for minute in (10, 20, 30):
        night.at(minute, night.changed(minute, confidence=minute / 100), Happened.GREW)
    night.at(359)
    night.at(360)
    night.at(361)
    assert night.told == [(360, Reason.OPENED)]


def test_over_before_the_morning_is_told_to_nobody_but_stands_in_the_digest() -> None:
    arsip = Route((PIKET,), digest=True, min_severity=Severity.MAJOR)
    night = Night(Routing((Route((PIKET,)), arsip), quiet=QUIET, digest=Digest(time(7))))
    night.at(0, warning(MIDNIGHT), Happened.OPENED)
    night.resolved(30)
    night.at(360)
    night.at(420)
    night.at(421)
    assert night.told == [(420, Reason.DIGEST)]


def test_over_before_the_morning_and_no_digest_is_told_to_nobody() -> None:
    night = Night(Routing((Route((PIKET,)),), quiet=QUIET))
    night.at(0, warning(MIDNIGHT), Happened.OPENED)
    night.resolved(30)
    for minute in (360, 420, 1000):
        night.at(minute)
    assert night.told == []
    assert night.teller.next_at is None, "nothing is left to wake for"


def test_who_was_told_hears_the_end_though_no_route_names_it_any_more() -> None:
    night = Night(Routing((Route((PIKET,), max_severity=Severity.WARNING),)))
    night.at(0, warning(MIDNIGHT), Happened.OPENED)
    night.at(5, night.changed(5, severity=Severity.MAJOR), Happened.SEVERITY)
    night.resolved(30)
    assert night.told[0] == (0, Reason.OPENED)
    assert night.told[-1] == (30, Reason.RESOLVED)
