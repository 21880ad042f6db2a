"""The parts of a month add up to the month, against an oracle that asks every second by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from reports.availability import Blamed, Exclusion, Interval, Part, divide, times_of
from reports.month import month_of, parse_month, passed
from reports.outages import outages_of
from reports.spans import Span
from reports.standing import Standing, blind_spans, stretches
from storage.records.events import RecordedChange
from topology.findings import Component, ComponentKind, StateChange
from topology.history import BLIND, MONITOR, SEEING

START = datetime(2026, 10, 31, 15, 50, tzinfo=UTC)
SECONDS = 1500
"""Of the log; the frame lies inside of it."""
OFFICE = Component(ComponentKind.OFFICE, "camat-kuaro")
STATES = ("connected", "degraded", "cut", "unknown", "not_connected")
LIMIT = 120
ZONES = ("Asia/Makassar", "Europe/Berlin", "America/Havana", "Australia/Lord_Howe")

second = st.integers(0, SECONDS)
lines = st.lists(st.tuples(second, st.sampled_from(STATES)), max_size=12)
pairs = st.lists(st.tuples(second, second).map(sorted), max_size=4)


def at(offset: int) -> datetime:
    return START + timedelta(seconds=offset)


def spans(found: list[list[int]]) -> list[Span]:
    return [Span(at(a), at(b)) for a, b in found]


def inside(found: list[list[int]], t: int) -> bool:
    return any(a <= t < b for a, b in found)


def oracle_standing(log: list[tuple[int, str]], watched: list[list[int]], blind: list[bool], t: int) -> str:
    said = None
    for when, state in log:
        if when <= t:
            said = state
    if said == "not_connected":
        return "absent"
    if not inside(watched, t) or blind[t]:
        return "unknown"
    if said is None:
        return "absent"
    return {"connected": "up", "degraded": "up", "cut": "down"}.get(said, "unknown")


def oracle_lengths(standing: list[str]) -> list[int]:
    """For every second that it is down, how many seconds its outage is proven to last."""
    lengths = [0] * len(standing)
    held: list[int] = []
    for t, state in enumerate([*standing, "up"]):
        if state == "down":
            held.append(t)
        elif state != "unknown":
            for h in held:
                lengths[h] = len(held)
            held = []
    return lengths


@settings(max_examples=250, deadline=None)
@given(
    log=lines,
    watched=pairs,
    blindness=st.lists(st.tuples(second, st.sampled_from((BLIND, SEEING))), max_size=5),
    windows=pairs,
    power=pairs,
    first=st.integers(0, 600),
    last=st.integers(601, SECONDS),
)
def test_every_second_is_the_part_that_the_oracle_says(
    log: list[tuple[int, str]],
    watched: list[list[int]],
    blindness: list[tuple[int, str]],
    windows: list[list[int]],
    power: list[list[int]],
    first: int,
    last: int,
) -> None:
    log = sorted(log, key=lambda row: row[0])
    blindness = sorted(blindness, key=lambda row: row[0])
    frame = Span(at(0), at(SECONDS))
    recorded = [RecordedChange(n + 1, StateChange(at(t), OFFICE, None, s)) for n, (t, s) in enumerate(log)]
    sight = [
        RecordedChange(900 + n, StateChange(at(t), MONITOR, None, s)) for n, (t, s) in enumerate(blindness)
    ]
    stood = stretches(recorded, spans(watched), blind_spans(sight, frame), frame)
    month = Span(at(first), at(last))
    blamed = [Blamed(s, f"R-{n}") for n, s in enumerate(spans(power))]
    exclusions = [Exclusion(s, Part.EXCLUDED_MAINTENANCE, window="w") for s in spans(windows)]
    exclusions += [Exclusion(s, Part.EXCLUDED_POWER) for s in spans(power)]
    intervals = divide(month, stood, outages_of(stood), blamed, exclusions, timedelta(seconds=LIMIT))

    blind = []
    for t in range(SECONDS):
        said = [s for when, s in blindness if when <= t]
        blind.append(bool(said) and said[-1] == BLIND)
    standing = [oracle_standing(log, watched, blind, t) for t in range(SECONDS)]
    lengths = oracle_lengths(standing)
    told = _by_second(intervals)
    assert len(told) == last - first
    for t in range(first, last):
        expected = {"up": Part.UP, "unknown": Part.UNKNOWN, "absent": Part.BEFORE_CONNECTED}.get(standing[t])
        if expected is None:
            if inside(windows, t):
                expected = Part.EXCLUDED_MAINTENANCE
            elif inside(power, t):
                expected = Part.EXCLUDED_POWER
            else:
                expected = Part.DOWN_COUNTED if lengths[t] > LIMIT else Part.DOWN_SHORT
        assert told[t - first] is expected, (t, standing[t])
    assert times_of(intervals).total == month.length
    for before, after in pairwise(intervals):
        assert before.span.until == after.span.since
    for one in stood:
        assert (one.gap is not None) is (one.standing is Standing.UNKNOWN)


def _by_second(intervals: list[Interval]) -> list[Part]:
    return [one.part for one in intervals for _ in range(round(one.span.seconds))]


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    year=st.integers(1990, 2060),
    number=st.integers(1, 12),
    off=st.integers(0, 3_000_000),
)
def test_months_follow_each_other_without_a_gap(zone: ZoneInfo, year: int, number: int, off: int) -> None:
    month = parse_month(f"{max(year, 2000)}-{number:02d}")
    whole = month.span(zone)
    assert whole.until == month.next.span(zone).since
    assert month.next.previous == month
    inner = min(whole.since + timedelta(seconds=off), whole.until - timedelta(microseconds=1))
    assert month_of(inner, zone) == month
    if inner > whole.since:
        assert passed(month, zone, inner) == Span(whole.since, inner)
    assert passed(month, zone, whole.until + timedelta(days=9)) == whole
