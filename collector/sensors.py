"""Sensors that a profile declares column by column: CPU, memory, temperatures, fans, supplies. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from collector.decode import as_float, as_int, as_text
from collector.entity import Entities
from collector.ifmib import Columns
from collector.optics_rows import is_one_of
from collector.profile_schema import Sensor
from collector.quirks import QUIRKS
from collector.transport import Value
from topology.model import DeviceId
from topology.observations import SensorReading

_NONE: Mapping[str, Value] = {}
_MOST_LOAD = 3.0
"""A UPS may carry more than it should."""


def readings(
    device: DeviceId, sensor: Sensor, columns: Columns, entities: Entities | None, at: datetime
) -> Iterator[SensorReading]:
    if sensor.unless_oid is not None and columns.get(sensor.unless_oid):
        return
    for index, raw in columns.get(sensor.oid, _NONE).items():
        if sensor.only_index is not None and index != sensor.only_index:
            continue
        if sensor.where_oid is not None:
            where = as_int(columns.get(sensor.where_oid, _NONE).get(index))
            if where != sensor.where_value:
                continue
        if raw is None or is_one_of(raw, sensor.absent) or _not_there(sensor, index, raw, columns):
            continue
        if sensor.entity_class is not None and not _is_of_class(sensor.entity_class, index, entities):
            continue
        state: str | None = None
        if sensor.states:
            number = as_int(raw)
            if number is None:
                continue
            state = sensor.states.get(number, "unknown")
        value = QUIRKS[sensor.quirk](raw) if sensor.quirk is not None else as_float(raw)
        if value is None:
            continue
        value *= sensor.scale
        if sensor.of is not None:
            whole = as_float(columns.get(sensor.of, _NONE).get(index))
            if not whole:
                continue
            value /= whole
        if sensor.rest is not None:
            rest = as_float(columns.get(sensor.rest, _NONE).get(index))
            if rest is None or value + rest <= 0:
                continue
            value /= value + rest
        most = _MOST_LOAD if sensor.kind == "load" else 1.001
        if sensor.unit == "ratio" and not -0.001 <= value <= most:
            continue
        name = _name(sensor, index, columns, entities)
        yield SensorReading(device, at, sensor.kind, name, value, sensor.unit, state)


def _not_there(sensor: Sensor, index: str, raw: Value, columns: Columns) -> bool:
    """A zero of a part that has no such thing."""
    if sensor.zero_needs is None or as_float(raw) != 0.0:
        return False
    return not as_float(columns.get(sensor.zero_needs, _NONE).get(index))


def _is_of_class(wanted: int, index: str, entities: Entities | None) -> bool:
    """True too of an entity whose class the agent does not tell."""
    found = entities.physical_class(index.split(".")[0]) if entities is not None else None
    return found is None or found == wanted


def _name(sensor: Sensor, index: str, columns: Columns, entities: Entities | None) -> str:
    found: str | None = None
    if sensor.name_oid is not None:
        column = columns.get(sensor.name_oid, _NONE)
        parts = index.split(".")
        key = {"first": parts[0], "last": parts[-1]}.get(sensor.name_join, index)
        found = as_text(column.get(key))
    elif sensor.name_join == "entity" and entities is not None:
        found = entities.name(index.split(".")[0])
    if found is not None:
        return found if sensor.name is None else f"{sensor.name} {found}"
    return (sensor.name or f"{sensor.kind} {{index}}").replace("{index}", index)
