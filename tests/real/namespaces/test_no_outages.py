"""What is not an outage, on real software: dead daemons, loss, latency, new names, restarts, flapping."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from benchmarks.endtoend.house import wait_for

if TYPE_CHECKING:
    from conftest import Scene

LONG = bool(os.environ.get("RONDA_LONG"))


def quiet(scene: Scene, for_s: float) -> None:
    """Nobody is told of an outage, and no office is called cut."""
    until = time.monotonic() + for_s
    while time.monotonic() < until:
        assert scene.cut_offices() == set()
        assert not [n for n in scene.notes if n.body["kind"] in ("outage", "blind")], scene.texts()
        time.sleep(1.0)


def test_a_dead_snmp_daemon_is_a_management_fault(scene: Scene) -> None:
    scene.lab.ask("stop_snmp", device="suliliran-r1")
    note = scene.told("management", 60)
    assert note.components == {"device:suliliran-r1"}
    assert scene.house.offices()["suliliran"] == "connected"
    scene.only(note)
    scene.lab.ask("start_snmp", device="suliliran-r1")
    scene.resolved(note.incident, 90)


def test_a_dead_sshd_is_nobodys_outage(scene: Scene) -> None:
    scene.lab.ask("stop_ssh", device="setda-r1")
    quiet(scene, 8)


def test_an_agent_that_restarts_is_no_news(scene: Scene) -> None:
    scene.lab.ask("start_snmp", device="long-ikis-r1")  # SNMPv3: boots and time are new
    quiet(scene, 15)
    assert scene.notes == [], scene.texts()


def test_an_interface_with_another_name_is_no_outage(scene: Scene) -> None:
    """The port that the inventory names is gone: the link is unknown, and what is behind it still answers."""
    scene.lab.ask("rename", device="batu-sopang-r1", old="sfp2", new="sfp22")
    try:
        quiet(scene, 15)
    finally:
        scene.lab.ask("rename", device="batu-sopang-r1", old="sfp22", new="sfp2")


def test_a_link_that_loses_a_fifth_pages_nobody(scene: Scene) -> None:
    scene.lab.ask("loss", link="ikis-kali", percent=20.0, sender="long-kali-r1")
    quiet(scene, 60 if LONG else 25)


def test_a_slow_link_pages_nobody(scene: Scene) -> None:
    scene.lab.ask("latency", link="belengkong-tanjung", ms=200.0)
    quiet(scene, 15)

    def rtt_ms() -> float:
        rows = scene.house.influx.query(
            'SELECT last("rtt_ms") AS ms FROM "probe" WHERE "device" = \'tanjung-harapan-r1\''
        )
        return float(rows[0]["ms"]) if rows else 0.0

    wait_for(lambda: rtt_ms() > 190.0, 20, "the latency is measured")


ROGUES = ["garbage", "slow", "truncated", "other-id", "old", "flood"]


@pytest.mark.parametrize("mode", ROGUES if LONG else ROGUES[:1])
def test_a_rogue_agent_harms_nobody_else(scene: Scene, mode: str) -> None:
    """RONDA_LONG=1 tries every kind."""
    scene.lab.ask("rogue", device="inspektorat-r1", mode=mode)
    quiet(scene, 20 if LONG else 10)
    devices = {d["id"]: d for d in scene.house.get("/api/v1/devices", limit=100)["items"]}
    assert {d for d, row in devices.items() if row["management_fault"]} <= {"inspektorat-r1"}
    assert devices["inspektorat-r1"]["condition"] == "up"
