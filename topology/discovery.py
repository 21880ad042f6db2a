"""Declared links against what neighbours tell of each other. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from topology.discovery_case import Case
from topology.discovery_differences import find_device_names, find_moved_ports, find_speeds, find_strangers
from topology.discovery_matching import match_pair
from topology.discovery_missing import judge_missing
from topology.discovery_model import Comparison, SeenDevice, SeenLink
from topology.model import DeviceId, Inventory, Link


def compare(inventory: Inventory, seen: Mapping[DeviceId, SeenDevice], now: datetime) -> Comparison:
    """What differs. `seen` has only devices that answered lately; those that the inventory lacks are passed
    over."""
    case = Case(inventory, {d: s for d, s in seen.items() if d in inventory.devices}, now)
    declared: defaultdict[tuple[DeviceId, DeviceId], list[Link]] = defaultdict(list)
    for link in sorted(case.inventory.links.values(), key=lambda x: x.id):
        if link.a.device == link.b.device:
            case.unproven[link.id] = "both its ends are at one device"
        else:
            a, b = sorted((link.a.device, link.b.device))
            declared[a, b].append(link)
    cables: defaultdict[tuple[DeviceId, DeviceId], list[SeenLink]] = defaultdict(list)
    for cable in case.heard.cables:
        cables[cable.a.device, cable.b.device].append(cable)
    missing: list[Link] = []
    for pair in sorted(declared.keys() | cables.keys()):
        missing += match_pair(case, declared.get(pair, []), cables.get(pair, []))
    for link in missing:
        judge_missing(case, link)
    find_moved_ports(case)
    find_speeds(case)
    find_device_names(case)
    find_strangers(case)
    return Comparison(
        case.now,
        tuple(sorted(case.seen)),
        tuple(sorted(case.findings, key=lambda f: (f.note, f.kind, f.key))),
        tuple(sorted(case.confirmed)),
        case.unproven,
        case.heard.cables,
        case.heard.strangers,
    )
