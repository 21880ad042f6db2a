"""Debian's net-snmp programs walk the lab's agents, in every SNMP version and security level."""

from __future__ import annotations

import asyncio
import shutil

import pytest

from lab.lab import Lab
from lab.mib import build
from topology.model import DeviceId

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("snmpbulkwalk") is None, reason="needs snmpbulkwalk (Debian: snmp)"),
]


async def run(program: str, *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        program, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


def v2c(lab: Lab) -> list[str]:
    return ["-v2c", "-c", lab.environment["LAB_TEST_COMMUNITY"]]


def v3(lab: Lab, *, level: str = "authPriv") -> list[str]:
    secret = lab.environment
    arguments = ["-v3", "-l", level, "-u", "noc", "-a", "SHA-256", "-A", secret["LAB_TEST_AUTH"]]
    return arguments if level != "authPriv" else [*arguments, "-x", "AES", "-X", secret["LAB_TEST_PRIV"]]


def address(lab: Lab, device: str) -> str:
    return str(lab.inventory.devices[DeviceId(device)].address)


@pytest.mark.parametrize("device", ["core", "kuaro-r1", "ikis-r1", "samu-r1"])
async def test_a_bulk_walk_reads_the_whole_device(lab: Lab, device: str) -> None:
    expected = len(build(lab.network, DeviceId(device)))
    for credentials in (v2c(lab), v3(lab)):
        status, output = await run("snmpbulkwalk", *credentials, "-On", address(lab, device), ".1")
        assert status == 0, output
        lines = [line for line in output.splitlines() if line.startswith(".1.") and " = " in line]
        # net-snmp ends a walk of everything with one more line, which says that the end was reached.
        names = list(dict.fromkeys(line.split(" = ")[0] for line in lines))
        assert len(names) == expected
        parsed = [tuple(map(int, name.strip(".").split("."))) for name in names]
        assert parsed == sorted(parsed)


async def test_one_by_one_in_version_1(lab: Lab) -> None:
    credentials = ["-v1", "-c", lab.environment["LAB_TEST_V1"]]
    status, output = await run("snmpwalk", *credentials, "-On", address(lab, "core"), ".1.3.6.1.2.1.31.1.1.1")
    assert status == 0, output
    assert ".1.3.6.1.2.1.31.1.1.1.1.1 " in output
    assert ".1.3.6.1.2.1.31.1.1.1.6.1 " not in output, "version 1 has no 64-bit counters"
    assert ".1.3.6.1.2.1.31.1.1.1.18.1 " in output


@pytest.mark.parametrize(
    ("credentials", "answer"),
    [
        (["-v3", "-l", "noAuthNoPriv", "-u", "guest"], '"core"'),
        (["-v3", "-l", "noAuthNoPriv", "-u", "stranger"], "Unknown user name"),
        (["-v3", "-l", "noAuthNoPriv", "-u", "noc"], "authorizationError"),
    ],
)
async def test_users_without_a_secret(lab: Lab, credentials: list[str], answer: str) -> None:
    _, output = await run("snmpget", *credentials, address(lab, "core"), ".1.3.6.1.2.1.1.5.0")
    assert answer in output


async def test_levels_and_wrong_secrets(lab: Lab) -> None:
    target, name = address(lab, "core"), ".1.3.6.1.2.1.1.5.0"
    _, output = await run("snmpget", *v3(lab, level="authNoPriv"), target, name)
    assert "authorizationError" in output, "noc is known with privacy only"
    reader = ["-v3", "-l", "authNoPriv", "-u", "reader", "-a", "SHA", "-A", lab.environment["LAB_TEST_AUTH"]]
    assert '"core"' in (await run("snmpget", *reader, target, name))[1]
    wrong = ["-v3", "-r0", "-t1", "-l", "authNoPriv", "-u", "reader", "-a", "SHA", "-A", "not-the-secret"]
    assert "Authentication failure" in (await run("snmpget", *wrong, target, name))[1]
    status, output = await run("snmpget", "-v2c", "-c", "wrong", "-r0", "-t0.3", target, name)
    assert status != 0
    assert "Timeout" in output


async def test_a_set_is_refused(lab: Lab) -> None:
    _, output = await run("snmpset", *v2c(lab), address(lab, "core"), ".1.3.6.1.2.1.1.5.0", "s", "mine")
    assert "notWritable" in output


async def test_a_device_that_is_cut_off_does_not_answer(lab: Lab) -> None:
    lab.cut("pkm-fiber")
    status, output = await run(
        "snmpget", *v2c(lab), "-r0", "-t0.3", address(lab, "pkm-r1"), ".1.3.6.1.2.1.1.5.0"
    )
    assert status != 0
    assert "Timeout" in output
    lab.restore("pkm-fiber")
    status, output = await run("snmpget", *v2c(lab), address(lab, "pkm-r1"), ".1.3.6.1.2.1.1.5.0")
    assert '"pkm-r1"' in output


async def test_the_cut_is_seen_at_the_other_end(lab: Lab) -> None:
    index = lab.network.running[DeviceId("kuaro-r1")].if_index["GigabitEthernet0/0/3"]
    oper = f".1.3.6.1.2.1.2.2.1.8.{index}"
    assert "INTEGER: 1" in (await run("snmpget", *v3(lab), address(lab, "kuaro-r1"), oper))[1]
    lab.cut("pkm-fiber")
    assert "INTEGER: 2" in (await run("snmpget", *v3(lab), address(lab, "kuaro-r1"), oper))[1]
