"""Outputs as devices print them, made up by hand after their forms, and what each is to mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.cli_parse import Parsed, parse
from collector.profile import load_profiles
from topology.observations import (
    AdminStatus,
    Light,
    Neighbor,
    OperStatus,
    OpticalReading,
    PortCounters,
    PortStatus,
)

SAMPLES = Path(__file__).parent / "samples"
PROFILES = load_profiles()
TYPED = {"huawei-smartax.optics.newer.txt": "display ont optical-info 3 all"}
FILES = sorted(path.name for path in SAMPLES.glob("*.txt"))
LIT, DARK, NONE = Light.LIT, Light.DARK, Light.UNSUPPORTED


def parsed(name: str) -> Parsed:
    profile, command = name.split(".")[:2]
    text = (SAMPLES / name).read_text(encoding="utf-8")
    return parse(PROFILES[profile], TYPED.get(name, command), text)


def light_of(name: str) -> list[tuple[str, int | None, Light, float | None, float | None]]:
    return [
        (o.name, o.lane, o.light, o.rx_dbm, o.tx_dbm)
        for o in parsed(name).observations
        if isinstance(o, OpticalReading)
    ]


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_left_unread(name: str) -> None:
    assert parsed(name).errors == ()
    assert parsed(name).observations


OPTICS = {
    "arista-eos.optics.detail.txt": [
        ("Et49", None, LIT, -12.31, None),
        ("Et50", None, LIT, -30.0, None),
        ("Et51", None, DARK, None, None),
    ],
    "cisco-ios.optics.detail.txt": [
        ("Gi1/0/25", None, LIT, -21.3, -5.6),
        ("Gi1/0/27", None, DARK, None, -5.9),
    ],
    "cisco-nxos.optics.details.txt": [
        ("Ethernet1/49", 1, LIT, -1.92, 0.71),
        ("Ethernet1/49", 2, DARK, None, 0.52),
        ("Ethernet1/51", None, NONE, None, None),
    ],
    "hp-procurve.optics.detail.txt": [
        ("49", None, LIT, -14.101, -5.505),
        ("50", None, DARK, None, -5.67),
    ],
    "huawei-ont.optics.txt": [("pon", None, LIT, -21.36, 2.17)],
    "huawei-smartax.optics.newer.txt": [
        ("ont 0", None, LIT, -19.21, 2.11),
        ("ont 1", None, NONE, None, None),
        ("ont 2", None, LIT, -27.96, 2.4),
        ("from ont 0", None, LIT, -22.15, None),
        ("from ont 1", None, NONE, None, None),
        ("from ont 2", None, LIT, -29.1, None),
    ],
    "huawei-vrp.optics.verbose.txt": [
        ("GigabitEthernet0/0/1", None, LIT, -14.07, -5.88),
        ("GigabitEthernet0/0/2", None, DARK, None, -6.01),
        ("40GE0/0/1", 1, LIT, -1.2, 0.1),
        ("40GE0/0/1", 2, LIT, -1.31, 0.21),
        ("40GE0/0/1", 3, DARK, None, 0.32),
        ("40GE0/0/1", 4, LIT, -1.48, 0.43),
    ],
    "juniper-junos.optics.txt": [
        ("ge-0/0/3", None, LIT, -13.96, -5.9),
        ("ge-0/0/4", None, DARK, None, -5.83),
        ("et-0/0/48", 0, LIT, -1.5, 0.5),
        ("et-0/0/48", 1, DARK, None, 0.42),
    ],
    "linux.optics.ethtool.txt": [
        ("enp3s0f0", None, LIT, -3.41, -2.48),
        ("enp3s0f1", 1, LIT, -2.0, 0.09),
        ("enp3s0f1", 2, DARK, None, 0.17),
    ],
    "mikrotik-routeros.optics.two-ports.txt": [
        ("sfp1", None, LIT, -13.87, -5.9),
        ("sfp2", None, DARK, None, -6.02),
    ],
}


@pytest.mark.parametrize("name", sorted(OPTICS))
def test_light_and_power(name: str) -> None:
    assert light_of(name) == OPTICS[name]


def test_columns_hold_without_the_indentation_of_the_first_line() -> None:
    name = "mikrotik-routeros.optics.two-ports.txt"
    text = (SAMPLES / name).read_text(encoding="utf-8").lstrip()
    found = parse(PROFILES["mikrotik-routeros"], "optics", text).observations
    assert found == parsed(name).observations


def test_every_optics_sample_is_compared() -> None:
    assert {name for name in FILES if ".optics" in name} == set(OPTICS)


def test_thresholds_stand_beside_their_own_quantity() -> None:
    seen = next(
        o for o in parsed("cisco-ios.optics.detail.txt").observations if isinstance(o, OpticalReading)
    )
    limits = seen.limits
    assert (limits.rx_low_alarm_dbm, limits.rx_low_warning_dbm) == (-23.0, -20.0)
    assert (limits.tx_high_alarm_dbm, limits.tx_high_warning_dbm) == (0.0, -3.0)
    assert (seen.temperature_c, seen.voltage_v, seen.bias_ma) == (31.4, 3.28, 14.7)


UP, DOWN = OperStatus.UP, OperStatus.DOWN
PORTS = {
    "frr.interfaces.txt": [("eth0", "up", UP), ("eth1", "up", DOWN), ("lo", "down", DOWN)],
    "hp-procurve.interfaces.txt": [("1", "up", UP), ("2", "up", DOWN), ("25", "down", DOWN)],
    "linux.interfaces.txt": [
        ("lo", "up", UP), ("eno1", "up", UP), ("eno2", "up", DOWN), ("eno3", "down", DOWN),
    ],
    "mikrotik-routeros.interfaces.v7.txt": [("ether1", "up", UP), ("sfp1", "down", DOWN)],
    "vyos.interfaces.txt": [
        ("eth0", "up", UP), ("eth1", "up", DOWN), ("eth2", "down", DOWN), ("lo", "up", UP),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PORTS))
def test_ports(name: str) -> None:
    found = [o for o in parsed(name).observations if isinstance(o, PortStatus)]
    got = [(o.port.if_name, o.admin, o.oper) for o in found]
    assert got == [(port, AdminStatus(admin), oper) for port, admin, oper in PORTS[name]]


def test_names_given_by_people_and_counters() -> None:
    ports = {
        o.port.if_name: o for o in parsed("linux.interfaces.txt").observations if isinstance(o, PortStatus)
    }
    assert ports["eno1"].if_alias == "ke core-1"
    counted = [o for o in parsed("linux.interfaces.txt").observations if isinstance(o, PortCounters)]
    assert [(o.port.if_name, o.in_octets, o.in_errors) for o in counted] == [
        ("lo", 120, 0),
        ("eno1", 91827364, 3),
    ]
    comments = [o.if_alias for o in parsed("mikrotik-routeros.interfaces.v7.txt").observations]
    assert comments == [None, 'cadangan ke "Kuaro"']


def test_neighbours() -> None:
    lldp = [o for o in parsed("linux.lldp.txt").observations if isinstance(o, Neighbor)]
    assert [(n.local_if_name, n.remote_system, n.remote_port) for n in lldp] == [
        ("eno1", "dkisp-core-1", "ether1"),
        ("eno2", "48:8f:5a:00:00:11", "7"),
    ]
    ospf = [o for o in parsed("frr.ospf.txt").observations if isinstance(o, Neighbor)]
    assert [(n.local_if_name, n.remote_system, n.state) for n in ospf] == [
        ("eth0", "192.0.2.2", "full"),
        ("eth1", "192.0.2.3", "init"),
    ]
