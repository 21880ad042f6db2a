"""Counters on everything that moves. Read by the application's own metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping


class Counters:
    """Named totals since start. Names are plain words with underscores; see docs/collector.md."""

    def __init__(self) -> None:
        self._totals: Counter[str] = Counter()

    def add(self, name: str, n: int = 1) -> None:
        self._totals[name] += n

    def snapshot(self) -> Mapping[str, int]:
        return dict(self._totals)
