"""Cisco IOS: CISCO-ENTITY-SENSOR-MIB for optics; processor, memory pool and temperature in their own MIBs.

Optical power is in dBm with one decimal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lab import codec
from lab.mib import entity
from lab.mib.entity import Entity, PhysicalClass
from lab.mib.subject import Subject
from lab.optics import Budget
from lab.readings import OpticalState
from lab.view import Rows

_SENSOR_ENTRY = (1, 3, 6, 1, 4, 1, 9, 9, 91, 1, 1, 1, 1)
_THRESHOLD_ENTRY = (1, 3, 6, 1, 4, 1, 9, 9, 91, 1, 2, 1, 1)
_CPU_ENTRY = (1, 3, 6, 1, 4, 1, 9, 9, 109, 1, 1, 1, 1)
_MEMORY_POOL_ENTRY = (1, 3, 6, 1, 4, 1, 9, 9, 48, 1, 1, 1)
_TEMPERATURE_ENTRY = (1, 3, 6, 1, 4, 1, 9, 9, 13, 1, 3, 1)
_CELSIUS, _VOLTS_DC, _AMPERES, _DBM = 8, 4, 5, 14
_UNITS, _MILLI = 9, 8
"""CISCO-ENTITY-SENSOR-MIB SensorDataType and SensorDataScale."""
_OK = 1
_MAJOR, _MINOR = 20, 10
_LESS_OR_EQUAL, _GREATER_OR_EQUAL = 2, 4
_CHASSIS, _BOARD = 1_001, 1_002
_POOL_BYTES = 268_435_456
_NO_LIGHT_DBM = -40.0


@dataclass(frozen=True, slots=True)
class _Sensor:
    offset: int
    words: str
    type: int
    scale: int
    precision: int
    read: Callable[[OpticalState], float]
    limits: Callable[[Budget], tuple[float, float, float, float]] | None = None
    """High alarm, high warning, low warning, low alarm: the order of IOS' threshold rows."""


def _around(tx_dbm: float) -> tuple[float, float, float, float]:
    return tx_dbm + 3.0, tx_dbm + 2.0, tx_dbm - 3.0, tx_dbm - 4.0


_SENSORS = (
    _Sensor(1, "Module Temperature", _CELSIUS, _UNITS, 1, lambda o: o.temperature_c),
    _Sensor(2, "Supply Voltage", _VOLTS_DC, _UNITS, 2, lambda o: o.voltage_v),
    _Sensor(3, "Bias Current", _AMPERES, _MILLI, 1, lambda o: o.bias_ma),
    _Sensor(
        4,
        "Transmit Power",
        _DBM,
        _UNITS,
        1,
        lambda o: o.tx_dbm,
        lambda b: (
            b.module.tx_dbm + 3.0,
            b.module.tx_dbm + 2.0,
            b.module.tx_dbm - 3.0,
            b.module.tx_dbm - 4.0,
        ),
    ),
    _Sensor(
        5,
        "Receive Power",
        _DBM,
        _UNITS,
        1,
        lambda o: _NO_LIGHT_DBM if o.rx_dbm is None else o.rx_dbm,
        lambda b: (b.high_alarm_dbm, b.high_alarm_dbm - 1.0, b.low_alarm_dbm + 2.0, b.low_alarm_dbm),
    ),
)


def optics(subject: Subject, rows: Rows) -> None:
    model = subject.hardware.model
    entities = [
        Entity(_CHASSIS, PhysicalClass.CHASSIS, "1", model, model=model),
        Entity(_BOARD, PhysicalClass.MODULE, f"{model} - Fixed Module 0", model, _CHASSIS, 0, model=model),
    ]
    for port in subject.optical_ports():
        assert port.budget is not None
        cage = 1_100 + 10 * port.ordinal
        entities += [
            Entity(
                cage,
                PhysicalClass.CONTAINER,
                f"{port.name} Container",
                "GigabitEthernet Container",
                _BOARD,
                port.ordinal,
            ),
            Entity(
                cage + 1,
                PhysicalClass.PORT,
                port.name,
                f"{port.budget.module.name} SFP",
                cage,
                1,
                if_index=subject.if_index(port),
            ),
        ]
        for sensor in _SENSORS:
            index = cage + 1 + sensor.offset
            words = f"{port.name} {sensor.words} Sensor"
            entities.append(Entity(index, PhysicalClass.SENSOR, words, words, cage + 1, sensor.offset))
            rows.cell((*_SENSOR_ENTRY, 4), (index,), subject.live(port, _encoded(sensor)))
            _form(rows, index, sensor, port.budget)
    entity.write(entities, rows)


def _encoded(sensor: _Sensor) -> Callable[[OpticalState], bytes]:
    return lambda state: codec.integer(round(sensor.read(state) * 10**sensor.precision))


def _form(rows: Rows, index: int, sensor: _Sensor, budget: Budget) -> None:
    rows.cell((*_SENSOR_ENTRY, 1), (index,), codec.integer(sensor.type))
    rows.cell((*_SENSOR_ENTRY, 2), (index,), codec.integer(sensor.scale))
    rows.cell((*_SENSOR_ENTRY, 3), (index,), codec.integer(sensor.precision))
    rows.cell((*_SENSOR_ENTRY, 5), (index,), codec.integer(_OK))
    if sensor.limits is None:
        return
    forms = (
        (_MAJOR, _GREATER_OR_EQUAL),
        (_MINOR, _GREATER_OR_EQUAL),
        (_MINOR, _LESS_OR_EQUAL),
        (_MAJOR, _LESS_OR_EQUAL),
    )
    for row, (limit, (severity, relation)) in enumerate(
        zip(sensor.limits(budget), forms, strict=True), start=1
    ):
        at = (index, row)
        rows.cell((*_THRESHOLD_ENTRY, 2), at, codec.integer(severity))
        rows.cell((*_THRESHOLD_ENTRY, 3), at, codec.integer(relation))
        rows.cell((*_THRESHOLD_ENTRY, 4), at, codec.integer(round(limit * 10**sensor.precision)))


def health(subject: Subject, rows: Rows) -> None:
    for column in (6, 7, 8):  # 5 s, 1 min, 5 min
        rows.cell((*_CPU_ENTRY, column), (1,), lambda at_s: codec.gauge32(subject.cpu_percent(at_s)))
    rows.cell((*_MEMORY_POOL_ENTRY, 2), (1,), codec.octets("Processor"))
    rows.cell((*_MEMORY_POOL_ENTRY, 5), (1,), lambda at_s: codec.gauge32(_used(subject, at_s)))
    rows.cell((*_MEMORY_POOL_ENTRY, 6), (1,), lambda at_s: codec.gauge32(_POOL_BYTES - _used(subject, at_s)))
    at = (1_008,)
    rows.cell((*_TEMPERATURE_ENTRY, 2), at, codec.octets("SW#1, Sensor#1, GREEN"))
    rows.cell((*_TEMPERATURE_ENTRY, 3), at, lambda at_s: codec.gauge32(round(subject.temperature_c(at_s))))
    rows.cell((*_TEMPERATURE_ENTRY, 4), at, codec.integer(80))
    rows.cell((*_TEMPERATURE_ENTRY, 6), at, codec.integer(_OK))


def _used(subject: Subject, at_s: float) -> int:
    return int(_POOL_BYTES * subject.memory_ratio(at_s))
