"""`whatif`, `spof`, `path`, `suggest` on the simulated Paser, whose answers can be read off its drawing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ronda.cli import app

PASER = str(Path(__file__).parents[3] / "inventory.yaml")


def run(*args: str):
    result = CliRunner().invoke(app, [*args, "--inventory", PASER, "--json"])
    return result.exit_code, json.loads(result.stdout) if result.stdout else None, result.stderr


def test_whatif_of_the_only_fiber_to_long_kali():
    code, found, _ = run("whatif", "--down", "link:long-ikis-long-kali")
    assert code == 1
    assert found["cut"] == ["camat-long-kali"]
    assert found["degraded"] == []
    lost = {a["id"]: a["lost_by"] for a in found["applications"]}
    assert lost["e-surat"] == ["camat-long-kali"]


def test_whatif_of_a_duct_that_two_rings_share():
    code, found, _ = run("whatif", "--down", "risk:duct-grogot-kuaro")
    assert code == 0
    assert found["cut"] == []
    assert "camat-kuaro" in found["degraded"]
    assert "camat-batu-sopang" in found["degraded"]
    assert run("whatif", "--down", "risk_group:duct-grogot-kuaro")[1] == found


def test_planned_offices_never_appear():
    _, found, _ = run("whatif", "--down", "device:dkisp-core-1", "--down", "device:dkisp-core-2")
    assert "pkm-kerang" not in found["cut"]
    assert "camat-kuaro" in found["cut"]


@pytest.mark.parametrize(
    ("down", "words"),
    [("link:nowhere", "no link 'nowhere'"), ("kuaro", "expected KIND:ID"), ("ship:x", "expected KIND:ID")],
)
def test_whatif_names_what_it_can_not_use(down, words):
    code, found, err = run("whatif", "--down", down)
    assert (code, found) == (2, None)
    assert words in err


def test_whatif_of_nothing_is_bad_input():
    assert run("whatif")[0] == 2


def test_spof_lists_the_cloud_and_who_hangs_on_it():
    code, found, _ = run("spof")
    assert code == 1
    devices = {row["id"]: row["offices"] for row in found["devices"]}
    assert devices["icon-metro"] == ["bapenda", "disdikbud"]
    assert devices["rsud-r1"] == ["rsud-panglima-sebaya"], "an office's own device is one, too"
    links = {row["id"]: row["offices"] for row in found["links"]}
    assert "core-1-setda" not in links, "setda has a second uplink"
    groups = {row["id"]: row["offices"] for row in found["risk_groups"]}
    assert "setwan" in groups["duct-perkantoran"]


def test_each_component_in_turn():
    code, found, _ = run("whatif", "--each")
    assert code == 1
    worst = found[0]
    assert worst["component"] == {"kind": "risk_group", "id": "feed-dkisp"}


def test_path_and_spare_of_the_hospital(tmp_path):
    code, found, _ = run("path", "rsud-panglima-sebaya")
    assert code == 0
    assert {found["path"]["links"][0], found["spare"]["links"][0]} == {"core-1-rsud", "core-2-rsud-radio"}
    assert found["shared"] == []
    loads = tmp_path / "loads.json"
    loads.write_text(json.dumps({found["path"]["links"][0]: 400e6}))
    code, found, _ = run("path", "rsud-panglima-sebaya", "--loads", str(loads))
    if found["path"]["links"] == ["core-1-rsud"]:
        assert (code, found["fits"]) == (1, False), "400 Mbit/s do not fit on a radio of 300"


def test_an_office_without_a_spare():
    code, found, _ = run("path", "dinkes")
    assert code == 1
    assert found["spare"] is None
    assert run("path", "atlantis")[0] == 2


def test_suggestions_mend_what_they_say():
    code, found, _ = run("suggest", "--max-km", "2")
    assert code == 0
    best = found[0]
    assert best["length_m"] <= 2000
    assert best["removes"]
    assert best["offices"]
