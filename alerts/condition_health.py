"""Temperature, parts that failed, and power from the battery: of a device, whatever sensors it has. Pure."""

from __future__ import annotations

from math import isfinite

from alerts.condition_ledger import Cause, Ledger, Reading, facts_of
from alerts.condition_settings import ConditionSettings
from alerts.damping import Side, side_of
from alerts.model import ConditionKind, Severity
from topology.observations import OpticalReading, SensorReading

FAILED = frozenset({"failed", "faulty", "critical", "alarm", "shutdown", "overvoltage", "undervoltage"})
WARNED = frozenset({"warning", "low", "depleted"})
WELL = frozenset({"ok", "normal", "on", "online"})
ON_BATTERY = frozenset({"on_battery"})
ON_MAINS = frozenset({"normal", "on_mains", "booster", "reducer", "bypass"})
_EMPTY = frozenset({"low", "depleted"})


class HealthWatch:
    def __init__(self, ledger: Ledger, settings: ConditionSettings) -> None:
        self._ledger = ledger
        self._settings = s = settings
        self._warmth = s.patience(s.temperature_raise_for_s, s.temperature_clear_for_s)
        self._parts = s.patience(s.hardware_raise_for_s, s.hardware_clear_for_s)
        self._power = s.patience(s.battery_raise_for_s, s.battery_clear_for_s)

    def see(self, seen: SensorReading, device: Cause) -> None:
        power = Cause(f"power:{device.key}", device.components, device.offices)
        if seen.kind == "temperature" and seen.unit == "celsius":
            s = self._settings
            limit = s.battery_temperature_c if "batter" in seen.name.lower() else s.temperature_c
            self._warm(seen, seen.name, seen.value, limit, device)
        elif seen.kind == "ups" and seen.state is not None:
            self._source(seen, power)
        elif seen.kind == "battery":
            self._battery(seen, power)
        elif seen.state is not None:
            self._part(seen, device)

    def module(self, seen: OpticalReading, place: str, device: Cause) -> None:
        self._warm(seen, place, seen.temperature_c, self._settings.module_temperature_c, device)

    def _warm(
        self,
        seen: SensorReading | OpticalReading,
        place: str,
        value_c: float | None,
        limit_c: float,
        cause: Cause,
    ) -> None:
        s = self._settings
        if value_c is None or not isfinite(value_c):
            return
        margin_c = s.temperature_c - s.temperature_clear_c
        reading = Reading(
            seen.at,
            side_of(value_c, limit_c, limit_c - margin_c),
            Severity.WARNING,
            value_c - limit_c,
            f"{place} has {value_c:.0f} °C, the limit is {limit_c:.0f} °C",
            facts_of(("temperature_c", value_c), ("limit_c", limit_c)),
        )
        heat = Cause(f"cooling:{cause.key}", cause.components, cause.offices)
        self._ledger.note(heat, ConditionKind.TEMPERATURE, place, reading, self._warmth)

    def _part(self, seen: SensorReading, cause: Cause) -> None:
        state = seen.state or ""
        if state not in FAILED | WARNED | WELL:
            return  # absent, unknown, off: neither good nor bad
        failed = state in FAILED
        reading = Reading(
            seen.at,
            Side.GOOD if state in WELL else Side.BAD,
            Severity.MAJOR if failed and seen.kind == "psu" else Severity.WARNING,
            2.0 if failed else 1.0,
            f"{seen.kind} {seen.name}: {state}",
            facts_of(("part", seen.kind), ("state", state)),
        )
        # A dead fan and the heat that comes of it are one cause.
        what = "cooling" if seen.kind == "fan" else "hardware"
        parts = Cause(f"{what}:{cause.key}", cause.components, cause.offices)
        self._ledger.note(parts, ConditionKind.HARDWARE, f"{seen.kind} {seen.name}", reading, self._parts)

    def _source(self, seen: SensorReading, cause: Cause) -> None:
        if seen.state not in ON_BATTERY | ON_MAINS:
            return
        reading = Reading(
            seen.at,
            Side.BAD if seen.state in ON_BATTERY else Side.GOOD,
            Severity.WARNING,
            1.0,
            "runs on battery: no mains power",
            (),
        )
        self._ledger.note(cause, ConditionKind.ON_BATTERY, seen.name, reading, self._power)

    def _battery(self, seen: SensorReading, cause: Cause) -> None:
        s = self._settings
        if seen.state is not None and seen.state in _EMPTY | WELL:
            side, badness = (Side.BAD, 2.0) if seen.state in _EMPTY else (Side.GOOD, 0.0)
            facts = facts_of(("state", seen.state))
            why = f"battery {seen.state}"
        elif seen.unit == "ratio" and seen.value is not None and isfinite(seen.value):
            limit = s.battery_low_ratio
            side, badness = side_of(seen.value, limit, min(1.0, limit + 0.05)), limit - seen.value
            facts = facts_of(("charge_ratio", seen.value), digits=2)
            why = f"battery charged to {100 * seen.value:.0f} %"
        elif seen.name == "time left" and seen.value is not None and isfinite(seen.value):
            if seen.value <= 0:
                return  # several cards give 0 while they don't know
            side, badness = side_of(seen.value, s.battery_low_s, 1.2 * s.battery_low_s), 1.0
            facts = facts_of(("left_s", seen.value))
            why = f"battery lasts {seen.value / 60:.0f} min more"
        else:
            return
        reading = Reading(seen.at, side, Severity.MAJOR, badness, why, facts)
        self._ledger.note(cause, ConditionKind.BATTERY_LOW, seen.name, reading, self._power)
