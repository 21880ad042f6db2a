"""What light a fiber link carries: launch power less fiber, connectors, pads and damage."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from lab.seeds import rng
from topology.model import Link

NO_LIGHT_DBM = -40.0
"""Below this a photodiode reports nothing: dark."""
LOSS_OF_SIGNAL_MARGIN_DB = 2.0
"""A receiver holds the link until this far below its specified sensitivity."""


@dataclass(frozen=True, slots=True)
class Module:
    name: str
    rate_bps: int
    reach_m: float
    wavelength_nm: int
    tx_dbm: float
    sensitivity_dbm: float
    overload_dbm: float
    bias_ma: float


@dataclass(frozen=True, slots=True)
class Budget:
    """A fiber link's modules (the same type at both ends) and its healthy receive power."""

    module: Module
    loss_db: float
    """Everything between the launch and the receiver, pads included."""
    low_alarm_dbm: float
    high_alarm_dbm: float

    def rx_dbm(self, extra_loss_db: float = 0.0) -> float | None:
        """Receive power, or None where it is too little to be seen."""
        power = self.module.tx_dbm - self.loss_db - extra_loss_db
        return power if power > NO_LIGHT_DBM else None

    def holds(self, extra_loss_db: float) -> bool:
        """Whether the receivers still keep the link up."""
        power = self.rx_dbm(extra_loss_db)
        return power is not None and power >= self.low_alarm_dbm - LOSS_OF_SIGNAL_MARGIN_DB

    def frame_error_ratio(self, extra_loss_db: float) -> float:
        """Share of frames with a bad checksum: none with 2 dB to spare, then ten times more per dB."""
        power = self.rx_dbm(extra_loss_db)
        if power is None:
            return 0.0
        margin_db = power - self.low_alarm_dbm
        return 0.0 if margin_db >= 2.0 else min(0.2, 10.0 ** (-4.0 - margin_db))


@cache
def _data() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((files("lab") / "data" / "optics.yaml").read_text("utf-8"))
    return loaded


@cache
def modules() -> tuple[Module, ...]:
    return tuple(Module(**entry) for entry in _data()["modules"])


def budget(link: Link) -> Budget:
    """The modules an installer would have chosen for this link, and the light they get.

    The inventory's own limits (`rx_min_dbm`, `rx_max_dbm`) are kept with room to spare, so that a healthy
    lab starts without an alarm.
    """
    length_m = link.length_m if link.length_m is not None else 2_000.0
    rate = 10_000_000_000 if (link.capacity_bps or 0) > 1_000_000_000 else 1_000_000_000
    fitting = [m for m in modules() if m.rate_bps == rate]
    module = next((m for m in fitting if m.reach_m >= length_m), fitting[-1])
    loss_db = (
        length_m / 1_000.0 * float(_data()["loss_db_per_km"][module.wavelength_nm])
        + float(_data()["connector_loss_db"])
        + rng("fiber", link.id).uniform(0.0, 1.0)
    )
    low = module.sensitivity_dbm if link.rx_min_dbm is None else min(module.sensitivity_dbm, link.rx_min_dbm)
    high = module.overload_dbm if link.rx_max_dbm is None else min(module.overload_dbm, link.rx_max_dbm)
    floor = max(low, link.rx_min_dbm if link.rx_min_dbm is not None else low) + 4.0
    ceiling = high - 3.0
    rx_dbm = min(max(module.tx_dbm - loss_db, floor), ceiling)
    return Budget(module, module.tx_dbm - rx_dbm, low, high)


def drift_db(link: Link, at_s: float) -> float:
    """Slow breathing of the light with temperature, about a tenth of a decibel."""
    phase = rng("drift", link.id).uniform(0.0, 2.0 * math.pi)
    return 0.08 * math.sin(at_s / 900.0 + phase) + 0.04 * math.sin(at_s / 127.0 + 2.0 * phase)
