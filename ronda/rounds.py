"""The rounds: a verdict whenever something was seen or the time has come, and all that follows from it."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from ronda.keeper import Unsaved
from ronda.patrol import Round
from ronda.resume import FUTURE
from storage.metrics.verdict_points import points_of_incidents
from topology.findings import Verdict

if TYPE_CHECKING:
    from ronda.app import App

log = structlog.get_logger(__name__)

GATHER_S = 0.05
"""Observations that come within this time share one verdict."""


class Rounds:
    """Inert until `start`."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._changed = asyncio.Event()
        self._next_at: datetime | None = None
        self._task: asyncio.Task[None] | None = None
        self.clock_set_back = asyncio.Event()
        """What is known now is from the future, and has to be gone through anew (ronda.watch_on)."""
        self._looked_at: datetime | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="rounds")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def poke(self) -> None:
        """Something was seen."""
        self._changed.set()

    async def look(self) -> Round:
        """One verdict, and all that follows from it."""
        app = self._app
        now = app.clock.now()
        if self._looked_at is not None and now < self._looked_at - FUTURE:
            self.clock_set_back.set()
        self._looked_at = now
        before = app.patrol.verdict
        round_ = app.patrol.look(now, app.schedule.polls_in_flight())
        self._next_at = round_.next_at
        app.counters["verdicts"] += 1
        app.watch.look(now)
        app.keeper.add(Unsaved(round_.moved.incidents, round_.moved.notifications, round_.changes))
        if round_.verdict.wanted:
            app.schedule.probe_now(round_.verdict.wanted)
            app.schedule.poll_now(round_.verdict.wanted)
        if app.keeper.waiting and await app.keeper.save():
            app.outbox.poke()
        if round_.changes or round_.moved.incidents:
            app.backend.changed(round_)
        app.writer.write(points_of_incidents(round_.moved.incidents, now))
        if round_.changes or before is None:
            self.write_verdict(round_.verdict)
        return round_

    def write_verdict(self, verdict: Verdict) -> None:
        """As points."""
        app = self._app
        incidents = sum(i.told for i in app.patrol.book.active)
        app.writer.write(app.points.of_verdict(verdict, incidents))

    async def _run(self) -> None:
        while True:
            await self._wait()
            try:
                await self.look()
            except Exception as error:  # the watch goes on; a fault of ours must be seen, not end the night
                self._app.counters["round_errors"] += 1
                log.exception("a round failed", error=str(error))
                await asyncio.sleep(1.0)

    async def _wait(self) -> None:
        """Until something was seen, or the time to look again has come."""
        wait_s = 1.0
        if self._next_at is not None:
            wait_s = min(wait_s, max(0.0, (self._next_at - self._app.clock.now()).total_seconds()))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._changed.wait()
        await asyncio.sleep(GATHER_S)
        self._changed.clear()
