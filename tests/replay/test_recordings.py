"""Recordings of real devices, where they are at hand: every interface, optical value and neighbour.

They are other people's data under another licence and no part of this project; without them these tests
are skipped, and the samples beside this file still run.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.snmp.agent import Mib
from collector.as_json import poll_as_json
from topology.observations import PollResult

FOLDER = Path(__file__).parents[3] / "shared" / "recordings"
NAMES = sorted(path.name.removesuffix(".expected.json") for path in FOLDER.glob("*.expected.json"))
WITHIN_DB = 0.01

pytestmark = pytest.mark.skipif(not NAMES, reason="no recordings of real devices in ../shared/recordings")


@pytest.fixture(params=NAMES or ["none"])
async def polled(
    request: pytest.FixtureRequest, poll_mib: Callable[..., Awaitable[PollResult]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    name = request.param
    expected = json.loads((FOLDER / f"{name}.expected.json").read_text(encoding="utf-8"))
    result = await poll_mib(Mib.from_file(FOLDER / f"{name}.snmprec"))
    return expected, poll_as_json(result)


async def test_ports_optics_and_neighbours(polled: tuple[dict[str, Any], dict[str, Any]]) -> None:
    expected, got = polled
    assert got["errors"] == []
    assert got["device"]["profile"] != "generic"
    ports = {port["if_index"]: port for port in got["ports"]}
    for wanted in expected["ports"]:
        port = ports[wanted["if_index"]]
        same = ("if_name", "admin", "oper", "in_octets", "out_octets", "speed_bps")
        assert {key: port[key] for key in same} == {key: wanted[key] for key in same}
    values = {
        optic["source_oids"][way]: (optic, optic[f"{way}_dbm"])
        for optic in got["optics"]
        for way in ("rx", "tx")
        if optic["source_oids"][way] is not None
    }
    for wanted in expected["optics"]:
        optic, dbm = values[wanted["oid"]]
        assert dbm == pytest.approx(wanted["dbm"], abs=WITHIN_DB), wanted["descr"]
        if wanted["if_index"] is not None:
            assert optic["if_index"] is not None, wanted["descr"]
    neighbors = {(n["protocol"], n["remote_system"]): n for n in got["neighbors"]}
    for wanted in expected["links"]:
        assert (wanted["protocol"], wanted["remote_host"]) in neighbors
