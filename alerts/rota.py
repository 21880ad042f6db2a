"""Who is on call: one after the other, week by week, with overrides and holidays. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from alerts.model import ReceiverId
from alerts.office_hours import Calendar, on_day


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody stands in, from the first day's midnight to the last day's."""

    first: date
    last: date
    """Inclusive."""
    receivers: tuple[ReceiverId, ...]


@dataclass(frozen=True, slots=True)
class Rota:
    """An override comes before a holiday, and a holiday before the week's turn."""

    id: str
    turns: tuple[tuple[ReceiverId, ...], ...]
    """Who has which week; after the last the first again."""
    starting: date
    """The day on which the first turn began, or will."""
    handover: time = time(8)
    """On the wall clock of the network's zone."""
    weeks: int = 1
    """How long a turn is."""
    overrides: tuple[Override, ...] = ()
    """Of several for a day the last one counts."""
    holidays: tuple[Calendar, ...] = ()
    on_holidays: tuple[ReceiverId, ...] = ()

    def on_call(self, now: datetime, zone: tzinfo) -> tuple[ReceiverId, ...]:
        local = now.astimezone(zone)
        day = local.date()
        for override in reversed(self.overrides):
            if override.first <= day <= override.last:
                return override.receivers
        if self.on_holidays and any(day in c for c in self.holidays):
            return self.on_holidays
        days = (day - self.starting).days - (local.time() < self.handover)
        return self.turns[days // (7 * self.weeks) % len(self.turns)]

    def next_change(self, now: datetime, zone: tzinfo) -> datetime:
        """The next moment at which somebody else may be on call: a midnight or a handover."""
        day = now.astimezone(zone).date()
        moments = (
            on_day(day + timedelta(days=ahead), at, zone)
            for ahead in (0, 1)
            for at in (time(0), self.handover)
        )
        return min(m for m in moments if m > now)
