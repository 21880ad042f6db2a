"""Whom a neighbour means by the name, address or port that it tells. Pure.

A name counts when it means one device only: half of a network may call itself "MikroTik".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from ipaddress import IPv6Address, ip_address

from topology.discovery_model import SeenDevice
from topology.model import Device, DeviceId, Inventory
from topology.observations import PortStatus

_MAC = re.compile(r"(?:[0-9a-f]{2}[:.-]?){5}[0-9a-f]{2}\Z", re.IGNORECASE)
_CDP_SERIAL = re.compile(r"\([0-9A-Za-z]{6,}\)\Z")
"""NX-OS names itself NAME(SERIAL) in CDP."""
_SPLIT = re.compile(r"\A([A-Za-z][A-Za-z_-]*?)[ -]?(\d[\d/.:_-]*)\Z")
NO_ADDRESSES = frozenset({"0.0.0.0", "::", "255.255.255.255"})


def is_mac(text: str) -> bool:
    return _MAC.match(text.strip()) is not None


def plain_address(text: str | None) -> str | None:
    """One spelling of an IP address; None for what is none, or means nobody."""
    if text is None:
        return None
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return None if str(address) in NO_ADDRESSES else str(address)


def plain_name(text: str | None) -> str | None:
    """Lower case, without a serial number or a dot at its end. None for a MAC address: that is no name."""
    name = _CDP_SERIAL.sub("", (text or "").strip()).rstrip(".").strip().lower()
    return None if not name or is_mac(name) else name


def short_name(name: str) -> str:
    """`r1` of `r1.paser.go.id`; an address stays whole."""
    return name if plain_address(name) else name.partition(".")[0]


class Systems:
    """Devices by what they, their neighbours and the inventory call them."""

    def __init__(self, inventory: Inventory, seen: Mapping[DeviceId, SeenDevice]) -> None:
        self._own: dict[DeviceId, str | None] = {d: plain_name(s.sys_name) for d, s in seen.items()}
        ids = inventory.devices.values()
        # What comes first decides: what a device calls itself goes before what we call it.
        self._names = [
            _index((n, d) for d, n in self._own.items() if n is not None),
            _index((d.id.lower(), d.id) for d in ids),
            _index((n, d.id) for d in ids if (n := plain_name(d.name)) is not None),
            _index((n, d.id) for d in ids if (n := _host_name(d)) is not None),
        ]
        self._short = [
            _index((short_name(n), d) for n, ds in names.items() for d in ds) for names in self._names
        ]
        self._addresses = _index((a, d.id) for d in ids if (a := _address(d)) is not None)

    def named(self, system: str | None) -> DeviceId | None:
        """Whom the name means: exactly, else without its domain."""
        name = plain_name(system)
        if name is None:
            return None
        if (address := plain_address(name)) is not None:
            return self.at(address)
        for exact in self._names:
            if name in exact:
                return _only(exact[name])
        # Without its domain, where only one side tells one: r1.kuaro is not r1.long-ikis.
        for index in self._names if "." in name else self._short:
            if short_name(name) in index:
                return _only(index[short_name(name)])
        return None

    def at(self, address: str | None) -> DeviceId | None:
        """Whom the address means."""
        plain = plain_address(address)
        return None if plain is None else _only(self._addresses.get(plain, frozenset()))

    def declared_as(self, system: str | None) -> DeviceId | None:
        """Whom the inventory itself calls so."""
        name = plain_name(system)
        if name is None:
            return None
        for index in (*self._names[1:3], *self._short[1:3]):
            for form in (name, short_name(name)):
                if form in index:
                    return _only(index[form])
        return None

    def resolve(self, system: str | None, address: str | None) -> DeviceId | None:
        """By name, else by address: one management address may be the gateway's of many."""
        return self.named(system) or self.at(address)


class PortNames:
    """How one device calls its ports, by every way to say so."""

    def __init__(self, ports: Iterable[PortStatus], whole: bool) -> None:
        self.ports = {p.port.if_name: p for p in ports}
        self.whole = whole and bool(self.ports)
        rows = self.ports.values()
        self._by = [
            _texts((p.port.if_name, p) for p in rows),
            _texts((p.if_descr, p) for p in rows),
            _texts((p.if_alias, p) for p in rows),
        ]
        self._by_index = _texts((None if p.if_index is None else str(p.if_index), p) for p in rows)

    def canonical(self, text: str | None) -> str | None:
        """Its ifName; None when the text names none of its ports, or several. What nobody can check, because
        the device was not asked, stays as it was told."""
        if text is None or not text.strip():
            return None
        name = text.strip()
        if not self.ports:
            return None if is_mac(name) else name
        for form in (name, name.rpartition("/")[2] if name.lower().startswith("bridge") else name):
            if form in self.ports:
                return form
            for index in self._by:
                if (found := _only(index.get(form.lower(), frozenset()))) is not None:
                    return found
        if name.isdigit() and (found := _only(self._by_index.get(name, frozenset()))) is not None:
            return found
        alike = {p for p in self.ports if same_port(p, name)}
        return alike.pop() if len(alike) == 1 else None


def same_port(one: str, other: str) -> bool:
    """Gi0/1 and GigabitEthernet0/1 are one port; ge-0/0/1 and xe-0/0/1 are two."""
    if one.lower() == other.lower():
        return True
    a, b = _SPLIT.match(one), _SPLIT.match(other)
    if a is None or b is None or a.group(2) != b.group(2):
        return False
    short, long = sorted((a.group(1).lower(), b.group(1).lower()), key=len)
    return len(short) >= 2 and long.startswith(short) and long[len(short) :].isalpha()


def _host_name(device: Device) -> str | None:
    host = None if device.address is None else device.address.host
    return None if host is None or plain_address(host) else plain_name(host)


def _address(device: Device) -> str | None:
    return None if device.address is None else plain_address(device.address.host)


def _index(pairs: Iterable[tuple[str, DeviceId]]) -> dict[str, frozenset[DeviceId]]:
    found: defaultdict[str, set[DeviceId]] = defaultdict(set)
    for name, device in pairs:
        found[name].add(device)
    return {name: frozenset(devices) for name, devices in found.items()}


def _texts(pairs: Iterable[tuple[str | None, PortStatus]]) -> dict[str, frozenset[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for text, port in pairs:
        if text:
            found[text.strip().lower()].add(port.port.if_name)
    return {text: frozenset(names) for text, names in found.items()}


def _only(names: frozenset[str] | frozenset[DeviceId]) -> DeviceId | None:
    return DeviceId(next(iter(names))) if len(names) == 1 else None
