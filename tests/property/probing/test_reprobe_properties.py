"""Whatever answers come and whenever, the policy keeps its promises."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.reprobe import Reprobe, ReprobeSettings, next_turn_s, phase_of
from topology.model import DeviceId

A = DeviceId("a")
TIMEOUT_S = 1.0
TICK_S = 0.1


def play(
    answers: list[float | None], interval_s: float, asks: set[int], until_s: float, *, burst: bool = False
) -> Trace:
    """A loop of ticks, as the schedule's. The n-th probe has the n-th round trip (then: never answered).
    At the ticks of `asks` somebody asks for a look, or for a burst of them."""
    policy = Reprobe(ReprobeSettings())
    policy.set_devices({A: interval_s}, 0.0)
    trace = Trace()
    outcomes: list[tuple[float, float, bool]] = []
    for tick in range(int(until_s / TICK_S)):
        now_s = tick * TICK_S
        for outcome in sorted(o for o in outcomes if o[0] <= now_s):
            outcomes.remove(outcome)
            _, sent_s, answered = outcome
            if answered:
                policy.heard(A, sent_s)
                trace.last_heard_s = max(trace.last_heard_s, sent_s)
                trace.misses = 0
            else:
                policy.missed(A, sent_s, now_s)
                if sent_s > trace.last_heard_s:
                    trace.misses += 1
            assert policy.missing(A) == trace.misses
            if trace.misses == 3:
                trace.silent_s = now_s
        if tick in asks:
            policy.ask(A, now_s, burst=burst)
        due = policy.due(now_s)
        for _ in [*due.regular, *due.urgent]:
            index = len(trace.sent)
            rtt_s = answers[index] if index < len(answers) else None
            answered = rtt_s is not None and rtt_s <= TIMEOUT_S
            outcomes.append(
                (now_s + (rtt_s if rtt_s is not None and answered else TIMEOUT_S), now_s, answered)
            )
            trace.sent.append(now_s)
            trace.answered.append(answered)
    return trace


class Trace:
    def __init__(self) -> None:
        self.sent: list[float] = []
        self.answered: list[bool] = []
        self.last_heard_s = float("-inf")
        self.misses = 0
        self.silent_s: float | None = None


RTT = st.one_of(st.none(), st.floats(0.0, 1.5))
INTERVAL = st.sampled_from([1.0, 2.5, 10.0])


@settings(max_examples=150, deadline=None)
@given(st.lists(RTT, max_size=60), INTERVAL, st.sets(st.integers(0, 300), max_size=20), st.booleans())
def test_neither_a_storm_nor_a_gap(
    answers: list[float | None], interval_s: float, asks: set[int], burst: bool
) -> None:
    trace = play(answers, interval_s, asks, until_s=40.0, burst=burst)
    # Never two at the same moment; never more in any two seconds than its regular turns, one series of
    # extra looks and the beginning of the next, and what was asked for.
    assert len(set(trace.sent)) == len(trace.sent)
    for start_s in trace.sent:
        window = [s for s in trace.sent if start_s <= s < start_s + 2.0]
        wishes = sum(start_s - 1.0 <= tick * TICK_S < start_s + 2.0 for tick in asks)
        assert len(window) <= 2.0 / interval_s + 1 + 4 + wishes
    # Never forgotten: a turn is skipped only while a probe is out, which takes a time-out at most.
    moments = [0.0, *trace.sent, 40.0]
    gaps = [b - a for a, b in itertools.pairwise(moments)]
    assert max(gaps) <= max(interval_s, TIMEOUT_S + interval_s) + 2 * TICK_S


@settings(max_examples=150, deadline=None)
@given(st.lists(RTT, min_size=1, max_size=30), INTERVAL)
def test_silence_is_known_within_seconds(answers: list[float | None], interval_s: float) -> None:
    """After the last answer the device is dead: three losses in a row are known soon after the first."""
    trace = play(answers, interval_s, set(), until_s=(len(answers) + 1) * interval_s + 10.0)
    last = max((n for n, answered in enumerate(trace.answered) if answered), default=-1)
    dead = trace.sent[last + 1 :]
    assert trace.silent_s is not None
    rest_s = ReprobeSettings().rest_s
    # Time-out, at worst a rest after a series that was just over, gap, time-out; or the regular turns.
    assert trace.silent_s <= dead[0] + TIMEOUT_S + rest_s + 0.5 + TIMEOUT_S + 4 * TICK_S


@given(st.floats(0.0, 2e9), st.floats(0.05, 86_400.0), st.text(max_size=20))
def test_the_next_turn_is_the_next_on_the_grid(after_s: float, interval_s: float, key: str) -> None:
    phase = phase_of(key)
    assert 0.0 <= phase < 1.0
    turn_s = next_turn_s(after_s, interval_s, phase)
    assert after_s < turn_s <= after_s + interval_s * 1.0001 + 1e-5
    turns = turn_s / interval_s - phase
    assert turns == pytest.approx(round(turns), abs=1e-3)
