"""Times, calendars, rotas and escalation in the `alerts:` section of the settings."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from ronda.section import Section

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_INDONESIAN = ("senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu")
_ENGLISH = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _listed(value: Any) -> Any:
    """One name may stand alone."""
    return [value] if isinstance(value, str) else value


def _weekdays(value: Any) -> Any:
    """`mon`, `mon-fri`, `sabtu`; in order, each once."""
    found: set[int] = set()
    items = _listed(value)
    if not isinstance(items, list):
        return value
    for item in items:
        first, _, last = str(item).partition("-")
        start = _weekday(first)
        end = _weekday(last) if last else start
        found |= {(start + n) % 7 for n in range((end - start) % 7 + 1)}
    return [WEEKDAYS[n] for n in sorted(found)]


def _weekday(word: str) -> int:
    name = word.strip().lower()
    for names in (WEEKDAYS, _ENGLISH, _INDONESIAN):
        if name in names:
            return names.index(name)
    raise ValueError(f"{word!r} is no weekday: {', '.join(WEEKDAYS)} or {', '.join(_INDONESIAN)}")


def _time_of_day(value: Any) -> Any:
    """`07:30` or `24:00`. YAML reads 21:00 without quotes as a number of minutes."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1440:
        hour, minute = divmod(value % 1440, 60)
        return dt.time(hour, minute)
    if isinstance(value, str):
        hour_text, _, minute_text = value.strip().partition(":")
        if hour_text.isascii() and hour_text.isdigit() and minute_text.isascii() and minute_text.isdigit():
            minutes = int(hour_text) * 60 + int(minute_text)
            if minutes <= 1440 and int(minute_text) < 60 and len(minute_text) == 2:
                return _time_of_day(minutes)
    if isinstance(value, dt.time):
        return value
    raise ValueError(f"{value!r} is no time of day: write it like '07:30'")


def _month_and_day(value: Any) -> Any:
    try:
        day = dt.datetime.strptime(f"2024-{value}", "%Y-%m-%d")  # noqa: DTZ007  # a day of any year
    except ValueError:
        raise ValueError(f"{value!r} is no day of the year: write it like 12-25, month first") from None
    return f"{day:%m-%d}"


Names = Annotated[list[str], BeforeValidator(_listed)]
Weekdays = Annotated[list[str], BeforeValidator(_weekdays)]
TimeOfDay = Annotated[dt.time, BeforeValidator(_time_of_day)]
DayOfYear = Annotated[str, BeforeValidator(_month_and_day)]


class CalendarSettings(Section):
    """Named days: holidays, shutdown weeks."""

    id: str = Field(min_length=1, description="Its name in `only_on`, `except` and `holidays`.")
    dates: list[dt.date] = Field(default_factory=list, description="Days, as 2026-12-25.")
    yearly: list[DayOfYear] = Field(default_factory=list, description="Days of every year, as '08-17'.")


class HoursSettings(Section):
    """A span of the day, on the wall clock of the network's zone."""

    weekdays: Weekdays = Field(
        default_factory=list,
        description="`mon` to `sun` (or `senin` to `minggu`), `mon-fri`. None: every day.",
    )
    begins: TimeOfDay = Field(dt.time(0), alias="from", description="When it begins, as '07:30'.")
    ends: TimeOfDay = Field(
        dt.time(0), alias="until", description="When it ends; not after `from`: on the next day."
    )
    only_on: Names = Field(default_factory=list, description="Calendars; only on their days.")
    not_on: Names = Field(default_factory=list, alias="except", description="Calendars; not on their days.")
    outside: bool = Field(False, description="All times but these.")


class OverrideSettings(Section):
    """Somebody stands in."""

    first: dt.date = Field(alias="from", description="The first day.")
    last: dt.date = Field(alias="until", description="The last day, inclusive.")
    receivers: Names = Field(min_length=1, description="Receivers' ids.")

    @model_validator(mode="after")
    def _in_order(self) -> OverrideSettings:
        if self.last < self.first:
            raise ValueError(f"`until` {self.last} is before `from` {self.first}")
        return self


class RotaSettings(Section):
    """Who is on call, one after the other."""

    id: str = Field(min_length=1, description="Its name in `rota` of routes and escalation steps.")
    members: list[Names] = Field(
        min_length=1, description="Receivers' ids in the order of their turns; a list: together."
    )
    starting: dt.date = Field(
        description="The day on which the first member's first turn begins; its weekday is the handover day."
    )
    handover: TimeOfDay = Field(dt.time(8), description="Time of day at which a turn begins.")
    weeks: int = Field(1, ge=1, le=52, description="How many weeks a turn lasts.")
    overrides: list[OverrideSettings] = Field(
        default_factory=list, description="Stand-ins by date; of several for a day the last counts."
    )
    holidays: Names = Field(default_factory=list, description="Calendars of days with people of their own.")
    on_holidays: Names = Field(default_factory=list, description="Receivers' ids on those days.")


class StepSettings(Section):
    """One step of an escalation."""

    after_min: float = Field(ge=0, le=10080, description="Minutes unacknowledged since the first were told.")
    receivers: Names = Field(default_factory=list, description="Receivers' ids.")
    rota: Names = Field(default_factory=list, description="Rotas: whoever is on call then.")


class EscalationSettings(Section):
    """Who is told next when nobody takes an incident on."""

    id: str = Field(min_length=1, description="Its name in `escalation` of routes.")
    steps: list[StepSettings] = Field(default_factory=list, description="By time.")
    then: str | None = Field(
        None, description="Another escalation whose steps follow, counted from this one's last step."
    )
    unack_after_min: float | None = Field(
        None, gt=0, description="Minutes after which an acknowledgement runs out; unset: never."
    )
