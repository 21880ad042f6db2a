"""Whether the monitor itself is well, from its own figures. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.conditions import Condition, monitor_unwell
from alerts.model import Fact
from ronda.condition_settings import SelfWatchSection

STEP_SHOWN_S = 3600.0
ROUNDS_WELL_AFTER_S = 600.0
LOST_SHOWN_S = 120.0
"""So long it must go without losses, or growth, to be well again."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """Counters since the start, and levels now."""

    asked: int
    """Polls and probes that were finished."""
    devices: int
    """Devices that are to be asked."""
    unsaved: int
    """Transactions that are not on disk."""
    metrics_trouble: str | None
    metrics_waiting: float
    """Bytes in the spool, or points in memory: what can't be stored yet."""
    metrics_lost: int
    clock_steps: int
    round_errors: int
    oldest_message_s: float | None
    """Age of the oldest message that is neither sent nor given up; None: there is none, or nobody knows."""
    messages_waiting: int
    disk_free_bytes: int | None
    disk_bytes: int | None


class VitalSigns:
    """What is unwell, from look to look. Durations are of monotonic time: a clock that steps is no trouble
    but its own."""

    def __init__(self, settings: SelfWatchSection) -> None:
        self._settings = settings
        self._before: Vitals | None = None
        self._since: dict[str, float] = {}
        self._raised: dict[str, datetime] = {}

    def look(self, seen: Vitals, now: datetime, at_s: float) -> list[Condition]:
        found = list(self._judged(seen, now, at_s))
        self._before = seen
        return found

    def _judged(self, seen: Vitals, now: datetime, at_s: float) -> Iterator[Condition]:
        s, before = self._settings, self._before
        idle = before is not None and seen.devices > 0 and seen.asked == before.asked
        yield self._part("polls", idle, s.idle_s, now, at_s, f"no device was asked for {s.idle_s / 60:g} min")
        yield self._part(
            "records",
            seen.unsaved > 0,
            s.stuck_s,
            now,
            at_s,
            f"{seen.unsaved} changes can't be saved",
            ("waiting", seen.unsaved),
        )
        trouble = seen.metrics_trouble
        lost = before is not None and seen.metrics_lost > before.metrics_lost
        why = trouble or ("points were lost" if lost else "more come in than are taken")
        growing = before is not None and seen.metrics_waiting > before.metrics_waiting > 0
        yield self._part(
            "spool",
            trouble is not None or growing or lost,
            0.0 if lost else s.stuck_s,
            now,
            at_s,
            f"metrics wait to be stored: {why}; {seen.metrics_lost} points lost since the start",
            ("reason", why),
            keep_s=LOST_SHOWN_S if lost or "spool" in self._raised else 0.0,
        )
        failing = before is not None and seen.round_errors > before.round_errors
        yield self._part(
            "rounds",
            failing,
            0.0,
            now,
            at_s,
            f"{seen.round_errors} looks at the network failed; the log says why",
            keep_s=ROUNDS_WELL_AFTER_S,
        )
        oldest_min = (seen.oldest_message_s or 0) / 60
        late = seen.oldest_message_s is not None and seen.oldest_message_s > s.undelivered_s
        yield self._part(
            "outbox",
            late,
            0.0,
            now,
            at_s,
            f"{seen.messages_waiting} messages wait, the oldest for {oldest_min:.0f} min",
            ("waiting", seen.messages_waiting),
        )
        if (disk := self._disk(seen, now, at_s)) is not None:
            yield disk
        if before is not None and seen.clock_steps > before.clock_steps:
            notice = monitor_unwell("clock", True, now, "the machine's clock was set")
            yield replace(notice, lasts_s=STEP_SHOWN_S)

    def _disk(self, seen: Vitals, now: datetime, at_s: float) -> Condition | None:
        free, whole = seen.disk_free_bytes, seen.disk_bytes
        if free is None or not whole:
            return None
        s = self._settings
        least = min(s.disk_free_ratio * whole, s.disk_free_mb * 1e6)
        raised = "disk" in self._raised
        full = free < (1.2 * least if raised else least)
        why = f"{100 * free / whole:.1f} % of the disk is free ({free / 1e6:.0f} MB)"
        return self._part("disk", full, 0.0, now, at_s, why, ("free_ratio", round(free / whole, 3)))

    def _part(
        self,
        part: str,
        bad: bool,
        for_s: float,
        now: datetime,
        at_s: float,
        why: str,
        *facts: Fact,
        keep_s: float = 0.0,
    ) -> Condition:
        """Raised when bad for `for_s`; over when well for `keep_s`."""
        if bad:
            since_s = self._since.setdefault(part, at_s)
            self._since[f"{part} bad"] = at_s
            if at_s - since_s >= for_s:
                return monitor_unwell(part, True, self._raised.setdefault(part, now), why, *facts)
            return monitor_unwell(part, None, now, why, *facts)
        if part in self._raised and at_s - self._since.get(f"{part} bad", at_s) < keep_s:
            return monitor_unwell(part, None, now, why, *facts)
        self._since.pop(part, None)
        self._raised.pop(part, None)
        return monitor_unwell(part, False, now, "well again")
