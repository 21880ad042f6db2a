"""A thousand equal complaints are a few lines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from collector.seldom import Seldom


class Clock:
    s = 0.0

    def now(self) -> datetime:
        return datetime(2027, 1, 1, tzinfo=UTC)

    def monotonic_s(self) -> float:
        return self.s


class Log:
    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def warning(self, event: str, **values: Any) -> None:
        self.lines.append((event, values))


def test_one_a_minute_of_each_kind_and_how_many_were_left_out() -> None:
    clock, log = Clock(), Log()
    seldom = Seldom(log, clock, every_s=60.0)
    for _ in range(1000):
        seldom.say("failed", where="poll", error="x")
    seldom.say("failed", where="deliver", error="y")
    assert log.lines == [
        ("failed", {"where": "poll", "error": "x"}),
        ("failed", {"where": "deliver", "error": "y"}),
    ]
    clock.s = 60.0
    seldom.say("failed", where="poll", error="z")
    assert log.lines[-1] == ("failed", {"where": "poll", "error": "z", "left_out": 999})
