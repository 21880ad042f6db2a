"""What is kept about a running device, and what can be read from it at one moment."""

from __future__ import annotations

from dataclasses import dataclass, field

from lab.hardware import Hardware, Port
from lab.optics import Budget
from lab.traffic import MEAN_FRAME_OCTETS, Count
from topology.model import DeviceId


@dataclass(slots=True)
class Running:
    """What a device keeps between readings."""

    boots: int
    booted_at_s: float
    if_index: dict[str, int]
    changed_at_s: dict[str, float] = field(default_factory=dict)
    zero: dict[str, tuple[Count, Count]] = field(default_factory=dict)
    """Per port the totals (in, out) that its counters call zero."""


@dataclass(frozen=True, slots=True)
class PortCount:
    """A port's counters since boot."""

    rx: Count
    tx: Count

    @property
    def rx_frames(self) -> int:
        return int(self.rx.octets / MEAN_FRAME_OCTETS)

    @property
    def tx_frames(self) -> int:
        return int(self.tx.octets / MEAN_FRAME_OCTETS)


@dataclass(frozen=True, slots=True)
class OpticalState:
    """A module's own readings. `rx_dbm` None: no light."""

    budget: Budget
    rx_dbm: float | None
    tx_dbm: float
    temperature_c: float
    bias_ma: float
    voltage_v: float


@dataclass(frozen=True, slots=True)
class LldpNeighbor:
    port: Port
    remote: Hardware
    remote_port: Port
    since_s: float


@dataclass(frozen=True, slots=True)
class Change:
    """What a change of truth did to ports and agents: the events that devices send traps for."""

    at_s: float
    down: tuple[Port, ...] = ()
    up: tuple[Port, ...] = ()
    booted: tuple[DeviceId, ...] = ()
    on_battery: tuple[DeviceId, ...] = ()
    """UPSs that lost their mains with this change."""
