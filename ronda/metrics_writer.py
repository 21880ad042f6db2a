"""Points to the store, in its own time: writing never holds up a verdict."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import structlog

from storage.metrics.point import Point
from storage.metrics.store import MetricStore

log = structlog.get_logger(__name__)


class MetricsWriter:
    def __init__(self, store: MetricStore, counters: Counter[str]) -> None:
        self._store = store
        self._counters = counters
        self._writes: set[asyncio.Task[object]] = set()

    def write(self, points: Sequence[Point]) -> None:
        if not points:
            return
        task: asyncio.Task[object] = asyncio.create_task(self._store.write(points))
        self._writes.add(task)
        task.add_done_callback(self._written)

    async def stop(self) -> None:
        """What is under way may end, for a second."""
        if self._writes:
            await asyncio.wait(self._writes, timeout=1.0)

    def _written(self, task: asyncio.Task[object]) -> None:
        self._writes.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._counters["write_errors"] += 1
            if self._counters["write_errors"] in (1, 10, 100):
                log.error("metrics can't be written", error=str(task.exception()))
