"""Log lines that may come a thousand at once, at most one a minute of each kind, with the number left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from topology.clock import Clock


@dataclass(slots=True)
class _Kind:
    said_s: float
    unsaid: int = 0


class Seldom:
    def __init__(self, log: Any, clock: Clock, every_s: float = 60.0) -> None:
        """`log`: a structlog logger."""
        self._log = log
        self._clock = clock
        self._every_s = every_s
        self._kinds: dict[tuple[str, str], _Kind] = {}

    def say(self, event: str, *, where: str = "", **values: object) -> None:
        """A warning. Lines are of one kind when `event` and `where` agree."""
        now_s = self._clock.monotonic_s()
        kind = self._kinds.get((event, where))
        if kind is not None and now_s - kind.said_s < self._every_s:
            kind.unsaid += 1
            return
        more = {"left_out": kind.unsaid} if kind is not None and kind.unsaid else {}
        self._kinds[event, where] = _Kind(now_s)
        if where:
            values["where"] = where
        self._log.warning(event, **values, **more)
