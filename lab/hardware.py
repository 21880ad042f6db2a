"""What stands in each office: vendor, ports, addresses, from the inventory and the vendor table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from lab.optics import Budget
from lab.seeds import rng
from topology.model import Device, DeviceId, DeviceRole, Inventory, Link, LinkId, Medium

ETHERNET_CSMACD = 6
SOFTWARE_LOOPBACK = 24
"""IANAifType-MIB."""
_PORT_SPEEDS_BPS = (1_000_000_000, 10_000_000_000, 40_000_000_000, 100_000_000_000)


class PortUse(StrEnum):
    LINK = "link"
    LAN = "lan"
    SPARE = "spare"
    """Administratively up, nothing plugged in."""
    OFF = "off"
    """Administratively down."""
    LOOPBACK = "loopback"


@dataclass(frozen=True, slots=True)
class Vendor:
    id: str
    enterprise: int
    """IANA private enterprise number."""
    profiles: tuple[str, ...]
    matches: str
    sys_object_id: str
    sys_descr: str
    models: Mapping[str, str]
    mac_prefix: str
    first_if_index: int
    lldp_port_number: str
    optics: str
    optical_ports: str
    health: tuple[str, ...]
    extra_ports: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Port:
    device: DeviceId
    name: str
    use: PortUse
    ordinal: int
    """Place on the front panel, from 1."""
    speed_bps: int
    mac: bytes
    link: LinkId | None = None
    is_a: bool = True
    """Whether this is the link's `a` end."""
    budget: Budget | None = None
    """The module in the cage; None where the port has none that could be read."""

    @property
    def if_type(self) -> int:
        return SOFTWARE_LOOPBACK if self.use is PortUse.LOOPBACK else ETHERNET_CSMACD


@dataclass(frozen=True, slots=True)
class Hardware:
    device: Device
    vendor: Vendor
    model: str
    mac: bytes
    engine_id: bytes
    ports: tuple[Port, ...]

    @property
    def sys_name(self) -> str:
        return self.device.name or self.device.id

    @property
    def sys_descr(self) -> str:
        return self.vendor.sys_descr.format(model=self.model, name=self.sys_name)

    def port(self, name: str) -> Port:
        """Raises KeyError for a port the device doesn't have."""
        for port in self.ports:
            if port.name == name:
                return port
        raise KeyError(name)


@cache
def vendors() -> Mapping[str, Vendor]:
    raw = yaml.safe_load((files("lab") / "data" / "vendors.yaml").read_text("utf-8"))
    return {
        key: Vendor(
            id=key,
            **{
                **entry,
                "profiles": tuple(entry["profiles"]),
                "health": tuple(entry["health"]),
                "extra_ports": tuple(entry["extra_ports"]),
            },
        )
        for key, entry in raw.items()
    }


def vendor_of(device: Device, port_names: Iterable[str]) -> Vendor:
    """By the profile's name where the inventory gives one, else by how the device's ports are called."""
    table = vendors()
    if device.profile != "auto":
        for vendor in table.values():
            if any(name in device.profile for name in vendor.profiles):
                return vendor
    if device.role is DeviceRole.UPS:
        return table["ups"]
    for name in port_names:
        for vendor in table.values():
            if re.match(vendor.matches, name):
                return vendor
    return table["linux" if device.role is DeviceRole.SERVER else "mikrotik"]


def port_name(link: Link, is_a: bool) -> str:
    """The inventory's name, or a made-up one where it leaves the port out."""
    end = link.a if is_a else link.b
    return end.if_name or f"uplink-{link.id}"


def port_speed_bps(link: Link) -> int:
    capacity = link.capacity_bps or 1_000_000_000
    return next(
        (s for s in (1_000_000_000, 10_000_000_000, 40_000_000_000) if s >= capacity), 100_000_000_000
    )


def build(inventory: Inventory, budgets: Mapping[LinkId, Budget]) -> dict[DeviceId, Hardware]:
    """Hardware of every device except provider clouds."""
    ends: dict[DeviceId, list[tuple[Link, bool]]] = {}
    for link in inventory.links.values():
        ends.setdefault(link.a.device, []).append((link, True))
        ends.setdefault(link.b.device, []).append((link, False))
    return {
        device.id: _one(device, ends.get(device.id, []), budgets)
        for device in inventory.devices.values()
        if device.role is not DeviceRole.CLOUD
    }


def _one(device: Device, ends: list[tuple[Link, bool]], budgets: Mapping[LinkId, Budget]) -> Hardware:
    names = [port_name(link, is_a) for link, is_a in ends]
    vendor = vendor_of(device, names)
    model = vendor.models.get(device.role.value, vendor.models["default"])
    dice = rng("mac", device.id)
    mac = bytes.fromhex(vendor.mac_prefix.replace(":", "")) + dice.randbytes(2) + b"\x00"
    ports: list[tuple[str, PortUse, int, Link | None, bool, Budget | None]] = []
    for link, is_a in ends:
        name = port_name(link, is_a)
        optical = link.medium is Medium.FIBER and re.match(vendor.optical_ports, name)
        budget = budgets[link.id] if optical else None
        ports.append((name, PortUse.LINK, port_speed_bps(link), link, is_a, budget))
    ports += [
        (extra["name"], PortUse(extra["use"]), int(extra["speed_bps"]), None, True, None)
        for extra in vendor.extra_ports
        if extra["name"] not in names
    ]
    ports.sort(key=lambda p: _natural(p[0]))
    return Hardware(
        device=device,
        vendor=vendor,
        model=model,
        mac=mac,
        # RFC 3411 snmpEngineID: enterprise with the high bit set, format 3 (MAC address).
        engine_id=(0x8000_0000 | vendor.enterprise).to_bytes(4, "big") + b"\x03" + mac,
        ports=tuple(
            Port(
                device=device.id,
                name=name,
                use=use,
                ordinal=i,
                speed_bps=speed_bps,
                mac=mac[:5] + bytes([i & 0xFF]),
                link=None if link is None else link.id,
                is_a=is_a,
                budget=module,
            )
            for i, (name, use, speed_bps, link, is_a, module) in enumerate(ports, start=1)
        ),
    )


def _natural(name: str) -> tuple[tuple[str, int], ...]:
    return tuple((text, int(number or 0)) for text, number in re.findall(r"(\D*)(\d*)", name))
