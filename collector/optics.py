"""Optical readings from the tables that a profile declares. Pure.

Light is a state: `dark` when the agent says so (a loss flag, a sentinel, 0 mW, or a power at which no
receiver sees anything), `lit` when there is a power, else `unsupported`. `rx_dbm` is what the agent gave,
also in the dark; judge by `light` first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from collector.decode import as_int, as_text
from collector.entity import Entities
from collector.ifmib import IF_OPER, Columns, Ports
from collector.optics_rows import Row, by_column, by_kind, by_text, row_limits
from collector.profile_schema import Optics
from collector.quirks import LABELS
from collector.transport import Value
from topology.model import DeviceId
from topology.observations import Light, OpticalLimits, OpticalReading

_NONE: Mapping[str, Value] = {}
_DOWN, _LOWER_LAYER_DOWN = 2, 7
_LEAST_SUPPLY_V = 0.5
"""No module works on less: agents fill in 0 where it is not measured."""
_RX_SURVIVES_DBM = 15.0
"""No receiver survives this. A module whose own high alarm lies above it is told in a wrong unit by its agent
(Junos 12.3 gives all of rx 20 dB too high): its rx is not to be believed."""


@dataclass(frozen=True, slots=True)
class Place:
    """What of a row stays the same until rows are learned again."""

    name: str
    if_index: int | None
    if_name: str | None
    lane: int | None
    limits: OpticalLimits


Places = dict[str, dict[str, "Place"]]
"""By table, then by row: worked out once a learning, because every poll needs them."""


def readings(
    device: DeviceId,
    table: Optics,
    columns: Columns,
    ports: Ports | None,
    entities: Entities | None,
    at: datetime,
    places: Places | None = None,
) -> Iterator[OpticalReading]:
    """`places` is kept by the caller between polls, and thrown away when rows are learned again."""
    known = {} if places is None else places.setdefault(table.name, {})
    rows = by_text if table.lanes_in_text else by_kind if table.kinds else by_column
    for key, row in rows(table, columns).items():
        if table.zero_is_absent and (row.all_zero or _no_power(row)) and not row.lost:
            if not table.keep_zeros:
                continue
            row.light = Light.UNSUPPORTED
        elif row.empty or _mute(table, row, columns):
            continue  # a cage without a module, a port of copper, a module without diagnostics
        place = known.get(key)
        if place is None:
            place = known[key] = _place(row, table, columns, ports, entities)
        if table.zero_rx_while_down and row.values.get("rx") == 0.0 and _down(place.if_index, columns):
            row.values["rx"], row.light = None, Light.DARK
        yield finished(device, row, place, at, table.dark_below_dbm)


def _no_power(row: Row) -> bool:
    """Exactly 0 dBm both ways: a laser that is off, or a module whose power is told lane by lane."""
    return row.values.get("rx") == 0.0 and row.values.get("tx") == 0.0


def _mute(table: Optics, row: Row, columns: Columns) -> bool:
    if not table.needs_voltage or table.voltage is None or not columns.get(table.voltage.oid):
        return False
    return not row.values.get("voltage")


def live_rows(table: Optics, columns: Columns) -> set[str]:
    """Indexes, as in the table, of rows that have something to say."""
    if table.kinds or table.lanes_in_text:
        cells = [cell.oid for cell in (table.rx, table.tx) if cell is not None]
        return {index for oid in cells for index in columns.get(oid, _NONE)}
    rows = by_column(table, columns)
    return {
        key
        for key, row in rows.items()
        if (
            not row.empty
            and not _mute(table, row, columns)
            and not (table.zero_is_absent and row.all_zero and not row.lost)
        )
        or (table.keep_zeros and row.all_zero)
    }


def finished(device: DeviceId, row: Row, place: Place, at: datetime, dark_below_dbm: float) -> OpticalReading:
    values, oids = row.values, row.oids
    rx_dbm = values.get("rx")
    if (place.limits.rx_high_alarm_dbm or 0.0) > _RX_SURVIVES_DBM:
        rx_dbm = None
    light = row.light
    if light is None and rx_dbm is not None:
        light = Light.DARK if rx_dbm <= dark_below_dbm else Light.LIT
    return OpticalReading(
        device,
        at,
        place.name,
        place.if_name,
        place.if_index,
        place.lane,
        light or Light.UNSUPPORTED,
        rx_dbm,
        values.get("tx"),
        _within(values.get("temperature"), -60.0, 150.0),
        _within(values.get("bias"), 0.0, 1000.0),
        _within(values.get("voltage"), _LEAST_SUPPLY_V, 100.0),
        place.limits,
        oids.get("rx"),
        oids.get("tx"),
    )


def _down(if_index: int | None, columns: Columns) -> bool:
    return columns.get(IF_OPER, _NONE).get(str(if_index)) in (_DOWN, _LOWER_LAYER_DOWN)


def limits_of(found: Mapping[str, float | None]) -> OpticalLimits:
    """Pairs whose low side is not below the high one are a module's rubbish: both are left out."""
    kept = dict(found)
    for way, degree in product(("rx", "tx"), ("alarm", "warning")):
        low, high = f"{way}_low_{degree}", f"{way}_high_{degree}"
        floor, ceiling = kept.get(low), kept.get(high)
        if floor is not None and ceiling is not None and floor >= ceiling:
            kept[low] = kept[high] = None
    return OpticalLimits(**{f"{name}_dbm": value for name, value in kept.items()})


def _within(value: float | None, low: float, high: float) -> float | None:
    return value if value is not None and low <= value <= high else None


def _place(
    row: Row, table: Optics, columns: Columns, ports: Ports | None, entities: Entities | None
) -> Place:
    """Which interface, which lane, what name."""
    name = _label(row, table, columns, ports)
    if_index, own_name = _interface(row, table, columns, ports, entities)
    if table.interface != "if_index" and ports is not None and if_index not in ports.name_of:
        if_index = None
    if_name = ports.name_of.get(if_index) if ports is not None and if_index is not None else None
    return Place(
        name or own_name or if_name or row.key,
        if_index,
        if_name,
        _lane(row, table),
        limits_of(row_limits(table, columns, row)),
    )


def _label(row: Row, table: Optics, columns: Columns, ports: Ports | None) -> str | None:
    name: str | None = None
    if table.label is not None:
        name = as_text(columns.get(table.label, _NONE).get(row.key))
    if name is None and table.label_pattern is not None:
        name = _formatted(table.label_pattern, _with_if_name(row.parts, ports))
    if name is None and table.label_quirk is not None:
        name = LABELS[table.label_quirk](row.parts)
    return name


def _lane(row: Row, table: Optics) -> int | None:
    lane = row.parts.get("lane")
    if lane is not None and lane.isdigit():
        return int(lane) + (1 - table.lanes_from if table.lanes_from is not None else 0)
    return row.lane or table.lane


def _interface(
    row: Row, table: Optics, columns: Columns, ports: Ports | None, entities: Entities | None
) -> tuple[int | None, str | None]:
    """ifIndex, and the name that was met on the way there."""
    parts = row.parts
    by_name = ports.index_of if ports is not None else {}
    match table.interface:
        case "if_index":
            number = parts.get("if_index", "")
            if number.isdigit():
                return int(number), None
            name = parts.get("if_name")
            return (by_name.get(name) if name else None), name
        case "entity":
            entity = parts.get("entity", "")
            if entities is not None and entity:
                return entities.if_index(entity), entities.name(entity)
        case "column":
            return as_int(columns.get(table.if_column or "", _NONE).get(row.key)), None
        case "if_name":
            name = (
                as_text(columns.get(table.if_column, _NONE).get(row.key))
                if table.if_column
                else _formatted(table.if_pattern or "", parts)
            )
            return (by_name.get(name) if name else None), name
        case "none":
            pass
    return None, None


def _with_if_name(parts: Mapping[str, str], ports: Ports | None) -> Mapping[str, str]:
    number = parts.get("if_index", "")
    name = ports.name_of.get(int(number)) if ports is not None and number.isdigit() else None
    return {**parts, "if_name": name or number}


def _formatted(pattern: str, parts: Mapping[str, str]) -> str | None:
    try:
        return pattern.format(**{k: int(v) if v.isdigit() else v for k, v in parts.items()})
    except (KeyError, ValueError, IndexError):
        return None
