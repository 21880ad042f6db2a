"""The edge to APScheduler: things that run regularly, each at its own phase, the same after a restart."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from collector.reprobe import next_turn_s, phase_of
from collector.schedule_counters import ScheduleCounters
from collector.seldom import Seldom
from topology.clock import Clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Turn:
    interval_s: float
    run: Callable[[], Awaitable[None]]


class Turns:
    """Inert until `start`; what was added before runs from then on."""

    def __init__(
        self, clock: Clock, counters: ScheduleCounters, seldom: Seldom, *, clock_step_s: float
    ) -> None:
        self._clock = clock
        self._counters = counters
        self._seldom = seldom
        self._clock_step_s = clock_step_s
        self._scheduler: AsyncIOScheduler | None = None
        self._turns: dict[str, _Turn] = {}
        self._offset_s = 0.0
        """Wall clock less monotonic clock, as last seen."""

    def start(self) -> None:
        # Counted here and logged seldom; APScheduler itself would log every single missed turn.
        for name in ("apscheduler.scheduler", "apscheduler.executors.default"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._offset_s = self._wall_less_monotonic_s()
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._scheduler.add_listener(self._on_event, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        self._scheduler.start()
        for key in self._turns:
            self._lay(key)

    def stop(self) -> None:
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None

    def add(self, key: str, interval_s: float, run: Callable[[], Awaitable[None]]) -> None:
        """Replaces what has the same key. `run` must not raise."""
        if interval_s <= 0:
            raise ValueError(f"{key}: an interval is positive")
        self._turns[key] = _Turn(interval_s, run)
        self._lay(key)

    def remove(self, key: str) -> None:
        """Unknown keys are fine."""
        if self._turns.pop(key, None) is not None and self._scheduler is not None:
            self._scheduler.remove_job(key)

    def watch_clock(self) -> None:
        """To be called every second or so. APScheduler goes by the wall clock, and would sleep out an
        hour when that is set back by an hour: then all turns are laid anew."""
        offset_s = self._wall_less_monotonic_s()
        step_s = offset_s - self._offset_s
        self._offset_s = offset_s
        if abs(step_s) <= self._clock_step_s:
            return
        self._counters.clock_steps += 1
        _log.warning("the wall clock was set; turns are laid anew", by_s=round(step_s, 1))
        for key in self._turns:
            self._lay(key)

    def _lay(self, key: str) -> None:
        if self._scheduler is None:
            return
        turn = self._turns[key]

        async def begin() -> None:
            self._counters.due += 1
            now_s = self._clock.now().timestamp()
            moment_s = next_turn_s(now_s, turn.interval_s, phase_of(key)) - turn.interval_s
            self._counters.lagged(now_s - moment_s)
            await turn.run()

        self._scheduler.add_job(
            begin,
            # Anchored at the epoch, so that the same key has the same moments after a restart.
            IntervalTrigger(
                seconds=turn.interval_s,
                start_date=_EPOCH + timedelta(seconds=phase_of(key) * turn.interval_s),
                timezone=UTC,
            ),
            id=key,
            replace_existing=True,
            coalesce=True,
            max_instances=1,
            # Later than half an interval, the next turn is nearer than the one that was missed.
            misfire_grace_time=max(1, round(turn.interval_s / 2)),
        )

    def _on_event(self, event: JobEvent) -> None:
        late = event.code == EVENT_JOB_MISSED
        if late:
            self._counters.missed += 1
        else:
            self._counters.overrun += 1
        self._seldom.say("turn skipped", where="late" if late else "still running", job=event.job_id)

    def _wall_less_monotonic_s(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic_s()
