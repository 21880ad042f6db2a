"""When windows are, and what they cover."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerts.maintenance import Window, WindowId, active, covers, next_change, occurrences
from alerts.planning import PlanError, WindowState, new_window_id, next_span, plan_window, state_of
from alerts.recurrence import RecurrenceError, check_rule
from topology.findings import Component, ComponentKind
from topology.inventory import load_inventory

WITA = ZoneInfo("Asia/Makassar")
TOWN = load_inventory(Path(__file__).parents[2] / "scenarios/networks/town.yaml")
SUNDAY = datetime(2026, 11, 22, 1, 0, tzinfo=WITA).astimezone(UTC)
HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)


def component(text: str) -> Component:
    kind, _, id_ = text.partition(":")
    return Component(ComponentKind(kind), id_)


def window(*subjects: str, rrule: str | None = None, length: timedelta = 2 * HOUR) -> Window:
    found = tuple(component(s) for s in subjects)
    return Window(WindowId("W-1"), "kerja", found, SUNDAY, SUNDAY + length, rrule, "Budi", SUNDAY)


def spans(one: Window, since: datetime, until: datetime, zone: ZoneInfo = WITA) -> list[datetime]:
    return [start for start, _ in occurrences(one, since, until, zone)]


def test_one_off_is_there_once() -> None:
    one = window("link:core-a")
    assert spans(one, SUNDAY - WEEK, SUNDAY + WEEK) == [SUNDAY]
    assert spans(one, SUNDAY + HOUR, SUNDAY + WEEK) == [SUNDAY], (
        "it runs at the beginning of the time asked for"
    )
    assert spans(one, SUNDAY + 2 * HOUR, SUNDAY + WEEK) == [], "its end belongs to what comes after"
    assert active([one], SUNDAY, WITA) == (one,)
    assert active([one], SUNDAY + 2 * HOUR, WITA) == ()


def test_weekly_until_and_count() -> None:
    assert spans(window(rrule="FREQ=WEEKLY"), SUNDAY, SUNDAY + 3 * WEEK) == [
        SUNDAY + n * WEEK for n in range(3)
    ]
    assert len(spans(window(rrule="FREQ=WEEKLY;COUNT=2"), SUNDAY, SUNDAY + 9 * WEEK)) == 2
    until = window(rrule="FREQ=WEEKLY;UNTIL=20261206")
    assert len(spans(until, SUNDAY, SUNDAY + 9 * WEEK)) == 3, "the last day counts whole"
    in_utc = window(rrule="FREQ=WEEKLY;UNTIL=20261205T170000Z")
    assert len(spans(in_utc, SUNDAY, SUNDAY + 9 * WEEK)) == 3
    one_earlier = window(rrule="FREQ=WEEKLY;UNTIL=20261205T165959Z")
    assert len(spans(one_earlier, SUNDAY, SUNDAY + 9 * WEEK)) == 2


def test_the_wall_clock_counts_where_summer_time_moves_it() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 10, 18, 3, 0, tzinfo=berlin).astimezone(UTC)
    one = Window(WindowId("W"), "x", (), start, start + HOUR, "FREQ=WEEKLY", "b", start)
    found = spans(one, start, start + 3 * WEEK, berlin)
    assert [at.astimezone(berlin).hour for at in found] == [3, 3, 3]
    assert found[1] - found[0] == WEEK + HOUR, "the clock was put back in between"


def test_years_of_a_daily_rule_cost_nothing_at_each_look() -> None:
    one = window(rrule="FREQ=DAILY")
    late = SUNDAY + timedelta(days=3650)
    assert next_change([one], late + HOUR, WITA) == late + 2 * HOUR
    assert next_change([one], late + 3 * HOUR, WITA) == late + timedelta(days=1)


def test_a_cancelled_window_ends_then_and_never_comes_again() -> None:
    one = replace(window(rrule="FREQ=WEEKLY"), cancelled_at=SUNDAY + WEEK + HOUR)
    assert list(occurrences(one, SUNDAY, SUNDAY + 5 * WEEK, WITA)) == [
        (SUNDAY, SUNDAY + 2 * HOUR),
        (SUNDAY + WEEK, SUNDAY + WEEK + HOUR),
    ]
    assert next_change([one], SUNDAY + 2 * WEEK, WITA) is None


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("FREQ=HOURLY", "one of DAILY"),
        ("weekly", "one of DAILY"),
        ("FREQ=WEEKLY;BYDAY=MO", "starts at Sunday"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "BYMONTH=2"),
        ("FREQ=WEEKLY;INTERVAL=0", "INTERVAL"),
        ("FREQ=WEEKLY;COUNT=-1", "COUNT"),
        ("FREQ=WEEKLY;UNTIL=soon", "UNTIL"),
        ("FREQ=WEEKLY;BYHOUR=3", "BYHOUR"),
        ("FREQ=WEEKLY;BYEASTER=1", "BYEASTER"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY"),
        ("FREQ=WEEKLY;UNTIL=20200101", "never comes"),
        ("FREQ=DAILY;INTERVAL=1;INTERVAL=2", "twice"),
    ],
)
def test_a_bad_rule_is_refused_at_once(rule: str, says: str) -> None:
    with pytest.raises(RecurrenceError, match=says):
        check_rule(rule, SUNDAY, HOUR, WITA)


def test_a_rule_that_overlaps_itself_is_refused() -> None:
    with pytest.raises(RecurrenceError, match="is not over"):
        check_rule("FREQ=DAILY", SUNDAY, timedelta(hours=25), WITA)


@pytest.mark.parametrize(
    ("subject", "component_text", "covered"),
    [
        ("link:core-t", "link:core-t", True),
        ("link:core-t", "device:t", False),
        ("device:t", "link:core-t", True),
        ("device:t", "link:t-t1", True),
        ("device:t", "device:t1", False),
        ("office:tree", "device:t", True),
        ("office:tree", "office:tree", True),
        ("device:t", "office:tree", True),
        ("risk_group:duct", "link:core-d2", True),
        ("risk_group:duct", "link:core-a", False),
        ("link:core-d1", "risk_group:duct", False),
        ("risk_group:feed", "device:t2", True),
        ("provider:metronet", "link:metro-m1", True),
        ("provider:metronet", "device:metro", True),
        ("provider:metronet", "device:m1", False),
        ("link:core-t", "link:gone", False),
        ("link:gone", "link:gone", True),
    ],
)
def test_what_work_accounts_for(subject: str, component_text: str, covered: bool) -> None:
    assert covers(window(subject), [component(component_text)], TOWN) is covered


def test_every_one_has_to_be_covered_and_nothing_covers_nothing() -> None:
    one = window("link:core-t", "link:core-a")
    assert covers(one, [component("link:core-t"), component("link:core-a")], TOWN)
    assert not covers(one, [component("link:core-t"), component("link:a-b")], TOWN)
    assert not covers(one, [], TOWN)


def plan(**more: object) -> Window:
    given: dict[str, object] = {
        "title": "Ganti SFP",
        "subjects": ["link:core-t"],
        "starts_at": SUNDAY,
        "ends_at": SUNDAY + HOUR,
        "rrule": None,
        "who": "Budi",
        "note": "",
        **more,
    }
    return plan_window(WindowId("W-1"), **given, inventory=TOWN, now=SUNDAY - HOUR, zone=WITA)  # type: ignore[arg-type]  # by keyword, on purpose


def test_a_plan_says_all_that_is_wrong_with_it() -> None:
    with pytest.raises(PlanError) as caught:
        plan(title=" ", subjects=["link:core-tt", "circuit:1"], ends_at=SUNDAY)
    text = str(caught.value)
    for words in ("did you mean 'core-t'", "KIND:ID", "title", "ends_at"):
        assert words in text


def test_states_and_ids() -> None:
    one = plan(rrule="FREQ=WEEKLY;COUNT=2")
    assert state_of(one, SUNDAY - HOUR, WITA) is WindowState.PLANNED
    assert state_of(one, SUNDAY, WITA) is WindowState.RUNNING
    assert state_of(one, SUNDAY + HOUR, WITA) is WindowState.PLANNED
    assert next_span(one, SUNDAY + HOUR, WITA) == (SUNDAY + WEEK, SUNDAY + WEEK + HOUR)
    assert state_of(one, SUNDAY + 2 * WEEK, WITA) is WindowState.OVER
    first = new_window_id([], SUNDAY, WITA)
    assert first == "W-261122-001", "by the local day"
    assert new_window_id([replace(one, id=first)], SUNDAY, WITA) == "W-261122-002"
