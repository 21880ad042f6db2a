"""HUAWEI-ENTITY-EXTENT-MIB: hwOpticalModuleInfoTable and hwEntityStateTable, indexed by entPhysicalIndex.

Powers are in microwatts, the limits of the same module in hundredths of a dBm: so S5720 switches do it.
"""

from __future__ import annotations

from collections.abc import Callable

from lab import codec
from lab.mib import entity
from lab.mib.entity import Entity, PhysicalClass
from lab.mib.subject import Subject
from lab.optics import Budget
from lab.readings import OpticalState
from lab.view import Rows

_STATE_ENTRY = (1, 3, 6, 1, 4, 1, 2011, 5, 25, 31, 1, 1, 1, 1)
_OPTICAL_ENTRY = (1, 3, 6, 1, 4, 1, 2011, 5, 25, 31, 1, 1, 3, 1)
_CHASSIS, _BOARD = 67_108_867, 67_108_873
_FIRST_PORT, _PORT_STEP = 67_436_622, 64
"""entPhysicalIndex as an S5720 numbers it: a port every 64."""
_ABSENT, _ABSENT_TEMPERATURE = -1, -255
_SINGLE_MODE = 2
_MEMORY_BYTES = 536_870_912


def _port_entity(ordinal: int) -> int:
    return _FIRST_PORT + _PORT_STEP * (ordinal - 1)


def _entities(subject: Subject) -> list[Entity]:
    model = subject.hardware.model
    found = [
        Entity(_CHASSIS, PhysicalClass.CHASSIS, model, model, model=model),
        Entity(_BOARD, PhysicalClass.MODULE, f"{model} 0", model, _CHASSIS, 0, model=model),
    ]
    found += [
        Entity(
            _port_entity(port.ordinal),
            PhysicalClass.PORT,
            port.name,
            "Port",
            _BOARD,
            port.ordinal,
            if_index=subject.if_index(port),
        )
        for port in subject.ports()
    ]
    return found


def _microwatts(dbm: float | None) -> int:
    """No light comes as 0 microwatts."""
    return 0 if dbm is None else round(10.0 ** (dbm / 10.0) * 1_000.0)


def _centi_dbm(dbm: float | None) -> str:
    return "-4000.00" if dbm is None else f"{dbm * 100.0:.2f}"


_READINGS: dict[int, Callable[[OpticalState], bytes]] = {
    5: lambda o: codec.integer(round(o.temperature_c)),
    6: lambda o: codec.integer(round(o.voltage_v * 1_000.0)),
    7: lambda o: codec.integer(round(o.bias_ma * 1_000.0)),
    8: lambda o: codec.integer(_microwatts(o.rx_dbm)),
    9: lambda o: codec.integer(_microwatts(o.tx_dbm)),
    31: lambda o: codec.octets(f"{o.bias_ma:.2f}"),
    32: lambda o: codec.octets(_centi_dbm(o.rx_dbm)),
    33: lambda o: codec.octets(_centi_dbm(o.tx_dbm)),
}
_LIMITS: dict[int, Callable[[Budget], float]] = {
    13: lambda b: b.low_alarm_dbm,
    14: lambda b: b.high_alarm_dbm,
    15: lambda b: b.module.tx_dbm - 4.0,
    16: lambda b: b.module.tx_dbm + 3.0,
    20: lambda b: b.low_alarm_dbm + 2.0,
    21: lambda b: b.high_alarm_dbm - 1.0,
    22: lambda b: b.module.tx_dbm - 3.0,
    23: lambda b: b.module.tx_dbm + 2.0,
}


def optics(subject: Subject, rows: Rows) -> None:
    entity.write(_entities(subject), rows)
    for port in subject.ports():
        at = (_port_entity(port.ordinal),)
        rows.cell((*_OPTICAL_ENTRY, 1), at, codec.integer(_SINGLE_MODE))
        if port.budget is None:
            # An empty cage has its row too, with every reading absent.
            for column in (*_READINGS, *_LIMITS):
                absent = codec.integer(_ABSENT_TEMPERATURE if column == 5 else _ABSENT)
                rows.cell((*_OPTICAL_ENTRY, column), at, codec.octets("") if column > 30 else absent)
            continue
        rows.cell((*_OPTICAL_ENTRY, 2), at, codec.integer(port.budget.module.wavelength_nm))
        for column, limit in _LIMITS.items():
            rows.cell((*_OPTICAL_ENTRY, column), at, codec.integer(round(limit(port.budget) * 100.0)))
        for column, reading in _READINGS.items():
            rows.cell((*_OPTICAL_ENTRY, column), at, subject.live(port, reading))


def health(subject: Subject, rows: Rows) -> None:
    at = (_BOARD,)
    rows.cell((*_STATE_ENTRY, 5), at, lambda at_s: codec.integer(subject.cpu_percent(at_s)))
    rows.cell((*_STATE_ENTRY, 7), at, lambda at_s: codec.integer(round(subject.memory_ratio(at_s) * 100.0)))
    rows.cell((*_STATE_ENTRY, 9), at, codec.integer(_MEMORY_BYTES))
    rows.cell((*_STATE_ENTRY, 11), at, lambda at_s: codec.integer(round(subject.temperature_c(at_s))))
