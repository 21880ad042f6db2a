"""Outages on real routers: the right incident, the right offices, one message, the right end."""

from __future__ import annotations

import subprocess
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from benchmarks.endtoend.house import wait_for

if TYPE_CHECKING:
    from conftest import Scene

SOON_S = 25.0


def test_a_branch_fiber_is_cut(scene: Scene) -> None:
    before = datetime.now(UTC)
    scene.lab.ask("cut", target="kuaro-pkm")
    note = scene.told("outage")
    assert note.components == {"link:kuaro-pkm"}, scene.texts()
    assert note.offices == {"pkm-kuaro"}
    assert scene.agrees() == {"pkm-kuaro"}
    scene.board_agrees()
    scene.only(note)
    mended = datetime.now(UTC)
    scene.lab.ask("restore", target="kuaro-pkm")
    scene.resolved(note.incident)
    assert scene.agrees() == set()
    scene.board_agrees()
    assert [r for r in scene.reasons(note.incident) if r != "updated"] == ["opened", "resolved"]
    the_mail = [m["subject"] for m in scene.house.mail.messages if "kuaro-pkm" in m["subject"]]
    assert len(the_mail) == len(scene.notes), "mail and webhook are told the same"

    # Outage seconds, as the SLA counts them, beside what the lab did.
    report = scene.house.get("/api/v1/reports/sla", office="pkm-kuaro")
    office = next(o for o in report["offices"] if o["office"] == "pkm-kuaro")
    last = office["outages"][-1]
    began, ended = datetime.fromisoformat(last["since"]), datetime.fromisoformat(last["until"])
    assert abs((began - before).total_seconds()) <= PROBE_INTERVAL_S + 1.0, f"{began}, truly {before}"
    assert -1.0 <= (ended - mended).total_seconds() <= PROBE_INTERVAL_S + ROUTING_S, (
        f"{ended}, truly {mended}"
    )
    assert last["length_s"] == pytest.approx((ended - began).total_seconds(), abs=1.0)


PROBE_INTERVAL_S = 3.0
ROUTING_S = 6.0
"""OSPF takes some seconds to bring a mended branch back; the office is truly cut meanwhile."""


def test_a_ring_is_cut_once_and_nobody_is_cut(scene: Scene) -> None:
    scene.lab.ask("cut", target="grogot-kuaro")
    note = scene.told("redundancy")
    assert note.components == {"link:grogot-kuaro"}
    assert scene.agrees() == set()
    degraded = {o for o, how in scene.house.offices().items() if how == "degraded"}
    assert {"kuaro", "long-ikis", "belengkong"} <= degraded
    scene.board_agrees()
    scene.only(note)
    assert not [n for n in scene.notes if n.body["kind"] == "outage"]
    scene.lab.ask("restore", target="grogot-kuaro")
    scene.resolved(note.incident)


def test_a_ring_is_cut_twice_and_an_arc_is_isolated(scene: Scene) -> None:
    scene.lab.ask("cut", target="kuaro-long-ikis")
    first = scene.told("redundancy")
    scene.lab.ask("cut", target="long-ikis-belengkong")
    wait_cut = scene.told("outage")
    assert scene.agrees() == {"long-ikis", "long-kali"}
    scene.board_agrees()
    time.sleep(5)
    blamed = set().union(*(n.components for n in scene.notes))
    # Seconds apart, two cut fibers look the same as an office in the middle that lost its power.
    either = {"link:kuaro-long-ikis", "link:long-ikis-belengkong", "device:long-ikis-r1"}
    assert blamed <= either, scene.texts()
    outages = {n.incident for n in scene.notes if n.body["kind"] == "outage"}
    assert len(outages) == 1, scene.texts()
    last = [n for n in scene.notes if n.incident in outages][-1]
    assert last.offices >= {"long-ikis", "long-kali"}
    scene.lab.ask("restore_all")
    scene.resolved(wait_cut.incident)
    scene.resolved(first.incident)
    assert scene.agrees() == set()


def test_a_duct_with_two_links_is_one_incident(scene: Scene) -> None:
    scene.lab.ask("cut", target="duct-perkantoran")
    note = scene.told("outage")
    assert note.components == {"risk_group:duct-perkantoran"}, scene.texts()
    assert note.offices == {"setda", "inspektorat"}
    assert scene.agrees() == {"setda", "inspektorat"}
    scene.only(note)
    scene.lab.ask("restore", target="duct-perkantoran")
    scene.resolved(note.incident)
    assert scene.agrees() == set()


def test_an_office_without_power_takes_its_branches_along(scene: Scene) -> None:
    """All its neighbours' ports are dark: the device is blamed, and its branches are shadows, not pages."""
    scene.lab.ask("power_off", target="belengkong")
    note = scene.told("outage")
    assert note.components == {"device:belengkong-r1"}, scene.texts()
    assert scene.agrees() == {"belengkong", "suliliran", "tanjung-harapan"}
    devices = {d["id"]: d["condition"] for d in scene.house.get("/api/v1/devices", limit=100)["items"]}
    assert devices["suliliran-r1"] == devices["tanjung-harapan-r1"] == "shadow"
    scene.board_agrees()
    scene.only(note)
    last = [n for n in scene.notes if n.incident == note.incident][-1]
    assert last.offices >= {"belengkong", "suliliran", "tanjung-harapan"}
    scene.lab.ask("power_on", target="belengkong")
    scene.resolved(note.incident)
    assert scene.agrees() == set()


def test_three_fibers_at_once_are_three_incidents(scene: Scene) -> None:
    """Nothing joins them but the moment."""
    links = {"kuaro-pkm": "pkm-kuaro", "ikis-kali": "long-kali", "belengkong-tanjung": "tanjung-harapan"}
    for link in links:
        scene.lab.ask("cut", target=link)
    wait_for(lambda: len(scene.opened()) >= len(links), SOON_S, f"three messages: {scene.texts()}")
    assert scene.agrees() == set(links.values())
    scene.board_agrees()
    blamed = {next(iter(n.components)) for n in scene.opened() if len(n.components) == 1}
    assert blamed == {f"link:{link}" for link in links}, scene.texts()
    assert len(scene.opened()) == len(links), scene.texts()
    scene.lab.ask("restore_all")
    for note in scene.opened():
        scene.resolved(note.incident)
    assert scene.agrees() == set()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("route", ["into the dark", "gone"])
def test_the_monitors_own_uplink_is_cut(scene: Scene, route: str) -> None:
    """The monitor is blind, and says so once; nobody is called cut. Packets get lost, or fail at once where
    the route went with the light."""
    shown = scene.lab.popen(["ip", "route", "show", "default"], stdout=subprocess.PIPE).communicate()[0]
    default = shown.decode().split()
    scene.lab.ask("cut", target="uplink-1")
    if route == "gone":
        scene.lab.popen(["ip", "route", "del", "default"]).wait(20)
    try:
        note = scene.told("blind", 40)
        assert scene.cut_offices() == set()
        scene.only(note)
        assert not [n for n in scene.notes if n.body["kind"] == "outage"], scene.texts()
    finally:
        scene.lab.ask("restore", target="uplink-1")
        if route == "gone":
            words = [w for w in default if w != "linkdown"]
            assert scene.lab.popen(["ip", "route", "add", *words]).wait(20) == 0
    scene.resolved(note.incident)
    scene.begin()
    assert scene.cut_offices() == set()
