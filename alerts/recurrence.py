"""Repeating spans by RFC 5545 rules (RRULE), on the wall clock of the network's zone. Pure.

"Every Sunday at 01:00" stays 01:00 on the clock whatever the zone's offset does; a span keeps its length.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import islice, pairwise

from dateutil.rrule import rrule, rrulestr

ALLOWED = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST")
LOOKED_AT = timedelta(days=366 * 5)
"""A rule that gives nothing for this long is taken for a mistake (29 February comes every fourth year)."""


class RecurrenceError(ValueError):
    """The rule can't be used; the text says why and what to write instead."""


def check_rule(rule: str, starts_at: datetime, length: timedelta, zone: tzinfo) -> None:
    """Raises RecurrenceError for a rule that is none, never comes, repeats too often or overlaps itself."""
    first = _wall(starts_at, zone)
    _check_start(rule, _parts(rule), first)
    starts = list(_parsed(rule, first, zone, first + LOOKED_AT, 400))
    if not starts:
        raise RecurrenceError(f"the rule {rule!r} never comes after {first:%d-%m-%Y %H:%M}")
    if starts[0] != first:
        raise RecurrenceError(
            f"the rule {rule!r} comes first at {starts[0]:%d-%m-%Y %H:%M}: start the window then, "
            f"not at {first:%d-%m-%Y %H:%M}"
        )
    shortest = min((b - a for a, b in pairwise(starts)), default=None)
    if shortest is not None and length > shortest:
        raise RecurrenceError(
            f"the rule {rule!r} comes again after {shortest} while the span before it ({length}) is not over"
        )


def starts_between(
    rule: str | None, starts_at: datetime, since: datetime, until: datetime, zone: tzinfo
) -> Iterator[datetime]:
    """Starts with since <= start < until, oldest first, in UTC. No rule: `starts_at` alone.

    Raises RecurrenceError.
    """
    if rule is None:
        if since <= starts_at < until:
            yield starts_at
        return
    # By whole years, so that a running server computes them once a year and not once a look.
    horizon = _wall(until, zone).year
    for at in _starts(rule, _wall(starts_at, zone), zone, horizon):
        if at >= until:
            return
        if at >= since:
            yield at


@lru_cache(maxsize=4096)
def _starts(rule: str, first: datetime, zone: tzinfo, year: int) -> tuple[datetime, ...]:
    last = datetime(min(year, 9998), 12, 31, 23, 59, 59)  # noqa: DTZ001  # the wall clock, as everything here
    return tuple(_aware(at, zone) for at in _parsed(rule, first, zone, last, None))


def _parsed(
    rule: str, first: datetime, zone: tzinfo, last: datetime, at_most: int | None
) -> Iterator[datetime]:
    """Naive wall-clock starts up to `last`: there a rule that never comes ends, and not in the year 9999."""
    parts = _parts(rule)
    count, until = parts.pop("COUNT", None), parts.pop("UNTIL", None)
    if until is not None:
        last = min(last, _until(rule, until, zone))
    try:
        found = rrulestr(";".join(f"{k}={v}" for k, v in parts.items()), dtstart=first)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise RecurrenceError(f"the rule {rule!r} can't be read: {error}") from error
    if not isinstance(found, rrule):
        raise RecurrenceError(f"the rule {rule!r}: one rule, without RDATE or EXDATE")
    ends = [n for n in (None if count is None else int(count), at_most) if n is not None]
    return islice(iter(found.replace(until=last)), min(ends, default=None))


def _parts(rule: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in rule.strip().upper().removeprefix("RRULE:").split(";"):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name in parts:
            raise RecurrenceError(f"the rule {rule!r} has {name} twice")
        parts[name] = value
    if parts.get("FREQ") not in ALLOWED:
        raise RecurrenceError(f"the rule {rule!r} needs FREQ, one of {', '.join(ALLOWED)}")
    if told := sorted({"DTSTART", "BYHOUR", "BYMINUTE", "BYSECOND"} & set(parts)):
        raise RecurrenceError(f"the rule {rule!r}: {', '.join(told)} is told by the window's own start")
    if unknown := sorted(set(parts) - set(PARTS)):
        raise RecurrenceError(f"the rule {rule!r}: {', '.join(unknown)} is none of {', '.join(PARTS)}")
    for name in ("COUNT", "INTERVAL"):
        value = parts.get(name, "1")
        if not (value.isascii() and value.isdigit() and len(value) < 6 and int(value)):
            raise RecurrenceError(f"the rule {rule!r}: {name} is a number above 0")
    if "BYSETPOS" in parts and parts["FREQ"] not in ("MONTHLY", "YEARLY"):
        raise RecurrenceError(f"the rule {rule!r}: BYSETPOS goes with MONTHLY or YEARLY")
    return parts


def _check_start(rule: str, parts: dict[str, str], first: datetime) -> None:
    """By hand and first: dateutil would look for a day that never comes until the year 9999."""
    from_end = first.day - monthrange(first.year, first.month)[1] - 1
    own = {
        "BYMONTH": {str(first.month)},
        "BYMONTHDAY": {str(first.day), str(from_end)},
        "BYDAY": {("MO", "TU", "WE", "TH", "FR", "SA", "SU")[first.weekday()]},
    }
    for name, values in own.items():
        wanted = [v.lstrip("+-0123456789") if name == "BYDAY" else v for v in parts.get(name, "").split(",")]
        if name in parts and not values.intersection(w.strip() for w in wanted):
            raise RecurrenceError(
                f"the rule {rule!r} has {name}={parts[name]}, and the window starts at "
                f"{first:%A %d-%m-%Y %H:%M}: start it on a day of the rule"
            )


def _until(rule: str, value: str, zone: tzinfo) -> datetime:
    """On the wall clock. RFC 5545 writes it in UTC, or as a day, which counts whole."""
    try:
        if "T" not in value:
            return datetime.strptime(value + "T235959", "%Y%m%dT%H%M%S")  # noqa: DTZ007  # wall clock
        if value.endswith("Z"):
            return _wall(datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC), zone)
        return datetime.strptime(value, "%Y%m%dT%H%M%S")  # noqa: DTZ007  # wall clock
    except ValueError as error:
        raise RecurrenceError(f"the rule {rule!r}: UNTIL is like 20261231 or 20261231T160000Z") from error


def _wall(at: datetime, zone: tzinfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _aware(wall: datetime, zone: tzinfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(UTC)
