"""What a month says of an office, told as timelines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.model import Hypothesis
from reports.availability import Part
from reports.blame import Proof
from reports.month import MonthError, parse_month
from reports.standing import Gap
from storage.records.outage_causes import CauseKind
from topology.findings import Component, ComponentKind

NOVEMBER_S = 30 * 86400.0
FEED = Component(ComponentKind.RISK_GROUP, "feed-kuaro")
Story = Any  # of conftest.py, which importlib mode can't import


def test_a_quiet_month_is_up(story: Story) -> None:
    row = story.office_row("kuaro")
    assert row.seconds.up_s == row.seconds.total_s == NOVEMBER_S
    assert row.availability_percent == row.up_percent == 100.0
    assert row.meets_sla is True
    assert row.outages == ()


def test_an_outage_over_the_limit_counts_and_names_its_circuit(story: Story) -> None:
    story.cut("kuaro", story.day(3, 10), story.day(3, 16), id_="R-1")
    row = story.office_row("kuaro")
    (outage,) = row.outages
    assert outage.counts
    assert outage.seconds.down_counted_s == outage.length_s == 6 * 3600
    assert (outage.incidents, outage.against) == (("R-1",), ("icon",))
    assert outage.cause.kind is CauseKind.PENYEDIA
    assert row.availability_percent == pytest.approx(99.166)  # 99.1666... rounded down
    assert row.meets_sla is False


@pytest.mark.parametrize(("seconds", "counts"), [(300, False), (301, True)])
def test_the_limit_is_more_than_300_seconds(story: Story, seconds: int, counts: bool) -> None:
    start = story.day(3, 10)
    story.cut("kuaro", start, start + timedelta(seconds=seconds))
    row = story.office_row("kuaro")
    assert row.outages[0].counts is counts
    assert (row.seconds.down_counted_s, row.seconds.down_short_s) == (
        (seconds, 0) if counts else (0, seconds)
    )
    assert (row.outages_counted, row.outages_short) == ((1, 0) if counts else (0, 1))
    assert (row.availability_percent == 100.0) is not counts
    assert row.up_percent is not None
    assert row.up_percent < 100.0


def test_short_outages_do_not_add_up_to_a_long_one(story: Story) -> None:
    for minute in range(0, 50, 5):
        start = story.day(9, 8, minute)
        story.cut("kuaro", start, start + timedelta(seconds=200))
    row = story.office_row("kuaro")
    assert (row.outages_counted, row.outages_short) == (0, 10)
    assert row.seconds.down_short_s == 2000
    assert row.availability_percent == 100.0


def test_an_outage_across_the_month_has_its_whole_length_and_each_month_its_part(story: Story) -> None:
    start = story.day(30, 23, 57)
    story.cut("kuaro", start, start + timedelta(seconds=360))
    november = story.office_row("kuaro")
    december = story.office_row("kuaro", month="2026-12")
    assert november.seconds.down_counted_s == 180
    assert december.seconds.down_counted_s == 180
    assert november.outages[0].length_s == december.outages[0].length_s == 360


def test_evidence_names_lines_of_the_log_and_what_they_rest_on(story: Story) -> None:
    story.cut("kuaro", story.day(3, 10), story.day(3, 16))
    (outage,) = story.office_row("kuaro").outages
    (said,) = outage.evidence
    assert (said.subject.id, said.said) == ("icon-kuaro", "down")
    assert said.through == ("interface:core:sfp1", "interface:kuaro-r1:sfp1")
    lines = {r.id: r.change for r in story.log}
    assert said.event in outage.events
    assert {lines[e].now for e in outage.events} == {"down", "cut"}
    assert "subject=office:kuaro&since=2026-11-03T02%3A00%3A00%2B00%3A00" in outage.events_url


# --- what is not known


def test_time_without_ronda_is_neither_up_nor_down(story: Story) -> None:
    whole = story.watched[0]
    story.watched = [replace(whole, until=story.day(5)), replace(whole, since=story.day(6))]
    row = story.office_row("kuaro")
    assert row.seconds.unknown_s == 86400
    assert row.seconds.up_s == NOVEMBER_S - 86400
    assert row.availability_percent == 100.0
    assert [i.gap for i in row.intervals if i.part is Part.UNKNOWN] == [Gap.NOT_WATCHED]


def test_a_restart_in_the_middle_does_not_make_two_short_outages(story: Story) -> None:
    start = story.day(5, 12)
    story.cut("kuaro", start, start + timedelta(seconds=420))
    whole = story.watched[0]
    story.watched = [
        replace(whole, until=start + timedelta(seconds=200)),
        replace(whole, since=start + timedelta(seconds=220)),
    ]
    row = story.office_row("kuaro")
    (outage,) = row.outages
    assert outage.length_s == 400
    assert row.seconds.down_counted_s == 400
    assert row.seconds.unknown_s == 20


def test_only_proven_time_decides_whether_it_counts(story: Story) -> None:
    start = story.day(5, 12)
    story.cut("kuaro", start, start + timedelta(seconds=420))
    whole = story.watched[0]
    story.watched = [
        replace(whole, until=start + timedelta(seconds=100)),
        replace(whole, since=start + timedelta(seconds=300)),
    ]
    row = story.office_row("kuaro")
    assert row.seconds.down_short_s == 220
    assert row.seconds.down_counted_s == 0


def test_a_blind_monitor_knows_nothing(story: Story) -> None:
    story.monitor("blind", story.day(7))
    story.office("kuaro", "unknown", story.day(7))
    story.monitor("seeing", story.day(7, 2))
    story.office("kuaro", "connected", story.day(7, 2))
    row = story.office_row("kuaro")
    assert row.seconds.unknown_s == 7200
    assert [i.gap for i in row.intervals if i.part is Part.UNKNOWN] == [Gap.BLIND]


def test_nothing_known_at_all_is_no_figure(story: Story) -> None:
    story.watched = []
    row = story.office_row("kuaro")
    assert row.seconds.unknown_s == NOVEMBER_S
    assert row.availability_percent is row.up_percent is row.meets_sla is None


def test_an_office_connected_in_the_middle_counts_from_then_on(story: Story) -> None:
    story.log = [line for line in story.log if line.change.subject.id != "kuaro"]
    story.office("kuaro", "not_connected", story.day(-20))
    story.office("kuaro", "connected", story.day(16))
    story.cut("kuaro", story.day(20), story.day(20, 3))
    row = story.office_row("kuaro")
    assert row.seconds.before_connected_s == 15 * 86400
    assert row.availability_percent == pytest.approx(100 * (1 - 3 / (15 * 24)), abs=0.001)


def test_a_running_month_ends_now(story: Story) -> None:
    now = story.day(10, 12)
    story.says(story.link("icon-kuaro"), "down", story.day(10, 11))
    story.office("kuaro", "cut", story.day(10, 11))
    story.incident("R-9", [story.link("icon-kuaro")], story.day(10, 11), None, cut=["kuaro"])
    report = story.report(now=now)
    assert not report.complete
    assert report.until == now
    row = story.office_row("kuaro", now=now)
    assert row.seconds.total_s == 9.5 * 86400
    assert row.outages[0].running
    assert row.seconds.down_counted_s == 3600


def test_a_month_to_come_is_refused(story: Story) -> None:
    with pytest.raises(MonthError, match="2027-02 has not begun yet"):
        story.report(month="2027-02")


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-11", "2026-11-01", "", "９９９９-11", "November"])
def test_a_month_has_one_form(text: str) -> None:
    with pytest.raises(MonthError, match="write it as 2026-11"):
        parse_month(text)


# --- what does not count


def test_announced_maintenance_of_the_circuit_is_excluded(story: Story) -> None:
    story.cut("kuaro", story.day(3, 22), story.day(4, 2))
    story.window(story.link("icon-kuaro"), story.day(3, 22), story.day(4, 0))
    row = story.office_row("kuaro")
    assert row.seconds.excluded_maintenance_s == 7200
    assert row.seconds.down_counted_s == 7200
    (outage,) = row.outages
    assert [w.id for w in outage.windows] == ["M-1"]
    assert story.circuit_row("icon-kuaro").seconds.excluded_maintenance_s == 7200


def test_maintenance_announced_afterwards_excuses_nothing_before(story: Story) -> None:
    story.cut("kuaro", story.day(3, 22), story.day(4, 2))
    story.window(story.link("icon-kuaro"), story.day(3, 22), story.day(4, 2), announced=story.day(4, 1))
    row = story.office_row("kuaro")
    assert row.seconds.excluded_maintenance_s == 3600


def test_maintenance_elsewhere_excuses_nothing(story: Story) -> None:
    story.cut("kuaro", story.day(3, 22), story.day(4, 2))
    story.window(story.link("telkom-long"), story.day(3, 22), story.day(4, 2))
    assert story.office_row("kuaro").seconds.excluded_maintenance_s == 0


def test_work_that_cuts_an_office_off_explains_it_without_an_incident(story: Story) -> None:
    story.office("beyond", "cut", story.day(3, 22))
    story.office("beyond", "connected", story.day(3, 23))
    story.window(story.link("icon-kuaro"), story.day(3, 22), story.day(4))
    assert story.office_row("beyond").seconds.excluded_maintenance_s == 3600


def test_a_power_feed_of_the_office_is_excluded_and_one_elsewhere_is_not(story: Story) -> None:
    for office in ("kuaro", "beyond"):
        story.office(office, "cut", story.day(8))
        story.office(office, "connected", story.day(8, 2))
    story.incident("R-5", [FEED], story.day(8), story.day(8, 2), cut=["kuaro", "beyond"])
    at_the_feed, behind_it = story.office_row("kuaro"), story.office_row("beyond")
    assert at_the_feed.seconds.excluded_power_s == 7200
    assert at_the_feed.outages[0].cause.proof is Proof.POWER_FEED
    assert behind_it.seconds.down_counted_s == 7200
    assert behind_it.outages[0].against == ()
    assert at_the_feed.outages_excluded == 1


def test_a_ups_on_battery_proves_it_where_the_office_itself_may_be_the_cause(story: Story) -> None:
    start, end = story.day(8, 3), story.day(8, 5)
    story.battery("kuaro-ups", start - timedelta(minutes=20), end)
    incident = story.cut("kuaro", start, end, by=story.device("kuaro-r1"))
    row = story.office_row("kuaro")
    assert row.seconds.excluded_power_s == 7200
    assert row.outages[0].cause.proof is Proof.ON_BATTERY
    # The same while a fibre is blamed and nothing points at the office: the battery explains nothing.
    story.incidents[-1] = replace(incident, components=(story.link("icon-kuaro"),))
    assert story.office_row("kuaro").seconds.down_counted_s == 7200
    own = Hypothesis((story.device("kuaro-r1"),), 0.4, "no power")
    story.incidents[-1] = replace(story.incidents[-1], alternatives=(own,))
    assert story.office_row("kuaro").seconds.excluded_power_s == 7200


def test_a_battery_that_was_charged_again_before_proves_nothing(story: Story) -> None:
    start = story.day(8, 3)
    story.battery("kuaro-ups", start - timedelta(hours=5), start - timedelta(hours=4))
    story.cut("kuaro", start, story.day(8, 5), by=story.device("kuaro-r1"))
    row = story.office_row("kuaro")
    assert row.seconds.down_counted_s == 7200
    assert row.outages[0].cause.kind is CauseKind.PERANGKAT


def test_what_a_person_found_goes_before_and_the_newest_counts(story: Story) -> None:
    incident = story.cut("kuaro", story.day(3), story.day(3, 1))
    story.found(incident, CauseKind.LISTRIK, "foto kWh meter padam")
    row = story.office_row("kuaro")
    assert row.seconds.excluded_power_s == 3600
    assert row.outages[0].cause.evidence == "foto kWh meter padam"
    assert row.outages[0].cause.proof is Proof.PERSON
    story.found(incident, CauseKind.PENYEDIA, "tiket penyedia: kabel putus")
    row = story.office_row("kuaro")
    assert row.seconds.down_counted_s == 3600
    assert row.outages[0].against == ("icon",)
    story.found(incident, CauseKind.PERANGKAT, "router dimatikan")
    assert story.office_row("kuaro").outages[0].against == ()
    assert story.office_row("kuaro").seconds.down_counted_s == 3600
    assert story.circuit_row("icon-kuaro").seconds.down_counted_s == 0


def test_a_word_about_one_office_leaves_the_others(story: Story) -> None:
    for office in ("kuaro", "beyond"):
        story.office(office, "cut", story.day(8))
        story.office(office, "connected", story.day(8, 2))
    incident = story.incident(
        "R-5", [story.link("icon-kuaro")], story.day(8), story.day(8, 2), cut=["kuaro", "beyond"]
    )
    story.found(incident, CauseKind.LISTRIK, offices=("beyond",))
    assert story.office_row("beyond").seconds.excluded_power_s == 7200
    assert story.office_row("kuaro").seconds.down_counted_s == 7200


# --- incidents that change


def test_a_merged_incident_leaves_the_outage_to_the_one_that_explains_more(story: Story) -> None:
    story.office("kuaro", "cut", story.day(8))
    story.office("kuaro", "connected", story.day(8, 2))
    first = story.incident("R-1", [story.device("kuaro-r1")], story.day(8), story.day(8, 0, 5), cut=["kuaro"])
    story.incident("R-2", [story.link("icon-kuaro")], story.day(8), story.day(8, 2), cut=["kuaro"])
    (outage,) = story.office_row("kuaro").outages
    assert outage.incidents == ("R-2", "R-1")
    assert outage.against == ("icon",)
    assert first.id in outage.incidents


def test_a_second_cause_takes_over_where_the_first_ends(story: Story) -> None:
    story.office("kuaro", "cut", story.day(8))
    story.office("kuaro", "connected", story.day(8, 4))
    story.incident("R-1", [FEED], story.day(8), story.day(8, 1), cut=["kuaro"])
    story.incident("R-2", [story.link("icon-kuaro")], story.day(8, 1), story.day(8, 4), cut=["kuaro"])
    row = story.office_row("kuaro")
    assert row.seconds.excluded_power_s == 3600
    assert row.seconds.down_counted_s == 3 * 3600
    assert len(row.outages) == 1


def test_an_outage_that_nothing_explains_counts_against_nobody(story: Story) -> None:
    story.office("kuaro", "cut", story.day(8))
    story.office("kuaro", "connected", story.day(8, 4))
    row = story.office_row("kuaro")
    (outage,) = row.outages
    assert (outage.cause, outage.against, outage.incidents) == (None, (), ())
    assert row.seconds.down_counted_s == 4 * 3600
    assert story.provider_row("icon").restitution_idr == 0


def test_a_port_at_a_silent_device_is_no_witness(story: Story) -> None:
    start, end = story.day(3, 10), story.day(3, 16)
    silent = story.device("kuaro-r1")
    story.says(silent, "silent", start)
    incident = story.cut("kuaro", start, end)
    story.incidents[-1] = replace(incident, explains=(*incident.explains, silent))
    (outage,) = story.office_row("kuaro").outages
    assert {e.said: e.through for e in outage.evidence} == {
        "down": ("interface:core:sfp1",),
        "silent": ("probe:kuaro-r1",),
    }
