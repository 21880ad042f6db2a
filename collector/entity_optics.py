"""Optical readings among entity sensors: CISCO-ENTITY-SENSOR-MIB, and ENTITY-SENSOR-MIB's watts. Pure.

Each value is an entity of its own; what belongs together hangs below one transceiver or port. Rx or tx,
and the lane, stand in the entity's name or description only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from collector.decode import as_int, dbm_of_mw, plausible_dbm
from collector.entity import TYPE_UNITS, Entities, scaled, sensor_value
from collector.ifmib import Columns, Ports
from collector.optics import finished
from collector.optics_rows import Row
from collector.profile_schema import EntityOptics
from collector.transport import Value
from topology.model import DeviceId
from topology.observations import Light, OpticalReading, SensorReading

_WATTS = 6
_RX = re.compile(r"\b(?:rx|receiver?|receive)\b|rxpower|rxpwr|rx_power", re.IGNORECASE)
_TX = re.compile(r"\b(?:tx|transmit(?:ter)?)\b|txpower|txpwr|tx_power", re.IGNORECASE)
_LANE = re.compile(r"\b(?:lane|ch(?:annel)?|sub-?channel)[\s\-_:#]*(\d+)", re.IGNORECASE)
_BIAS = re.compile(r"bias|laser current|current", re.IGNORECASE)
_NONE: Mapping[str, Value] = {}
_DARK_BELOW_DBM = -39.9
_SEVERITY = {10: "warning", 20: "alarm", 30: "alarm"}
"""CISCO-ENTITY-SENSOR-MIB SensorThresholdSeverity: minor(10), major(20), critical(30)."""
_LESS, _GREATER = (1, 2), (3, 4)
"""SensorThresholdRelation: lessThan, lessOrEqual, greaterThan, greaterOrEqual."""


def entity_readings(
    device: DeviceId,
    table: EntityOptics,
    columns: Columns,
    ports: Ports | None,
    entities: Entities,
    at: datetime,
) -> Iterator[OpticalReading | SensorReading]:
    """Optics put together by transceiver and lane; every other sensor as it is."""
    rows: dict[tuple[str, int | None], Row] = {}
    others: list[tuple[str, int | None, float | None, str]] = []
    for index, raw in columns.get(f"{table.base}.4", _NONE).items():
        kind, value = sensor_value(columns, table.base, index)
        if as_int(raw) in table.absent:
            value = None
        text = " ".join(dict.fromkeys(filter(None, (entities.name(index), entities.descr(index)))))
        direction = _direction(kind, table.dbm_type, text)
        if direction is None:
            others.append((index, kind, value, text))
            continue
        dbm, dark = _dbm(kind, value, table.dbm_type)
        lane = _LANE.search(text)
        key = (_owner(index, entities), int(lane.group(1)) if lane else None)
        row = rows.setdefault(key, Row(key[0], {}, lane=key[1]))
        if direction in row.oids:  # a second value of the same kind: a lane without a number
            row = rows.setdefault((index, None), Row(index, {}))
        row.values[direction] = dbm
        row.oids[direction] = f"{table.base}.4.{index}"
        row.if_index = row.if_index or entities.if_index(index)
        row.name = row.name or entities.name(index)
        if direction == "rx" and dark:
            row.light = Light.DARK
        row.limits.update(_limits(table, columns, index, direction))
    for index, kind, value, text in others:
        yield from _other(device, index, kind, value, text, rows, entities, at)
    for row in rows.values():
        yield finished(device, row, ports, at, _DARK_BELOW_DBM)


def _direction(kind: int | None, dbm_type: int | None, text: str) -> str | None:
    if kind is None or kind not in (dbm_type, _WATTS):
        return None
    rx, tx = _RX.search(text), _TX.search(text)
    if tx and not rx:
        return "tx"
    if rx and not tx:
        return "rx"
    return "rx" if kind == dbm_type else None  # dBm is light; watts may be a power supply's


def _dbm(kind: int | None, value: float | None, dbm_type: int | None) -> tuple[float | None, bool]:
    if value is None:
        return None, False
    if kind == dbm_type:
        return plausible_dbm(value), False
    if value == 0:
        return None, True
    return plausible_dbm(dbm_of_mw(value * 1000.0)), False


def _owner(index: str, entities: Entities) -> str:
    """The entity that holds the sensor: its parent, or itself at the top."""
    chain = list(entities.parents(index))
    return chain[1] if len(chain) > 1 else index


def _limits(table: EntityOptics, columns: Columns, index: str, direction: str) -> dict[str, float | None]:
    """Thresholds by (entity, number): severity, relation, value in the sensor's own scale."""
    if table.thresholds is None:
        return {}
    found: dict[str, float | None] = {}
    severities = columns.get(f"{table.thresholds}.2", _NONE)
    for number in range(1, 9):
        key = f"{index}.{number}"
        severity = _SEVERITY.get(as_int(severities.get(key)) or 0)
        relation = as_int(columns.get(f"{table.thresholds}.3", _NONE).get(key))
        raw = as_int(columns.get(f"{table.thresholds}.4", _NONE).get(key))
        if severity is None or raw is None or raw in table.absent:
            continue
        side = "low" if relation in _LESS else "high" if relation in _GREATER else None
        if side is None:
            continue
        kind = as_int(columns.get(f"{table.base}.1", _NONE).get(index))
        value = scaled(raw, columns, table.base, index)
        found[f"{direction}_{side}_{severity}"] = _dbm(kind, value, table.dbm_type)[0]
    return found


def _other(
    device: DeviceId,
    index: str,
    kind: int | None,
    value: float | None,
    text: str,
    rows: Mapping[tuple[str, int | None], Row],
    entities: Entities,
    at: datetime,
) -> Iterator[SensorReading]:
    """Temperature, bias and voltage of a module go to its reading; the rest are sensors."""
    known = TYPE_UNITS.get(kind or 0)
    if known is None:
        return
    word, unit = known
    owner = _owner(index, entities)
    lane = _LANE.search(text)
    mine = [
        row
        for (key, number), row in rows.items()
        if key == owner and (lane is None or number is None or number == int(lane.group(1)))
    ]
    if mine:
        for row in mine:
            if word == "temperature":
                row.values.setdefault("temperature", value)
            elif word == "voltage":
                row.values.setdefault("voltage", value)
            elif word == "current" and _BIAS.search(text):
                row.values.setdefault("bias", None if value is None else value * 1000.0)
        return
    if word == "humidity" and value is not None:
        value /= 100.0
    yield SensorReading(device, at, word, entities.name(index) or f"sensor {index}", value, unit)
