"""Receive power: below its limit, below what is usual on this link, or on the way there. Pure.

Darkness is no figure: a dark receiver is a link that is down, which the verdict judges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from statistics import median

from alerts.condition_ledger import Cause, Ledger, Reading, facts_of
from alerts.condition_settings import ConditionSettings
from alerts.damping import Patience, Side, side_of
from alerts.model import ConditionKind, Severity
from alerts.trend import Trend, fit
from topology.model import Link, Medium
from topology.observations import Light, OpticalReading

_UNSET_FROM_DBM = -0.5
"""Some agents give 0 for a low limit that nobody has set; no receiver is deaf below that."""


@dataclass(frozen=True, slots=True)
class Limit:
    dbm: float
    source: str
    """module, link or default."""
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True)
class History:
    """Daily medians of one receiver, oldest first, days counted from any day on."""

    days: tuple[tuple[int, float], ...]

    def baseline_dbm(self, least: int) -> float | None:
        """The usual level: robust against a few bad days."""
        return median(v for _, v in self.days) if len(self.days) >= least else None


class OpticsWatch:
    def __init__(self, ledger: Ledger, settings: ConditionSettings) -> None:
        self._ledger = ledger
        self._settings = s = settings
        self._histories: dict[str, History] = {}
        self._frozen: dict[str, tuple[float, datetime]] = {}
        """Baselines as they were when the drop was raised: a low week must not become the usual level."""
        self._limits: dict[str, tuple[Cause, Limit | None]] = {}
        self._patience = s.patience(s.rx_raise_for_s, s.rx_clear_for_s)
        day_s = 86_400.0
        # A trend is looked at a few times a day, and takes a day to be believed gone.
        self._slow = Patience(0.0, day_s, gap_s=3 * day_s, damped_clear_for_s=3 * day_s)

    def see(self, seen: OpticalReading, place: str, cause: Cause, link: Link | None) -> None:
        rx = seen.rx_dbm
        if rx is None or not isfinite(rx) or seen.light is Light.DARK:
            return
        low = low_limit(seen, link, self._settings)
        self._limits[place] = (cause, low)
        self._low(seen.at, rx, place, cause, seen, low)
        self._high(seen.at, rx, place, cause, seen, link)
        self._drop(seen.at, rx, place, cause)

    def recall_baseline(self, place: str, baseline_dbm: float, since: datetime) -> None:
        self._frozen[place] = (baseline_dbm, since)

    def learn(self, histories: Mapping[str, Sequence[tuple[int, float]]], at: datetime) -> None:
        """Daily medians (day number, dBm) by place, as the store holds them now."""
        s = self._settings
        for place, days in histories.items():
            known = tuple((d, v) for d, v in sorted(days) if isfinite(v))
            self._histories[place] = History(known[-s.baseline_days :])
            self._trend(place, known[-s.trend_days :], at)

    def _low(
        self, at: datetime, rx: float, place: str, cause: Cause, seen: OpticalReading, low: Limit | None
    ) -> None:
        if low is None:
            return
        s = self._settings
        alarm = seen.limits.rx_low_alarm_dbm
        severe = low.source == "module" and is_set(alarm) and rx <= float(alarm or 0.0)
        baseline = self._baseline(place)
        reading = Reading(
            at,
            side_of(rx, low.dbm, low.dbm + s.rx_clear_margin_db),
            Severity.MAJOR if severe else low.severity,
            low.dbm - rx,
            f"receives {rx:.1f} dBm, the limit ({low.source}) is {low.dbm:.1f} dBm",
            facts_of(
                ("rx_dbm", rx), ("limit_dbm", low.dbm), ("limit_from", low.source), ("baseline_dbm", baseline)
            ),
        )
        self._ledger.note(cause, ConditionKind.OPTICAL_LOW, place, reading, self._patience)

    def _high(
        self, at: datetime, rx: float, place: str, cause: Cause, seen: OpticalReading, link: Link | None
    ) -> None:
        limits = seen.limits
        known = [v for v in (limits.rx_high_warning_dbm, limits.rx_high_alarm_dbm) if v is not None]
        source = "module"
        if not known and link is not None and link.rx_max_dbm is not None:
            known, source = [link.rx_max_dbm], "link"
        if not known:
            return
        high = min(known)
        reading = Reading(
            at,
            side_of(rx, high, high - self._settings.rx_clear_margin_db),
            Severity.WARNING,
            rx - high,
            f"receives {rx:.1f} dBm, more than the limit ({source}) of {high:.1f} dBm",
            facts_of(("rx_dbm", rx), ("limit_dbm", high), ("limit_from", source)),
        )
        self._ledger.note(cause, ConditionKind.OPTICAL_HIGH, place, reading, self._patience)

    def _drop(self, at: datetime, rx: float, place: str, cause: Cause) -> None:
        s = self._settings
        raised = self._ledger.raised(cause.key, ConditionKind.OPTICAL_DROP, place)
        frozen = self._frozen.get(place)
        if frozen is not None and at - frozen[1] > timedelta(days=s.baseline_days):
            del self._frozen[
                place
            ]  # the new level has been the usual one for as long as the baseline looks back
            frozen = None
        usual = self._baseline(place) if frozen is None else frozen[0]
        if usual is None:
            return
        fell = usual - rx
        reading = Reading(
            at,
            side_of(fell, s.drop_db, s.drop_clear_db),
            Severity.WARNING,
            fell,
            f"receives {rx:.1f} dBm, {fell:.1f} dB less than usual ({usual:.1f} dBm)",
            facts_of(("rx_dbm", rx), ("baseline_dbm", usual), ("drop_db", fell)),
        )
        self._ledger.note(cause, ConditionKind.OPTICAL_DROP, place, reading, self._patience)
        now_raised = self._ledger.raised(cause.key, ConditionKind.OPTICAL_DROP, place)
        if now_raised and not raised:
            self._frozen.setdefault(place, (usual, at))
        elif raised and not now_raised:
            self._frozen.pop(place, None)

    def _trend(self, place: str, days: Sequence[tuple[int, float]], at: datetime) -> None:
        s = self._settings
        cause, low = self._limits.get(place, (None, None))
        if cause is None or low is None or len(days) < s.trend_least_days:
            return
        trend = fit(days)
        ahead = _ahead(trend, low.dbm, days, s.trend_least_fall_db)
        if trend is None or ahead is None:
            reading = Reading(at, Side.GOOD, Severity.WARNING, 0.0, "no falling trend", ())
        else:
            expected, soonest, latest = ahead
            far = 1.5 * s.trend_horizon_days
            reading = Reading(
                at,
                side_of(expected, s.trend_horizon_days, far),
                Severity.WARNING,
                -expected,
                f"falls by {-trend.slope:.2f} dB a day: at this rate below {low.dbm:.1f} dBm in "
                f"{expected:.0f} days ({soonest:.0f} to {'?' if latest is None else f'{latest:.0f}'})",
                facts_of(("rx_dbm", trend.now), ("limit_dbm", low.dbm), ("limit_from", low.source))
                + facts_of(
                    ("days_left", float(round(expected))),
                    ("days_left_soonest", float(round(soonest))),
                    ("days_left_latest", None if latest is None else float(round(latest))),
                    ("slope_db_per_day", trend.slope),
                    ("days", float(trend.days)),
                    digits=2,
                ),
            )
        self._ledger.note(cause, ConditionKind.OPTICAL_TREND, place, reading, self._slow)

    def _baseline(self, place: str) -> float | None:
        history = self._histories.get(place)
        return None if history is None else history.baseline_dbm(self._settings.baseline_least_days)


def low_limit(seen: OpticalReading, link: Link | None, settings: ConditionSettings) -> Limit | None:
    """The module's own limit; else the link's; else, on fiber, the default."""
    own = [v for v in (seen.limits.rx_low_warning_dbm, seen.limits.rx_low_alarm_dbm) if is_set(v)]
    if own:
        return Limit(max(v for v in own if v is not None), "module")
    if link is not None and link.rx_min_dbm is not None:
        return Limit(link.rx_min_dbm, "link")
    if link is not None and link.medium is not Medium.FIBER:
        return None
    return Limit(settings.rx_min_dbm, "default")


def is_set(limit_dbm: float | None) -> bool:
    return limit_dbm is not None and isfinite(limit_dbm) and limit_dbm < _UNSET_FROM_DBM


def _ahead(
    trend: Trend | None, limit_dbm: float, days: Sequence[tuple[int, float]], least_fall_db: float
) -> tuple[float, float, float | None] | None:
    """Days until the limit, when the fall is sure and large enough to speak of."""
    if trend is None or not trend.sure or trend.slope >= 0:
        return None
    if -trend.slope * (days[-1][0] - days[0][0]) < least_fall_db:
        return None
    return trend.days_until(limit_dbm)
