"""From an inventory to what has to be built: machines, wires and their addresses. Pure.

The same inventory says what runs and what is monitored. What the kernel can't have (a loopback address, a
port name with a slash) is replaced, and `Plan.inventory` is the inventory with those replacements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, ip_address
from urllib.parse import urlsplit, urlunsplit

from lab.sockets import LabError
from topology.model import (
    Address,
    ApplicationId,
    Device,
    DeviceId,
    DeviceRole,
    Inventory,
    Link,
    LinkEnd,
    LinkId,
)

MONITOR = "monitor"
"""The namespace that the monitor runs in; no device may be called so."""
FIBERS = "fibers"
"""The namespace that all wires run through."""
WIRES = IPv4Network("100.64.0.0/11")
"""Addresses of the wires, two each (RFC 3021); outside of what networks use for themselves (RFC 6598)."""
MONITOR_ADDRESS = "100.127.255.1"
REPLACEMENTS = IPv4Network("10.255.0.0/16")
_IF_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,14}")
_HOSTS = (DeviceRole.UPS, DeviceRole.SERVER)


@dataclass(frozen=True, slots=True)
class Plug:
    """One end of a wire."""

    machine: str
    if_name: str
    address: str
    label: str
    """What the interface is described as (ifAlias)."""


@dataclass(frozen=True, slots=True)
class Wire:
    id: str
    """The link's id; `uplink-N` between the monitor and its Nth vantage."""
    number: int
    a: Plug
    b: Plug

    @property
    def ends(self) -> tuple[Plug, Plug]:
        return (self.a, self.b)

    def other(self, machine: str) -> Plug:
        return self.b if self.a.machine == machine else self.a


@dataclass(frozen=True, slots=True)
class Machine:
    id: str
    address: str | None
    """Its own, on the loopback interface; None: not monitored."""
    routes: bool
    """Speaks OSPF; a host has a default route to its one neighbour instead."""
    device: Device


@dataclass(frozen=True, slots=True)
class Plan:
    inventory: Inventory
    machines: dict[str, Machine]
    wires: dict[str, Wire]

    def wires_of(self, machine: str) -> list[Wire]:
        return [w for w in self.wires.values() if machine in (w.a.machine, w.b.machine)]

    def plugs_of(self, machine: str) -> list[tuple[Wire, Plug]]:
        return [(w, p) for w in self.wires.values() for p in w.ends if p.machine == machine]


def make_plan(inventory: Inventory) -> Plan:
    """Raises LabError when it can't be built, with what to change."""
    for taken in (MONITOR, FIBERS):
        if taken in inventory.devices:
            raise LabError(
                f"device {taken}: the lab keeps that id for a namespace of its own; rename the device"
            )
    inventory = _with_real_addresses(inventory)
    inventory, wires = _with_real_ports(inventory)
    machines: dict[str, Machine] = {}
    for device in inventory.devices.values():
        ends = [w for w in wires if device.id in (w.a.machine, w.b.machine)]
        routes = not (device.role in _HOSTS and len(ends) == 1 and device.id not in inventory.vantages)
        machines[device.id] = Machine(
            device.id, device.address.host if device.address else None, routes, device
        )
    for wire in wires:  # two hosts on one wire: somebody has to route
        if not any(p.machine != MONITOR and machines[p.machine].routes for p in wire.ends):
            machines[wire.a.machine] = replace(machines[wire.a.machine], routes=True)
    return Plan(inventory, machines, {w.id: w for w in wires})


def _with_real_addresses(inventory: Inventory) -> Inventory:
    taken: dict[str, DeviceId] = {}
    free = (str(a) for a in REPLACEMENTS.hosts())
    declared = {d.address.host for d in inventory.devices.values() if d.address is not None}
    devices = {}
    for device in inventory.devices.values():
        address = device.address
        if address is not None:
            if not _usable(address.host):
                host = next(a for a in free if a not in declared)
                address = Address(host, address.port if address.port == 161 else None)
            if address.host in taken:
                raise LabError(
                    f"devices {taken[address.host]} and {device.id} share the address {address.host}: "
                    "here each device is a machine of its own and needs its own"
                )
            taken[address.host] = device.id
        devices[device.id] = replace(device, address=address)
    applications = {
        a.id: replace(a, url=_moved(a.url, devices[a.hosted_at])) for a in inventory.applications.values()
    }
    return replace(inventory, devices=devices, applications=applications)


def _usable(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if not isinstance(address, IPv4Address) or address.is_loopback or address.is_multicast:
        return False
    return address not in WIRES and str(address) != MONITOR_ADDRESS


def _moved(url: str | None, host: Device) -> str | None:
    if url is None or host.address is None:
        return url
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit(parts._replace(netloc=f"{host.address.host}{port}"))


def _with_real_ports(inventory: Inventory) -> tuple[Inventory, list[Wire]]:
    pairs = iter(WIRES.subnets(new_prefix=31))
    used: dict[str, set[str]] = {d: {"lo"} for d in (*inventory.devices, MONITOR)}
    for link in inventory.links.values():
        for end in link.ends:
            if end.if_name is not None and _IF_NAME.fullmatch(end.if_name):
                used[end.device].add(end.if_name)
    links: dict[LinkId, Link] = {}
    wires: list[Wire] = []

    def name(device: str, wanted: str | None, number: int) -> str:
        if wanted is not None and _IF_NAME.fullmatch(wanted):
            return wanted
        made = next(n for n in (f"port{number}", f"port{number}b") if n not in used[device])
        used[device].add(made)
        return made

    for number, link in enumerate(inventory.links.values()):
        low, high = next(pairs)
        ends = []
        for end, address in zip(link.ends, (low, high), strict=True):
            other = link.other(end.device).device
            if_name = name(end.device, end.if_name, number)
            ends.append(Plug(end.device, if_name, str(address), f"{link.id} to {other}"))
        wires.append(Wire(link.id, number, ends[0], ends[1]))
        links[link.id] = replace(
            link,
            a=_end(link.a, ends[0].if_name),
            b=_end(link.b, ends[1].if_name),
        )
    for index, vantage in enumerate(inventory.vantages, start=1):
        low, high = next(pairs)
        number = len(wires)
        mine = Plug(MONITOR, f"eth{index - 1}", str(low), f"to {vantage}")
        theirs = Plug(vantage, name(vantage, "to-monitor", number), str(high), "to the monitor")
        wires.append(Wire(f"uplink-{index}", number, mine, theirs))
    return replace(inventory, links=links), wires


def _end(end: LinkEnd, if_name: str) -> LinkEnd:
    """A port that the inventory doesn't name stays unnamed: the monitor is told no more than its operator."""
    return end if end.if_name is None else LinkEnd(end.device, if_name)


def replaced_ports(before: Inventory, after: Inventory) -> dict[tuple[LinkId, str], str]:
    """(link, "a" or "b") to the port's name in the lab, where it is another one."""
    found = {}
    for link in before.links.values():
        for side, end, now in (("a", link.a, after.links[link.id].a), ("b", link.b, after.links[link.id].b)):
            if end.if_name is not None and now.if_name is not None and end.if_name != now.if_name:
                found[(link.id, side)] = now.if_name
    return found


def replaced_urls(before: Inventory, after: Inventory) -> dict[ApplicationId, str]:
    found = {}
    for application in after.applications.values():
        if application.url is not None and application.url != before.applications[application.id].url:
            found[application.id] = application.url
    return found
