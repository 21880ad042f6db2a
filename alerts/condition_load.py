"""Errors, and how full a link is: the 95th percentile, so that a burst fills nothing. Pure."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from math import ceil

from alerts.condition_ledger import Cause, Ledger, Reading, facts_of
from alerts.condition_settings import ConditionSettings
from alerts.damping import side_of
from alerts.model import ConditionKind, Severity
from topology.observations import PortRates

_LEAST_SAMPLES = 10
_LEAST_SHARE = 0.5
"""Of the window that must be covered before its percentile is believed."""


def percentile(values: list[float], share: float) -> float:
    """Nearest rank: the smallest of `values` that `share` of them don't exceed."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


class LoadWatch:
    def __init__(self, ledger: Ledger, settings: ConditionSettings) -> None:
        self._ledger = ledger
        self._settings = s = settings
        self._errors = s.patience(s.errors_raise_for_s, s.errors_clear_for_s)
        self._used = s.patience(0.0, 0.0)
        self._windows: dict[str, deque[tuple[datetime, float, float]]] = {}

    def errors(self, seen: PortRates, place: str, cause: Cause) -> None:
        s = self._settings
        known = [v for v in (seen.in_errors_per_s, seen.out_errors_per_s) if v is not None]
        if not known:
            return
        rate = sum(known)
        reading = Reading(
            seen.at,
            side_of(rate, s.errors_per_s, s.errors_clear_per_s),
            Severity.WARNING,
            rate,
            f"{rate:.1f} frames a second with errors, the limit is {s.errors_per_s:g}",
            facts_of(("errors_per_s", rate), ("limit_per_s", s.errors_per_s), digits=2),
        )
        self._ledger.note(cause, ConditionKind.ERRORS, place, reading, self._errors)

    def used(self, seen: PortRates, place: str, cause: Cause, capacity_bps: float | None) -> None:
        if not capacity_bps or seen.in_bps is None or seen.out_bps is None:
            return
        s = self._settings
        window = self._windows.setdefault(place, deque())
        if window and seen.at <= window[-1][0]:
            if window[-1][0] - seen.at < timedelta(seconds=s.gap_s):
                return
            window.clear()  # the clock was set back
        window.append((seen.at, seen.in_bps, seen.out_bps))
        oldest = seen.at - timedelta(seconds=s.used_window_s)
        while window[0][0] < oldest:
            window.popleft()
        covered_s = (seen.at - window[0][0]).total_seconds()
        if len(window) < _LEAST_SAMPLES or covered_s < _LEAST_SHARE * s.used_window_s:
            return
        busy, direction = max(
            (percentile([row[1] for row in window], 0.95), "in"),
            (percentile([row[2] for row in window], 0.95), "out"),
        )
        ratio = busy / capacity_bps
        reading = Reading(
            seen.at,
            side_of(ratio, s.used_ratio, s.used_clear_ratio),
            Severity.WARNING,
            ratio,
            f"{100 * ratio:.0f} % of {capacity_bps / 1e6:g} Mbit/s in use ({direction}), 95th percentile of "
            f"{s.used_window_s / 60:g} min",
            facts_of(
                ("used_ratio", ratio),
                ("limit_ratio", s.used_ratio),
                ("capacity_bps", float(capacity_bps)),
                ("window_s", s.used_window_s),
                ("direction", direction),
                digits=2,
            ),
        )
        self._ledger.note(cause, ConditionKind.UTILISATION, place, reading, self._used)
