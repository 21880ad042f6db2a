"""Turns at a steady rate, shared by all who send."""

from __future__ import annotations

import asyncio

from topology.clock import Clock


class Pace:
    """Hands out `n` packets' worth of time. Who asks for little waits for one burst of another at most."""

    def __init__(self, per_s: float, clock: Clock) -> None:
        if per_s <= 0:
            raise ValueError("a pace is a positive rate")
        self._per_s = per_s
        self._clock = clock
        self._free_s = float("-inf")
        """When the wire is free for the next burst."""

    async def turn(self, n: int) -> None:
        now_s = self._clock.monotonic_s()
        at_s = max(now_s, self._free_s)
        self._free_s = at_s + n / self._per_s
        # Behind its pace too it lets others run: answers have to be read between bursts.
        await asyncio.sleep(at_s - now_s)
