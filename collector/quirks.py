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


QUIRKS: Mapping[str, Quirk] = {"huawei_power": huawei_power}
