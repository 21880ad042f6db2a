"""From one device to an inventory, and how far a crawl goes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from ronda.discovery_crawl import CrawlSettings, additions, comment, crawl
from topology.discovery_yaml import add_rows
from topology.inventory import read_inventory
from topology.model import Device, DeviceId, PortRef
from topology.observations import (
    AdminStatus,
    Neighbor,
    OperStatus,
    PollResult,
    PortStatus,
    SystemInfo,
)

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
ONE = """\
version: 1
network: {name: N}
vantage: r1
hubs: [o]
credentials: [{id: c, kind: snmp_v2c, community_env: C}]
defaults: {snmp: c}
offices: [{id: o}]
devices:
  - {id: r1, office: o, address: "10.0.0.1:1161"}   # the first
links: []
"""
CABLES = [("r1:e1", "r2:e1"), ("r2:e2", "r3:e1"), ("r3:e2", "far:e1")]
ADDRESSES = {"r1": "10.0.0.1", "r2": "10.0.0.2", "r3": "10.0.0.3", "far": "8.8.8.8"}


class HandClock:
    def now(self) -> datetime:
        return NOW

    def monotonic_s(self) -> float:
        return 0.0


class Network:
    """Devices that answer with their neighbours."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, device: Device) -> PollResult:
        assert device.address is not None
        self.asked.append(device.address.host)
        name = next(n for n, a in ADDRESSES.items() if a == device.address.host)
        seen: list[object] = [SystemInfo(device.id, NOW, sys_name=f"{name.upper()}.paser.go.id")]
        for cable in CABLES:
            for (mine, port), (its, there) in (
                (cable[0].split(":"), cable[1].split(":")),
                (cable[1].split(":"), cable[0].split(":")),
            ):
                if mine == name:
                    ref = PortRef(device.id, port)
                    seen.append(PortStatus(ref, NOW, AdminStatus.UP, OperStatus.UP, speed_bps=10**9))
                    system = f"{its.upper()}.paser.go.id"
                    seen.append(Neighbor(device.id, NOW, "lldp", port, system, there, ADDRESSES[its]))
        return PollResult(device.id, NOW, 0.1, tuple(seen))  # type: ignore[arg-type]  # observations


def found(text: str, settings: CrawlSettings | None = None) -> tuple[str, list[str], list[str]]:
    """The text with what was found, whom it asked, and what was left out."""
    inventory, _ = read_inventory(text, "i.yaml")
    assert inventory is not None
    network = Network()
    crawled = asyncio.run(crawl(inventory, [DeviceId("r1")], network, HandClock(), settings))
    new = additions(crawled, inventory, {}, ["c"])
    after = add_rows(text, new.rows(), comment=comment(NOW, "r1"), source="i.yaml")
    return after, network.asked, list(new.skipped)


def test_from_one_device_to_the_whole_network_and_nothing_the_second_time() -> None:
    text, asked, skipped = found(ONE)
    inventory, _ = read_inventory(text, "i.yaml")
    assert inventory is not None
    assert set(inventory.devices) == {"r1", "r2", "r3", "far"}
    assert {frozenset((x.a.device, x.b.device)) for x in inventory.links.values()} == {
        frozenset(("r1", "r2")), frozenset(("r2", "r3")), frozenset(("r3", "far")),
    }  # fmt: skip
    assert str(inventory.devices[DeviceId("r2")].address) == "10.0.0.2:1161"
    assert inventory.devices[DeviceId("r2")].office == "belum-ditempatkan"
    assert asked == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert any("public address" in why for why in skipped)
    assert inventory.devices[DeviceId("far")].address is None
    assert found(text)[0] == text


def test_no_farther_than_wanted_and_public_addresses_only_when_wanted() -> None:
    text, asked, _ = found(ONE, CrawlSettings(hops=1))
    assert asked == ["10.0.0.1", "10.0.0.2"]
    assert "id: r3" in text
    assert found(text, CrawlSettings(hops=1))[0] == text
    assert "8.8.8.8" in found(ONE, CrawlSettings(any_address=True))[1]
