"""An office's outages, from how it stood. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from reports.spans import Span, total, union
from reports.standing import Standing, Stretch


@dataclass(frozen=True, slots=True)
class Outage:
    """From the moment it was cut off until it was seen well again.

    Time of which nothing is known in between neither ends an outage nor lengthens it: the length that a
    contract's limit is asked of is what is proven.
    """

    downs: tuple[Span, ...]
    """When it is proven to have been down; never empty."""
    events: tuple[int, ...]
    """Lines of the log that say so."""
    running: bool = False
    """Not over by the end of what was looked at."""

    @property
    def since(self) -> datetime:
        return self.downs[0].since

    @property
    def until(self) -> datetime:
        """The last moment that it is proven to have been down."""
        return self.downs[-1].until

    @property
    def span(self) -> Span:
        return Span(self.since, self.until)

    @property
    def length(self) -> timedelta:
        return total(self.downs)


def outages_of(stretches: Iterable[Stretch]) -> list[Outage]:
    """In order. `stretches` as `reports.standing.stretches` gives them."""
    found: list[Outage] = []
    downs: list[Span] = []
    events: list[int] = []
    running = False
    for one in stretches:
        running = one.standing in (Standing.DOWN, Standing.UNKNOWN)
        if one.standing is Standing.DOWN:
            downs.append(one.span)
            if one.event is not None and one.event not in events:
                events.append(one.event)
        elif one.standing is not Standing.UNKNOWN and downs:
            found.append(Outage(tuple(union(downs)), tuple(events)))
            downs, events = [], []
    if downs:
        found.append(Outage(tuple(union(downs)), tuple(events), running))
    return found
