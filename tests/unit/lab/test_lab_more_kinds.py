"""Cisco, ZTE and a UPS: the kinds that the project's own network has and the small one hasn't."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab import codec, commands, traps
from lab.hardware import vendor_of, vendors
from lab.mib import build
from lab.network import Network
from lab.readings import Change
from topology.inventory import load_inventory
from topology.model import Device, DeviceId, DeviceRole

ROOT = Path(__file__).parents[3]
CISCO_SENSOR = "1.3.6.1.4.1.9.9.91.1.1.1.1"
CISCO_LIMIT = "1.3.6.1.4.1.9.9.91.1.2.1.1"


@pytest.fixture
def paser() -> Network:
    inventory = load_inventory(ROOT / "inventory.yaml")
    return Network(inventory, at_s=0.0, wall=datetime(2026, 8, 3, 1, 30, tzinfo=UTC), boot_s=0.0)


def value(network: Network, device: str, oid: str, at_s: float = 1.0) -> bytes:
    return build(network, DeviceId(device)).get(codec.parse_oid(oid), at_s)


def test_ciscos_receive_power_is_in_tenths_of_a_dbm(paser: Network) -> None:
    port = paser.hardware[DeviceId("rsud-r1")].port("GigabitEthernet0/1")
    state = paser.optical(port, 1.0)
    assert state is not None
    assert state.rx_dbm is not None
    sensor = 1_100 + 10 * port.ordinal + 1 + 5
    assert value(paser, "rsud-r1", f"{CISCO_SENSOR}.1.{sensor}") == codec.integer(14), "dBm"
    assert value(paser, "rsud-r1", f"{CISCO_SENSOR}.4.{sensor}") == codec.integer(round(state.rx_dbm * 10))
    low_alarm = value(paser, "rsud-r1", f"{CISCO_LIMIT}.4.{sensor}.4")
    assert low_alarm == codec.integer(round(state.budget.low_alarm_dbm * 10))
    commands.cut(paser, 2.0, "core-1-rsud")
    assert value(paser, "rsud-r1", f"{CISCO_SENSOR}.4.{sensor}", 3.0) == codec.integer(-400)


def test_ztes_rows_are_texts_by_interface_name(paser: Network) -> None:
    port = paser.hardware[DeviceId("muara-komam-r1")].port("gei-1/1")
    row = ".".join(map(str, [7, *b"gei-1/1"]))
    state = paser.optical(port, 1.0)
    assert state is not None
    assert state.rx_dbm is not None
    received = value(paser, "muara-komam-r1", f"1.3.6.1.4.1.3902.3.103.11.1.1.18.{row}")
    assert received == codec.octets(f"{state.rx_dbm:.3f}")


def test_the_ups_runs_on_battery_while_its_feed_is_dark(paser: Network) -> None:
    status, seconds, source, alarms = "33.1.2.1.0", "33.1.2.2.0", "33.1.4.1.0", "33.1.6.1.0"

    def ups(oid: str, at_s: float) -> bytes:
        return value(paser, "dkisp-ups-1", f"1.3.6.1.2.1.{oid}", at_s)

    assert ups(source, 1.0) == codec.integer(3)
    assert ups(alarms, 1.0) == codec.gauge32(0)
    commands.power_off(paser, 10.0, "feed-dkisp")
    assert ups(source, 40.0) == codec.integer(5)
    assert ups(seconds, 40.0) == codec.integer(30)
    assert ups(alarms, 40.0) == codec.gauge32(1)
    assert ups(status, 40.0) == codec.integer(2)
    assert ups(status, 10.0 + 1_600.0) == codec.integer(3), "low on charge after 25 minutes"
    commands.power_on(paser, 50.0, "feed-dkisp")
    assert ups(source, 60.0) == codec.integer(3)


def test_a_ups_tells_the_power_failure_by_a_trap_where_it_can(paser: Network) -> None:
    """Feed-dkisp takes the vantage with it; a second feed of the office leaves the way open."""
    told: list[Change] = []
    paser.listeners.append(told.append)
    commands.power_off(paser, 1.0, "feed-kuaro")
    assert told[-1].on_battery == ()
    commands.power_off(paser, 2.0, "feed-dkisp")
    assert told[-1].on_battery == ("dkisp-ups-1",)
    assert traps.notifications(paser, told[-1]) == [], "its own way to the monitor has no power either"
    with paser.changing(3.0) as truth:
        truth.dark_feeds.clear()
    sent = traps.notifications(paser, Change(4.0, on_battery=told[1].on_battery))
    assert [device for device, _ in sent] == ["dkisp-ups-1"]
    on_battery = codec.varbind((1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0), codec.oid((1, 3, 6, 1, 2, 1, 33, 2, 1)))
    assert on_battery in sent[0][1]


@pytest.mark.parametrize(
    ("port", "vendor"),
    [
        ("ether1", "mikrotik"),
        ("sfp-sfpplus1", "mikrotik"),
        ("GigabitEthernet0/0/1", "huawei"),
        ("XGigabitEthernet0/0/1", "huawei"),
        ("GigabitEthernet0/1", "cisco"),
        ("TenGigabitEthernet1/0/1", "cisco"),
        ("Ethernet1", "arista"),
        ("gei-1/1", "zte"),
        ("eno1", "linux"),
    ],
)
def test_the_vendor_is_known_by_how_ports_are_called(port: str, vendor: str) -> None:
    assert vendor_of(Device(DeviceId("d"), None), [port]).id == vendor


def test_the_profile_and_the_role_go_before_the_ports() -> None:
    assert vendor_of(Device(DeviceId("d"), None, profile="arista-eos"), ["ether1"]).id == "arista"
    assert vendor_of(Device(DeviceId("d"), None, role=DeviceRole.UPS), ["eth0"]).id == "ups"


def test_a_provider_cloud_is_not_played(paser: Network) -> None:
    assert DeviceId("icon-metro") not in paser.hardware
    commands.cut(paser, 2.0, "core-2-icon")
    assert not paser.reachable(DeviceId("bapenda-r1"))


def test_every_device_of_the_projects_network_has_its_whole_mib(paser: Network) -> None:
    kinds = {hardware.vendor.id for hardware in paser.hardware.values()}
    assert kinds == set(vendors()) - {"arista"}
    engine_ids = {hardware.engine_id for hardware in paser.hardware.values()}
    macs = {port.mac for hardware in paser.hardware.values() for port in hardware.ports}
    assert len(engine_ids) == len(paser.hardware)
    assert len(macs) == sum(len(hardware.ports) for hardware in paser.hardware.values())
    for device in paser.hardware:
        assert len(build(paser, device)) > 60
