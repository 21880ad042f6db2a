"""What time is: an argument. The only implementation that reads a clock is `ronda.clock`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never step, for durations and deadlines."""
        ...
