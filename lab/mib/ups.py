"""UPS-MIB (RFC 1628): a UPS that goes on battery when a power feed of its own office is dark."""

from __future__ import annotations

from lab import codec
from lab.mib.subject import Subject
from lab.view import Rows

_UPS = (1, 3, 6, 1, 2, 1, 33, 1)
_BATTERY, _INPUT, _OUTPUT, _ALARM = (*_UPS, 2), (*_UPS, 3), (*_UPS, 4), (*_UPS, 6)
_INPUT_ENTRY, _OUTPUT_ENTRY, _ALARM_ENTRY = (*_INPUT, 3, 1), (*_OUTPUT, 4, 1), (*_ALARM, 2, 1)
_ALARM_ON_BATTERY = (*_ALARM, 3, 2)
_BATTERY_NORMAL, _BATTERY_LOW = 2, 3
_SOURCE_NORMAL, _SOURCE_BATTERY = 3, 5
RUNTIME_S = 1_800.0
_LOW_AT_S = 300.0


def write(subject: Subject, rows: Rows) -> None:
    dark_since_s = subject.network.mains_lost_at_s(subject.hardware.device.id)

    def on_battery_s(at_s: float) -> float:
        return 0.0 if dark_since_s is None else max(0.0, at_s - dark_since_s)

    def left_s(at_s: float) -> float:
        return max(0.0, RUNTIME_S - on_battery_s(at_s))

    volts = 0 if dark_since_s is not None else 221
    rows.scalar((*_UPS, 1, 1), codec.octets("American Power Conversion"))
    rows.scalar((*_UPS, 1, 2), codec.octets(subject.hardware.model))
    rows.scalar(
        (*_BATTERY, 1),
        lambda at_s: codec.integer(_BATTERY_LOW if left_s(at_s) <= _LOW_AT_S else _BATTERY_NORMAL),
    )
    rows.scalar((*_BATTERY, 2), lambda at_s: codec.integer(int(on_battery_s(at_s))))
    rows.scalar((*_BATTERY, 3), lambda at_s: codec.integer(int(left_s(at_s) / 60.0)))
    rows.scalar((*_BATTERY, 4), lambda at_s: codec.integer(int(100.0 * left_s(at_s) / RUNTIME_S)))
    rows.scalar((*_BATTERY, 5), codec.integer(542))
    rows.scalar((*_BATTERY, 7), lambda at_s: codec.integer(round(subject.temperature_c(at_s) - 14.0)))
    rows.scalar((*_INPUT, 1), codec.counter32(0 if dark_since_s is None else 1))
    rows.scalar((*_INPUT, 2), codec.integer(1))
    rows.cell((*_INPUT_ENTRY, 2), (1,), codec.integer(500 if volts else 0))
    rows.cell((*_INPUT_ENTRY, 3), (1,), codec.integer(volts))
    rows.scalar((*_OUTPUT, 1), codec.integer(_SOURCE_NORMAL if volts else _SOURCE_BATTERY))
    rows.scalar((*_OUTPUT, 2), codec.integer(500))
    rows.scalar((*_OUTPUT, 3), codec.integer(1))
    rows.cell((*_OUTPUT_ENTRY, 2), (1,), codec.integer(220))
    rows.cell((*_OUTPUT_ENTRY, 5), (1,), lambda at_s: codec.integer(subject.cpu_percent(at_s) + 20))
    rows.scalar((*_ALARM, 1), codec.gauge32(0 if dark_since_s is None else 1))
    if dark_since_s is not None:
        rows.cell((*_ALARM_ENTRY, 2), (1,), codec.oid(_ALARM_ON_BATTERY))
        rows.cell((*_ALARM_ENTRY, 3), (1,), codec.timeticks(subject.uptime_s(dark_since_s)))
