"""`ronda poll` against every kind of device: what the monitor reads is what the lab holds true."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lab.lab import Lab
from topology.inventory import load_inventory
from topology.model import CredentialKind, DeviceId

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[3]
RESOLUTION_DB = {"mikrotik": 0.001, "zte": 0.001, "huawei": 0.05, "cisco": 0.05, "arista": 0.01}
"""Half of the step of each kind's unit, at the powers met here."""
DRIFT_DB = 0.02
"""How far the light may wander between the poll and the comparison."""


@pytest.fixture
async def paser() -> AsyncIterator[Lab]:
    inventory = load_inventory(ROOT / "inventory.yaml")
    async with Lab(inventory, addresses="ephemeral", environment={}, boot_s=0.0) as paser:
        yield paser


async def poll(lab: Lab, device: str) -> dict[str, Any]:
    known = lab.inventory.devices[DeviceId(device)]
    assert known.address is not None
    credential = lab.inventory.credentials[known.snmp[0]]
    secret = lab.environment
    if credential.kind is CredentialKind.SNMP_V2C:
        arguments = ["--snmp-version", "2c", "--community", secret[credential.community_env or ""]]
    else:
        arguments = ["--snmp-version", "3", "--user", credential.user or ""]
        arguments += ["--auth", credential.auth or "", "--auth-key", secret[credential.auth_key_env or ""]]
        arguments += ["--priv", credential.priv or "", "--priv-key", secret[credential.priv_key_env or ""]]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ronda",
        "poll",
        known.address.host,
        "--port",
        str(known.address.port),
        *arguments,
        "--json",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    answer: dict[str, Any] = json.loads(output)
    return answer


def check_ports(lab: Lab, device: str, found: dict[str, Any]) -> None:
    truth = {port.name: port for port in lab.network.hardware[DeviceId(device)].ports}
    by_name = {port["if_name"]: port for port in found["ports"]}
    assert set(by_name) == set(truth)
    for name, port in truth.items():
        assert by_name[name]["oper"] == ("up" if lab.network.oper_up(port) else "down")
        assert by_name[name]["if_index"] == lab.network.running[DeviceId(device)].if_index[name]


def check_light(lab: Lab, device: str, found: dict[str, Any]) -> None:
    hardware = lab.network.hardware[DeviceId(device)]
    within_db = RESOLUTION_DB[hardware.vendor.id] + DRIFT_DB
    readings = {(r["if_name"], r["source_oids"]["rx"]): r for r in found["optics"]}
    assert readings
    for (if_name, _), reading in readings.items():
        state = lab.network.optical(hardware.port(if_name), lab.now_s())
        assert state is not None
        if state.rx_dbm is None:
            assert reading["light"] == "dark"
        else:
            assert reading["light"] == "lit"
            assert reading["rx_dbm"] == pytest.approx(state.rx_dbm, abs=within_db)
    assert {if_name for if_name, _ in readings} == {p.name for p in hardware.ports if p.budget}


def check_neighbors(lab: Lab, device: str, found: dict[str, Any]) -> None:
    expected = {
        (n.port.name, n.remote.sys_name, n.remote_port.name) for n in lab.network.neighbors(DeviceId(device))
    }
    seen = {(n["local_if_name"], n["remote_system"], n["remote_port"]) for n in found["neighbors"]}
    assert seen == expected


@pytest.mark.parametrize("device", ["dkisp-core-1", "kuaro-d1", "rsud-r1", "muara-komam-r1", "grogot-r1"])
async def test_the_monitor_reads_the_truth(paser: Lab, device: str) -> None:
    healthy = await poll(paser, device)
    assert healthy["device"]["sys_name"] == device
    for check in (check_ports, check_light, check_neighbors):
        check(paser, device, healthy)


async def test_the_monitor_reads_the_truth_after_a_cut_a_dimming_and_new_numbers(paser: Lab) -> None:
    paser.cut("kuaro-long-ikis")
    paser.dim("kuaro-pkm", 6.0)
    paser.renumber("kuaro-d1")
    found = await poll(paser, "kuaro-d1")
    for check in (check_ports, check_light, check_neighbors):
        check(paser, "kuaro-d1", found)


async def test_aristas_light_too(lab: Lab) -> None:
    """On the small network; EOS names a sensor's port in words only, so readings are compared by value."""
    found = await poll(lab, "ikis-r1")
    check_ports(lab, "ikis-r1", found)
    check_neighbors(lab, "ikis-r1", found)
    states = [
        lab.network.optical(lab.network.hardware[DeviceId("ikis-r1")].port(name), lab.now_s())
        for name in ("Ethernet1", "Ethernet2")
    ]
    expected = sorted(state.rx_dbm for state in states if state is not None and state.rx_dbm is not None)
    assert sorted(r["rx_dbm"] for r in found["optics"]) == pytest.approx(expected, abs=0.03)
