"""The escape hatch: what no column, unit or sentinel of a profile can say, as named pure functions.

A quirk takes one raw value and gives a number in the unit of its cell (dBm for power), or None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from collector.decode import as_float, dbm_of_mw
from collector.transport import Value

Quirk = Callable[[Value], float | None]


def huawei_power(value: Value) -> float | None:
    """HUAWEI-ENTITY-EXTENT-MIB hwEntityOpticalRxPower and TxPower: uW on some models, dBm x 100 on others.

    Power in microwatts can't be negative, and a module whose power in dBm is above zero is rare on the
    models that give dBm: so the sign tells. -1 is "no reading".
    """
    number = as_float(value)
    if number is None or number == -1:
        return None
    if number < 0:
        return number / 100.0
    return dbm_of_mw(number / 1000.0)


_LEAST_BIAS_UA = 300.0


def huawei_bias(value: Value) -> float | None:
    """HUAWEI-ENTITY-EXTENT-MIB hwEntityOpticalBiasCurrent: uA, but mA on older NE and ME. No laser works
    below 0.3 mA, nor above 300 mA."""
    number = as_float(value)
    if number is None or number < 0:
        return None
    return number if number < _LEAST_BIAS_UA else number / 1000.0


def huawei_olt_rx(value: Value) -> float | None:
    """HUAWEI-XPON-MIB hwGponOntOpticalDdmOltRxOntPower: hundredths of a dBm, lifted by 10,000."""
    number = as_float(value)
    if number is None or number >= 2147483647:
        return None
    return (number - 10_000.0) / 100.0


def zte_onu_level(value: Value) -> float | None:
    """ZTE C300 zxAnGponOnuRxOpticalLevel: steps of 0.002 dB from -30 dBm, as 16 bits with a sign."""
    number = as_float(value)
    if number is None or not 0 < number < 65535:
        return None
    if number > 32767:
        number -= 65536
    return number * 0.002 - 30.0


_OLDER_GPON = 0x10


def zte_onu_name(parts: Mapping[str, str]) -> str | None:
    """ZTE's interface numbers of OLT ports, then the ONU. Newer tables (1082): type, shelf, slot and port in
    one byte each. Older ones (1012, type byte 0x10): type, slot, port and nothing, always shelf 1."""
    port, onu = parts.get("port", ""), parts.get("onu")
    if not port.isdigit():
        return None
    number = int(port)
    shelf, slot, socket = number >> 16 & 0xFF, number >> 8 & 0xFF, number & 0xFF
    if number >> 24 == _OLDER_GPON:
        shelf, slot, socket = 1, shelf, slot
    name = f"gpon {shelf}/{slot}/{socket}"
    return name if onu is None else f"{name}:{onu}"


Label = Callable[[Mapping[str, str]], str | None]
LABELS: Mapping[str, Label] = {"zte_onu_name": zte_onu_name}

QUIRKS: Mapping[str, Quirk] = {
    "huawei_bias": huawei_bias,
    "huawei_power": huawei_power,
    "huawei_olt_rx": huawei_olt_rx,
    "zte_onu_level": zte_onu_level,
}
