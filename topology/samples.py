"""The newest samples of one value over time, in the order of their time whatever order they came in."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta

KEPT = 21
"""Twenty-one samples have twenty changes: what flapping is judged by."""


class Samples:
    """Shape: (at, value) pairs, sorted. Of two values at one moment the higher counts as the later.

    Samples of a run that are older than the horizon are dropped; what is left of them is when the run began.
    """

    __slots__ = ("dropped", "kept")

    def __init__(self) -> None:
        self.kept: list[tuple[datetime, int]] = []
        self.dropped: tuple[datetime, int] | None = None
        """Since when the last dropped sample's value had been standing, and that value."""

    def __bool__(self) -> bool:
        return bool(self.kept)

    def add(self, at: datetime, value: int, horizon: timedelta, least: int) -> bool:
        """Take one in; False when it tells nothing new. At least `least` samples of a run are kept."""
        kept, sample = self.kept, (at, value)
        if not kept or sample > kept[-1]:
            kept.append(sample)
        else:
            place = bisect_left(kept, sample)
            if kept[place] == sample or (place == 0 and self.dropped is not None):
                return False
            kept.insert(place, sample)
        while len(kept) > KEPT or (len(kept) > least and self._oldest_adds_nothing(horizon)):
            first = kept.pop(0)
            if self.dropped is None or self.dropped[1] != first[1]:
                self.dropped = first
        return True

    def _oldest_adds_nothing(self, horizon: timedelta) -> bool:
        kept = self.kept
        first = kept[0]
        if kept[1][1] != first[1] or (self.dropped is not None and self.dropped[1] != first[1]):
            return False
        return first[0] < kept[-1][0] - horizon

    @property
    def newest(self) -> tuple[datetime, int]:
        """Raises IndexError when there is none."""
        return self.kept[-1]

    def newest_of(self, value: int) -> datetime | None:
        """When `value` was last seen (of a dropped run: when it began)."""
        for at, seen in reversed(self.kept):
            if seen == value:
                return at
        return self.dropped[0] if self.dropped is not None and self.dropped[1] == value else None

    def run(self) -> tuple[datetime, int]:
        """Since when the newest value has been standing, and how many samples say so."""
        value, since, count = self.kept[-1][1], self.kept[-1][0], 0
        for at, seen in reversed(self.kept):
            if seen != value:
                return since, count
            since, count = at, count + 1
        if self.dropped is not None and self.dropped[1] == value:
            since, count = self.dropped[0], count + 1
        return since, count

    def after(self, at: datetime | None) -> Sequence[tuple[datetime, int]]:
        """What is later than `at`, a dropped run's beginning included."""
        everything = self.kept if self.dropped is None else [self.dropped, *self.kept]
        return everything if at is None else [s for s in everything if s[0] > at]

    def retained(self, least: int) -> list[tuple[datetime, int]]:
        """What has to be taken in again to be in this state again; short for what has been well all along."""
        everything = list(self.after(None))
        values = {value for _, value in everything}
        if len(values) > 1 or 0 in values or len(everything) <= least + 1:
            return everything
        return [everything[0], *everything[-least:]]
