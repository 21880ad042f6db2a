"""Every threshold of the conditions. Meaning and reasons: docs/conditions.md. Pure.

Per-link limits of the inventory and a module's own limits come before these.
"""

from __future__ import annotations

from dataclasses import dataclass

from alerts.damping import Patience


@dataclass(frozen=True, slots=True)
class ConditionSettings:
    enabled: bool = True
    # Receive power
    rx_min_dbm: float = -27.0
    """For fiber without a limit of the module or the link: what GPON class B+ works down to."""
    rx_clear_margin_db: float = 0.5
    """So far beyond its limit it must be to count as good again."""
    rx_raise_for_s: float = 120.0
    rx_clear_for_s: float = 300.0
    drop_db: float = 2.0
    """Below the link's own baseline."""
    drop_clear_db: float = 1.5
    baseline_days: int = 28
    """The baseline is the median of so many daily medians ..."""
    baseline_least_days: int = 3
    """... and of no fewer than this."""
    trend_days: int = 28
    trend_least_days: int = 7
    trend_least_fall_db: float = 0.5
    """A line that fell less than this over all its days is no trend."""
    trend_horizon_days: float = 30.0
    """Told when the limit is nearer than this."""
    # Errors and load
    errors_per_s: float = 1.0
    errors_clear_per_s: float = 0.1
    errors_raise_for_s: float = 300.0
    errors_clear_for_s: float = 900.0
    used_ratio: float = 0.9
    """Of the capacity, at the 95th percentile of `used_window_s`."""
    used_clear_ratio: float = 0.8
    used_window_s: float = 3600.0
    # Devices
    temperature_c: float = 75.0
    temperature_clear_c: float = 70.0
    module_temperature_c: float = 80.0
    """Of an optical module; it clears as far below as a device's."""
    battery_temperature_c: float = 45.0
    temperature_raise_for_s: float = 300.0
    temperature_clear_for_s: float = 600.0
    hardware_raise_for_s: float = 60.0
    hardware_clear_for_s: float = 300.0
    battery_raise_for_s: float = 30.0
    battery_clear_for_s: float = 120.0
    battery_low_ratio: float = 0.3
    battery_low_s: float = 600.0
    """Charge, or time left, below which a UPS on battery is about to go out."""
    # Services
    certificate_days: float = 21.0
    certificate_urgent_days: float = 7.0
    application_raise_for_s: float = 60.0
    application_clear_for_s: float = 60.0
    # Offices that join
    connected_after_s: float = 60.0
    """An office that the plan calls not connected must answer for so long before that is told."""
    # What comes and goes
    flaps: int = 3
    flap_window_s: float = 6 * 3600.0
    damped_clear_for_s: float = 3600.0
    gap_s: float = 3 * 3600.0
    """Readings further apart than this are no unbroken run."""

    def patience(self, raise_for_s: float, clear_for_s: float) -> Patience:
        return Patience(
            raise_for_s,
            clear_for_s,
            gap_s=self.gap_s,
            flaps=self.flaps,
            flap_window_s=self.flap_window_s,
            damped_clear_for_s=self.damped_clear_for_s,
        )
