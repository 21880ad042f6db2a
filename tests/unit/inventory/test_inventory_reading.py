"""What a correct file gives, in every way of writing it."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path

import pytest
import yaml

from topology.inventory import InventoryError, load_inventory, read_inventory, read_inventory_file
from topology.inventory_problems import Problem
from topology.model import Address, ConnectionStage, DeviceRole, Inventory, Medium, OfficeKind

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT.parent / "shared" / "inventory.example.yaml"

SMALLEST = """
version: 1
network: {}
vantage: r1
hubs: [noc]
offices: [{id: noc}]
devices: [{id: r1, office: noc}]
links: []
"""


def read(text: str) -> Inventory:
    inventory, problems = read_inventory(text, "t.yaml")
    assert problems == ()
    assert inventory is not None
    return inventory


def test_the_shipped_inventory_has_no_problem_at_all() -> None:
    inventory, problems = read_inventory_file(ROOT / "inventory.yaml")
    assert problems == ()
    assert inventory is not None
    assert 30 <= len(inventory.offices) <= 35
    assert len({o.kecamatan for o in inventory.offices.values()}) == 10
    stages = [o.connection for o in inventory.offices.values()]
    assert stages.count(ConnectionStage.ACTIVE) >= 25
    assert len(set(stages)) == 5
    mediums = {link.medium for link in inventory.links.values()}
    assert {Medium.FIBER, Medium.RADIO, Medium.SATELLITE} <= mediums
    ducts = [g for link in inventory.links.values() for g in link.risk_groups if g.startswith("duct-")]
    assert sum(ducts.count(d) > 1 for d in set(ducts)) >= 2


def test_the_contract_example_loads() -> None:
    if not EXAMPLE.exists():
        pytest.skip("the contract's example is not beside this tree")
    inventory, problems = read_inventory_file(EXAMPLE)
    assert problems == ()
    assert inventory is not None
    assert inventory.devices["kuaro-r1"].address == Address("127.0.1.2", 1161)
    assert inventory.devices["kuaro-r1"].snmp == ("public-lab",)
    assert inventory.offices["pkm-batu-kajang"].target_date == date(2027, 3, 31)


def test_what_is_left_out_gets_the_documented_default() -> None:
    inventory = read(SMALLEST)
    office, device = inventory.offices["noc"], inventory.devices["r1"]
    assert (office.name, office.kind, office.priority) == ("noc", OfficeKind.OTHER, 3)
    assert office.connection is ConnectionStage.ACTIVE
    assert device.role is DeviceRole.CPE
    assert not device.monitored
    assert (device.poll_interval_s, device.probe_interval_s) == (60.0, 10.0)
    assert inventory.network.timezone == "Asia/Makassar"


def test_a_key_without_value_is_a_key_left_out() -> None:
    text = SMALLEST.replace(
        "{id: r1, office: noc}", "{id: r1, office: noc, address: null, snmp: ~, role: , risk_groups: null}"
    )
    assert read(text + "providers: null\ndefaults: {ssh: null}\n") == read(SMALLEST)


@pytest.mark.parametrize("indent", [2, "\t", None])
def test_json_reads_like_yaml(indent: int | str | None) -> None:
    data = yaml.load((ROOT / "inventory.yaml").read_text("utf-8"), yaml.BaseLoader)
    text = json.dumps(data, indent=indent, ensure_ascii=True)
    assert read(text) == load_inventory(ROOT / "inventory.yaml")


def test_json_escapes_beyond_the_basic_plane() -> None:
    assert (
        read(SMALLEST.replace("{id: noc}", '{id: noc, name: "Dinas \\ud83d\\ude80"}')).offices["noc"].name
        == "Dinas 🚀"
    )


def test_text_stays_as_written() -> None:
    """YAML 1.1 would make these an octal number, a boolean, a sexagesimal and a date."""
    text = """
version: 1
network: {name: 2027-01-01}
vantage: 0012
hubs: [no]
offices: [{id: no, name: 12:30}]
devices: [{id: 0012, office: no}]
links: []
"""
    inventory = read(text)
    assert list(inventory.devices) == ["0012"]
    assert inventory.offices["no"].name == "12:30"
    assert inventory.network.name == "2027-01-01"


@pytest.mark.parametrize("written", ["1000000000", "1_000_000_000", "1e9", '"1000000000"', "1000000000.0"])
def test_numbers_as_generators_write_them(written: str) -> None:
    text = SMALLEST.replace(
        "links: []", f"links: [{{id: l, a: {{device: r1}}, b: {{device: r2}}, capacity_bps: {written}}}]"
    )
    text = text.replace("office: noc}]", "office: noc}, {id: r2, office: noc}]")
    assert read(text).links["l"].capacity_bps == 1_000_000_000


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("10.0.0.1", Address("10.0.0.1")),
        ("10.0.0.1:1161", Address("10.0.0.1", 1161)),
        ("r1.paser.go.id", Address("r1.paser.go.id")),
        ("r1:161", Address("r1", 161)),
        ("[2001:DB8::1]:1161", Address("2001:db8::1", 1161)),
        ("[2001:db8::1]", Address("2001:db8::1")),
        ("2001:db8::1", Address("2001:db8::1")),
    ],
)
def test_addresses(written: str, address: Address) -> None:
    inventory = read(SMALLEST.replace("office: noc}", f'office: noc, address: "{written}"}}'))
    assert inventory.devices["r1"].address == address


def test_one_id_or_a_list_of_them() -> None:
    text = SMALLEST.replace("vantage: r1", "vantage: [r1, r2]").replace("hubs: [noc]", "hubs: noc")
    text = text.replace("office: noc}]", "office: noc, snmp: [a, b]}, {id: r2, office: noc, snmp: b}]")
    text = text.replace("links: []", "links: [{id: l, name: x, a: {device: r1}, b: {device: r2}}]")
    text += "credentials:\n  - {id: a, kind: snmp_v2c, community_env: A}\n"
    text += "  - {id: b, kind: snmp_v1, community_file: /b}\n"
    inventory = read(text)
    assert inventory.vantages == ("r1", "r2")
    assert inventory.devices["r1"].snmp == ("a", "b")
    assert inventory.devices["r2"].snmp == ("b",)
    assert inventory.links["l"].name == "x"


def test_a_cloud_has_a_provider_and_no_office() -> None:
    text = SMALLEST.replace("office: noc}]", "office: noc}, {id: net, role: cloud, provider: p}]")
    text = (
        text.replace("links: []", "links: [{id: l, a: {device: r1}, b: {device: net}}]")
        + "providers: [{id: p}]"
    )
    cloud = read(text).devices["net"]
    assert cloud.office is None
    assert cloud.provider == "p"
    assert not cloud.monitored


def test_aliases_and_merges() -> None:
    text = SMALLEST.replace(
        "offices: [{id: noc}]", "offices: [&o {id: noc, kecamatan: Kuaro, priority: 1}, {<<: *o, id: b}]"
    )
    text = text.replace("office: noc}]", "office: noc}, {id: r2, office: b}]")
    text = text.replace("links: []", "links: [{id: l, a: {device: r1}, b: {device: r2}}]")
    office = read(text).offices["b"]
    assert (office.kecamatan, office.priority) == ("Kuaro", 1)


def test_used_by_all_is_no_list() -> None:
    text = (
        SMALLEST
        + "applications: [{id: a, hosted_at: r1, used_by: all}, {id: b, hosted_at: r1, used_by: [noc]}]"
    )
    applications = read(text).applications
    assert applications["a"].used_by is None
    assert applications["b"].used_by == ("noc",)


def test_load_raises_with_every_problem(tmp_path: Path) -> None:
    file = tmp_path / "inventory.yaml"
    file.write_text(SMALLEST.replace("vantage: r1", "vantage: r2") + "colour: red\n", encoding="utf-8")
    with pytest.raises(InventoryError) as raised:
        load_inventory(file)
    assert [p.code for p in raised.value.problems] == ["unknown-id", "unknown-key"]
    assert all(isinstance(p, Problem) and p.source == str(file) for p in raised.value.problems)


def test_a_thousand_devices_load_in_about_a_second() -> None:
    """Measured 0.4 s where it was written; the bound leaves room for a busy machine."""
    n = 1000
    lines = ["version: 1", "network: {}", "vantage: d0", "hubs: [o0]", "offices:"]
    lines += [
        f"  - {{id: o{i}, kecamatan: Kuaro, location: {{latitude_deg: -1.9, longitude_deg: 116.1}}}}"
        for i in range(n)
    ]
    lines += [
        "devices:",
        *(f"  - {{id: d{i}, office: o{i}, address: 10.0.{i >> 8}.{i & 255}}}" for i in range(n)),
    ]
    lines += ["links:"]
    lines += [
        f"  - {{id: l{i}, a: {{device: d{i // 2}, port: p{i}}}, b: {{device: d{i}, port: up}}}}"
        for i in range(1, n)
    ]
    started = time.process_time()
    inventory = read("\n".join(lines))
    assert len(inventory.devices) == n
    assert time.process_time() - started < 3.0
