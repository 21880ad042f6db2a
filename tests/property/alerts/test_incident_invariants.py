"""Whatever the verdicts do: nobody is told twice, nobody is told the end of what he was not told began, and
when all is well again nothing stays open."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.incident import IncidentBook, IncidentSettings
from alerts.model import IncidentStatus, Notification, Reason, ReceiverId
from alerts.notify import Teller
from alerts.route import Route, Routing
from topology.findings import (
    Cause,
    Component,
    ComponentKind,
    DeviceCondition,
    LinkCondition,
    Verdict,
)
from topology.graph import NetworkGraph
from topology.model import (
    Device,
    DeviceId,
    Inventory,
    Link,
    LinkEnd,
    LinkId,
    Network,
    Office,
    OfficeId,
)

START = datetime(2026, 11, 21, tzinfo=UTC)
NAMES = [f"n{i}" for i in range(5)]
INVENTORY = Inventory(
    network=Network("Uji"),
    vantages=(DeviceId("n0"),),
    hubs=(OfficeId("n0"),),
    offices={OfficeId(n): Office(OfficeId(n), n) for n in NAMES},
    devices={DeviceId(n): Device(DeviceId(n), OfficeId(n)) for n in NAMES},
    links={
        LinkId(n): Link(LinkId(n), LinkEnd(DeviceId("n0"), n), LinkEnd(DeviceId(n), "up")) for n in NAMES[1:]
    },
)
LINKS = sorted(INVENTORY.links)


@dataclass(frozen=True)
class Moment:
    """Which links are down, which of them nobody can see just now, and whether the verdict has settled."""

    after_s: float
    down: frozenset[str]
    unseen: frozenset[str]
    settled: bool
    together: bool
    """One risk group is blamed for all of them, instead of each link for itself."""


moments = st.builds(
    Moment,
    after_s=st.sampled_from([0.5, 2.0, 20.0, 400.0, 4000.0]),
    down=st.frozensets(st.sampled_from(LINKS)),
    unseen=st.frozensets(st.sampled_from(LINKS), max_size=2),
    settled=st.booleans(),
    together=st.booleans(),
)


def verdict_of(moment: Moment, at: datetime) -> Verdict:
    seen_down = sorted(moment.down - moment.unseen)
    conditions = {}
    for name in LINKS:
        if name in moment.unseen:
            conditions[LinkId(name)] = LinkCondition.UNKNOWN
        else:
            down = name in moment.down
            conditions[LinkId(name)] = LinkCondition.DOWN if down else LinkCondition.UP
    devices = {DeviceId(n): DeviceCondition.UP for n in NAMES}
    devices |= {DeviceId(n): DeviceCondition.SHADOW for n in seen_down}
    devices |= {DeviceId(n): DeviceCondition.UNKNOWN for n in moment.unseen}
    sets = [seen_down] if moment.together and len(seen_down) > 1 else [[n] for n in seen_down]
    causes = []
    for names in sets:
        blamed = (
            (Component(ComponentKind.RISK_GROUP, "duct"),)
            if len(names) > 1
            else (Component(ComponentKind.LINK, names[0]),)
        )
        explains = [Component(kind, n) for n in names for kind in (ComponentKind.LINK, ComponentKind.DEVICE)]
        causes.append(
            Cause(
                group="+".join(names),
                rank=1,
                components=blamed,
                explains=tuple(explains),
                confidence=0.9,
                why="seen",
                since=at,
                settled=moment.settled,
                cut=tuple(map(OfficeId, names)),
            )
        )
    return Verdict(at, {}, devices, conditions, tuple(causes))


@settings(max_examples=400, deadline=None)
@given(st.lists(moments, min_size=1, max_size=12))
def test_told_once_in_order_and_to_the_end(timeline: list[Moment]) -> None:
    book = IncidentBook(INVENTORY.offices, IncidentSettings())
    routing = Routing((Route((ReceiverId("noc"),)),))
    teller = Teller(routing, INVENTORY, NetworkGraph(INVENTORY), ZoneInfo("Asia/Makassar"))
    told: list[Notification] = []
    at = START
    calm = [Moment(40.0, frozenset(), frozenset(), True, False)] * 3
    for moment in [*timeline, *calm]:
        at += timedelta(seconds=moment.after_s)
        verdict = verdict_of(moment, at)
        moved = teller.tell(book, book.advance(verdict), at, verdict)
        told += moved.notifications

        for cause in verdict.causes:
            if cause.settled:
                owners = [i for i in book.active if set(cause.explains).issubset(i.explains)]
                assert len(owners) == 1, "every settled cause has exactly one active incident"
        for incident in book.active:
            assert incident.told == (incident.status is not IncidentStatus.SUSPECTED)

    assert book.active == (), "all is well: nothing stays open"
    keys = [note.dedup_key for note in told]
    assert len(keys) == len(set(keys)), "nothing is told twice"
    stories = defaultdict(list)
    for note in told:
        stories[note.incident].append(note.reason)
    for story in stories.values():
        assert story[0] is Reason.OPENED
        assert story[-1] is Reason.RESOLVED
        running = False
        for reason in story:
            if reason in (Reason.OPENED, Reason.REOPENED):
                assert not running
                running = True
            elif reason is Reason.RESOLVED:
                assert running
                running = False
            else:
                assert running, "an update belongs between a beginning and an end"
