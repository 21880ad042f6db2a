"""Optical readings from the tables that a profile declares. Pure.

Light is a state: `dark` when the agent says so (a loss flag, a sentinel, 0 mW, or a power at which no
receiver sees anything), `lit` when there is a power, else `unsupported`. `rx_dbm` is what the agent gave,
also in the dark; judge by `light` first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from collector.decode import as_float, as_int, as_numbers, as_power, as_text, dbm_of_mw, plausible_dbm
from collector.entity import Entities
from collector.ifmib import Columns, Ports
from collector.profile import Number, Optics, Power
from collector.quirks import LABELS, QUIRKS
from collector.transport import Value
from topology.model import DeviceId
from topology.observations import Light, OpticalLimits, OpticalReading

_NONE: Mapping[str, Value] = {}
_DBM_PER_UNIT = {"dbm": 1.0, "deci_dbm": 0.1, "centi_dbm": 0.01, "milli_dbm": 0.001}
_MW_PER_UNIT = {"mw": 1.0, "uw": 1e-3, "deci_uw": 1e-4, "nw": 1e-6}


@dataclass(slots=True)
class Row:
    """One port's lane (or ONU) while it is put together."""

    key: str
    parts: dict[str, str]
    name: str | None = None
    if_index: int | None = None
    lane: int | None = None
    light: Light | None = None
    values: dict[str, float | None] = field(default_factory=dict)
    limits: dict[str, float | None] = field(default_factory=dict)
    oids: dict[str, str] = field(default_factory=dict)
    all_zero: bool = True
    lost: bool = False
    """The agent itself says that no light comes in."""

    @property
    def empty(self) -> bool:
        return self.light is not Light.DARK and all(value is None for value in self.values.values())


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


def readings(
    device: DeviceId,
    table: Optics,
    columns: Columns,
    ports: Ports | None,
    entities: Entities | None,
    at: datetime,
) -> Iterator[OpticalReading]:
    rows = _by_text if table.lanes_in_text else _by_kind if table.kinds else _by_column
    for row in rows(table, columns).values():
        if table.zero_is_absent and row.all_zero and not row.lost:
            if not table.keep_zeros:
                continue
            row.light = Light.UNSUPPORTED
        elif row.empty:
            continue  # a cage without a module, a port of copper
        _place(row, table, columns, ports, entities)
        yield finished(device, row, ports, at, table.dark_below_dbm)


def live_rows(table: Optics, columns: Columns) -> set[str]:
    """Indexes, as in the table, of rows that have something to say."""
    if table.kinds or table.lanes_in_text:
        cells = [cell.oid for cell in (table.rx, table.tx) if cell is not None]
        return {index for oid in cells for index in columns.get(oid, _NONE)}
    rows = _by_column(table, columns)
    return {
        key
        for key, row in rows.items()
        if (not row.empty and not (table.zero_is_absent and row.all_zero and not row.lost))
        or (table.keep_zeros and row.all_zero)
    }


def finished(
    device: DeviceId, row: Row, ports: Ports | None, at: datetime, dark_below_dbm: float
) -> OpticalReading:
    rx_dbm = row.values.get("rx")
    light = row.light
    if light is None and rx_dbm is not None:
        light = Light.DARK if rx_dbm <= dark_below_dbm else Light.LIT
    if_name = ports.name_of.get(row.if_index) if ports is not None and row.if_index is not None else None
    return OpticalReading(
        device=device,
        at=at,
        name=row.name or if_name or row.key,
        if_name=if_name,
        if_index=row.if_index,
        lane=row.lane,
        light=light or Light.UNSUPPORTED,
        rx_dbm=rx_dbm,
        tx_dbm=row.values.get("tx"),
        temperature_c=_within(row.values.get("temperature"), -60.0, 150.0),
        bias_ma=_within(row.values.get("bias"), 0.0, 1000.0),
        voltage_v=_within(row.values.get("voltage"), 0.0, 100.0),
        limits=OpticalLimits(**{f"{name}_dbm": value for name, value in row.limits.items()}),
        rx_oid=row.oids.get("rx"),
        tx_oid=row.oids.get("tx"),
    )


def _within(value: float | None, low: float, high: float) -> float | None:
    return value if value is not None and low <= value <= high else None


def _by_column(table: Optics, columns: Columns) -> dict[str, Row]:
    """One row of the table is one reading, with a column for each value."""
    rows: dict[str, Row] = {}

    def row_of(index: str) -> Row:
        row = rows.get(index)
        if row is None:
            row = rows[index] = Row(index, _parts(table, index))
        return row

    for what, power in (("rx", table.rx), ("tx", table.tx)):
        if power is None:
            continue
        for index, value in columns.get(power.oid, _NONE).items():
            _put_power(row_of(index), what, power, value, f"{power.oid}.{index}")
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
    for limit, power in table.limits.items():
        for index, value in columns.get(power.oid, _NONE).items():
            row = rows.get(index)
            if row is not None:
                row.limits[limit] = power_dbm(power, value)[0]
    if table.rx_loss is not None:
        for index, value in columns.get(table.rx_loss, _NONE).items():
            row = rows.get(index)
            if row is not None and as_int(value) == 1:
                row.light, row.lost = Light.DARK, True
    return rows


def _put_power(row: Row, what: str, power: Power, value: Value, oid: str) -> None:
    dbm, dark = power_dbm(power, value)
    row.values[what] = dbm
    row.oids[what] = oid
    row.all_zero = row.all_zero and as_float(value) in (0.0, None)
    if what == "rx" and dark:
        row.light = Light.DARK


def _by_text(table: Optics, columns: Columns) -> dict[str, Row]:
    """One row of the table is one module, each cell a text with one number a lane."""
    rows: dict[str, Row] = {}
    for what, power in (("rx", table.rx), ("tx", table.tx)):
        if power is None:
            continue
        for index, value in columns.get(power.oid, _NONE).items():
            for lane, number in enumerate(as_numbers(value), start=1):
                row = rows.setdefault(f"{index} {lane}", Row(index, _parts(table, index), lane=lane))
                oid = f"{power.oid}.{index}" if lane == 1 else f"{power.oid}.{index}#{lane}"
                _put_power(row, what, power, number, oid)
    if table.bias is not None:
        for index, value in columns.get(table.bias.oid, _NONE).items():
            for lane, number in enumerate(as_numbers(value), start=1):
                if f"{index} {lane}" in rows:
                    rows[f"{index} {lane}"].values["bias"] = number_of(table.bias, number)
    for limit, power in table.limits.items():
        for row in rows.values():
            row.limits[limit] = power_dbm(power, columns.get(power.oid, _NONE).get(row.key))[0]
    return rows


def _by_kind(table: Optics, columns: Columns) -> dict[str, Row]:
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
            parts = _parts(table, index)
            kind = parts.get("kind", "")
            if not kind.isdigit() or table.kinds.get(int(kind)) != what:
                continue
            key = ".".join(text for name, text in parts.items() if name != "kind")
            row = rows.setdefault(key, Row(key, parts))
            if isinstance(cell, Power):
                _put_power(row, what, cell, value, f"{cell.oid}.{index}")
            else:
                row.values[what] = number_of(cell, value)
    for limit, power in table.limits.items():
        for index, value in columns.get(power.oid, _NONE).items():
            parts = _parts(table, index)
            kind = parts.get("kind", "")
            if kind.isdigit() and table.kinds.get(int(kind)) == limit[:2]:
                key = ".".join(text for name, text in parts.items() if name != "kind")
                if key in rows:
                    rows[key].limits[limit] = power_dbm(power, value)[0]
    return rows


def _parts(table: Optics, index: str) -> dict[str, str]:
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


def _place(row: Row, table: Optics, columns: Columns, ports: Ports | None, entities: Entities | None) -> None:
    """Which interface, which lane, what name."""
    parts = row.parts
    if table.label is not None:
        row.name = as_text(columns.get(table.label, _NONE).get(row.key))
    if row.name is None and table.label_pattern is not None:
        row.name = _formatted(table.label_pattern, _with_if_name(parts, ports))
    if row.name is None and table.label_quirk is not None:
        row.name = LABELS[table.label_quirk](parts)
    lane = parts.get("lane")
    row.lane = row.lane or table.lane
    if lane is not None and lane.isdigit():
        row.lane = int(lane) + (1 - table.lanes_from if table.lanes_from is not None else 0)
    match table.interface:
        case "if_index":
            number = parts.get("if_index", "")
            row.if_index = int(number) if number.isdigit() else None
            if row.if_index is None and "if_name" in parts:
                row.name = row.name or parts["if_name"]
                row.if_index = ports.index_of.get(parts["if_name"]) if ports is not None else None
        case "entity":
            entity = parts.get("entity", "")
            if entities is not None and entity:
                row.if_index = entities.if_index(entity)
                row.name = row.name or entities.name(entity)
        case "column":
            row.if_index = as_int(columns.get(table.if_column or "", _NONE).get(row.key))
        case "if_name":
            name = (
                as_text(columns.get(table.if_column, _NONE).get(row.key))
                if table.if_column
                else _formatted(table.if_pattern or "", parts)
            )
            if name is not None and ports is not None:
                row.if_index = ports.index_of.get(name)
            row.name = row.name or name
        case "none":
            row.if_index = None
    if table.interface != "if_index" and ports is not None and row.if_index not in ports.name_of:
        row.if_index = None


def _with_if_name(parts: Mapping[str, str], ports: Ports | None) -> Mapping[str, str]:
    number = parts.get("if_index", "")
    name = ports.name_of.get(int(number)) if ports is not None and number.isdigit() else None
    return {**parts, "if_name": name or number}


def _formatted(pattern: str, parts: Mapping[str, str]) -> str | None:
    try:
        return pattern.format(**{k: int(v) if v.isdigit() else v for k, v in parts.items()})
    except (KeyError, ValueError, IndexError):
        return None
