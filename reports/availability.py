"""The month of an office (or of a circuit), divided: every second is exactly one part. Pure.

Invariant: the intervals cover the frame, in order, without gap or overlap. A second that nothing is known of
is UNKNOWN, whatever else would be said of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise

from reports.outages import Outage
from reports.spans import Span, edges
from reports.standing import Gap, Standing, Stretch

COUNTS_OVER = timedelta(seconds=300)
"""The usual contract: an outage longer than this counts, one of this length or less does not."""


class Part(StrEnum):
    UP = "up"
    DOWN_COUNTED = "down_counted"
    """Cut off, in an outage long enough to count, with nothing that excuses it."""
    DOWN_SHORT = "down_short"
    """Cut off, in an outage too short to count."""
    EXCLUDED_MAINTENANCE = "excluded_maintenance"
    EXCLUDED_POWER = "excluded_power"
    UNKNOWN = "unknown"
    BEFORE_CONNECTED = "before_connected"


DOWN_PARTS = frozenset({Part.DOWN_COUNTED, Part.DOWN_SHORT, Part.EXCLUDED_MAINTENANCE, Part.EXCLUDED_POWER})


@dataclass(frozen=True, slots=True)
class Blamed:
    """While this incident held, it is what the outage is put down to."""

    span: Span
    incident: str


@dataclass(frozen=True, slots=True)
class Exclusion:
    """While this holds, being cut off does not count. Of two at once maintenance is named."""

    span: Span
    part: Part
    """EXCLUDED_MAINTENANCE or EXCLUDED_POWER."""
    incident: str | None = None
    """Only for what is put down to this incident; None: for whatever is cut off meanwhile."""
    window: str | None = None
    """The maintenance window; None: a power failure, or what a person found."""
    unexplained: bool = False
    """Only for what no incident explains."""

    def excuses(self, incident: str | None) -> bool:
        return incident is None if self.unexplained else self.incident in (None, incident)


@dataclass(frozen=True, slots=True)
class Interval:
    """One part of the month, and what says so."""

    span: Span
    part: Part
    events: tuple[int, ...] = ()
    incident: str | None = None
    window: str | None = None
    gap: Gap | None = None


def divide(
    frame: Span,
    stretches: Sequence[Stretch],
    outages: Sequence[Outage],
    blamed: Sequence[Blamed] = (),
    exclusions: Sequence[Exclusion] = (),
    counts_over: timedelta = COUNTS_OVER,
) -> list[Interval]:
    """`stretches` cover at least `frame`. An outage's whole length decides whether it counts, what lies
    outside of `frame` or is excluded included."""
    found: list[Interval] = []
    for stretch in stretches:
        span = stretch.span.cut(frame)
        if span is None:
            continue
        events = () if stretch.event is None else (stretch.event,)
        if stretch.standing is Standing.DOWN:
            outage = next(o for o in outages if any(d.cut(span) for d in o.downs))
            counts = outage.length > counts_over
            for one in _down(span, counts, events, blamed, exclusions):
                _add(found, one)
        else:
            part = {Standing.UP: Part.UP, Standing.UNKNOWN: Part.UNKNOWN}.get(
                stretch.standing, Part.BEFORE_CONNECTED
            )
            _add(found, Interval(span, part, events, gap=stretch.gap))
    return found


def _down(
    span: Span,
    counts: bool,
    events: tuple[int, ...],
    blamed: Sequence[Blamed],
    exclusions: Sequence[Exclusion],
) -> Iterable[Interval]:
    mine = [b for b in blamed if b.span.cut(span)]
    mine.sort(key=lambda b: (_length(b, span), b.incident), reverse=True)
    reasons = [e for e in exclusions if e.span.cut(span)]
    reasons.sort(key=lambda e: (e.part is not Part.EXCLUDED_MAINTENANCE, e.span.since, e.window or ""))
    moments = edges(span, (b.span for b in mine), (e.span for e in reasons))
    for since, until in pairwise(moments):
        # The seconds that no incident covers (before it was found) belong to the one that explains most.
        incident = next((b.incident for b in mine if b.span.holds(since)), mine[0].incident if mine else None)
        why = next((e for e in reasons if e.span.holds(since) and e.excuses(incident)), None)
        part = why.part if why is not None else Part.DOWN_COUNTED if counts else Part.DOWN_SHORT
        window = why.window if why is not None else None
        yield Interval(Span(since, until), part, events, incident, window)


def _length(blamed: Blamed, span: Span) -> float:
    cut = blamed.span.cut(span)
    return cut.seconds if cut is not None else 0.0


def _add(found: list[Interval], one: Interval) -> None:
    last = found[-1] if found else None
    same = last is not None and (last.part, last.events, last.incident, last.window, last.gap) == (
        one.part,
        one.events,
        one.incident,
        one.window,
        one.gap,
    )
    if last is not None and same:
        found[-1] = Interval(
            Span(last.span.since, one.span.until), one.part, one.events, one.incident, one.window, one.gap
        )
    else:
        found.append(one)


@dataclass(frozen=True, slots=True)
class Times:
    """How long each part was; they add up to the period that was looked at."""

    of: Mapping[Part, timedelta]

    def __getitem__(self, part: Part) -> timedelta:
        return self.of.get(part, timedelta())

    @property
    def total(self) -> timedelta:
        return sum(self.of.values(), timedelta())

    @property
    def in_service(self) -> timedelta:
        return self.total - self[Part.BEFORE_CONNECTED]

    @property
    def up_percent(self) -> float | None:
        """As it was: up over all that is known. None when nothing is known."""
        down = sum((self[p] for p in DOWN_PARTS), timedelta())
        return percent(self[Part.UP], self[Part.UP] + down)

    @property
    def contract_percent(self) -> float | None:
        """As contracts count: short outages are no outages, what is excluded is left out, and so is what
        nobody knows. None when nothing is left."""
        good = self[Part.UP] + self[Part.DOWN_SHORT]
        return percent(good, good + self[Part.DOWN_COUNTED])

    def meets(self, sla_percent: float | None) -> bool | None:
        """Compared before anything is rounded. None: nothing agreed, or nothing known."""
        good = self[Part.UP] + self[Part.DOWN_SHORT]
        whole = good + self[Part.DOWN_COUNTED]
        if sla_percent is None or not whole:
            return None
        return good / timedelta(microseconds=1) * 100 >= sla_percent * (whole / timedelta(microseconds=1))


def times_of(intervals: Iterable[Interval]) -> Times:
    found: dict[Part, timedelta] = {}
    for one in intervals:
        found[one.part] = found.get(one.part, timedelta()) + one.span.length
    return Times(found)


def together(parts: Iterable[Times]) -> Times:
    """The sum, for several offices or circuits."""
    found: dict[Part, timedelta] = {}
    for times in parts:
        for part, length in times.of.items():
            found[part] = found.get(part, timedelta()) + length
    return Times(found)


def percent(good: timedelta, whole: timedelta) -> float | None:
    """To three places, rounded down: one lost second never reads as 100."""
    if not whole:
        return None
    microsecond = timedelta(microseconds=1)
    return 100_000 * (good // microsecond) // (whole // microsecond) / 1000
