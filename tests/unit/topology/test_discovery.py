"""Neighbours against the inventory: names, ports, media, and what proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from topology.discovery import compare
from topology.discovery_model import Comparison, FindingKind, SeenDevice
from topology.discovery_names import same_port
from topology.discovery_seen import Sightings
from topology.inventory import read_inventory
from topology.model import DeviceId, Inventory, LinkId, PortRef
from topology.observations import (
    AdminStatus,
    Means,
    Neighbor,
    OperStatus,
    PollResult,
    PortStatus,
    SystemInfo,
)

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
HEAD = """
version: 1
network: {name: N}
vantage: r1
hubs: [o]
providers: [{id: telkom}]
credentials: [{id: c, kind: snmp_v2c, community_env: C}]
defaults: {snmp: c}
offices: [{id: o}]
devices:
  - {id: r1, office: o, address: 10.0.0.1}
  - {id: r2, office: o, address: 10.0.0.2}
  - {id: r3, office: o, address: 10.0.0.3}
  - {id: net, role: cloud, provider: telkom}
links:
"""


def network(*links: str) -> Inventory:
    rows = "".join(f"\n  - {link}" for link in links) or " []"
    inventory, problems = read_inventory(f"{HEAD.rstrip()}{rows}\n", "i.yaml")
    assert inventory is not None, problems
    return inventory


def link(a: str, b: str, more: str = "") -> str:
    (one, port), (other, its) = a.split(":"), b.split(":")
    rest = f", {more}" if more else ""
    ends = f"a: {{device: {one}, port: {port}}}, b: {{device: {other}, port: {its}}}"
    return f"{{id: {one}-{other}, {ends}{rest}}}"


def seen(
    name: str,
    *heard: tuple[str, str, str] | tuple[str, str, str, str],
    ports: Sequence[str] = ("e1", "e2", "e3"),
    sys_name: str | None = None,
    down: Sequence[str] = (),
    speed_bps: int | None = None,
) -> SeenDevice:
    """`heard`: (own port, system, its port, its address?)."""
    id_ = DeviceId(name)
    rows = tuple(
        Neighbor(id_, NOW, "lldp", h[0], h[1] or None, h[2], h[3] if len(h) > 3 else None) for h in heard
    )
    states = tuple(
        PortStatus(
            PortRef(id_, p), NOW, AdminStatus.UP, OperStatus.DOWN if p in down else OperStatus.UP,
            if_index=n, if_alias=f"ke {p}", speed_bps=speed_bps,
        )
        for n, p in enumerate(ports, 10)
    )  # fmt: skip
    return SeenDevice(id_, NOW, sys_name or name, states, rows)


def compared(inventory: Inventory, *devices: SeenDevice) -> Comparison:
    return compare(inventory, {d.device: d for d in devices}, NOW)


def kinds(found: Comparison) -> list[str]:
    return [f.kind.value for f in found.findings]


R12, R13 = link("r1:e1", "r2:e1"), link("r1:e2", "r3:e1")


@pytest.mark.parametrize(
    "system", ["r2", "R2", "r2.paser.go.id", "R2.PASER.GO.ID.", "10.0.0.2", "r2(FOX1234ABCD)"]
)
@pytest.mark.parametrize("port", ["e1", "E1", "ke e1", "10", "bridge1/e1"])
def test_one_device_and_one_port_by_many_names(system: str, port: str) -> None:
    found = compared(network(R12), seen("r1", ("e1", system, port)), seen("r2"))
    assert (found.confirmed, kinds(found)) == ((LinkId("r1-r2"),), [])


def test_a_name_that_many_have_means_nobody_and_the_address_decides() -> None:
    told = [seen(d, sys_name="MikroTik") for d in ("r2", "r3")]
    found = compared(network(R12), seen("r1", ("e1", "MikroTik", "e1", "10.0.0.2")), *told)
    assert found.confirmed == ("r1-r2",)
    found = compared(network(R12), seen("r1", ("e1", "MikroTik", "e1")), *told)
    assert found.confirmed == ()


def test_another_domain_is_another_device() -> None:
    found = compared(network(R12), seen("r1", ("e1", "r9.kuaro", "e1")), seen("r2", sys_name="r9.long-ikis"))
    assert kinds(found) == ["not_seen", "unknown_neighbour"]


def test_who_tells_only_a_mac_address_is_known_from_the_other_side() -> None:
    found = compared(
        network(R12),
        seen("r1", ("e1", "48:8f:5a:00:00:01", "48:8f:5a:00:00:02")),
        seen("r2", ("e1", "r1", "e1")),
    )
    assert (found.confirmed, kinds(found)) == ((LinkId("r1-r2"),), [])


def test_silence_of_an_end_that_was_not_asked_proves_nothing() -> None:
    found = compared(network(R12, R13), seen("r1", ("e1", "r2", "e1")))
    assert found.confirmed == ("r1-r2",)
    assert kinds(found) == []
    assert "r3 was not asked" in found.unproven[LinkId("r1-r3")]


@pytest.mark.parametrize("medium", ["satellite", "cellular", "vpn", "radio"])
def test_a_medium_without_such_frames_proves_nothing(medium: str) -> None:
    inventory = network(R12, link("r1:e2", "r3:e1", f"medium: {medium}"))
    found = compared(
        inventory, seen("r1", ("e1", "r2", "e1"), ("e2", "modem", "lan")), seen("r2"), seen("r3")
    )
    assert kinds(found) == []
    assert "passes no LLDP" in found.unproven[LinkId("r1-r3")]


def test_a_provider_s_cloud_and_circuit_prove_nothing() -> None:
    cloud = "{id: up, a: {device: r1, port: e2}, b: {device: net}, provider: telkom}"
    circuit = link("r1:e3", "r3:e1", "provider: telkom, circuit_id: T-1")
    found = compared(
        network(R12, cloud, circuit),
        seen("r1", ("e1", "r2", "e1"), ("e2", "pe7", "x")),
        seen("r2"),
        seen("r3"),
    )
    assert kinds(found) == []
    assert set(found.unproven) == {"up", "r1-r3"}


def test_a_port_that_is_down_is_an_outage_and_no_mistake_of_the_drawing() -> None:
    found = compared(
        network(R12, R13),
        seen("r1", ("e1", "r2", "e1"), down=["e2"]),
        seen("r2"),
        seen("r3", ("e2", "r2", "e3")),
    )
    assert LinkId("r1-r3") in found.unproven
    assert "not_seen" not in kinds(found)


def test_both_ends_asked_and_deaf_to_each_other() -> None:
    inventory = network(R12, R13, link("r2:e3", "r3:e2"))
    found = compared(
        inventory,
        seen("r1", ("e1", "r2", "e1")),
        seen("r2", ("e3", "r3", "e2")),
        seen("r3", ("e2", "r2", "e3")),
    )
    (missing,) = found.findings
    assert (missing.kind, missing.links) == (FindingKind.NOT_SEEN, ("r1-r3",))


def test_nobody_who_speaks_no_lldp_is_missed() -> None:
    found = compared(network(R12, R13), seen("r1", ("e1", "r2", "e1")), seen("r2"), seen("r3"))
    assert "neither speaks nor hears" in found.unproven[LinkId("r1-r3")]


def test_links_that_changed_places() -> None:
    (swap,) = compared(
        network(R12, R13), seen("r1", ("e2", "r2", "e1"), ("e1", "r3", "e1")), seen("r2"), seen("r3")
    ).findings
    assert (swap.kind, set(swap.links), swap.devices) == (
        FindingKind.PORTS_SWAPPED,
        {"r1-r2", "r1-r3"},
        ("r1",),
    )


def test_another_port_and_a_port_that_is_none() -> None:
    found = compared(network(R12), seen("r1", ("e3", "r2", "e1")), seen("r2"))
    assert [(f.kind.value, f.declared, f.seen) for f in found.findings] == [
        ("port_differs", "r1:e1", "r1:e3")
    ]
    found = compared(network(R12), seen("r1", ("e3", "r3", "e1"), ports=["e2", "e3"]), seen("r2"), seen("r3"))
    assert "no_such_port" in kinds(found)


def test_speeds() -> None:
    inventory = network(link("r1:e1", "r2:e1", "capacity_bps: 1000000000"))
    near = seen("r1", ("e1", "r2", "e1"), speed_bps=100_000_000)
    (slow,) = compared(inventory, near, seen("r2", speed_bps=100_000_000)).findings
    assert (slow.kind, slow.declared) == (FindingKind.SPEED_DIFFERS, "1 Gb/s")
    (uneven,) = compared(inventory, near, seen("r2", speed_bps=1_000_000_000)).findings
    assert "different speeds" in uneven.why
    assert kinds(compared(network(R12), near, seen("r2", speed_bps=0))) == []


def test_addresses_that_changed_places() -> None:
    found = compared(network(R12), seen("r1", sys_name="r2"), seen("r2", sys_name="r1"))
    assert {f.kind for f in found.findings} == {FindingKind.NAME_DIFFERS}


def test_an_unknown_neighbour_with_all_that_it_tells() -> None:
    (unknown,) = compared(network(), seen("r1", ("e3", "baru", "ether1", "10.0.9.9"))).findings
    assert unknown.stranger is not None
    assert (unknown.stranger.system, unknown.stranger.address) == ("baru", "10.0.9.9")


def test_a_name_at_a_declared_port_may_be_the_declared_device() -> None:
    found = compared(network(R12), seen("r1", ("e1", "RTR-LAMA", "x")))
    assert [(f.kind, f.note) for f in found.findings] == [(FindingKind.NAME_DIFFERS, True)]
    assert found.mismatches == ()


def test_several_cables_between_two() -> None:
    two = "{id: second, a: {device: r1, port: e2}, b: {device: r2, port: e2}}"
    rows = [("e1", "r2", "e1"), ("e2", "r2", "e2"), ("e3", "r2", "e3")]
    found = compared(network(R12, two), seen("r1", *rows), seen("r2"))
    assert set(found.confirmed) == {"r1-r2", "second"}
    assert [f.found and f.found.a.port for f in found.findings] == ["e3"]


def test_ospf_confirms_and_does_not_draw() -> None:
    id_ = DeviceId("r1")
    near = replace(
        seen("r1"), neighbors=(Neighbor(id_, NOW, "ospf", "e1", "10.0.0.2", None, "10.0.0.2", "full"),)
    )
    assert compared(network(R12), near, seen("r2")).confirmed == ("r1-r2",)
    assert kinds(compared(network(), near, seen("r2"))) == []


def test_ports_alike() -> None:
    assert same_port("Gi0/1", "GigabitEthernet0/1")
    assert same_port("Ethernet1", "eth1")
    assert not same_port("ge-0/0/1", "xe-0/0/1")
    assert not same_port("GigabitEthernet0/1", "GigabitEthernet0/11")
    assert not same_port("sfp1", "sfp-sfpplus1")


def test_what_was_told_long_ago_is_unknown() -> None:
    inventory, sightings = network(R12), Sightings()
    told = seen("r1", ("e1", "r2", "e1"))
    info = SystemInfo(told.device, NOW, sys_name="r1")
    sightings.take(PollResult(told.device, NOW, 1.0, (info, *told.ports, *told.neighbors), means=Means.SNMP))
    later = NOW + timedelta(minutes=10)
    ports = tuple(replace(p, at=later) for p in told.ports)
    sightings.take(PollResult(told.device, later, 1.0, ports, means=Means.SNMP))
    assert (
        len(sightings.fresh(later, inventory)[told.device].neighbors) == 1
    )  # not every poll reads the table
    much_later = NOW + timedelta(minutes=20)
    assert sightings.fresh(much_later, inventory)[told.device].neighbors == ()
    assert sightings.fresh(NOW + timedelta(hours=2), inventory) == {}
