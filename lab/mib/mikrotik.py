"""MIKROTIK-MIB: mtxrOpticalTable and mtxrGaugeTable."""

from __future__ import annotations

from collections.abc import Callable

from lab import codec
from lab.mib.subject import Subject
from lab.readings import OpticalState
from lab.view import Rows

_OPTICAL_ENTRY = (1, 3, 6, 1, 4, 1, 14988, 1, 1, 19, 1, 1)
_GAUGE_ENTRY = (1, 3, 6, 1, 4, 1, 14988, 1, 1, 3, 100, 1)
_HEALTH = (1, 3, 6, 1, 4, 1, 14988, 1, 1, 3)
_UNIT_CELSIUS = 1
_NO_LIGHT_MDBM = -40_000
"""RouterOS says no light as -40 dBm, with the loss flag set."""

_READINGS: dict[int, Callable[[OpticalState], bytes]] = {
    3: lambda o: codec.integer(1 if o.rx_dbm is None else 0),
    4: lambda _: codec.integer(0),
    5: lambda o: codec.gauge32(o.budget.module.wavelength_nm * 100),
    6: lambda o: codec.gauge32(round(o.temperature_c)),
    7: lambda o: codec.gauge32(round(o.voltage_v * 1_000.0)),
    8: lambda o: codec.gauge32(round(o.bias_ma)),
    9: lambda o: codec.integer(round(o.tx_dbm * 1_000.0)),
    10: lambda o: codec.integer(_NO_LIGHT_MDBM if o.rx_dbm is None else round(o.rx_dbm * 1_000.0)),
}


def optics(subject: Subject, rows: Rows) -> None:
    for port in subject.optical_ports():
        at = (subject.if_index(port),)
        rows.cell((*_OPTICAL_ENTRY, 2), at, codec.octets(port.name))
        for column, reading in _READINGS.items():
            rows.cell((*_OPTICAL_ENTRY, column), at, subject.live(port, reading))


def health(subject: Subject, rows: Rows) -> None:
    # Scalars of older RouterOS (tenths), and the gauge table of newer ones (whole degrees).
    rows.scalar((*_HEALTH, 10), lambda at_s: codec.integer(round(subject.temperature_c(at_s) * 10.0)))
    rows.scalar((*_HEALTH, 11), lambda at_s: codec.integer(round((subject.temperature_c(at_s) + 4.0) * 10.0)))
    for index, name, above_c in ((14, "temperature", 0.0), (17, "cpu-temperature", 4.0)):
        at = (index,)
        rows.cell((*_GAUGE_ENTRY, 2), at, codec.octets(name))
        rows.cell((*_GAUGE_ENTRY, 3), at, _degrees(subject, above_c))
        rows.cell((*_GAUGE_ENTRY, 4), at, codec.integer(_UNIT_CELSIUS))


def _degrees(subject: Subject, above_c: float) -> Callable[[float], bytes]:
    return lambda at_s: codec.gauge32(round(subject.temperature_c(at_s) + above_c))
