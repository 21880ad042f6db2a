"""Hysteresis against a brute-force reading of its own rules, over the whole history each time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.damping import Hold, Patience, Side, side_of

START = datetime(2026, 11, 21, tzinfo=UTC)
samples = st.lists(
    st.tuples(st.sampled_from([1.0, 10.0, 60.0, 61.0, 300.0, 2000.0, 9000.0]), st.sampled_from(list(Side))),
    max_size=40,
)
patiences = st.builds(
    Patience,
    raise_for_s=st.sampled_from([0.0, 60.0, 300.0]),
    clear_for_s=st.sampled_from([0.0, 60.0, 600.0]),
    gap_s=st.sampled_from([1000.0, 5000.0]),
    flaps=st.sampled_from([2, 3]),
    flap_window_s=st.sampled_from([600.0, 6000.0]),
    damped_clear_for_s=st.sampled_from([0.0, 400.0, 3600.0]),
)


def run_of(history: list[tuple[float, Side]], gap_s: float) -> float:
    """For how long the newest samples have all been on one side, without a gap. Looked up from the end."""
    at, side = history[-1]
    first = at
    for earlier, other in reversed(history[:-1]):
        if other is not side or first - earlier > gap_s:
            break
        first = earlier
    return at - first


def oracle(timeline: list[tuple[float, Side]], patience: Patience) -> list[bool | None]:
    states: list[bool | None] = []
    raised: list[float] = []
    state: bool | None = None
    for n in range(1, len(timeline) + 1):
        history = timeline[:n]
        at, side = history[-1]
        lasted = run_of(history, patience.gap_s)
        often = sum(at - t <= patience.flap_window_s for t in raised) >= patience.flaps
        calm = max(patience.clear_for_s, patience.damped_clear_for_s) if often else patience.clear_for_s
        if side is Side.BAD and state is not True and lasted >= patience.raise_for_s:
            state = True
            raised.append(at)
        elif side is Side.GOOD and (state is None or (state is True and lasted >= calm)):
            state = False
        states.append(state)
    return states


@settings(max_examples=600, deadline=None)
@given(samples, patiences)
def test_it_stands_as_its_rules_say(steps: list[tuple[float, Side]], patience: Patience) -> None:
    hold, at_s = Hold(patience), 0.0
    timeline: list[tuple[float, Side]] = []
    states = []
    for wait_s, side in steps:
        at_s += wait_s
        timeline.append((at_s, side))
        hold.feed(START + timedelta(seconds=at_s), side)
        states.append(hold.standing)
    assert states == oracle(timeline, patience)


@settings(max_examples=300, deadline=None)
@given(samples, patiences)
def test_a_sample_between_the_limits_changes_nothing(
    steps: list[tuple[float, Side]], patience: Patience
) -> None:
    hold, at = Hold(patience), START
    for wait_s, side in steps:
        at += timedelta(seconds=wait_s)
        before = hold.standing
        changed = hold.feed(at, side)
        if side is Side.BETWEEN:
            assert hold.standing is before
            assert not changed
        if hold.standing is not before and before is not None:
            assert side is (Side.BAD if hold.standing else Side.GOOD)


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0, 10))
def test_sides_of_both_directions(value: float, limit: float, margin: float) -> None:
    low = side_of(value, limit, limit + margin)
    assert (low is Side.BAD) == (value <= limit)
    if limit + margin != limit and -limit - margin != -limit:
        assert side_of(-value, -limit, -limit - margin) is low  # mirrored: high is bad


def test_an_older_sample_is_passed_over_and_a_clock_set_back_is_not() -> None:
    hold = Hold(Patience(raise_for_s=60, clear_for_s=0, gap_s=1000))
    hold.feed(START, Side.BAD)
    assert not hold.feed(START - timedelta(seconds=30), Side.GOOD)
    assert hold.feed(START + timedelta(seconds=60), Side.BAD)
    back = START - timedelta(hours=2)
    assert hold.feed(back, Side.GOOD)
    assert hold.standing is False


def test_what_an_earlier_process_raised_stands_until_it_is_seen_well() -> None:
    hold = Hold(Patience(clear_for_s=60, flaps=3, damped_clear_for_s=600))
    hold.recall(START, START + timedelta(hours=1), times=3)
    at = START + timedelta(hours=1)
    assert hold.standing
    hold.feed(at, Side.GOOD)
    assert not hold.feed(at + timedelta(seconds=300), Side.GOOD)  # it came and went before: still held
    assert hold.feed(at + timedelta(seconds=600), Side.GOOD)
