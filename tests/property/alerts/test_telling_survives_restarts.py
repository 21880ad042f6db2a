"""Days of incidents, taken on, given back, worked on, over and back again, told by rules of every kind.

Whatever happens: nothing is told twice, nobody hears of an end whose beginning it did not hear of, the night
is quiet, a digest comes once a day, and a process that dies between two looks changes nothing of all that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.escalate import EscalationStep, Policy, Recipients, unacknowledged
from alerts.incident import IncidentBook, IncidentSettings, Step
from alerts.maintenance import Window, WindowId
from alerts.model import (
    ConditionKind,
    Happened,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentStatus,
    Notification,
    Reason,
    ReceiverId,
    Severity,
)
from alerts.notify import Teller
from alerts.office_hours import Hours
from alerts.rota import Rota
from alerts.route import Digest, QuietHours, Route, Routing
from storage.records.codec import incident_body, incident_of
from topology.findings import Component, ComponentKind, Verdict
from topology.graph import NetworkGraph
from topology.inventory import load_inventory

WITA = ZoneInfo("Asia/Makassar")
TOWN = load_inventory(Path(__file__).parents[2] / "scenarios/networks/town.yaml")
GRAPH = NetworkGraph(TOWN)
START = datetime(2026, 11, 21, 18, 0, tzinfo=WITA).astimezone(UTC)
LINKS = [Component(ComponentKind.LINK, i) for i in ("core-a", "core-t", "core-d1")]
QUIET = Hours(begins=time(21), ends=time(6))
MINUTE = timedelta(minutes=1)


def receivers(*names: str) -> tuple[ReceiverId, ...]:
    return tuple(map(ReceiverId, names))


ROUTING = Routing(
    routes=(
        Route(receivers("arsip"), digest=True, max_severity=Severity.WARNING),
        Route(rotas=("piket",), escalation="tim", repeat=45 * MINUTE),
        Route(receivers("kantor"), when=(Hours(frozenset(range(5)), time(7, 30), time(16)),)),
        Route(receivers("arsip"), min_severity=Severity.MAJOR, repeat=200 * MINUTE),
    ),
    rotas={"piket": Rota("piket", (receivers("budi"), receivers("siti")), date(2026, 11, 16), time(8))},
    policies={
        "tim": Policy(
            "tim",
            (
                EscalationStep(10 * MINUTE, Recipients(receivers("kepala"))),
                EscalationStep(90 * MINUTE, Recipients(receivers("kadis"), ("piket",))),
            ),
            unack_after=300 * MINUTE,
        )
    },
    quiet=(QuietHours(QUIET),),
    digest=Digest(time(7)),
)

What = Literal[
    "open", "worse", "better", "ack", "unack", "comment", "resolve", "work", "work over", "nothing"
]
events = st.lists(
    st.tuples(
        st.integers(0, 500),
        st.integers(0, len(LINKS) - 1),
        st.sampled_from(
            [
                "open",
                "open",
                "worse",
                "better",
                "ack",
                "unack",
                "comment",
                "resolve",
                "work",
                "work over",
                "nothing",
            ]
        ),
    ),
    max_size=14,
)


@dataclass
class World:
    """Incidents as the records hold them, and one process after another that tells of them."""

    dies: frozenset[int] = frozenset()
    """At these looks the process is another one."""
    incidents: dict[IncidentId, Incident] = field(default_factory=dict)
    windows: list[Window] = field(default_factory=list)
    told: list[tuple[datetime, Notification]] = field(default_factory=list)
    looks: int = 0
    teller: Teller = field(init=False)

    def __post_init__(self) -> None:
        self.teller = self._process()

    def _process(self) -> Teller:
        teller = Teller(ROUTING, TOWN, GRAPH, WITA)
        teller.resume(self.incidents.values())
        teller.plan_maintenance(self.windows)
        return teller

    def look(self, now: datetime, steps: Sequence[Step] = ()) -> None:
        self.looks += 1
        if self.looks in self.dies:
            kept = (incident_of(incident_body(i), i.timeline) for i in self.incidents.values())
            self.incidents = {i.id: i for i in kept}
            self.teller = self._process()
        self.incidents |= {s.after.id: s.after for s in steps}
        at_once = IncidentSettings(update_quiet_s=0, update_at_most_s=0)
        book = IncidentBook(TOWN.offices, at_once, self.incidents.values(), WITA)
        moved = self.teller.tell(book, steps, now, Verdict(now, {}, {}, {}))
        self.incidents |= {i.id: i for i in moved.incidents}
        self.told += [(now, note) for note in moved.notifications]

    def until(self, end: datetime) -> None:
        while self.teller.next_at is not None and self.teller.next_at <= end:
            self.look(self.teller.next_at)

    def happens(self, now: datetime, number: int, what: What) -> None:
        link = LINKS[number]
        if what == "work":
            id_ = WindowId(f"W-{len(self.windows) + 1}")
            self.windows.append(Window(id_, "kerja", (link,), now, now + 240 * MINUTE, None, "Budi", now))
        if what == "work over":
            self.windows = [replace(w, cancelled_at=w.cancelled_at or now) for w in self.windows]
        self.teller.plan_maintenance(self.windows)
        found = self._moved(now, IncidentId(f"R-{number}"), link, what)
        self.look(now, [] if found is None else [found])

    def _moved(self, now: datetime, id_: IncidentId, link: Component, what: What) -> Step | None:
        known = self.incidents.get(id_)
        if known is None:
            return None if what != "open" else Step(None, self._new(now, id_, link), (Happened.OPENED,))
        more = {"revision": known.revision + 1, "changed_at": now}
        if what == "open" and not known.active:
            fresh = {"acknowledged_at": None, "acknowledged_by": None, "resolved_at": None}
            again = replace(known, status=IncidentStatus.OPEN, reopened_at=now, **fresh, **more)
            return Step(known, again, (Happened.REOPENED,))
        if not known.active:
            return None
        if what in ("worse", "better"):
            severity = Severity.MAJOR if what == "worse" else Severity.WARNING
            if severity is known.severity:
                return None
            return Step(known, replace(known, severity=severity, **more), (Happened.SEVERITY,))
        if what == "ack" and known.status is IncidentStatus.OPEN:
            mine = {"acknowledged_at": now, "acknowledged_by": "Siti"}
            after = replace(known, status=IncidentStatus.ACKNOWLEDGED, **mine, **more)
            return Step(known, after, (Happened.ACKNOWLEDGED,))
        if what == "unack" and known.status is IncidentStatus.ACKNOWLEDGED:
            return Step(known, unacknowledged(known, now, "", "Siti"), (Happened.UNACKNOWLEDGED,))
        if what == "comment":
            return Step(known, known, (Happened.COMMENTED,))
        if what == "resolve":
            after = replace(known, status=IncidentStatus.RESOLVED, resolved_at=now, **more)
            return Step(known, after, (Happened.RESOLVED,))
        return None

    def _new(self, now: datetime, id_: IncidentId, link: Component) -> Incident:
        return Incident(
            id_,
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


def play(happening: list[tuple[int, int, What]], dies: frozenset[int] = frozenset()) -> World:
    world, now = World(dies), START
    for minutes, number, what in happening:
        world.until(now + minutes * MINUTE)
        now += minutes * MINUTE
        world.happens(now, number, what)
    world.until(now + timedelta(days=2))
    return world


@given(events)
@settings(max_examples=40, deadline=None)
def test_nothing_is_told_twice(happening: list[tuple[int, int, What]]) -> None:
    told = [note for _, note in play(happening).told]
    names = [(n.incident, n.revision, n.reason, n.receiver) for n in told]
    assert len(set(names)) == len(names)
    assert len({n.dedup_key for n in told}) == len(told)


@given(events, st.frozensets(st.integers(1, 60)))
@settings(max_examples=40, deadline=None)
def test_a_process_that_dies_changes_nothing(
    happening: list[tuple[int, int, What]], dies: frozenset[int]
) -> None:
    once, again = play(happening), play(happening, dies)
    assert [(at, n.dedup_key) for at, n in once.told] == [(at, n.dedup_key) for at, n in again.told]


@given(events)
@settings(max_examples=40, deadline=None)
def test_everybody_hears_a_whole_story(happening: list[tuple[int, int, What]]) -> None:
    world = play(happening)
    stories: defaultdict[tuple[IncidentId | None, ReceiverId], list[Reason]] = defaultdict(list)
    for _, note in world.told:
        if note.reason is not Reason.DIGEST:
            stories[note.incident, note.receiver].append(note.reason)
    for (incident, receiver), story in stories.items():
        assert story[0] in (Reason.OPENED, Reason.ESCALATED), story
        for before, after in pairwise(story):
            assert (before is Reason.RESOLVED) <= (after in (Reason.REOPENED, Reason.OPENED)), story
        assert incident is not None
        last = world.incidents[incident]
        if not last.active:
            assert story[-1] is Reason.RESOLVED, (receiver, story)


@given(events)
@settings(max_examples=25, deadline=None)
def test_the_night_is_quiet_and_a_digest_comes_once_a_day_at_its_time(
    happening: list[tuple[int, int, What]],
) -> None:
    told = play(happening).told
    for at, note in told:
        assert note.severity is not Severity.WARNING or not QUIET.hold(at, WITA)
    digests = [(at, n) for at, n in told if n.reason is Reason.DIGEST]
    assert all(at.astimezone(WITA).time() == time(7) for at, _ in digests)
    assert len({(at, n.receiver) for at, n in digests}) == len(digests)


@given(events)
@settings(max_examples=25, deadline=None)
def test_while_maintenance_explains_it_nobody_is_called(happening: list[tuple[int, int, What]]) -> None:
    world = play(happening)
    calls = (Reason.OPENED, Reason.REOPENED, Reason.UPDATED, Reason.ESCALATED, Reason.REPEATED)
    for at, note in world.told:
        for window in world.windows:
            ends = min(window.ends_at, window.cancelled_at or window.ends_at)
            if window.starts_at <= at < ends and note.components == window.subjects:
                assert note.reason not in calls, (note.reason, at)


@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=5).map(sorted),
    st.integers(1, 400),
)
@settings(max_examples=30, deadline=None)
def test_every_step_comes_at_its_minute_until_somebody_takes_it_on(steps: list[int], ack_after: int) -> None:
    policy = Policy(
        "p",
        tuple(EscalationStep(m * MINUTE, Recipients(receivers(f"r{n}"))) for n, m in enumerate(steps)),
    )
    routing = Routing((Route(receivers("first"), escalation="p"),), policies={"p": policy})
    world = World()
    world.teller = Teller(routing, TOWN, GRAPH, WITA)
    world.happens(START, 0, "open")
    world.until(START + ack_after * MINUTE - timedelta(seconds=1))
    world.happens(START + ack_after * MINUTE - timedelta(seconds=1), 0, "ack")
    world.until(START + timedelta(days=3))
    escalated = {n.receiver: at for at, n in world.told if n.reason is Reason.ESCALATED}
    assert escalated == {
        ReceiverId(f"r{n}"): START + m * MINUTE for n, m in enumerate(steps) if m < ack_after
    }
