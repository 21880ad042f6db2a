"""What can be set about who is asked when."""

from __future__ import annotations

from dataclasses import dataclass, field

from collector.reprobe import ReprobeSettings


@dataclass(frozen=True, slots=True)
class ScheduleSettings:
    polls_quick: int = 64
    """Polls in flight of devices that answer."""
    polls_slow: int = 1000
    """Polls in flight of devices that don't, or take long."""
    yield_place_after_s: float = 1.0
    """A poll that takes longer moves to a slow place."""
    deadline_ratio: float = 0.8
    """Of the poll interval: a poll that takes longer is stopped."""
    first_polls_s: float = 10.0
    """A device that is new is first polled within this time (and within its interval)."""
    poll_ask_gap_s: float = 1.0
    """Polls asked for start at least this long after the start of the device's poll before."""
    probe_tick_s: float = 0.1
    """Probes due within one tick go out as one batch."""
    probe_limit_s: float = 60.0
    """A batch of probes that has not ended by then is given up."""
    urgent_alone: int = 64
    """Up to so many urgent probes are sent one by one, so that no dead device delays a living one's
    answer; more go out as one batch."""
    clock_step_s: float = 2.0
    """A wall clock that moved by more than this against the monotonic one was set."""
    reprobe: ReprobeSettings = field(default_factory=ReprobeSettings)
