"""`ronda diagnose`: the offline contract, from the command's own mouth."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from ronda.cli import app

NETWORK = {
    "version": 1,
    "network": {"name": "test", "language": "en"},
    "vantage": "core",
    "hubs": ["hub"],
    "risk_groups": [{"id": "duct", "kind": "duct"}],
    "offices": [
        {"id": "hub"},
        {"id": "a"},
        {"id": "b"},
        {"id": "c"},
        {"id": "later", "connection": "planned"},
    ],
    "devices": [
        {"id": "core", "office": "hub", "address": "127.0.0.1"},
        {"id": "ra", "office": "a", "address": "127.0.0.2"},
        {"id": "rb", "office": "b", "address": "127.0.0.3"},
        {"id": "rc", "office": "c", "address": "127.0.0.4"},
        {"id": "rl", "office": "later", "address": "127.0.0.5"},
    ],
    "links": [
        {"id": "core-a", "a": {"device": "core", "port": "p1"}, "b": {"device": "ra", "port": "p1"}},
        {"id": "a-b", "a": {"device": "ra", "port": "p2"}, "b": {"device": "rb", "port": "p1"}},
        {"id": "core-c", "a": {"device": "core", "port": "p2"}, "b": {"device": "rc", "port": "p1"}},
        {"id": "core-l", "a": {"device": "core", "port": "p3"}, "b": {"device": "rl", "port": "p1"}},
    ],
}


def reach(device, answered=True, **more):
    return {"kind": "reach", "device": device, "answered": answered, **more}


def port(device, name, oper="up", **more):
    return {"kind": "port", "device": device, "port": name, "oper": oper, **more}


@pytest.fixture
def diagnose(tmp_path):
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps(NETWORK))

    def run(observations, *more):
        seen = tmp_path / "seen.json"
        seen.write_text(observations if isinstance(observations, str) else json.dumps(observations))
        args = ["diagnose", "--inventory", str(inventory), "--observations", str(seen), "--json", *more]
        result = CliRunner().invoke(app, args)
        return result.exit_code, json.loads(result.stdout) if result.stdout else None, result.stderr

    return run


def test_all_well(diagnose):
    code, found, _ = diagnose([reach("core"), reach("ra"), reach("rb"), reach("rc")])
    assert code == 0
    assert found["causes"] == []
    assert found["blind"] is False
    assert found["offices"] == {
        "hub": "connected",
        "a": "connected",
        "b": "connected",
        "c": "connected",
        "later": "not_connected",
    }


def test_a_parent_down_makes_its_child_a_shadow(diagnose):
    code, found, _ = diagnose([reach("core"), reach("ra", False), reach("rb", False), reach("rc")])
    assert code == 1
    assert found["devices"] == {"core": "up", "ra": "silent", "rb": "shadow", "rc": "up", "rl": "unknown"}
    assert found["offices"]["b"] == "cut"
    top = found["causes"][0]
    assert top["components"] == [{"kind": "device", "id": "ra"}]
    assert {"kind": "device", "id": "rb"} in top["explains"]
    assert top["cut"] == ["a", "b"]
    others = [c["components"] for c in found["causes"] if c["group"] == top["group"]]
    assert [{"kind": "link", "id": "core-a"}] in others, "what is equally likely is listed"
    assert sum(c["confidence"] for c in found["causes"]) <= 1


def test_a_link_seen_down_is_blamed_before_the_device_behind_it(diagnose):
    seen = [reach("core"), port("core", "p1", "down"), reach("ra", False), reach("rb", False), reach("rc")]
    _, found, _ = diagnose(seen)
    assert found["links"]["core-a"] == "down"
    assert [c["components"][0]["id"] for c in found["causes"]] == ["core-a", "ra"]


def test_a_port_down_admin_is_disabled_and_its_office_cut(diagnose):
    seen = [reach("core"), port("core", "p2", "down", admin="down"), reach("rc", False), reach("ra")]
    _, found, _ = diagnose(seen)
    assert found["links"]["core-c"] == "disabled"
    assert found["offices"]["c"] == "cut"
    assert "administrator" in found["causes"][0]["why"]


def test_who_is_not_mentioned_is_unknown_and_not_cut(diagnose):
    _, found, _ = diagnose([reach("core"), port("core", "p1", "down"), reach("ra", False)])
    assert found["devices"]["rb"] == "unknown"
    assert found["offices"]["b"] == "unknown"
    assert found["offices"]["a"] == "cut"


def test_stale_evidence_is_unknown(diagnose):
    seen = [reach("core", at=1000), reach("ra", False, at=900), reach("rc", at="1970-01-01T00:16:40Z")]
    code, found, _ = diagnose(seen)
    assert code == 0
    assert found["devices"]["ra"] == "unknown"
    _, found, _ = diagnose(seen, "--now", "905")
    assert found["devices"]["ra"] == "silent"


def test_an_answer_over_snmp_is_an_answer(diagnose):
    _, found, _ = diagnose([reach("core"), port("ra", "p1"), reach("ra", False)])
    assert found["devices"]["ra"] == "up", "positive evidence of the same moment counts"
    _, found, _ = diagnose([reach("core", at=10), port("ra", "p1", at=5), reach("ra", False, at=10)])
    assert found["devices"]["ra"] == "silent"


def test_planned_offices_are_no_trouble(diagnose):
    code, found, _ = diagnose([reach("core"), port("core", "p3", "down"), reach("rl", False)])
    assert code == 0
    assert found["causes"] == []


def test_the_vantage_gone_is_blindness(diagnose):
    everything = [reach(d, False) for d in ("core", "ra", "rb", "rc")]
    code, found, _ = diagnose(everything)
    assert code == 1
    assert found["blind"] is True
    assert "cut" not in found["offices"].values()
    assert found["causes"][0]["components"] == [{"kind": "device", "id": "core"}]


def test_numbers_and_alias_of_ports_are_understood(diagnose):
    seen = [reach("core"), port("core", "Te0/1", 2, admin=1, if_alias="p1"), reach("ra", False)]
    _, found, _ = diagnose(seen)
    assert found["links"]["core-a"] == "down"


@pytest.mark.parametrize(
    ("observations", "words"),
    [
        ("{", "not JSON"),
        ('{"a": 1}', "expected a list"),
        ([1], "no mapping"),
        ([{"kind": "guess", "device": "core"}], "is none of reach, port"),
        ([{"kind": "reach"}], "`device` is missing"),
        ([{"kind": "port", "device": "core"}], "needs `port`"),
        ([port("core", "p1", "sideways")], "no port status"),
        ([reach("core", at="yesterday")], "no time"),
        ([reach("core", "maybe")], "expected true or false"),
    ],
)
def test_bad_input_is_named(diagnose, observations, words):
    code, found, err = diagnose(observations)
    assert code == 2
    assert found is None
    assert words in err


def test_what_is_not_declared_is_counted_and_ignored(diagnose):
    code, _, err = diagnose([reach("core"), reach("stranger", False)])
    assert code == 0
    assert "1 observations are about no declared device" in err
