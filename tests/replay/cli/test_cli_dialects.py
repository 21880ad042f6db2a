"""Forms in which other versions and models print the same commands, made up by hand, and what each means.

A first line `#! ...` is the command as it was typed, where its name alone does not say enough.
"""

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
    SystemInfo,
)

FOLDER = Path(__file__).parent / "dialects"
FILES = sorted(path.name for path in FOLDER.glob("*.txt"))
PROFILES = load_profiles()
LIT, DARK, NONE = Light.LIT, Light.DARK, Light.UNSUPPORTED


def text_of(name: str) -> tuple[str, str, str]:
    """Profile, command, and the text without the line that says how it was typed."""
    profile, command = name.split(".")[:2]
    text = (FOLDER / name).read_text(encoding="utf-8")
    if text.startswith("#! "):
        command, _, text = text[3:].partition("\n")
    return profile, command, text


def parsed(name: str, *, cut_at: int | None = None) -> Parsed:
    profile, command, text = text_of(name)
    if cut_at is not None:
        return parse(PROFILES[profile], command, text[:cut_at], cut=True)
    return parse(PROFILES[profile], command, text)


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_left_unread(name: str) -> None:
    assert parsed(name).errors == ()
    assert parsed(name).observations


OPTICS = {
    "arista-eos.optics.ago.txt": [
        ("Ethernet3/1/1", None, LIT, -2.41, None, 27.5, 20.1, 3.24),
        ("Ethernet5/29/1", None, NONE, None, None, None, None, None),
        ("Ethernet4/21/1", None, LIT, -30.0, -1.1, 31.2, 0.0, 3.25),
    ],
    "cisco-ios.optics.indented.txt": [("Twe1/1/1", None, LIT, -6.5, -2.4, 27.5, 6.1, None)],
    "cisco-ios.optics.marks.txt": [
        ("Te1/1/1", None, LIT, -27.1, -2.9, 26.4, 6.5, None),
        ("Te1/1/2", None, DARK, None, -2.8, 25.3, 6.4, None),
        ("Te1/1/3", None, NONE, None, None, 24.2, 0.0, None),
        ("Te1/1/4", None, LIT, -3.0, -2.2, 24.9, 8.1, 3.29),
    ],
    "cisco-nxos.optics.lanes.txt": [
        ("Ethernet1/1", None, NONE, None, None, None, None, None),
        ("Ethernet1/53", 1, NONE, None, None, 22.1, None, 3.31),
        ("Ethernet1/53", 2, LIT, -2.31, None, 22.1, None, None),
        ("fc1/7", None, NONE, None, -14.5, 34.1, 0.0, 3.3),
    ],
    "huawei-vrp.interfaces.router.txt": [
        ("GigabitEthernet0/3/1", None, LIT, -7.42, -2.05, None, None, None),
        ("GigabitEthernet0/3/2", None, DARK, None, -2.11, None, None, None),
    ],
    "huawei-vrp.optics.diagnosis.txt": [
        ("XGigabitEthernet0/0/7", None, LIT, -31.25, 0.85, 29.75, 41.2, 3.27)
    ],
    "huawei-vrp.optics.two-lanes-a-line.txt": [
        ("100GE1/0/5", 1, LIT, -4.11, 1.01, 33.12, 51.1, 3.28),
        ("100GE1/0/5", 2, LIT, -4.22, 1.02, 33.12, 52.2, 3.28),
        ("100GE1/0/5", 3, DARK, None, 1.03, 33.12, 53.3, 3.28),
        ("100GE1/0/5", 4, LIT, -4.44, 1.04, 33.12, 54.4, 3.28),
        ("XGigabitEthernet0/0/2", None, LIT, -9.75, -1.85, 35.5, 32.0, 3.31),
    ],
    "juniper-junos.optics.flush.txt": [
        ("et-0/0/1", 0, LIT, -3.0, 1.3, 47.0, 131.1, 3.325),
        ("et-0/0/1", 1, DARK, None, 0.96, 47.0, 131.1, 3.325),
    ],
    "mikrotik-routeros.optics.nameless.txt": [("sfp-sfpplus1", None, LIT, -8.25, -2.11, 42.0, 35.0, 3.281)],
    "vyos.optics.one-port.txt": [("eth3", None, DARK, None, -3.0, 38.1, 6.1, 3.29)],
    "zte-zxr10.optics.limits.txt": [
        ("gei-0/1/0/1", None, LIT, -7.1, -6.2, None, None, None),
        ("cgei-0/2/0/1", 1, LIT, 1.1, 0.5, None, None, None),
        ("cgei-0/2/0/1", 2, DARK, None, 1.6, None, None, None),
        ("cdgei-0/2/0/2", None, NONE, None, 0.7, None, None, None),
    ],
}


@pytest.mark.parametrize("name", sorted(OPTICS))
def test_light_and_power(name: str) -> None:
    got = [
        (o.if_name, o.lane, o.light, o.rx_dbm, o.tx_dbm, o.temperature_c, o.bias_ma, o.voltage_v)
        for o in parsed(name).observations
        if isinstance(o, OpticalReading)
    ]
    assert got == OPTICS[name]


LIMITS = {
    "cisco-ios.optics.indented.txt": (-13.1, -12.1, 0.0, 1.0),
    "cisco-nxos.optics.lanes.txt": (-9.9, -5.9, 3.9, 6.9),
    "huawei-vrp.interfaces.router.txt": (None, -14.4, 0.499, None),
    "huawei-vrp.optics.diagnosis.txt": (-18.5, None, None, 1.5),
    "huawei-vrp.optics.two-lanes-a-line.txt": (-14.0, None, None, 3.5),
    "juniper-junos.optics.flush.txt": (-13.6, None, None, 5.5),
    "zte-zxr10.optics.limits.txt": (-20.0, None, None, -3.0),
}


@pytest.mark.parametrize("name", sorted(LIMITS))
def test_limits_of_the_first_that_has_some(name: str) -> None:
    optics = (o.limits for o in parsed(name).observations if isinstance(o, OpticalReading))
    got = (
        (x.rx_low_alarm_dbm, x.rx_low_warning_dbm, x.rx_high_warning_dbm, x.rx_high_alarm_dbm) for x in optics
    )
    assert next(limits for limits in got if limits != (None, None, None, None)) == LIMITS[name]


UP, DOWN = OperStatus.UP, OperStatus.DOWN
PORTS: dict[str, list[tuple[str, str, OperStatus, str | None, float | None]]] = {
    "cisco-ios.interfaces.odd.txt": [
        ("Twe1/0/2", "down", DOWN, "Gi0/9 is up, line protocol is up; BW 10 Kbit, 5 input errors", 25e9),
        ("Null0", "up", UP, None, None),
        ("Vl20", "up", DOWN, None, None),
        ("Po1.13", "up", UP, 'pelanggan – Desa Sungai Tuak ☎ "down"', None),
        ("Fa0/3", "up", DOWN, None, None),
    ],
    "cisco-nxos.interfaces.odd.txt": [
        ("mgmt0", "up", DOWN, "admin state is down", None),
        ("Ethernet3/1", "down", DOWN, None, 10e9),
        ("Tunnel1", "up", UP, None, 9e3),
        ("Vlan10", "down", DOWN, None, None),
    ],
    "huawei-vrp.interfaces.router.txt": [
        (
            "GigabitEthernet0/3/1", "up", UP,
            "GigabitEthernet0/3/9 current state : DOWN, Speed: 10, Rx Power: -1.00dBm", 10e9,
        ),
        ("GigabitEthernet0/3/2", "down", DOWN, None, None),
        ("MEth0/0/1", "up", DOWN, None, 100e6),
        ("GigabitEthernet0/0/4", "up", UP, "ke kantor camat (cadangan)", 1e9),
    ],
    "mikrotik-routeros.interfaces.comments.txt": [
        ("ether1", "up", UP, 'name="sfp9" disabled=yes ke kantor X', None),
        ("ether2", "down", DOWN, "cadangan – 2 up link Desa Pasir Mayang", None),
        ("sfp1", "up", DOWN, None, None),
        ("vpls:Kuaro:2", "up", UP, None, None),
    ],
    "vyos.interfaces.newer.txt": [
        ("eth0", "up", UP, "ke core", None),
        ("eth1", "up", DOWN, None, None),
        ("eth2", "down", DOWN, "cadangan up", None),
        ("lo", "up", UP, None, None),
    ],
    "zte-zxr10.interfaces.olt.txt": [
        ("gei_1/19/1", "down", DOWN, None, None),
        ("gei_1/19/2", "up", UP, "ke core, line protocol is down", None),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PORTS))
def test_ports(name: str) -> None:
    found = [o for o in parsed(name).observations if isinstance(o, PortStatus)]
    got = [(o.port.if_name, o.admin, o.oper, o.if_alias, o.speed_bps) for o in found]
    assert got == [(port, AdminStatus(admin), *rest) for port, admin, *rest in PORTS[name]]


COUNTERS = {
    "cisco-ios.interfaces.odd.txt": [("Twe1/0/2", 3400, None, 1)],
    "cisco-nxos.interfaces.odd.txt": [("Ethernet3/1", 7496, 7501, 0), ("Tunnel1", 30, 20, None)],
    "huawei-vrp.interfaces.router.txt": [
        ("GigabitEthernet0/3/1", 4455667788, 99887766, None),
        ("MEth0/0/1", 1600, 1800, None),
        ("GigabitEthernet0/0/4", 252, 211, 3),
    ],
}


@pytest.mark.parametrize("name", sorted(COUNTERS))
def test_counters_are_the_ports_own(name: str) -> None:
    found = (o for o in parsed(name).observations if isinstance(o, PortCounters))
    assert [(o.port.if_name, o.in_octets, o.out_octets, o.in_errors) for o in found] == COUNTERS[name]


NEIGHBORS = {
    "hp-procurve.lldp.detail.txt": [
        ("A2", "488f5a-0000a1", "48 8f 5a 00 00 a1", None),
        ("A17", "AP Kantor 07-01", "emac0", "192.0.2.101"),
    ],
    "vyos.lldp.classic.txt": [
        ("eth0", "camat-kuaro", "eth1", None),
        ("eth1", "sw-desa-rantau", "GigE0/33", None),
        ("eth2", "kantor", "GigabitEthernet0/6", None),
    ],
    "vyos.lldp.tabulated.txt": [
        ("eth0", "dkisp-core-1", "bridge/ether1", None),
        ("eth1", "camat-tanjung", "eth3", None),
    ],
    "cisco-ios.cdp.spaces.txt": [
        ("Gi1/0/6", "Switch Gedung B", "bridge/ether1", "192.0.2.71"),
        ("Gi1/0/5", "SEP488F5A000072", "Port 1", None),
    ],
    "cisco-ios.lldp.newest.txt": [
        ("Et0/1", "sw-desa", "Et0/2", "192.0.2.61"),
        ("Tw2/0/33", "48:8F:5A:00:00:62", "eth0", None),
    ],
    "cisco-ios.lldp.old.txt": [
        (None, "camat-long-ikis", "ge-0/0/3", None),
        (None, "camat-kuaro gedung B", "Gi0/2", "192.0.2.52"),
    ],
    "cisco-nxos.lldp.not-advertised.txt": [
        ("Ethernet1/10", "camat-batu-sopang", "sfp-sfpplus1", "192.0.2.81"),
        ("Ethernet101/1/10", "488f.5a00.0082", "488f.5a00.0083", None),
    ],
    "hp-procurve.lldp.cut-names.txt": [
        ("1", "488f5a-000091", "1", None),
        ("3", "488f5a-000092", "48 8f 5a 00 00 93", None),
        ("7", "ap-aula", "eth0", None),
        ("36", "desa-rantau", "1", None),
    ],
    "huawei-vrp.lldp.no-name.txt": [
        ("XGigabitEthernet0/0/1", "488f-5a00-0021", "Ten-GigabitEthernet1/0/3", None),
        ("XGigabitEthernet0/0/2", "olt-kuaro", "port 2 slot 1", "192.0.2.31"),
        ("XGigabitEthernet0/0/2", "camat-tanah-grogot", "xe-2/0/2", "2001:db8::41"),
    ],
}


@pytest.mark.parametrize("name", sorted(NEIGHBORS))
def test_neighbours(name: str) -> None:
    found = (o for o in parsed(name).observations if isinstance(o, Neighbor))
    got = [(n.local_if_name, n.remote_system, n.remote_port, n.remote_address) for n in found]
    assert got == NEIGHBORS[name]


def test_the_version_of_old_junos() -> None:
    (seen,) = parsed("juniper-junos.version.members.txt").observations
    assert isinstance(seen, SystemInfo)
    assert (seen.sys_name, seen.sys_descr) == ("dkisp-agg-1", "Juniper ex4550-32f Junos 13.2X51-D35.3")


def test_every_dialect_is_compared() -> None:
    compared = {*OPTICS, *PORTS, *NEIGHBORS, "juniper-junos.version.members.txt"}
    assert set(FILES) == compared
