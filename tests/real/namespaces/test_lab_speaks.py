"""What the machines of the lab say, asked by Ronda's own poll and by plain ssh from the monitor's place."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import pytest

from lab.namespaces.client import LabProcess

V2C = ["--snmp-version", "2c", "--community"]
V3 = ["--snmp-version", "3", "--user", "noc", "--auth", "SHA256", "--priv", "AES128"]


def poll(lab: LabProcess, address: str, *, v3: bool = False) -> dict[str, Any]:
    secrets = lab.secrets
    how = [*V2C, secrets["RONDA_LAB_COMMUNITY"]]
    if v3:
        how = [*V3, "--auth-key", secrets["RONDA_LAB_AUTH"], "--priv-key", secrets["RONDA_LAB_PRIV"]]
    argv = [sys.executable, "-m", "ronda", "poll", address, *how, "--json"]
    process = lab.popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said, complaint = process.communicate(timeout=60)
    assert process.returncode == 0, complaint.decode()
    found: dict[str, Any] = json.loads(said)
    return found


@pytest.mark.parametrize(
    ("device", "address", "v3"), [("kuaro-r1", "10.254.3.1", False), ("dkisp-core", "10.254.0.1", True)]
)
def test_an_agent_tells_ports_and_neighbours(netlab: LabProcess, device: str, address: str, v3: bool) -> None:
    netlab.ask("restore_all")
    netlab.ask("wait_converged")
    until = time.monotonic() + 30
    while True:  # LLDP comes around every five seconds
        found = poll(netlab, address, v3=v3)
        lldp = {n["remote_system"] for n in found["neighbors"] if n["protocol"] == "lldp"}
        if {"kuaro-r1": {"dkisp-core", "pkm-kuaro-r1"}, "dkisp-core": {"kuaro-r1", "setda-r1"}}[
            device
        ] <= lldp:
            break
        assert time.monotonic() < until, lldp
    assert found["device"]["sys_name"] == device
    ports = {p["if_name"]: (p["admin"], p["oper"]) for p in found["ports"]}
    assert ports["sfp1"] == ("up", "up")
    full = [n for n in found["neighbors"] if n["protocol"] == "ospf" and n["state"] == "full"]
    assert len(full) == 4


def test_a_cut_port_is_down_with_admin_up(netlab: LabProcess) -> None:
    netlab.ask("cut", target="kuaro-pkm")
    try:
        time.sleep(4)  # net-snmp keeps its table for three seconds
        ports = {p["if_name"]: (p["admin"], p["oper"]) for p in poll(netlab, "10.254.3.1")["ports"]}
        assert ports["sfp3"] == ("up", "down")
    finally:
        netlab.ask("restore", target="kuaro-pkm")


def test_a_ups_on_battery_says_so(netlab: LabProcess) -> None:
    def source() -> str:
        sensors = poll(netlab, "10.254.3.2")["sensors"]
        return next(s["state"] for s in sensors if s["kind"] == "ups")

    assert source() == "normal"
    netlab.ask("ups", device="kuaro-ups", source="battery")
    try:
        assert source() == "on_battery"
    finally:
        netlab.ask("ups", device="kuaro-ups", source="mains")
    assert source() == "normal"


def test_logins_to_vtysh_and_to_bash(netlab: LabProcess) -> None:
    """With strict host keys."""
    keys = netlab.run_dir / "ssh"
    strict = ["-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-i", str(keys / "id_ed25519")]
    strict += ["-o", f"UserKnownHostsFile={keys / 'known_hosts'}", "-o", "GlobalKnownHostsFile=/dev/null"]

    def ssh(login: str, command: str) -> str:
        process = netlab.popen(["ssh", *strict, login, command], stdout=subprocess.PIPE)
        said, _ = process.communicate(timeout=30)
        assert process.returncode == 0, said
        return said.decode()

    assert ssh("netlin@10.254.7.1", "hostname").strip() == "long-ikis-r1"
    neighbours = json.loads(ssh("netops@10.254.7.1", "show ip ospf neighbor json"))
    assert {"10.254.3.1", "10.254.8.1", "10.254.9.1"} <= set(neighbours["neighbors"])
