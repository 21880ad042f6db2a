"""Conditions over a restart: nothing is told twice, nothing ends without a reading that says so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from alerts.condition_settings import ConditionSettings
from alerts.conditions import config_changed, monitor_unwell
from alerts.model import ConditionKind, Incident, IncidentStatus, Notification, Reason, ReceiverId
from alerts.route import Route
from ronda.patrol import Patrol, Round
from storage.records.codec import incident_body, incident_of
from topology.findings import StateChange
from topology.inventory import read_inventory
from topology.model import DeviceId, Inventory, PortRef
from topology.observations import (
    AdminStatus,
    Light,
    Observation,
    OperStatus,
    OpticalReading,
    PortStatus,
    Reachability,
    SensorReading,
)

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
YAML = """
version: 1
network: {name: Uji, timezone: Asia/Makassar, language: id}
vantage: core
hubs: [hub]
offices: [{id: hub}, {id: far}, {id: new, connection: installing}]
devices:
  - {id: core, office: hub, address: 127.0.0.1, role: core}
  - {id: r1, office: far, address: 127.0.0.2}
  - {id: n1, office: new, address: 127.0.0.3}
links:
  - {id: span, a: {device: core, port: p1}, b: {device: r1, port: p1}, rx_min_dbm: -24}
"""
PROMPT = ConditionSettings(rx_raise_for_s=0, rx_clear_for_s=60, connected_after_s=0)


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    found, problems = read_inventory(YAML, "test")
    assert found is not None, problems
    return found


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


class Life:
    """A monitoring process, and the records that outlive it."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.incidents: dict[str, Incident] = {}
        self.changes: list[StateChange] = []
        self.notes: list[Notification] = []
        self.start(None)

    def start(self, second: float | None) -> None:
        self.patrol = Patrol(self.inventory, [Route((ReceiverId("noc"),))], condition_settings=PROMPT)
        if second is not None:
            saved = [incident_of(incident_body(i), i.timeline) for i in self.incidents.values()]
            self.patrol.resume(saved, self.changes, (), at(second))

    def look(self, second: float, *seen: Observation) -> Round:
        self.patrol.see(seen)
        round_ = self.patrol.look(at(second))
        self.incidents |= {i.id: i for i in round_.moved.incidents}
        self.notes += round_.moved.notifications
        self.changes += round_.changes
        return round_

    @property
    def told(self) -> list[tuple[Reason, str]]:
        return [(n.reason, n.incident or "") for n in self.notes]


@pytest.fixture
def life(inventory: Inventory) -> Life:
    return Life(inventory)


def light(second: float, rx_dbm: float | None, device: str = "core") -> OpticalReading:
    state = Light.DARK if rx_dbm is None else Light.LIT
    return OpticalReading(DeviceId(device), at(second), "p1", if_name="p1", light=state, rx_dbm=rx_dbm)


def alive(second: float) -> Iterable[Observation]:
    for device in ("core", "r1"):
        yield Reachability(DeviceId(device), at(second), True)
        yield PortStatus(PortRef(DeviceId(device), "p1"), at(second), AdminStatus.UP, OperStatus.UP)


def test_a_low_light_is_told_once_though_the_monitor_restarts(life: Life) -> None:
    life.look(0, *alive(0), light(0, -25))
    assert [r for r, _ in life.told] == [Reason.OPENED]
    life.start(100)
    life.look(101)
    life.look(160, *alive(160), light(160, -25.2))
    life.look(200, light(200, -23.8))  # between the limits: neither
    assert [r for r, _ in life.told] == [Reason.OPENED]
    life.look(300, light(300, -20))
    life.look(370, light(370, -20))
    assert [r for r, _ in life.told] == [Reason.OPENED, Reason.RESOLVED]
    assert len({i for _, i in life.told}) == 1


def test_the_other_end_being_well_does_not_clear_it_after_a_restart(life: Life) -> None:
    life.look(0, *alive(0), light(0, -25))
    life.start(100)
    for second in range(110, 900, 60):
        life.look(second, *alive(second), light(second, -15, "r1"))
    assert [r for r, _ in life.told] == [Reason.OPENED]


def test_darkness_is_no_reading(life: Life) -> None:
    life.look(0, *alive(0), light(0, -25))
    for second in range(60, 900, 60):
        life.look(second, *alive(second), light(second, None))
    assert [r for r, _ in life.told] == [Reason.OPENED]


def test_what_was_taken_out_of_the_inventory_is_over(life: Life) -> None:
    life.look(0, *alive(0), light(0, -25))
    life.inventory, _ = read_inventory(YAML.split("links:")[0] + "links: []\n", "test")  # type: ignore[assignment]  # it reads
    life.start(100)
    life.look(101)
    assert [r for r, _ in life.told] == [Reason.OPENED, Reason.RESOLVED]


def test_a_notice_lapses_silently_also_after_a_restart(life: Life) -> None:
    life.patrol.put([config_changed(DeviceId("r1"), at(0), added=2, removed=1, who="budi", lasts_s=600)])
    life.look(0, *alive(0))
    life.look(10)
    life.start(100)
    life.look(101)
    assert life.patrol.book.next_at() == at(600)
    life.look(601)
    (incident,) = life.incidents.values()
    assert incident.status is IncidentStatus.RESOLVED
    assert [r for r, _ in life.told] == [Reason.OPENED]
    life.look(700)
    assert len(life.incidents) == 1


def test_what_was_put_in_stands_until_it_is_taken_back(life: Life) -> None:
    life.patrol.put([monitor_unwell("disk", True, at(0), "full")])
    life.look(0, *alive(0))
    life.start(100)
    life.look(101)
    life.patrol.put([monitor_unwell("disk", None, at(102), "nobody knows")])
    life.look(102)
    assert [r for r, _ in life.told] == [Reason.OPENED]
    life.patrol.put([monitor_unwell("disk", False, at(103), "well again")])
    life.look(103)
    assert [r for r, _ in life.told] == [Reason.OPENED, Reason.RESOLVED]


def test_an_office_that_joins_is_greeted_once_ever(life: Life) -> None:
    for second in (0, 1, 2):
        life.look(second, *alive(second), Reachability(DeviceId("n1"), at(second), False, received=0))
    life.look(10, Reachability(DeviceId("n1"), at(10), True))
    assert [r for r, _ in life.told] == [Reason.CONNECTED]
    (incident,) = life.incidents.values()
    assert incident.condition is ConditionKind.OFFICE_CONNECTED
    assert not incident.active
    life.start(100)
    for second in (110, 111, 112):
        life.look(second, Reachability(DeviceId("n1"), at(second), False, received=0))
    life.look(120, Reachability(DeviceId("n1"), at(120), True))
    assert [r for r, _ in life.told] == [Reason.CONNECTED]


def test_one_that_joined_while_the_monitor_was_away_is_greeted(life: Life) -> None:
    for second in (0, 1, 2):
        life.look(second, *alive(second), Reachability(DeviceId("n1"), at(second), False, received=0))
    life.start(1000)
    life.look(1001, *alive(1001), Reachability(DeviceId("n1"), at(1001), True))
    assert [r for r, _ in life.told] == [Reason.CONNECTED]


def test_what_answers_at_the_very_first_look_is_no_news(life: Life) -> None:
    life.look(0, *alive(0), Reachability(DeviceId("n1"), at(0), True))
    life.look(10, Reachability(DeviceId("n1"), at(10), True))
    for second in (20, 21, 22):
        life.look(second, Reachability(DeviceId("n1"), at(second), False, received=0))
    life.look(30, Reachability(DeviceId("n1"), at(30), True))  # back after an outage: it was there before
    assert life.told == []


def test_what_is_being_installed_alarms_nobody(life: Life) -> None:
    hot = SensorReading(DeviceId("n1"), at(0), "temperature", "inlet", 95.0, "celsius")
    life.look(0, *alive(0), hot)
    life.look(900, SensorReading(DeviceId("n1"), at(900), "temperature", "inlet", 95.0, "celsius"))
    assert life.told == []


def test_new_figures_alone_are_not_written_down(life: Life) -> None:
    life.look(0, *alive(0), light(0, -25))
    round_ = life.look(60, *alive(60), light(60, -25.4))
    assert round_.moved.incidents == ()
    (incident,) = life.patrol.book.active
    assert incident.fact("rx_dbm") == -25.4
