"""The feed of live changes: a short memory, and listeners that can't hold anybody up.

Whoever was away for a moment names the last number he saw and gets what he missed; if that is forgotten, or
was another process's, he is told to read everything anew (`RESET`). A listener that does not keep up loses
its backlog the same way: one slow browser costs neither memory nor anybody's time.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from alerts.model import Incident
from topology.findings import StateChange

MEMORY = 256


@dataclass(frozen=True, slots=True)
class Change:
    """What one look at the network changed. `id` names it across processes: `RUN-NUMBER`."""

    id: str
    changes: tuple[StateChange, ...]
    incidents: tuple[Incident, ...]
    """As they are now."""


class Reset:
    """Read everything anew: what was missed can't be told."""


class Quiet:
    """Nothing changed for a while; the line is alive."""


RESET = Reset()
QUIET = Quiet()


class ChangeFeed:
    """`run` makes numbers of different processes different, e.g. the start's time in hexadecimal."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._number = 0
        self._recent: deque[tuple[int, Change]] = deque(maxlen=MEMORY)
        self._woken: set[asyncio.Event] = set()
        self._closed = False
        self.published = 0
        self.resets = 0

    @property
    def listeners(self) -> int:
        return len(self._woken)

    @property
    def last_id(self) -> str:
        return f"{self._run}-{self._number}"

    def publish(self, changes: Iterable[StateChange] = (), incidents: Iterable[Incident] = ()) -> str:
        self._number += 1
        self.published += 1
        change = Change(self.last_id, tuple(changes), tuple(incidents))
        self._recent.append((self._number, change))
        for event in self._woken:
            event.set()
        return change.id

    def wake(self) -> None:
        """Have every listener look up: what it may see has changed, or whether it may listen at all."""
        for event in self._woken:
            event.set()

    def close(self) -> None:
        """Ends every stream, so that a stop need not wait for browsers."""
        self._closed = True
        for event in self._woken:
            event.set()

    async def listen(self, last_id: str | None, quiet_s: float) -> AsyncIterator[Change | Reset | Quiet]:
        """What changed after `last_id` (None: from now on), then what changes; QUIET when nothing does."""
        event = asyncio.Event()
        self._woken.add(event)
        try:
            seen = self._number if last_id is None else self._number_of(last_id)
            while not self._closed:
                event.clear()
                missed = self._after(seen)
                seen = self._number
                if missed is None:
                    self.resets += 1
                    yield RESET
                else:
                    for change in missed:
                        yield change
                if self._number == seen and not self._closed:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(quiet_s):
                            await event.wait()
                    if self._number == seen and not self._closed:
                        yield QUIET
        finally:
            self._woken.discard(event)

    def _number_of(self, last_id: str) -> int:
        run, _, number = last_id.rpartition("-")
        return int(number) if run == self._run and number.isascii() and number.isdigit() else -1

    def _after(self, seen: int) -> list[Change] | None:
        """Those after number `seen`; None when some of them are forgotten or the number is not ours."""
        if seen < 0 or seen > self._number:
            return None
        if seen < self._number - len(self._recent):
            return None
        return [change for number, change in self._recent if number > seen]
