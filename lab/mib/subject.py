"""The device whose MIB is being written, with the readings that several tables share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from lab.hardware import Hardware, Port
from lab.network import Network
from lab.readings import OpticalState
from lab.seeds import rng


@dataclass(frozen=True, slots=True)
class Subject:
    network: Network
    hardware: Hardware

    @property
    def id_(self) -> str:
        return self.hardware.device.id

    def if_index(self, port: Port) -> int:
        return self.network.running[self.hardware.device.id].if_index[port.name]

    def ports(self) -> list[Port]:
        """By ifIndex."""
        return sorted(self.hardware.ports, key=self.if_index)

    def optical_ports(self) -> list[Port]:
        return [port for port in self.ports() if port.budget is not None]

    def optical(self, port: Port, at_s: float) -> OpticalState:
        state = self.network.optical(port, at_s)
        assert state is not None, f"{port.name} has no module"
        return state

    def live(self, port: Port, reading: Callable[[OpticalState], bytes]) -> Callable[[float], bytes]:
        """A cell that reads the port's module when it is asked for."""
        return lambda at_s: reading(self.optical(port, at_s))

    def uptime_s(self, at_s: float) -> float:
        return self.network.uptime_s(self.hardware.device.id, at_s)

    def changed_uptime_s(self, port: Port) -> float:
        """sysUpTime when the port entered its state; 0 when that was before the last boot."""
        running = self.network.running[self.hardware.device.id]
        changed_at_s = running.changed_at_s.get(port.name, running.booted_at_s)
        return max(0.0, changed_at_s - running.booted_at_s)

    def wave(self, what: str, mean: float, swing: float, at_s: float) -> float:
        """A reading that wanders around its mean, in its own rhythm."""
        dice = rng(what, self.id_)
        period_s, phase = dice.uniform(240.0, 900.0), dice.uniform(0.0, 6.28)
        own_mean = mean + dice.uniform(-0.5, 0.5) * swing
        return own_mean + swing * math.sin(at_s / period_s * 2.0 * math.pi + phase)

    def cpu_percent(self, at_s: float) -> int:
        return round(min(99.0, max(1.0, self.wave("cpu", 14.0, 8.0, at_s))))

    def memory_ratio(self, at_s: float) -> float:
        return min(0.95, max(0.05, self.wave("memory", 0.42, 0.06, at_s)))

    def temperature_c(self, at_s: float) -> float:
        return self.wave("temperature", 43.0, 3.0, at_s)
