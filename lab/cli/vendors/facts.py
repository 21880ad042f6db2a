"""What of a device's state all vendors print, each in its own form."""

from __future__ import annotations

from collections.abc import Callable

from lab.hardware import Hardware, Port
from lab.network import Network
from lab.readings import OpticalState

Text = Callable[[Network, Hardware, float], str]


def optical_ports(network: Network, hardware: Hardware, at_s: float) -> list[tuple[Port, OpticalState]]:
    found = ((port, network.optical(port, at_s)) for port in hardware.ports)
    return [(port, state) for port, state in found if state is not None]


def clock(seconds: float) -> tuple[int, int, int, int]:
    whole = int(seconds)
    return whole // 86_400, whole // 3_600 % 24, whole // 60 % 60, whole % 60


def dbm(value: float | None, dark: str) -> str:
    return dark if value is None else f"{value:.2f}"
