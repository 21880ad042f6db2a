"""Places for polls in flight. A device that doesn't answer must not hold a place that a living one needs.

A poll starts on one of few quick places. When it has not ended after `yield_after_s`, or when its device
was dumb last time, it sits on one of the many slow places: waiting costs next to nothing, and a thousand
dead devices then delay no living one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class PlaceCounters:
    quick: int = 0
    """Held now."""
    slow: int = 0
    """Held now."""
    yielded: int = 0
    """Polls that took too long and moved to a slow place, since the start."""


class Places:
    def __init__(self, quick: int, slow: int, yield_after_s: float) -> None:
        self._quick = asyncio.Semaphore(quick)
        self._slow = asyncio.Semaphore(slow)
        self._yield_after_s = yield_after_s
        self.counters = PlaceCounters()

    @asynccontextmanager
    async def place(self, *, slow: bool) -> AsyncIterator[None]:
        """Waits for a place and holds it. `slow`: the device is expected not to answer."""
        if slow:
            async with self._slow:
                self.counters.slow += 1
                try:
                    yield
                finally:
                    self.counters.slow -= 1
            return
        await self._quick.acquire()
        self.counters.quick += 1
        mover = asyncio.create_task(self._move())
        try:
            yield
        finally:
            mover.cancel()
            moved = mover.done() and not mover.cancelled()
            if moved:
                self.counters.slow -= 1
                self._slow.release()
            else:
                self.counters.quick -= 1
                self._quick.release()

    async def _move(self) -> None:
        """Gives the quick place back after a while, if a slow one can be had."""
        await asyncio.sleep(self._yield_after_s)
        await self._slow.acquire()
        self.counters.slow += 1
        self.counters.yielded += 1
        self.counters.quick -= 1
        self._quick.release()
