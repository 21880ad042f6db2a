"""What commands on the lab have in common: finding what is meant, and saying what it did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from lab.network import Network
from topology.model import Device, DeviceId, Link, LinkId, RiskGroupId


class UnknownIdError(LookupError):
    """No such thing in the inventory; the text names the nearest one."""


class BadArgumentError(ValueError):
    """A number out of range, or a thing that the command can't act on."""


@dataclass(frozen=True, slots=True)
class Answer:
    message: str
    data: dict[str, Any] = field(default_factory=dict)


def find(kind: str, wanted: str, known: Iterable[str]) -> str:
    names = list(known)
    if wanted in names:
        return wanted
    near = get_close_matches(wanted, names, n=1, cutoff=0.4)
    hint = f"; the nearest is {near[0]}" if near else ""
    raise UnknownIdError(f"no {kind} is called {wanted}{hint}")


def find_link(network: Network, wanted: str) -> Link:
    return network.inventory.links[LinkId(find("link", wanted, network.inventory.links))]


def find_device(network: Network, wanted: str) -> Device:
    device = network.inventory.devices[DeviceId(find("device", wanted, network.inventory.devices))]
    if device.id not in network.hardware:
        raise BadArgumentError(f"{device.id} is a provider's cloud: the lab only plays devices of our own")
    return device


def members(network: Network, group: RiskGroupId) -> tuple[list[LinkId], list[DeviceId]]:
    return (
        sorted(link.id for link in network.inventory.links.values() if group in link.risk_groups),
        sorted(device.id for device in network.inventory.devices.values() if group in device.risk_groups),
    )


def find_group(network: Network, wanted: str) -> RiskGroupId:
    return RiskGroupId(find("risk group", wanted, network.inventory.risk_groups))


def effect(network: Network, before: frozenset[DeviceId], at_s: float) -> dict[str, Any]:
    """Who went silent and who came back since `before`, monitored devices only."""
    network.advance(at_s)
    monitored = {d.id for d in network.inventory.devices.values() if d.monitored}
    now = network.state.reachable
    return {
        "silent": sorted((before - now) & monitored),
        "back": sorted((now - before) & monitored),
    }


def told(data: dict[str, Any]) -> str:
    parts = []
    if data["silent"]:
        parts.append(f"silent now: {', '.join(data['silent'])}")
    if data["back"]:
        parts.append(f"answering again: {', '.join(data['back'])}")
    return "; ".join(parts) or "every device still answers as before"
