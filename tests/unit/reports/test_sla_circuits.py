"""What a month says of providers' circuits, and what is owed back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.model import IncidentKind
from reports.availability import Part, Times
from reports.terms import fee_idr, restitution_idr
from storage.records.outage_causes import CauseKind
from topology.findings import Component, ComponentKind
from topology.model import ProviderId, Restitution, RestitutionKind, RestitutionStep

Story = Any  # of conftest.py, which importlib mode can't import
HOUR = 3600.0
DUCT = Component(ComponentKind.RISK_GROUP, "duct")


def test_only_the_provider_whose_circuit_is_the_cause_owes(story: Story) -> None:
    story.cut("kuaro", story.day(3), story.day(3, 7, 12))  # 1 % of the month
    icon, telkom = story.provider_row("icon"), story.provider_row("telkom")
    assert icon.restitution_idr == 30_000
    assert telkom.restitution_idr == 0
    assert story.circuit_row("icon-kuaro").restitution_idr == 30_000
    assert story.circuit_row("icon-beyond").restitution_idr == 0
    assert icon.fee_idr == 9_000_000


def test_a_circuit_is_down_though_its_office_lives_on_another_one(story: Story) -> None:
    start, end = story.day(3), story.day(3, 10)
    story.office("long-ikis", "degraded", start)
    story.office("long-ikis", "connected", end)
    story.incident("R-1", [story.link("telkom-long")], start, end, degraded=["long-ikis"])
    assert story.office_row("long-ikis").availability_percent == 100.0
    row = story.circuit_row("telkom-long")
    assert row.seconds.down_counted_s == 10 * HOUR
    assert row.outages[0].incidents == ("R-1",)
    assert story.circuit_row("icon-long").seconds.up_s == 30 * 24 * HOUR
    assert story.provider_row("telkom").restitution_idr == round(6_000_000 * 10 / 720)


def test_of_two_circuits_each_owes_for_its_own_time(story: Story) -> None:
    telkom, icon = story.link("telkom-long"), story.link("icon-long")
    story.office("long-ikis", "degraded", story.day(3))
    story.office("long-ikis", "cut", story.day(3, 6))
    story.office("long-ikis", "connected", story.day(3, 8))
    story.incident("R-1", [telkom], story.day(3), story.day(3, 8), degraded=["long-ikis"])
    story.incident("R-2", [icon], story.day(3, 6), story.day(3, 8), cut=["long-ikis"])
    (outage,) = story.office_row("long-ikis").outages
    assert outage.against == ("icon",)
    assert story.circuit_row("telkom-long").seconds.down_counted_s == 8 * HOUR
    assert story.circuit_row("icon-long").seconds.down_counted_s == 2 * HOUR


def test_a_circuit_behind_another_fault_is_not_judged(story: Story) -> None:
    start, end = story.day(3), story.day(3, 10)
    for office in ("kuaro", "beyond"):
        story.office(office, "cut", start)
        story.office(office, "connected", end)
    story.incident("R-1", [story.link("icon-kuaro")], start, end, cut=["kuaro", "beyond"])
    assert story.circuit_row("icon-kuaro").seconds.down_counted_s == 10 * HOUR
    behind = story.circuit_row("icon-beyond")
    assert behind.seconds.unknown_s == 10 * HOUR
    assert behind.restitution_idr == 0


def test_a_duct_takes_the_circuits_that_run_through_it(story: Story) -> None:
    start, end = story.day(3), story.day(3, 10)
    story.office("kuaro", "cut", start)
    story.office("long-ikis", "degraded", start)
    story.office("kuaro", "connected", end)
    story.office("long-ikis", "connected", end)
    links = (story.link("icon-kuaro"), story.link("telkom-long"))
    story.incident("R-1", [DUCT], start, end, cut=["kuaro"], degraded=["long-ikis"], explains=links)
    assert story.circuit_row("icon-kuaro").seconds.down_counted_s == 10 * HOUR
    assert story.circuit_row("telkom-long").seconds.down_counted_s == 10 * HOUR
    assert story.circuit_row("icon-long").seconds.down_counted_s == 0
    assert story.office_row("kuaro").outages[0].against == ("icon", "telkom")


def test_a_person_may_name_the_provider(story: Story) -> None:
    start, end = story.day(3), story.day(3, 10)
    incident = story.cut("long-ikis", start, end, by=story.device("long-r1"))
    assert story.office_row("long-ikis").outages[0].against == ()
    story.found(incident, CauseKind.PENYEDIA)
    assert story.office_row("long-ikis").outages[0].against == ("telkom",)
    assert story.circuit_row("telkom-long").seconds.down_counted_s == 10 * HOUR
    story.found(incident, CauseKind.PENYEDIA, provider=ProviderId("icon"))
    assert story.circuit_row("icon-long").seconds.down_counted_s == 10 * HOUR
    assert story.circuit_row("telkom-long").seconds.down_counted_s == 0


def test_a_power_failure_is_excluded_for_the_circuit_too(story: Story) -> None:
    incident = story.cut("kuaro", story.day(3), story.day(3, 10))
    story.found(incident, CauseKind.LISTRIK)
    row = story.circuit_row("icon-kuaro")
    assert row.seconds.excluded_power_s == 10 * HOUR
    assert row.restitution_idr == 0
    assert row.outages[0].cause.kind is CauseKind.LISTRIK


def test_a_circuit_of_an_office_connected_in_the_middle_costs_half(story: Story) -> None:
    story.log = [line for line in story.log if line.change.subject.id != "beyond"]
    story.office("beyond", "not_connected", story.day(-20))
    story.office("beyond", "connected", story.day(16))
    row = story.circuit_row("icon-beyond")
    assert row.fee_idr == 1_500_000
    assert row.seconds.before_connected_s == 15 * 24 * HOUR


def test_circuits_add_up_to_their_provider(story: Story) -> None:
    story.cut("kuaro", story.day(3), story.day(3, 10))
    icon = story.provider_row("icon")
    for part in Part:
        whole = getattr(icon.seconds, f"{part}_s")
        assert whole == sum(getattr(c.seconds, f"{part}_s") for c in icon.circuits)
    assert icon.restitution_idr == sum(c.restitution_idr for c in icon.circuits)
    assert icon.seconds.total_s == len(icon.circuits) * 30 * 24 * HOUR


def test_without_an_agreed_fee_nothing_is_reckoned(story: Story) -> None:
    providers = dict(story.inventory.providers)
    providers[ProviderId("icon")] = replace(providers[ProviderId("icon")], monthly_fee_idr=None)
    story.inventory = replace(story.inventory, providers=providers)
    story.cut("kuaro", story.day(3), story.day(3, 10))
    assert story.provider_row("icon").restitution_idr is None
    assert story.circuit_row("icon-kuaro").fee_idr is None


# --- formulas

MONTH = timedelta(days=30)


def times(down: float, before: float = 0.0) -> Times:
    up = MONTH.total_seconds() - down - before
    parts = {Part.UP: up, Part.DOWN_COUNTED: down, Part.BEFORE_CONNECTED: before}
    return Times({part: timedelta(seconds=s) for part, s in parts.items()})


STEPS = Restitution(
    RestitutionKind.STEPS,
    steps=(RestitutionStep(99.5, 5), RestitutionStep(98, 10), RestitutionStep(95, 25)),
)


@pytest.mark.parametrize(
    ("percent_down", "owed"),
    [(0, 0), (0.5, 0), (0.51, 50_000), (2.1, 100_000), (5.1, 250_000), (100, 250_000)],
)
def test_steps_rise_as_the_availability_falls(percent_down: float, owed: int) -> None:
    down = MONTH.total_seconds() * percent_down / 100
    assert restitution_idr(STEPS, 1_000_000, times(down), MONTH, 99.5) == owed


def test_proportional_only_below_what_was_agreed() -> None:
    gated = Restitution(only_below_sla=True)
    assert restitution_idr(gated, 1_000_000, times(3600), MONTH, 99.5) == 0
    assert restitution_idr(gated, 1_000_000, times(7200 * 2), MONTH, 99.5) == 5_556
    assert restitution_idr(Restitution(), 1_000_000, times(3600), MONTH, 99.5) == 1_389


def test_never_more_than_the_fee_of_the_time_in_service() -> None:
    half = MONTH.total_seconds() / 2
    late = times(half, before=half)
    assert fee_idr(1_000_000, late, MONTH) == 500_000
    assert restitution_idr(Restitution(), 1_000_000, late, MONTH, 99.5) == 500_000


def test_a_flapping_circuit_is_down_when_its_link_was(story: Story) -> None:
    flapping = story.link("icon-long")
    for minute in range(0, 20, 4):
        story.says(flapping, "down", story.day(9, 8, minute))
        story.says(flapping, "up", story.day(9, 8, minute + 1))
    story.incident("R-1", [flapping], story.day(9, 8), story.day(9, 9), kind=IncidentKind.FLAPPING)
    row = story.circuit_row("icon-long")
    assert row.seconds.down_short_s == 5 * 60
    assert (row.outages_counted, row.outages_short) == (0, 5)
    assert row.restitution_idr == 0


def test_a_circuit_that_nobody_missed_was_down_all_the_same(story: Story) -> None:
    spare = story.link("icon-long")
    story.says(spare, "down", story.day(9, 8))
    story.says(spare, "up", story.day(9, 10))
    story.incident("R-1", [spare], story.day(9, 8), story.day(9, 11))
    assert story.circuit_row("icon-long").seconds.down_counted_s == 2 * HOUR


def test_a_suspicion_that_nobody_was_told_of_blames_nobody(story: Story) -> None:
    incident = story.cut("kuaro", story.day(3), story.day(3, 10))
    story.incidents[-1] = replace(incident, opened_at=None)
    assert story.circuit_row("icon-kuaro").outages == ()
    assert story.office_row("kuaro").outages[0].against == ()


def test_an_incident_about_a_link_that_the_log_does_not_know(story: Story) -> None:
    story.incident("R-1", [story.link("icon-long")], story.day(9, 8), story.day(9, 11))
    assert story.circuit_row("icon-long").outages == ()
