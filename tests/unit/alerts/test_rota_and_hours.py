"""Who is on call, and when hours hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.model import ReceiverId
from alerts.office_hours import Calendar, Hours, next_time
from alerts.rota import Override, Rota

WITA = ZoneInfo("Asia/Makassar")
BUDI, SITI, ANDI, KEPALA = map(ReceiverId, ("budi", "siti", "andi", "kepala"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WITA).astimezone(UTC)


ROTA = Rota(
    "piket",
    ((BUDI,), (SITI, ANDI)),
    starting=date(2026, 11, 16),
    overrides=(
        Override(date(2026, 11, 25), date(2026, 11, 26), (KEPALA,)),
        Override(date(2026, 11, 26), date(2026, 11, 26), (ANDI,)),
    ),
    holidays=(Calendar(frozenset({date(2026, 11, 27), date(2026, 11, 26)})),),
    on_holidays=(BUDI,),
)


@pytest.mark.parametrize(
    ("moment", "who"),
    [
        ("2026-11-16T08:00", (BUDI,)),
        ("2026-11-23T07:59", (BUDI,)),
        ("2026-11-23T08:00", (SITI, ANDI)),
        ("2026-11-30T08:00", (BUDI,)),
        ("2026-11-16T07:59", (SITI, ANDI)),
        ("2026-11-25T00:00", (KEPALA,)),
        ("2026-11-24T23:59", (SITI, ANDI)),
        ("2026-11-26T12:00", (ANDI,)),
        ("2026-11-27T12:00", (BUDI,)),
        ("2026-11-28T00:00", (SITI, ANDI)),
    ],
)
def test_turns_overrides_holidays(moment: str, who: tuple[ReceiverId, ...]) -> None:
    assert ROTA.on_call(at(moment), WITA) == who


@given(st.integers(0, 60 * 24 * 60))
def test_nobody_changes_between_two_changes(minutes: int) -> None:
    now = at("2026-11-01T00:00") + timedelta(minutes=minutes)
    change = ROTA.next_change(now, WITA)
    assert change > now
    steps = int((change - now) / timedelta(minutes=1))
    assert len({ROTA.on_call(now + timedelta(minutes=n), WITA) for n in range(steps)}) <= 1


OFFICE = Hours(frozenset(range(5)), time(7, 30), time(16), not_on=(Calendar(yearly=frozenset({(11, 25)})),))
NIGHT = Hours(begins=time(21), ends=time(6))
FRIDAY_NIGHT = Hours(frozenset({4}), time(21), time(6))


@pytest.mark.parametrize(
    ("hours", "moment", "inside"),
    [
        (OFFICE, "2026-11-23T07:30", True),
        (OFFICE, "2026-11-23T07:29", False),
        (OFFICE, "2026-11-23T16:00", False),
        (OFFICE, "2026-11-22T10:00", False),
        (OFFICE, "2026-11-25T10:00", False),
        (NIGHT, "2026-11-23T05:59", True),
        (NIGHT, "2026-11-23T06:00", False),
        (NIGHT, "2026-11-23T21:00", True),
        (FRIDAY_NIGHT, "2026-11-21T05:00", True),
        (FRIDAY_NIGHT, "2026-11-20T05:00", False),
        (Hours(), "2026-11-20T05:00", True),
        (Hours(frozenset({5, 6})), "2026-11-21T00:00", True),
        (Hours(frozenset({5, 6})), "2026-11-23T00:00", False),
    ],
)
def test_hours(hours: Hours, moment: str, inside: bool) -> None:
    assert hours.hold(at(moment), WITA) is inside
    assert replace(hours, outside=True).hold(at(moment), WITA) is not inside


_times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))


@given(
    st.frozensets(st.integers(0, 6)),
    _times,
    _times,
    st.booleans(),
    st.integers(0, 14 * 48),
    st.integers(0, 29),
)
def test_hours_hold_still_until_their_next_change(
    weekdays: frozenset[int], begins: time, ends: time, outside: bool, halves: int, minutes: int
) -> None:
    hours = Hours(weekdays, begins, ends, outside=outside)
    now = at("2026-11-16T00:00") + timedelta(minutes=30 * halves + minutes)
    change = hours.next_change(now, WITA)
    end = now + timedelta(days=7) if change is None else change
    assert end > now
    here = hours.hold(now, WITA)
    first_half = now + timedelta(minutes=30 - minutes)
    while first_half < end:
        assert hours.hold(first_half, WITA) is here, first_half
        first_half += timedelta(minutes=30)


def test_next_time_of_day() -> None:
    assert next_time(time(7), at("2026-11-23T06:59"), WITA) == at("2026-11-23T07:00")
    assert next_time(time(7), at("2026-11-23T07:00"), WITA) == at("2026-11-24T07:00")
    assert next_time(time(7), at("2026-11-23T07:00"), WITA, frozenset({0})) == at("2026-11-30T07:00")
