"""Stretches of time, half open: `since` belongs to it, `until` does not. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Span:
    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        if self.until < self.since:
            raise ValueError(f"a span can't end ({self.until}) before it begins ({self.since})")

    @property
    def length(self) -> timedelta:
        return self.until - self.since

    @property
    def seconds(self) -> float:
        return self.length.total_seconds()

    def holds(self, at: datetime) -> bool:
        return self.since <= at < self.until

    def cut(self, other: Span) -> Span | None:
        """What both have; None when that is nothing."""
        since, until = max(self.since, other.since), min(self.until, other.until)
        return Span(since, until) if since < until else None


def span(since: datetime, until: datetime) -> Span | None:
    """None instead of an empty or backward one."""
    return Span(since, until) if since < until else None


def union(spans: Iterable[Span]) -> list[Span]:
    """In order, without overlap; those that touch become one."""
    found: list[Span] = []
    for one in sorted(spans):
        if one.since == one.until:
            continue
        if found and one.since <= found[-1].until:
            found[-1] = Span(found[-1].since, max(found[-1].until, one.until))
        else:
            found.append(one)
    return found


def within(spans: Iterable[Span], frame: Span) -> list[Span]:
    return [cut for one in spans if (cut := one.cut(frame)) is not None]


def overlap(a: Iterable[Span], b: Sequence[Span]) -> timedelta:
    """How long something of `a` and something of `b` hold together; neither may overlap itself."""
    return sum((cut.length for one in a for cut in within(b, one)), timedelta())


def total(spans: Iterable[Span]) -> timedelta:
    return sum((one.length for one in spans), timedelta())


def edges(frame: Span, *groups: Iterable[Span]) -> list[datetime]:
    """Every moment inside `frame` at which a span of the groups begins or ends, and the frame's own."""
    moments = {frame.since, frame.until}
    for spans in groups:
        for one in spans:
            moments.update(at for at in (one.since, one.until) if frame.since < at < frame.until)
    return sorted(moments)
