"""Times of day and days of the year, on the wall clock of the network's zone. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

LOOK_AHEAD_DAYS = 8
"""A change further away than a week is looked for again by then."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Named days: holidays, shutdown weeks."""

    dates: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()
    """(month, day) of every year."""

    def __contains__(self, day: date) -> bool:
        return day in self.dates or (day.month, day.day) in self.yearly


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of the day on some days. Past midnight it belongs to the day on which it began."""

    weekdays: frozenset[int] = frozenset()
    """0 is Monday; empty: every day."""
    begins: time = time(0)
    ends: time = time(0)
    """Not after `begins`: on the next day. Equal: the whole day."""
    only_on: tuple[Calendar, ...] = ()
    """Empty: no matter which date."""
    not_on: tuple[Calendar, ...] = ()
    outside: bool = False
    """True: all times but these."""

    def hold(self, now: datetime, zone: tzinfo) -> bool:
        inside = any(start <= now < end for start, end in _spans(self, _day(now, zone), zone))
        return inside is not self.outside

    def next_change(self, now: datetime, zone: tzinfo) -> datetime | None:
        """When `hold` changes next; None: never. A change further away than a week gives a moment before it,
        at which to ask again."""
        if self == Hours(outside=self.outside):
            return None
        spans = _spans(self, _day(now, zone), zone)
        moments = sorted({moment for span in spans for moment in span if moment > now})
        here = self.hold(now, zone)
        later = (m for m in moments if self.hold(m, zone) is not here)
        return next(later, _midnight(_day(now, zone) + timedelta(days=LOOK_AHEAD_DAYS - 1), zone))


def any_holds(hours: Sequence[Hours], now: datetime, zone: tzinfo) -> bool:
    """None given: always."""
    return not hours or any(h.hold(now, zone) for h in hours)


def next_time(at: time, now: datetime, zone: tzinfo, weekdays: frozenset[int] = frozenset()) -> datetime:
    """The first `at` on the wall clock that is later than `now`."""
    day = _day(now, zone)
    for ahead in range(9):
        moment = on_day(day + timedelta(days=ahead), at, zone)
        if moment > now and (not weekdays or moment.astimezone(zone).weekday() in weekdays):
            return moment
    raise AssertionError("a week has every weekday")


def on_day(day: date, at: time, zone: tzinfo) -> datetime:
    """A wall-clock time, in UTC."""
    return datetime.combine(day, at, zone).astimezone(UTC)


@lru_cache(maxsize=2048)
def _spans(hours: Hours, day: date, zone: tzinfo) -> tuple[tuple[datetime, datetime], ...]:
    """The spans that touch the days from yesterday on, for a week; next to each other they are one."""
    found: list[tuple[datetime, datetime]] = []
    for start, end in _each(hours, day, zone):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


def _each(hours: Hours, day: date, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    for ahead in range(-1, LOOK_AHEAD_DAYS):
        one = day + timedelta(days=ahead)
        if hours.weekdays and one.weekday() not in hours.weekdays:
            continue
        if hours.only_on and not any(one in c for c in hours.only_on):
            continue
        if any(one in c for c in hours.not_on):
            continue
        last = one if hours.ends > hours.begins else one + timedelta(days=1)
        yield on_day(one, hours.begins, zone), on_day(last, hours.ends, zone)


def _day(now: datetime, zone: tzinfo) -> date:
    return now.astimezone(zone).date()


def _midnight(day: date, zone: tzinfo) -> datetime:
    return on_day(day, time(0), zone)
