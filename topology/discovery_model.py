"""What neighbours told, and how it differs from what is declared. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from topology.model import DeviceId, LinkId, Medium
from topology.observations import Neighbor, PortStatus

PLACEHOLDER_OFFICE = "belum-ditempatkan"
"""Where devices are put that discovery found, until a person says where they stand."""
LAYER_2 = frozenset({"lldp", "cdp"})
"""Frames that no bridge passes on: who is heard is at the other end of the cable."""
HEARD_THROUGH = frozenset({Medium.FIBER, Medium.COPPER})
"""Other media (satellite, cellular, VPN, radio bridges) pass no such frames: there silence proves nothing."""


@dataclass(frozen=True, slots=True)
class SeenDevice:
    """What one device told when it was asked last. Of a device that did not answer there is none."""

    device: DeviceId
    at: datetime
    sys_name: str | None = None
    ports: tuple[PortStatus, ...] = ()
    neighbors: tuple[Neighbor, ...] = ()
    ports_whole: bool = True
    """False: there may be ports that are not among `ports`."""


@dataclass(frozen=True, slots=True)
class SeenEnd:
    device: DeviceId
    port: str | None
    """As the device itself calls it where that is known; None: it was not told, or not in words of ours."""

    def __str__(self) -> str:
        return f"{self.device}:{self.port or '?'}"


@dataclass(frozen=True, slots=True)
class SeenLink:
    """A cable between two declared devices; `a.device` < `b.device`."""

    a: SeenEnd
    b: SeenEnd
    protocols: tuple[str, ...]
    both_ways: bool
    """Each end hears the other."""
    speed_bps: int | None
    shared: bool = False
    """Others are heard at one of these ports, too: there is a switch between that tells nothing."""

    def at(self, device: DeviceId) -> SeenEnd:
        return self.a if self.a.device == device else self.b


@dataclass(frozen=True, slots=True)
class Stranger:
    """A neighbour that is in no inventory."""

    system: str | None
    address: str | None
    heard: tuple[tuple[SeenEnd, str | None], ...]
    """At which ports of ours, and which port of its own it names there."""
    protocols: tuple[str, ...]

    @property
    def key(self) -> str:
        return self.system or self.address or "?"


class FindingKind(StrEnum):
    NOT_SEEN = "not_seen"
    """Declared, and the ends positively do not hear each other."""
    NOT_DECLARED = "not_declared"
    PORTS_SWAPPED = "ports_swapped"
    """Two links have changed places at one device."""
    PORT_DIFFERS = "port_differs"
    NO_SUCH_PORT = "no_such_port"
    SPEED_DIFFERS = "speed_differs"
    NAME_DIFFERS = "name_differs"
    UNKNOWN_NEIGHBOUR = "unknown_neighbour"


@dataclass(frozen=True, slots=True)
class Finding:
    kind: FindingKind
    key: str
    """The same as long as it is the same finding."""
    links: tuple[LinkId, ...]
    devices: tuple[DeviceId, ...]
    declared: str | None
    seen: str | None
    why: str
    at: datetime
    """Of the evidence."""
    note: bool = False
    """Worth knowing, and no mismatch."""
    found: SeenLink | None = None
    stranger: Stranger | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    at: datetime
    asked: tuple[DeviceId, ...]
    """Devices that told something; of all others nothing is concluded."""
    findings: tuple[Finding, ...] = ()
    confirmed: tuple[LinkId, ...] = ()
    """Declared links whose ends hear each other where they are declared."""
    unproven: Mapping[LinkId, str] = field(default_factory=dict)
    """Neither seen nor missed, and why."""
    cables: tuple[SeenLink, ...] = ()
    strangers: tuple[Stranger, ...] = ()

    @property
    def mismatches(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if not f.note)
