"""Optical readings from the tables that a profile declares. Pure.

Light is a state: `dark` when the agent says so (a loss flag, a sentinel, 0 mW, or a power at which no
receiver sees anything), `lit` when there is a power, else `unsupported`. `rx_dbm` is what the agent gave,
also in the dark; judge by `light` first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from collector.decode import as_int, as_text
from collector.entity import Entities
from collector.ifmib import Columns, Ports
from collector.optics_rows import Row, by_column, by_kind, by_text
from collector.profile_schema import Optics
from collector.quirks import LABELS
from collector.transport import Value
from topology.model import DeviceId
from topology.observations import Light, OpticalLimits, OpticalReading

_NONE: Mapping[str, Value] = {}


def readings(
    device: DeviceId,
    table: Optics,
    columns: Columns,
    ports: Ports | None,
    entities: Entities | None,
    at: datetime,
) -> Iterator[OpticalReading]:
    rows = by_text if table.lanes_in_text else by_kind if table.kinds else by_column
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
    rows = by_column(table, columns)
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
