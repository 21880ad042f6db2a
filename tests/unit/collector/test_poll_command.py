"""`ronda poll`: the contract's JSON, its exit codes, and messages that don't tell secrets."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from ronda.commands.poll import split_target
from ronda.errors import BadInputError


async def run(*arguments: str, **environ: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from ronda.cli import main; main()",
        "poll",
        *arguments,
        env={**os.environ, **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_the_contract(serve: Any, switch: Any, tmp_path: Path) -> None:
    agent = await serve(switch(3))
    file = tmp_path / "bug.snmprec"
    code, out, err = await run("127.0.0.1", "--port", str(agent.port), "--json", "--record", str(file))
    assert code == 0, err
    document = json.loads(out)
    assert set(document) == {"device", "ports", "optics", "sensors", "neighbors", "errors", "duration_s"}
    assert document["device"]["sys_name"] == "sw1"
    assert document["device"]["sys_object_id"] == "1.3.6.1.4.1.99999.7"
    assert document["device"]["profile"] == "generic"
    assert document["device"]["uptime_s"] == 1000.0
    port = document["ports"][0]
    contract = (
        "if_index if_name if_descr if_alias admin oper speed_bps in_octets out_octets in_errors out_errors"
    )
    assert set(contract.split()) | {"in_discards", "out_discards", "last_change_s"} <= set(port)
    assert (port["if_name"], port["admin"], port["oper"], port["in_octets"]) == ("p1", "up", "up", 1000)
    assert "1.3.6.1.2.1.1.5.0|4|sw1" in file.read_text()


async def test_a_silent_device_is_trouble() -> None:
    code, out, _ = await run("127.0.0.1:9", "--json", "--timeout-s", "0.2")
    assert code == 1
    document = json.loads(out)
    assert document["device"]["answered"] is False
    assert document["errors"][0]["fault"] == "refused"


@pytest.mark.parametrize(
    "arguments",
    [
        ["[::1", "--json"],
        ["host:notaport"],
        ["127.0.0.1", "--profile", "no-such-profile"],
        ["127.0.0.1", "--user", "noc", "--auth", "SHA256", "--auth-key", "short"],
        ["127.0.0.1", "--user", "noc", "--priv", "AES128", "--priv-key", "longenough1"],
        ["127.0.0.1", "--snmp-version", "4"],
        ["some-device", "--inventory", "/nowhere/inventory.yaml"],
    ],
)
async def test_bad_input(arguments: list[str]) -> None:
    code, out, err = await run(*arguments)
    assert code == 2
    assert out == ""
    assert err
    assert "longenough1" not in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("target", "host", "port"),
    [
        ("10.0.0.1", "10.0.0.1", None),
        ("10.0.0.1:1161", "10.0.0.1", 1161),
        ("router.example", "router.example", None),
        ("2001:db8::1", "2001:db8::1", None),
        ("[2001:db8::1]", "2001:db8::1", None),
        ("[2001:db8::1]:1161", "2001:db8::1", 1161),
    ],
)
def test_targets(target: str, host: str, port: int | None) -> None:
    assert split_target(target) == (host, port)


@pytest.mark.parametrize("target", ["", ":161", "host:", "host:0x10", "host:99999", "[::1]x"])
def test_targets_that_are_none(target: str) -> None:
    if target == "host:":
        assert split_target(target) == ("host", None)
        return
    with pytest.raises(BadInputError):
        split_target(target)
