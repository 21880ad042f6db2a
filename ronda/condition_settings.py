"""The `conditions:` section of the settings: limits of what is not an outage. Reasons: docs/conditions.md."""

from __future__ import annotations

from pydantic import Field

from alerts.condition_settings import ConditionSettings
from ronda.section import Section


class ConditionsSection(Section):
    """Limits of what is not an outage. A module's own and the inventory's per-link limits come first."""

    enabled: bool = Field(True, description="Off: outages only.")
    rx_min_dbm: float = Field(
        -27.0, le=0, description="Least receive power on fiber where neither module nor link has a limit."
    )
    rx_clear_margin_db: float = Field(0.5, ge=0, description="Above its limit it must be to be well again.")
    rx_raise_for_s: float = Field(120.0, ge=0, description="Receive power must be bad for so long.")
    rx_clear_for_s: float = Field(300.0, ge=0, description="... and good for so long.")
    drop_db: float = Field(2.0, gt=0, description="Drop below the link's own baseline that is told.")
    drop_clear_db: float = Field(1.5, gt=0, description="... and the one that is well again.")
    baseline_days: int = Field(28, ge=1, le=365, description="Days whose median is the baseline.")
    baseline_least_days: int = Field(3, ge=1, description="Fewer days make no baseline.")
    trend_days: int = Field(28, ge=4, le=365, description="Days that a trend is drawn through.")
    trend_least_days: int = Field(7, ge=4, description="Fewer days make no trend.")
    trend_least_fall_db: float = Field(0.5, ge=0, description="A smaller fall over those days is no trend.")
    trend_horizon_days: float = Field(30.0, gt=0, description="Told when the limit is nearer than this.")
    errors_per_s: float = Field(1.0, gt=0, description="Frames with errors a second that are told.")
    errors_clear_per_s: float = Field(0.1, ge=0, description="... and that are well again.")
    errors_raise_for_s: float = Field(300.0, ge=0, description="Errors must go on for so long.")
    errors_clear_for_s: float = Field(900.0, ge=0, description="... and be gone for so long.")
    used_ratio: float = Field(0.9, gt=0, le=1, description="Share of a link's capacity that is told.")
    used_clear_ratio: float = Field(0.8, gt=0, le=1, description="... and that is well again.")
    used_window_s: float = Field(
        3600.0, ge=600, description="The 95th percentile of so long is what counts as use."
    )
    temperature_c: float = Field(75.0, description="Temperature of a device that is told.")
    temperature_clear_c: float = Field(70.0, description="... and that is well again.")
    module_temperature_c: float = Field(80.0, description="The same of an optical module.")
    battery_temperature_c: float = Field(45.0, description="The same of a battery.")
    temperature_raise_for_s: float = Field(300.0, ge=0, description="It must be hot for so long.")
    temperature_clear_for_s: float = Field(600.0, ge=0, description="... and cool for so long.")
    hardware_raise_for_s: float = Field(60.0, ge=0, description="A fan or supply must be failed for so long.")
    hardware_clear_for_s: float = Field(300.0, ge=0, description="... and well for so long.")
    battery_raise_for_s: float = Field(30.0, ge=0, description="A UPS must be on battery for so long.")
    battery_clear_for_s: float = Field(120.0, ge=0, description="... and on mains for so long.")
    battery_low_ratio: float = Field(0.3, ge=0, le=1, description="Charge of a battery that is low.")
    battery_low_s: float = Field(600.0, ge=0, description="Time left of a battery that is low.")
    certificate_days: float = Field(21.0, ge=0, description="Days before a certificate runs out: a warning.")
    certificate_urgent_days: float = Field(7.0, ge=0, description="... and when it becomes urgent.")
    application_raise_for_s: float = Field(60.0, ge=0, description="An application must fail for so long.")
    application_clear_for_s: float = Field(60.0, ge=0, description="... and work for so long.")
    connected_after_s: float = Field(
        60.0, ge=0, description="An office not connected yet must answer for so long before that is told."
    )
    flaps: int = Field(3, ge=2, description="Raised so many times within the window, it comes and goes ...")
    flap_window_s: float = Field(6 * 3600.0, gt=0, description="... the window ...")
    damped_clear_for_s: float = Field(3600.0, ge=0, description="... and it is held until well for so long.")
    gap_s: float = Field(
        3 * 3600.0, gt=0, description="Readings further apart than this are no unbroken run."
    )


class SelfWatchSection(Section):
    """When the monitor calls itself unwell."""

    idle_s: float = Field(300.0, gt=0, description="No poll or probe was finished for so long.")
    stuck_s: float = Field(120.0, gt=0, description="Records or metrics couldn't be written for so long.")
    undelivered_s: float = Field(900.0, gt=0, description="A message has waited for so long.")
    disk_free_ratio: float = Field(0.05, ge=0, lt=1, description="Share of the disk that must be free.")
    disk_free_mb: int = Field(500, ge=0, description="... or so much, whichever is less.")


def condition_settings(section: ConditionsSection) -> ConditionSettings:
    return ConditionSettings(**section.model_dump())


def cross_check_conditions(section: ConditionsSection) -> list[str]:
    """Pairs of limits that contradict each other, one a line."""
    pairs = (
        ("drop_clear_db", "drop_db"),
        ("errors_clear_per_s", "errors_per_s"),
        ("used_clear_ratio", "used_ratio"),
        ("temperature_clear_c", "temperature_c"),
        ("certificate_urgent_days", "certificate_days"),
        ("baseline_least_days", "baseline_days"),
        ("trend_least_days", "trend_days"),
    )
    return [
        f"conditions.{low}: {getattr(section, low):g} is more than conditions.{high}: "
        f"{getattr(section, high):g}"
        for low, high in pairs
        if getattr(section, low) > getattr(section, high)
    ]
