"""UPS-MIB (RFC 1628): whether an office runs on battery, and for how long it will. Pure.

"On battery" is the proof of a power failure at the office (listrik padam).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from collector.decode import as_float, as_gauge, as_int
from collector.ifmib import Columns
from collector.transport import Value
from topology.model import DeviceId
from topology.observations import SensorReading

_UPS = "1.3.6.1.2.1.33.1."
BATTERY_STATUS, SECONDS_ON_BATTERY = _UPS + "2.1", _UPS + "2.2"
MINUTES_REMAINING, CHARGE_REMAINING = _UPS + "2.3", _UPS + "2.4"
BATTERY_VOLTAGE, BATTERY_TEMPERATURE = _UPS + "2.5", _UPS + "2.7"
INPUT_LINES, OUTPUT_LINES = _UPS + "3.2", _UPS + "4.3"
INPUT_VOLTAGE, OUTPUT_SOURCE, OUTPUT_LOAD = _UPS + "3.3.1.3", _UPS + "4.1", _UPS + "4.4.1.5"
COLUMNS = (
    (INPUT_LINES, False),
    (OUTPUT_LINES, False),
    (BATTERY_STATUS, True),
    (SECONDS_ON_BATTERY, True),
    (MINUTES_REMAINING, True),
    (CHARGE_REMAINING, True),
    (BATTERY_VOLTAGE, True),
    (BATTERY_TEMPERATURE, True),
    (INPUT_VOLTAGE, True),
    (OUTPUT_SOURCE, True),
    (OUTPUT_LOAD, True),
)
_NORMAL, _ABSENT = 2, -1
_MOST_LINE_VOLTS = 1000.0
_MOST_LOAD_PERCENT = 300
_SOURCES = {1: "other", 2: "none", 3: "normal", 4: "bypass", 5: "on_battery", 6: "booster", 7: "reducer"}
_BATTERY = {1: "unknown", 2: "normal", 3: "low", 4: "depleted"}
_NONE: Mapping[str, Value] = {}


def ups(device: DeviceId, columns: Columns, at: datetime) -> Iterator[SensorReading]:
    def scalar(oid: str) -> Value:
        return columns.get(oid, _NONE).get("0")

    def reading(
        kind: str, name: str, value: float | None, unit: str, state: str | None = None
    ) -> SensorReading:
        return SensorReading(device, at, kind, name, value, unit, state)

    source = as_int(scalar(OUTPUT_SOURCE))
    if source is not None:
        yield reading("ups", "output source", float(source), "state", _SOURCES.get(source, "other"))
    status = as_int(scalar(BATTERY_STATUS))
    if status is not None:
        yield reading("battery", "battery status", float(status), "state", _BATTERY.get(status, "unknown"))
    charge = as_gauge(scalar(CHARGE_REMAINING))
    if charge is not None and charge <= 100:
        yield reading("battery", "charge", charge / 100.0, "ratio")
    minutes = as_gauge(scalar(MINUTES_REMAINING))
    counted = (
        minutes or status != _NORMAL or not charge
    )  # 0 minutes of a good, charged battery: never counted
    if minutes is not None and counted:
        yield reading("battery", "time left", minutes * 60.0, "seconds")
    seconds = as_gauge(scalar(SECONDS_ON_BATTERY))
    if seconds is not None:
        yield reading("battery", "time on battery", float(seconds), "seconds")
    volts = as_float(scalar(BATTERY_VOLTAGE))
    if volts is not None:
        yield reading("voltage", "battery", volts / 10.0, "volts")
    celsius = as_float(scalar(BATTERY_TEMPERATURE))
    if celsius is not None and celsius != _ABSENT:
        yield reading("temperature", "battery", celsius, "celsius")
    for line, raw in _lines(columns, INPUT_VOLTAGE, as_gauge(scalar(INPUT_LINES))):
        if (volts := as_float(raw)) is not None and volts >= 0:
            tenths = volts > _MOST_LINE_VOLTS  # some cards, though the MIB says volts
            yield reading("voltage", f"input line {line}", volts / 10.0 if tenths else volts, "volts")
    for line, raw in _lines(columns, OUTPUT_LOAD, as_gauge(scalar(OUTPUT_LINES))):
        load = as_gauge(raw)
        if load is not None and load <= _MOST_LOAD_PERCENT:
            yield reading("load", f"output line {line}", load / 100.0, "ratio")


def _lines(columns: Columns, oid: str, count: int | None) -> Iterator[tuple[str, Value]]:
    """Cells by line number. Single-phase cards fill the rows of lines 2 and 3 with zeros; some put a 0
    behind the index."""
    for index, raw in columns.get(oid, _NONE).items():
        line = index.split(".")[0]
        if not count or not line.isdigit() or int(line) <= count:
            yield line, raw
