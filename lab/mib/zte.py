"""ZTE-OPTICAL-MIB zxr10OpticalTable: readings as texts in dBm, mA, degrees and volts, rows by interface name.

What ZXR10 says without light is not documented in public; the lab says -40.000.
"""

from __future__ import annotations

from collections.abc import Callable

from lab import codec
from lab.mib.subject import Subject
from lab.readings import OpticalState
from lab.view import Rows

_OPTICAL_ENTRY = (1, 3, 6, 1, 4, 1, 3902, 3, 103, 11, 1, 1)
_VALID = 1
_NO_LIGHT_DBM = -40.0

_READINGS: dict[int, Callable[[OpticalState], float]] = {
    16: lambda o: o.budget.module.wavelength_nm,
    18: lambda o: _NO_LIGHT_DBM if o.rx_dbm is None else o.rx_dbm,
    20: lambda o: o.tx_dbm,
    22: lambda o: o.bias_ma,
    24: lambda o: o.temperature_c,
    26: lambda o: o.voltage_v,
}
"""Each is followed by a column that says whether it is valid."""


def optics(subject: Subject, rows: Rows) -> None:
    for port in subject.optical_ports():
        name = port.name.encode()
        at = (len(name), *name)  # a string index is led by its length (RFC 2578 7.7)
        for column, reading in _READINGS.items():
            rows.cell((*_OPTICAL_ENTRY, column), at, subject.live(port, _text(reading)))
            rows.cell((*_OPTICAL_ENTRY, column + 1), at, codec.integer(_VALID))


def _text(reading: Callable[[OpticalState], float]) -> Callable[[OpticalState], bytes]:
    return lambda state: codec.octets(f"{reading(state):.3f}")
