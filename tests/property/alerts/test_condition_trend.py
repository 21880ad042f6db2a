"""Trends against exact fractions, and against what they must never claim."""

from __future__ import annotations

import random
from fractions import Fraction
from math import isclose, sqrt

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alerts.trend import fit, student_t

rows = st.lists(
    st.tuples(st.integers(0, 400), st.integers(-400, -50)), min_size=4, max_size=28, unique_by=lambda r: r[0]
)


def exact(points: list[tuple[int, Fraction]]) -> tuple[Fraction, Fraction]:
    """(slope, intercept) by the normal equations, without rounding."""
    n = len(points)
    sx = Fraction(sum(x for x, _ in points))
    sy = sum((y for _, y in points), Fraction(0))
    sxx = Fraction(sum(x * x for x, _ in points))
    sxy = sum((x * y for x, y in points), Fraction(0))
    slope = (n * sxy - sx * sy) / (n * sxx - sx * sx)
    return slope, (sy - slope * sx) / n


@settings(max_examples=400, deadline=None)
@given(rows)
def test_the_line_is_the_exact_one(tenths: list[tuple[int, int]]) -> None:
    points = sorted((x, Fraction(y, 10)) for x, y in tenths)
    trend = fit([(x, float(y)) for x, y in points])
    assume(trend is not None)
    assert trend is not None
    slope, intercept = exact(points)
    assert isclose(trend.slope, slope, rel_tol=1e-9, abs_tol=1e-9)
    assert isclose(trend.now, intercept + slope * points[-1][0], rel_tol=1e-9, abs_tol=1e-7)
    assert trend.slope_low < trend.slope < trend.slope_high


@settings(max_examples=300, deadline=None)
@given(rows)
def test_the_interval_is_never_narrower_than_the_textbook_one(tenths: list[tuple[int, int]]) -> None:
    points = sorted((x, Fraction(y, 10)) for x, y in tenths)
    trend = fit([(x, float(y)) for x, y in points])
    assume(trend is not None)
    assert trend is not None
    n = len(points)
    slope, intercept = exact(points)
    left = sum(((y - intercept - slope * x) ** 2 for x, y in points), Fraction(0))
    mean = Fraction(sum(x for x, _ in points), n)
    spread = sum(((x - mean) ** 2 for x, _ in points), Fraction(0))
    textbook = student_t(n - 2) * sqrt(left / (n - 2) / spread)
    assert trend.slope_high - trend.slope >= textbook * (1 - 1e-9)


@settings(max_examples=200, deadline=None)
@given(st.integers(7, 28), st.integers(3, 12), st.integers(0, 2**32))
def test_a_step_is_no_trend(count: int, drop_tenths: int, seed: int) -> None:
    dice = random.Random(seed)
    at = dice.randint(2, count - 2)
    values = [-18 - (n >= at) * drop_tenths / 10 + dice.uniform(-0.02, 0.02) for n in range(count)]
    assert fit(list(enumerate(values))) is None


@settings(max_examples=200, deadline=None)
@given(st.integers(7, 28), st.floats(0.05, 0.5), st.integers(0, 2**32))
def test_a_steady_fall_is_sure_and_its_days_are_right(count: int, fall: float, seed: int) -> None:
    dice = random.Random(seed)
    points = [(n, -18 - fall * n + dice.uniform(-0.01, 0.01)) for n in range(count)]
    trend = fit(points)
    assert trend is not None
    assert trend.sure
    limit = points[-1][1] - 10 * fall  # ten days on
    ahead = trend.days_until(limit)
    assert ahead is not None
    expected, soonest, latest = ahead
    assert 9 <= expected <= 11
    assert latest is not None
    assert soonest <= expected <= latest


def test_noise_is_seldom_called_a_trend() -> None:
    dice = random.Random(7)
    claims = 0
    for _ in range(1000):
        trend = fit([(n, dice.gauss(-19, 0.2)) for n in range(21)])
        claims += trend is not None and trend.sure
    assert claims <= 60  # 5 % by the interval's own word


def test_too_few_days_and_a_rising_line_say_nothing() -> None:
    assert fit([(0, -18.0), (1, -19.0), (2, -20.0)]) is None
    rising = fit([(n, -20 + 0.2 * n) for n in range(10)])
    assert rising is not None
    assert rising.days_until(-27) is None
