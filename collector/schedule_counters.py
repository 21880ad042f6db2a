"""What the schedule did, for /metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from collector.places import PlaceCounters

LAG_BUCKETS_S = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(slots=True)
class ScheduleCounters:
    places: PlaceCounters
    due: int = 0
    """Regular turns that came up."""
    started: int = 0
    finished: int = 0
    missed: int = 0
    """Turns given up because they came up too late."""
    overrun: int = 0
    """Turns skipped because the one before was still running."""
    deadline: int = 0
    """Polls stopped at their deadline."""
    asked_in_vain: int = 0
    """Polls asked for that were already asked for, or of unknown devices."""
    clock_steps: int = 0
    probes_due: int = 0
    probes_done: int = 0
    probes_skipped: int = 0
    """Probes not sent because the one before was out still, or because turns passed unused."""
    probes_in_flight: int = 0
    """Now."""
    failed: Counter[str] = field(default_factory=Counter)
    """Exceptions of callbacks, by callback."""
    lag_max_s: float = 0.0
    """Since the start: how late a turn began after its moment."""
    lag_sum_s: float = 0.0
    lag_buckets: list[int] = field(default_factory=lambda: [0] * (len(LAG_BUCKETS_S) + 1))
    """Turns by lag: up to each of LAG_BUCKETS_S, and beyond."""

    @property
    def in_flight(self) -> int:
        """Polls that hold a place now."""
        return self.places.quick + self.places.slow

    def lagged(self, lag_s: float) -> None:
        self.lag_max_s = max(self.lag_max_s, lag_s)
        self.lag_sum_s += lag_s
        index = next((n for n, limit_s in enumerate(LAG_BUCKETS_S) if lag_s <= limit_s), -1)
        self.lag_buckets[index] += 1

    def samples(self) -> Iterator[tuple[str, dict[str, str], float]]:
        """(name, labels, value) for whoever exposes metrics; lag buckets are cumulative (`le`)."""
        for name in (
            "due",
            "started",
            "finished",
            "missed",
            "overrun",
            "deadline",
            "asked_in_vain",
            "clock_steps",
            "probes_due",
            "probes_done",
            "probes_skipped",
            "lag_max_s",
            "lag_sum_s",
        ):
            yield name, {}, getattr(self, name)
        # Floats are levels, integers count since the start (api.backend).
        yield "probes_in_flight", {}, float(self.probes_in_flight)
        yield "in_flight", {}, float(self.in_flight)
        yield "in_flight_slow", {}, float(self.places.slow)
        yield "yielded", {}, self.places.yielded
        for where, n in sorted(self.failed.items()):
            yield "failed", {"where": where}, n
        total = 0
        for limit, n in zip([*map(str, LAG_BUCKETS_S), "+Inf"], self.lag_buckets, strict=True):
            total += n
            yield "lag_s_bucket", {"le": limit}, total
