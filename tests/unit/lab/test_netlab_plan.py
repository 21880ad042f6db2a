"""The plan of a lab with real software: pure, so it is checked without root."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.namespaces import files, generate, ups
from lab.namespaces.plan import MONITOR, make_plan, replaced_ports, replaced_urls
from lab.namespaces.truth import offices_cut, reachable
from lab.secrets import Keyring
from lab.sockets import LabError
from topology.inventory import load_inventory, read_inventory
from topology.model import DeviceId, Inventory

ROOT = Path(__file__).parents[3]


def parsed(text: str) -> Inventory:
    inventory, problems = read_inventory(text, "made here")
    assert inventory is not None, problems
    return inventory


@pytest.fixture
def twelve() -> Inventory:
    return load_inventory(ROOT / "lab" / "namespaces" / "twelve.yaml")


def test_wires_are_links_and_an_uplink(twelve: Inventory) -> None:
    plan = make_plan(twelve)
    assert set(plan.wires) == {*twelve.links, "uplink-1"}
    addresses = [plug.address for wire in plan.wires.values() for plug in wire.ends]
    assert len(set(addresses)) == len(addresses)
    names = [(plug.machine, plug.if_name) for wire in plan.wires.values() for plug in wire.ends]
    assert len(set(names)) == len(names)
    assert plan.inventory == twelve, "nothing had to be replaced"


def test_hosts_do_not_route(twelve: Inventory) -> None:
    plan = make_plan(twelve)
    assert {m.id for m in plan.machines.values() if not m.routes} == {"kuaro-ups", "dkisp-web"}


def test_the_demos_inventory_fits_too() -> None:
    """Loopback addresses, ports with slashes, clouds, satellites."""
    inventory = load_inventory(ROOT / "inventory.yaml")
    plan = make_plan(inventory)
    hosts = [d.address.host for d in plan.inventory.devices.values() if d.address]
    assert len(set(hosts)) == len(hosts)
    assert not [h for h in hosts if h.startswith("127.")]
    for wire in plan.wires.values():
        for plug in wire.ends:
            assert len(plug.if_name) <= 15
            assert "/" not in plug.if_name
    ports = replaced_ports(inventory, plan.inventory)
    for link, side in ports:
        declared = str(_end(inventory, link, side))
        assert "/" in declared or len(declared) > 15, f"{declared} could have stayed"
    assert all(not url.startswith("http://127.") for url in replaced_urls(inventory, plan.inventory).values())


def _end(inventory: Inventory, link: str, side: str) -> str | None:
    found = inventory.links[link]  # type: ignore[index]  # a LinkId is a str
    return (found.a if side == "a" else found.b).if_name


def test_what_cannot_be_built_is_refused(twelve: Inventory) -> None:
    with pytest.raises(LabError, match="keeps that id"):
        make_plan(parsed(generate.inventory(4).replace("k04-r1", MONITOR)))
    with pytest.raises(LabError, match="4 to 4000"):
        generate.inventory(3)


@pytest.mark.parametrize("offices", [4, 12, 60, 300])
def test_generated_inventories_hang_together(offices: int) -> None:
    inventory = parsed(generate.inventory(offices))
    assert len(inventory.offices) == offices
    plan = make_plan(inventory)
    assert reachable(plan, set(), set()) == set(plan.machines)


def test_truth_by_walking(twelve: Inventory) -> None:
    plan = make_plan(twelve)
    assert offices_cut(plan, reachable(plan, set(), set())) == set()
    assert offices_cut(plan, reachable(plan, {"kuaro-sopang"}, set())) == {"batu-sopang", "muara-komam"}
    assert offices_cut(plan, reachable(plan, {"grogot-kuaro"}, set())) == set()
    dark = reachable(plan, set(), {"belengkong-r1"})
    assert offices_cut(plan, dark) == {"belengkong", "suliliran", "tanjung-harapan"}
    assert reachable(plan, {"uplink-1"}, set()) == set()
    assert "kuaro-ups" not in reachable(plan, set(), {"kuaro-r1"}), "a host passes nothing on"


def test_configuration_of_an_agent(twelve: Inventory) -> None:
    plan = make_plan(twelve)
    keyring = Keyring(
        {"RONDA_LAB_COMMUNITY": "c0", "RONDA_LAB_AUTH": "a0a0a0a0", "RONDA_LAB_PRIV": "p0p0p0p0"}
    )

    def conf(device: str, watch_key: str | None) -> str:
        machine = plan.machines[device]
        access = keyring.access(plan.inventory, plan.inventory.devices[DeviceId(device)])
        return files.snmpd(machine, access, files.Tempo(), ups_program=None, watch_key=watch_key)

    plain = conf("kuaro-r1", None)
    assert "rocommunity c0" in plain
    assert "trap" not in plain
    assert "trap2sink 100.127.255.1:162 c0" in conf("kuaro-r1", "w0")
    v3 = conf("dkisp-core", "w0")
    assert 'createUser noc SHA-256 "a0a0a0a0" AES "p0p0p0p0"' in v3
    assert "rouser noc authpriv" in v3
    assert "trapsess -v 3 -u noc -l authPriv" in v3
    assert "rocommunity" not in v3


def test_the_ups_walks_in_order() -> None:
    table = ups.rows(None)
    oid: tuple[int, ...] = ups.UPS
    walked = []
    while (said := ups.answer("getnext", oid, table)) != "NONE":
        oid = tuple(map(int, said.split("\n")[0].strip(".").split(".")))
        walked.append(oid)
    assert walked == sorted(table)
    source = (*ups.UPS, 4, 1, 0)
    assert ups.answer("get", source, table).endswith("integer\n3")
    assert ups.answer("get", source, ups.rows(60.0)).endswith("integer\n5")
    assert ups.answer("get", (*ups.UPS, 99), table) == "NONE"
