"""Tables of a profile's optics, cell by cell, put together to one row a reading. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from collector.decode import as_float, as_int, as_numbers, as_power, as_text, dbm_of_mw, plausible_dbm
from collector.ifmib import Columns
from collector.profile_schema import Number, Optics, Power
from collector.quirks import QUIRKS
from collector.transport import Value
from topology.observations import Light

_NONE: Mapping[str, Value] = {}
_DBM_PER_UNIT = {"dbm": 1.0, "deci_dbm": 0.1, "centi_dbm": 0.01, "milli_dbm": 0.001}
_MW_PER_UNIT = {"mw": 1.0, "uw": 1e-3, "deci_uw": 1e-4, "nw": 1e-6}


@dataclass(slots=True)
class Row:
    """One port's lane (or ONU) while it is put together."""

    key: str
    parts: dict[str, str]
    lane: int | None = None
    light: Light | None = None
    values: dict[str, float | None] = field(default_factory=dict)
    oids: dict[str, str] = field(default_factory=dict)
    all_zero: bool = True
    lost: bool = False
    """The agent itself says that no light comes in."""

    @property
    def empty(self) -> bool:
        """No power, and nothing else either: agents fill the rows of empty cages with zeros."""
        if self.light is Light.DARK or any(self.values.get(way) is not None for way in ("rx", "tx")):
            return False
        return not any(self.values.values())


def is_one_of(value: Value, sentinels: Iterable[int | float | str]) -> bool:
    """Whether a raw value is one of the declared sentinels; texts are compared without case and blanks."""
    text: str | None = None
    number: float | None = None
    for sentinel in sentinels:
        if isinstance(sentinel, str):
            if text is None:
                text = (as_text(value) or "").casefold()
            if text == sentinel.strip().casefold():
                return True
            continue
        if number is None:
            number = as_float(value)
            if number is None:
                continue
        if number == sentinel:
            return True
    return False


def power_dbm(cell: Power, value: Value) -> tuple[float | None, bool]:
    """dBm, and whether this says that no light comes in."""
    if value is None or is_one_of(value, cell.absent):
        return None, False
    if is_one_of(value, cell.dark):
        return None, True
    if cell.quirk is not None:
        return plausible_dbm(QUIRKS[cell.quirk](value)), False
    number = as_power(value)
    if number is None:
        return None, False
    number *= cell.scale
    per_dbm = _DBM_PER_UNIT.get(cell.unit)
    if per_dbm is not None:
        return plausible_dbm(number * per_dbm), False
    milliwatts = number * _MW_PER_UNIT[cell.unit]
    if milliwatts == 0:
        return None, True
    return plausible_dbm(dbm_of_mw(milliwatts)), False


def number_of(cell: Number, value: Value) -> float | None:
    if value is None or is_one_of(value, cell.absent):
        return None
    if cell.quirk is not None:
        return QUIRKS[cell.quirk](value)
    number = as_float(value)
    return None if number is None else number * cell.scale + cell.offset


def by_column(table: Optics, columns: Columns) -> dict[str, Row]:
    """One row of the table is one reading, with a column for each value."""
    rows: dict[str, Row] = {}

    def row_of(index: str) -> Row:
        row = rows.get(index)
        if row is None:
            row = rows[index] = Row(index, parts_of(table, index))
        return row

    for what, power in (("rx", table.rx), ("tx", table.tx)):
        if power is None:
            continue
        cell = _in_its_unit(power, columns)
        for index, value in columns.get(power.oid, _NONE).items():
            if power.hundredths is not None:
                value = _whole_and_part(power, index, value, columns)
            _put_power(row_of(index), what, cell, value, f"{power.oid}.{index}")
    for what, number in (
        ("temperature", table.temperature),
        ("bias", table.bias),
        ("voltage", table.voltage),
    ):
        if number is None:
            continue
        for index, value in columns.get(number.oid, _NONE).items():
            row = rows.get(index)
            if row is not None:
                row.values[what] = number_of(number, value)
                row.all_zero = row.all_zero and as_float(value) in (0.0, None)
    if table.rx_loss is not None:
        for index, value in columns.get(table.rx_loss, _NONE).items():
            row = rows.get(index)
            if row is not None and as_int(value) == 1:
                row.light, row.lost = Light.DARK, True
    return rows


def _in_its_unit(power: Power, columns: Columns) -> Power:
    """The cell in the unit that this device is set to."""
    if power.unit_oid is None:
        return power
    unit = power.units.get(as_int(columns.get(power.unit_oid, _NONE).get("0")) or 0)
    return power if unit is None or unit == power.unit else power.model_copy(update={"unit": unit})


def _whole_and_part(power: Power, index: str, value: Value, columns: Columns) -> Value:
    """Whole dBm and the digits behind the point, from two columns (and the sign of -0.xx from a third)."""
    whole = as_float(value)
    part = as_float(columns.get(power.hundredths or "", _NONE).get(index))
    if whole is None or part is None or not 0 <= part < 100 or is_one_of(value, (*power.absent, *power.dark)):
        return value
    below = whole < 0 or as_int(columns.get(power.sign or "", _NONE).get(index)) == -1
    size = abs(whole) + part / 100.0
    return -size if below else size


def _put_power(row: Row, what: str, power: Power, value: Value, oid: str) -> None:
    dbm, dark = power_dbm(power, value)
    row.values[what] = dbm
    row.oids[what] = oid
    row.all_zero = row.all_zero and as_float(value) in (0.0, None)
    if what == "rx" and dark:
        row.light = Light.DARK


def by_text(table: Optics, columns: Columns) -> dict[str, Row]:
    """One row of the table is one module, each cell a text with one number a lane."""
    rows: dict[str, Row] = {}
    for what, power in (("rx", table.rx), ("tx", table.tx)):
        if power is None:
            continue
        for index, value in columns.get(power.oid, _NONE).items():
            for lane, number in enumerate(as_numbers(value), start=1):
                row = rows.setdefault(f"{index} {lane}", Row(index, parts_of(table, index), lane=lane))
                oid = f"{power.oid}.{index}" if lane == 1 else f"{power.oid}.{index}#{lane}"
                _put_power(row, what, power, number, oid)
    if table.bias is not None:
        for index, value in columns.get(table.bias.oid, _NONE).items():
            for lane, number in enumerate(as_numbers(value), start=1):
                if f"{index} {lane}" in rows:
                    rows[f"{index} {lane}"].values["bias"] = number_of(table.bias, number)
    return rows


def by_kind(table: Optics, columns: Columns) -> dict[str, Row]:
    """One row of the table is one value; the index says which."""
    rows: dict[str, Row] = {}
    cells: dict[str, Power | Number | None] = {
        "rx": table.rx,
        "tx": table.tx,
        "temperature": table.temperature,
        "bias": table.bias,
        "voltage": table.voltage,
    }
    for what, cell in cells.items():
        if cell is None:
            continue
        for index, value in columns.get(cell.oid, _NONE).items():
            parts = parts_of(table, index)
            kind = parts.get("kind", "")
            if not kind.isdigit() or table.kinds.get(int(kind)) != what:
                continue
            key = ".".join(text for name, text in parts.items() if name != "kind")
            row = rows.setdefault(key, Row(key, parts))
            if isinstance(cell, Power):
                _put_power(row, what, cell, value, f"{cell.oid}.{index}")
            else:
                row.values[what] = number_of(cell, value)
    return rows


def row_limits(table: Optics, columns: Columns, row: Row) -> dict[str, float | None]:
    """The module's own thresholds, by name. In tables of one row a value they lie beside that value."""
    found: dict[str, float | None] = {}
    for limit, power in table.limits.items():
        index = row.key
        if table.kinds:
            oid = row.oids.get(limit[:2])
            cell = table.rx if limit.startswith("rx") else table.tx
            if oid is None or cell is None:
                continue
            index = oid[len(cell.oid) + 1 :]
        found[limit] = power_dbm(power, columns.get(power.oid, _NONE).get(index))[0]
    return found


def parts_of(table: Optics, index: str) -> dict[str, str]:
    """Index parts by what they are called; parts beyond the declared ones stay together in the last."""
    texts = index.split(".")
    names = table.index
    if names == ("if_name",):
        return _named_index(texts)
    if len(texts) > len(names):
        texts = [*texts[: len(names) - 1], ".".join(texts[len(names) - 1 :])]
    return {
        f"skip{n}" if name == "skip" else name: text
        for n, (name, text) in enumerate(zip(names, texts, strict=False))
    }


def _named_index(texts: list[str]) -> dict[str, str]:
    """A name as index: its characters, with or without their number in front; or just an ifIndex."""
    if len(texts) == 1:
        return {"if_index": texts[0]}
    codes = [int(text) for text in texts if text.isdigit()]
    if codes and codes[0] == len(codes) - 1:
        codes = codes[1:]
    return {"if_name": "".join(chr(code) for code in codes if 32 <= code < 127)}
