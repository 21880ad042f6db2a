"""A calendar month in local time, and what of it has passed. Pure.

Its bounds are the local midnights, so that a month in which the clocks change is an hour longer or shorter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from reports.spans import Span

_FORM = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
FIRST_YEAR, LAST_YEAR = 2000, 9000


class MonthError(ValueError):
    """No month to report on; the text says why and what to give instead."""


@dataclass(frozen=True, slots=True, order=True)
class Month:
    year: int
    number: int
    """1 to 12."""

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def first_day(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def next(self) -> Month:
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def previous(self) -> Month:
        return Month(self.year, self.number - 1) if self.number > 1 else Month(self.year - 1, 12)

    def span(self, zone: ZoneInfo) -> Span:
        """From local midnight to local midnight, in UTC."""
        return Span(_midnight(self.first_day, zone), _midnight(self.next.first_day, zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Of two midnights (clocks set back) the first; of none (set forward) the moment of the change."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def parse_month(text: str) -> Month:
    """`2026-11`. Raises MonthError."""
    found = _FORM.fullmatch(text.strip())
    if found is None or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        raise MonthError(f"{text[:40]!r} is not a month: write it as 2026-11")
    return Month(int(found[1]), int(found[2]))


def month_of(at: datetime, zone: ZoneInfo) -> Month:
    local = at.astimezone(zone)
    return Month(local.year, local.month)


def passed(month: Month, zone: ZoneInfo, now: datetime) -> Span:
    """What of the month is over by `now`: all of it, or up to `now`. Raises MonthError for one to come."""
    whole = month.span(zone)
    if now <= whole.since:
        raise MonthError(
            f"{month} has not begun yet ({zone.key}): the newest month there is to report on is "
            f"{month_of(now, zone)}"
        )
    return Span(whole.since, min(whole.until, now))
