"""Where a slowly moving value is going, and how sure that is. Pure.

Ordinary least squares over daily medians. What makes the usual interval too narrow is answered for:

- days resemble their neighbours (sun, season): the number of days that count is cut by the residuals'
  lag-1 autocorrelation (Santer et al. 2000, J. Geophys. Res. 105, 7337);
- a reading has a resolution, so that residuals of nothing don't make a slope of certainty;
- one step (a splice, a swapped module) fits a slope badly: where a single step explains the days better,
  there is no trend to speak of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from statistics import fmean, linear_regression

_T975 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Student's t, 97.5 %, for 1 to 30 degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Trend:
    """A straight line through `days` values; slopes a day, with their 95 % interval."""

    slope: float
    slope_low: float
    slope_high: float
    now: float
    """Its value at the newest day."""
    days: int

    @property
    def sure(self) -> bool:
        """Whether the interval leaves no doubt that it moves, and which way."""
        return self.slope_low > 0 or self.slope_high < 0

    def days_until(self, limit: float) -> tuple[float, float, float | None] | None:
        """(expected, soonest, latest) days until a line that falls reaches `limit`; 0 when it is past it.

        None when it doesn't fall; `latest` is None when it may as well not fall at all.
        """
        if self.slope >= 0:
            return None
        above = max(0.0, self.now - limit)
        latest = above / -self.slope_high if self.slope_high < 0 else None
        return above / -self.slope, above / -self.slope_low, latest


def fit(points: Sequence[tuple[float, float]], resolution: float = 0.05) -> Trend | None:
    """`points`: (day, value), days in rising order. None below four days, or when one step fits better."""
    count = len(points)
    if count < 4:
        return None
    days, values = [p[0] for p in points], [p[1] for p in points]
    line = linear_regression(days, values)
    residuals = [y - (line.intercept + line.slope * x) for x, y in points]
    left = sum(r * r for r in residuals)
    if _left_by_a_step(values) < left:
        return None
    counting = _days_that_count(residuals, count)
    middle = fmean(days)
    spread = sum((x - middle) ** 2 for x in days)
    # Of a value rounded to `resolution` the error's variance is resolution² / 12.
    variance = max(left / (count - 2), resolution**2 / 12) * (count - 2) / (counting - 2)
    error = student_t(counting - 2) * sqrt(variance / spread)
    now = line.intercept + line.slope * days[-1]
    return Trend(line.slope, line.slope - error, line.slope + error, now, count)


def student_t(freedom: float) -> float:
    """97.5 % quantile; between whole numbers the larger."""
    return _T975[min(max(1, int(freedom)), len(_T975)) - 1]


def _days_that_count(residuals: Sequence[float], count: int) -> float:
    whole = sum(r * r for r in residuals)
    if not whole:
        return count
    alike = sum(a * b for a, b in pairwise(residuals)) / whole
    alike = min(max(alike, 0.0), 0.99)
    return max(3.0, count * (1 - alike) / (1 + alike))


def _left_by_a_step(values: Sequence[float]) -> float:
    """The squares that the best single step leaves: two levels, each of two days at least."""
    best = float("inf")
    for cut in range(2, len(values) - 1):
        first, second = values[:cut], values[cut:]
        low, high = fmean(first), fmean(second)
        best = min(best, sum((v - low) ** 2 for v in first) + sum((v - high) ** 2 for v in second))
    return best
