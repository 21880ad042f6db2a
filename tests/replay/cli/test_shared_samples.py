"""Outputs of real devices, where they are at hand, compared with what ntc-templates reads in the same text.

They are ntc-templates' own samples, and no part of this project.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.cli_parse import Parsed, parse
from collector.profile import load_profiles
from topology.observations import Light, Neighbor, OpticalReading, PortCounters, PortStatus, SystemInfo

FOLDER = Path(os.environ.get("RONDA_CLI_SAMPLES") or Path(__file__).parents[4] / "shared" / "cli-samples")
FILES = sorted(FOLDER.glob("*/*/*.raw"))
PROFILE = {"zte_zxros": "zte-zxr10"}
TYPED = {"interface_ethernet_monitor_name_once": "interface ethernet monitor ether1 once"}
PROFILES = load_profiles()

pytestmark = pytest.mark.skipif(not FILES, reason="no outputs of real devices in ../shared/cli-samples")


def parsed(file: Path) -> Parsed:
    profile = PROFILE.get(file.parts[-3], file.parts[-3].replace("_", "-"))
    command = TYPED.get(file.parts[-2], file.parts[-2].replace("_", " "))
    return parse(PROFILES[profile], command, file.read_text(encoding="utf-8"))


def expected(file: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = yaml.safe_load(file.with_suffix(".yml").read_text("utf-8"))["parsed_sample"]
    return rows


def one(platform: str, command: str) -> tuple[Parsed, list[dict[str, Any]]]:
    (file,) = (FOLDER / platform / command).glob("*.raw")
    return parsed(file), expected(file)


def near(text: str) -> float | None:
    return None if text in ("", "N/A", "--") else float(text)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_every_output_is_understood(file: Path) -> None:
    found = parsed(file)
    assert found.errors == ()
    assert found.rows


@pytest.mark.parametrize(
    ("platform", "command", "name", "rx", "tx"),
    [
        ("arista_eos", "show_interfaces_transceiver", "port", "rx_power", "tx_power"),
        ("cisco_ios", "show_interface_transceiver", "interface", "rx_pwr", "tx_pwr"),
    ],
)
def test_optics_tables(platform: str, command: str, name: str, rx: str, tx: str) -> None:
    found, rows = one(platform, command)
    got = [(o.name, o.rx_dbm, o.tx_dbm) for o in found.observations if isinstance(o, OpticalReading)]
    assert got == [(row[name], near(row[rx]), near(row[tx])) for row in rows]


def test_onts_of_an_olt() -> None:
    found, rows = one("huawei_smartax", "display_ont_optical-info_0_all")
    optics = {o.name: o for o in found.observations if isinstance(o, OpticalReading)}
    assert len(optics) == 2 * len(rows) == 20
    assert [optics[f"ont {n}"].rx_dbm for n in range(3)] == [-24.68, -24.68, -25.68]
    assert [optics[f"ont {n}"].tx_dbm for n in range(3)] == [3.68, 3.86, 3.62]
    assert [optics[f"from ont {n}"].rx_dbm for n in range(3)] == [-22.68, -23.02, -23.77]
    last = optics["ont 9"]
    assert (last.temperature_c, last.voltage_v, last.bias_ma) == (38.0, 3.2, 8.0)


def test_an_ont_without_light() -> None:
    (seen,) = one("huawei_ont", "display_optic")[0].observations
    assert isinstance(seen, OpticalReading)
    assert (seen.light, seen.rx_dbm, seen.tx_dbm) == (Light.DARK, None, None)
    assert (seen.voltage_v, seen.temperature_c, seen.bias_ma) == (3.216, 31.0, 0.0)


def test_modules_without_diagnostics_are_unsupported_and_empty_cages_are_not_there() -> None:
    found, rows = one("cisco_nxos", "show_interface_transceiver")
    seen = [(o.name, o.light) for o in found.observations if isinstance(o, OpticalReading)]
    assert seen == [(r["interface"], Light.UNSUPPORTED) for r in rows if r["status"] == "present"]


def test_ports_of_ios() -> None:
    found, rows = one("cisco_ios", "show_interfaces")
    ports = [o for o in found.observations if isinstance(o, PortStatus)]
    assert [p.if_descr or p.port.if_name for p in ports] == [r["interface"] for r in rows]
    assert [p.admin == "down" for p in ports] == ["administratively" in r["link_status"] for r in rows]
    assert [p.oper == "up" for p in ports] == [r["protocol_status"].startswith("up") for r in rows]
    assert [p.if_alias or "" for p in ports] == [r["description"] for r in rows]
    assert [f"{p.speed_bps // 1000} Kbit" for p in ports if p.speed_bps] == [r["bandwidth"] for r in rows]
    counted = [o for o in found.observations if isinstance(o, PortCounters)]
    assert [str(c.in_errors) for c in counted] == [r["input_errors"] for r in rows]


def test_ports_of_vrp() -> None:
    found, rows = one("huawei_vrp", "display_interface")
    ports = {o.port.if_name: o for o in found.observations if isinstance(o, PortStatus)}
    for row in rows:
        assert (ports[row["interface"]].oper == "up") == row["link_status"].upper().startswith("UP")


def test_ports_of_routeros() -> None:
    found, rows = one("mikrotik_routeros", "interface_print_detail")
    ports = [o for o in found.observations if isinstance(o, PortStatus)]
    assert [p.port.if_name for p in ports] == [f"ether{n}" for n in range(1, 7)] + [
        "lte1",
        "pptp-out1",
        "pptp-to-AH1100-HS",
    ]
    assert [p.oper == "up" for p in ports] == [False, False, True, False, True, True, False, True, True]
    assert len(rows) == len(ports)


@pytest.mark.parametrize(
    ("platform", "command", "count"),
    [
        ("arista_eos", "show_lldp_neighbors_detail", 20),
        ("cisco_ios", "show_lldp_neighbors_detail", 3),
        ("cisco_ios", "show_cdp_neighbors_detail", 4),
        ("cisco_ios", "show_ip_ospf_neighbor", 3),
        ("huawei_vrp", "display_lldp_neighbor", 2),
        ("juniper_junos", "show_lldp_neighbors", 2),
        ("mikrotik_routeros", "ip_neighbor_print_detail", 1),
        ("mikrotik_routeros", "routing_ospf_neighbor_print", 2),
    ],
)
def test_neighbours(platform: str, command: str, count: int) -> None:
    found, rows = one(platform, command)
    neighbors = [o for o in found.observations if isinstance(o, Neighbor)]
    assert len(neighbors) == len(rows) == count
    assert all(n.local_if_name and n.remote_system for n in neighbors)
    named = {r.get("neighbor_name") or r.get("neighbor_id") for r in rows} - {None, ""}
    assert named <= {n.remote_system for n in neighbors} or platform == "mikrotik_routeros"


@pytest.mark.parametrize(
    ("platform", "command", "uptime_s"),
    [
        ("cisco_ios", "show_version", (2 * 365 + 31 * 7 + 6) * 86_400 + 9 * 3_600 + 55 * 60),
        ("cisco_nxos", "show_version", 123 * 86_400 + 5 * 3_600 + 15 * 60 + 19),
        ("huawei_vrp", "display_version", 161 * 86_400 + 20 * 60),
        ("huawei_smartax", "display_version", 20 * 86_400 + 23 * 3_600 + 19 * 60 + 16),
        ("mikrotik_routeros", "system_resource_print", (6 * 7 + 5) * 86_400 + 11 * 3_600 + 55 * 60 + 45),
        ("zte_zxros", "show_version", 23 * 86_400 + 10 * 3_600 + 59 * 60),
        ("juniper_junos", "show_version", None),
    ],
)
def test_version_and_uptime(platform: str, command: str, uptime_s: float | None) -> None:
    (seen,) = (o for o in one(platform, command)[0].observations if isinstance(o, SystemInfo))
    assert seen.sys_descr
    assert seen.uptime_s == uptime_s
