"""Arista EOS: ENTITY-SENSOR-MIB (RFC 3433) for optics and temperature, limits in ARISTA-ENTITY-SENSOR-MIB.

Optical power is in milliwatts with four decimals; no light is the smallest of them, 0.0001. A sensor's
interface is told by the words of its entity only: its entPhysicalName is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from lab import codec
from lab.mib import entity
from lab.mib.entity import Entity, PhysicalClass
from lab.mib.subject import Subject
from lab.optics import Budget
from lab.readings import OpticalState
from lab.view import Rows

_SENSOR_ENTRY = (1, 3, 6, 1, 2, 1, 99, 1, 1, 1)
_THRESHOLD_ENTRY = (1, 3, 6, 1, 4, 1, 30065, 3, 12, 1, 1, 1)
_CHASSIS, _TEMPERATURE = 1, 100_006_001
_OPERATIONAL = 1
_NO_LIGHT_MW = 0.0001


class _Type(IntEnum):
    """EntitySensorDataType."""

    VOLTS_DC = 4
    AMPERES = 5
    WATTS = 6
    CELSIUS = 8


class _Scale(IntEnum):
    """EntitySensorDataScale."""

    MILLI = 8
    UNITS = 9


@dataclass(frozen=True, slots=True)
class _Form:
    type: _Type
    scale: _Scale
    precision: int

    @property
    def factor(self) -> int:
        return int(10**self.precision)


@dataclass(frozen=True, slots=True)
class _Sensor:
    offset: int
    words: str
    form: _Form
    read: Callable[[OpticalState], float]
    """In the unit and scale of `form`."""
    limits: Callable[[Budget], tuple[float, float, float, float]] | None = None
    """Low warning, low critical, high warning, high critical, as MIB columns 1 to 4."""


def _milliwatts(dbm: float | None) -> float:
    return _NO_LIGHT_MW if dbm is None else 10.0 ** (dbm / 10.0)


def _rx_limits(b: Budget) -> tuple[float, float, float, float]:
    low, high = b.low_alarm_dbm, b.high_alarm_dbm
    return _milliwatts(low + 2.0), _milliwatts(low), _milliwatts(high - 1.0), _milliwatts(high)


def _tx_limits(b: Budget) -> tuple[float, float, float, float]:
    tx = b.module.tx_dbm
    return _milliwatts(tx - 3.0), _milliwatts(tx - 4.0), _milliwatts(tx + 2.0), _milliwatts(tx + 3.0)


_MILLIWATTS = _Form(_Type.WATTS, _Scale.MILLI, 4)
_DOM = (
    _Sensor(201, "DOM Temperature", _Form(_Type.CELSIUS, _Scale.UNITS, 1), lambda o: o.temperature_c),
    _Sensor(202, "DOM Voltage", _Form(_Type.VOLTS_DC, _Scale.UNITS, 2), lambda o: o.voltage_v),
    _Sensor(211, "DOM TX Bias", _Form(_Type.AMPERES, _Scale.MILLI, 2), lambda o: o.bias_ma),
    _Sensor(212, "DOM TX Power", _MILLIWATTS, lambda o: _milliwatts(o.tx_dbm), _tx_limits),
    _Sensor(213, "DOM RX Power", _MILLIWATTS, lambda o: _milliwatts(o.rx_dbm), _rx_limits),
)


def optics(subject: Subject, rows: Rows) -> None:
    model = subject.hardware.model
    entities = [Entity(_CHASSIS, PhysicalClass.CHASSIS, "", model, model=model)]
    for port in subject.optical_ports():
        assert port.budget is not None
        slot = 100_300_000 + 1_000 * port.ordinal
        xcvr, lane = slot + 100, slot + 210
        words = f"Xcvr for {port.name}"
        entities += [
            Entity(slot, PhysicalClass.CONTAINER, "", f"Xcvr Slot {port.ordinal}", _CHASSIS, port.ordinal),
            Entity(xcvr, PhysicalClass.MODULE, "", words, slot, 1, model=port.budget.module.name),
            Entity(lane, PhysicalClass.MODULE, "", f"Lane 0 for {words}", xcvr, 0),
        ]
        for sensor in _DOM:
            index = slot + sensor.offset
            inside = lane if index > lane else xcvr
            label = f"{sensor.words} Sensor for {port.name}"
            entities.append(Entity(index, PhysicalClass.SENSOR, "", label, inside, sensor.offset % 10))
            limits = None if sensor.limits is None else sensor.limits(port.budget)
            _sensor(rows, index, sensor.form, subject.live(port, _encoded(sensor)), limits)
    entity.write(entities, rows)


def health(subject: Subject, rows: Rows) -> None:
    probe = Entity(_TEMPERATURE, PhysicalClass.SENSOR, "", "Front-panel temp sensor", _CHASSIS, 1)
    entity.write([probe], rows)
    form = _Form(_Type.CELSIUS, _Scale.UNITS, 1)
    _sensor(
        rows,
        _TEMPERATURE,
        form,
        lambda at_s: codec.integer(round(subject.temperature_c(at_s) * 10.0)),
        (0.0, -5.0, 75.0, 85.0),
    )


def _encoded(sensor: _Sensor) -> Callable[[OpticalState], bytes]:
    return lambda state: codec.integer(round(sensor.read(state) * sensor.form.factor))


def _sensor(
    rows: Rows,
    index: int,
    form: _Form,
    value: Callable[[float], bytes],
    limits: tuple[float, float, float, float] | None,
) -> None:
    at = (index,)
    rows.cell((*_SENSOR_ENTRY, 1), at, codec.integer(form.type))
    rows.cell((*_SENSOR_ENTRY, 2), at, codec.integer(form.scale))
    rows.cell((*_SENSOR_ENTRY, 3), at, codec.integer(form.precision))
    rows.cell((*_SENSOR_ENTRY, 4), at, value)
    rows.cell((*_SENSOR_ENTRY, 5), at, codec.integer(_OPERATIONAL))
    rows.cell((*_SENSOR_ENTRY, 6), at, codec.octets(form.type.name.lower()))
    for column, limit in enumerate(limits or (), start=1):
        rows.cell((*_THRESHOLD_ENTRY, column), at, codec.integer(round(limit * form.factor)))
