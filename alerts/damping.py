"""When a measured thing counts as bad: two limits, two times, and patience with what comes and goes. Pure.

    good ──bad for raise_for_s──► raised ──good for clear_for_s──► good
                                    └── raised again and again: it takes damped_clear_for_s of good

Invariant: it changes only at a sample, and only by an unbroken run of samples that say so. A sample between
the two limits breaks either run; no sample (unknown) neither raises nor clears.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Side(StrEnum):
    """On which side of its limits a sample is."""

    BAD = "bad"
    BETWEEN = "between"
    """Not bad enough to raise, not good enough to clear."""
    GOOD = "good"


def side_of(value: float, raise_at: float, clear_at: float) -> Side:
    """Bad from `raise_at` on, good from `clear_at` on; whichever is higher tells which way is bad."""
    if raise_at > clear_at:
        value, raise_at, clear_at = -value, -raise_at, -clear_at
    if value <= raise_at:
        return Side.BAD
    return Side.GOOD if value >= clear_at else Side.BETWEEN


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each side must last, in seconds."""

    raise_for_s: float = 0.0
    clear_for_s: float = 0.0
    gap_s: float = 3 * 3600.0
    """Samples further apart than this are no unbroken run."""
    flaps: int = 3
    """Raised so many times within `flap_window_s`, it comes and goes ..."""
    flap_window_s: float = 6 * 3600.0
    damped_clear_for_s: float = 3600.0
    """... and is held until it has been good for this long."""


class Hold:
    """One thing's state."""

    __slots__ = ("_last", "_raised_at", "_run_from", "_run_side", "patience", "since", "standing")

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        self.standing: bool | None = None
        """True: raised. None: nothing seen yet that says either."""
        self.since: datetime | None = None
        """Since when it has stood so: the first sample of the run that made it so."""
        self._last: datetime | None = None
        self._run_side: Side | None = None
        self._run_from: datetime | None = None
        self._raised_at: list[datetime] = []

    def recall(self, since: datetime, now: datetime, times: int = 1) -> None:
        """An earlier process raised it `times` times lately, the last time at `since`."""
        self.standing, self.since = True, since
        self._raised_at = [now] * min(times, self.patience.flaps)

    def feed(self, at: datetime, side: Side) -> bool:
        """Take in a sample; whether the state changed. One that is older than the last is passed over,
        unless the clock was set back."""
        gap = timedelta(seconds=self.patience.gap_s)
        if self._last is not None and (at <= self._last or at - self._last > gap):
            if at <= self._last and self._last - at <= gap:
                return False
            self._run_side = None
        self._last = at
        if side is not self._run_side or self._run_from is None:
            self._run_side, self._run_from = side, at
        lasted_s = (at - self._run_from).total_seconds()
        if side is Side.BAD and not self.standing and lasted_s >= self.patience.raise_for_s:
            self.standing, self.since = True, self._run_from
            self._raised_at.append(at)
            return True
        if side is Side.GOOD and self.standing is not False and lasted_s >= self._clear_for_s(at):
            was, self.standing, self.since = self.standing, False, self._run_from
            return was is True
        return False

    def returned(self, at: datetime) -> int:
        """How many times it was raised within the window before `at`."""
        window = timedelta(seconds=self.patience.flap_window_s)
        self._raised_at = [t for t in self._raised_at if at - t <= window]
        return len(self._raised_at)

    def damped(self, at: datetime) -> bool:
        """Whether it comes and goes so often that it is held."""
        return bool(self.standing) and self.returned(at) >= self.patience.flaps

    def _clear_for_s(self, at: datetime) -> float:
        if self.standing is None:
            return 0.0  # nothing to clear
        damped = self.damped(at)
        calm = max(self.patience.clear_for_s, self.patience.damped_clear_for_s)
        return calm if damped else self.patience.clear_for_s
