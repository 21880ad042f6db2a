"""ENTITY-MIB (RFC 6933) and the sensors that hang on it. Pure.

ENTITY-SENSOR-MIB (RFC 3433) and CISCO-ENTITY-SENSOR-MIB share their form: type, scale (a power of 1,000),
precision (decimal digits) and value. Cisco adds dBm and thresholds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from collector.decode import as_int, as_oid, as_text
from collector.ifmib import Columns, Ports
from collector.transport import Value
from topology.model import DeviceId
from topology.observations import SensorReading

_PHYSICAL = "1.3.6.1.2.1.47.1.1.1.1."
ENT_DESCR, ENT_PARENT, ENT_CLASS, ENT_NAME = (_PHYSICAL + n for n in ("2", "4", "5", "7"))
ENT_ALIAS = "1.3.6.1.2.1.47.1.3.2.1.2"
"""entAliasMappingIdentifier, by (entity, logical entity): usually ifIndex.N."""
STATIC = (ENT_DESCR, ENT_PARENT, ENT_CLASS, ENT_NAME, ENT_ALIAS)
STANDARD_SENSORS = "1.3.6.1.2.1.99.1.1.1"

_IF_INDEX = "1.3.6.1.2.1.2.2.1.1."
_MAX_DEPTH = 10
_OK = 1
_NONE: Mapping[str, Value] = {}
TYPE_UNITS = {
    3: ("voltage", "volts"),
    4: ("voltage", "volts"),
    5: ("current", "amperes"),
    6: ("power", "watts"),
    8: ("temperature", "celsius"),
    9: ("humidity", "ratio"),
    10: ("fan", "rpm"),
}
"""SensorDataType of RFC 3433; Cisco's has the same numbers and dBm beyond."""


def sensor_value(columns: Columns, base: str, index: str) -> tuple[int | None, float | None]:
    """Type and scaled value. None while the sensor's status is not ok(1)."""
    kind = as_int(columns.get(f"{base}.1", _NONE).get(index))
    raw = as_int(columns.get(f"{base}.4", _NONE).get(index))
    status = as_int(columns.get(f"{base}.5", _NONE).get(index))
    if raw is None or (status is not None and status != _OK):
        return kind, None
    return kind, scaled(raw, columns, base, index)


def scaled(raw: int, columns: Columns, base: str, index: str) -> float:
    return float(raw) * scale_factor(columns, base, index)


def scale_factor(columns: Columns, base: str, index: str) -> float:
    """EntitySensorDataScale (yocto is 1, units 9, yotta 17) and precision as one factor."""
    scale = as_int(columns.get(f"{base}.2", _NONE).get(index))
    precision = as_int(columns.get(f"{base}.3", _NONE).get(index)) or 0
    if not -8 <= precision <= 9:
        precision = 0  # some Cisco agents give an uninitialised number
    exponent = 3 * ((9 if scale is None else min(max(scale, 1), 17)) - 9) - precision
    return float(10.0**exponent)


class Entities:
    """The containment tree, and the way from an entity to its interface."""

    def __init__(self, columns: Columns, ports: Ports | None) -> None:
        self._columns = columns
        self._ports = ports
        self._if_of: dict[str, int] = {}
        for index, value in columns.get(ENT_ALIAS, _NONE).items():
            target = as_oid(value)
            if target is not None and target.startswith(_IF_INDEX):
                number = target[len(_IF_INDEX) :].split(".")[0]
                self._if_of.setdefault(index.split(".")[0], int(number))

    def name(self, entity: str) -> str | None:
        return as_text(self._columns.get(ENT_NAME, _NONE).get(entity)) or as_text(
            self._columns.get(ENT_DESCR, _NONE).get(entity)
        )

    @property
    def names_any(self) -> bool:
        """Whether the agent lists entities at all."""
        return bool(self._columns.get(ENT_NAME) or self._columns.get(ENT_DESCR))

    def descr(self, entity: str) -> str | None:
        return as_text(self._columns.get(ENT_DESCR, _NONE).get(entity))

    def physical_class(self, entity: str) -> int | None:
        return as_int(self._columns.get(ENT_CLASS, _NONE).get(entity))

    def parents(self, entity: str) -> Iterator[str]:
        """The entity itself, then what contains it, upwards; ends in circles and at the top."""
        seen: set[str] = set()
        while entity and entity != "0" and entity not in seen and len(seen) < _MAX_DEPTH:
            seen.add(entity)
            yield entity
            parent = as_int(self._columns.get(ENT_PARENT, _NONE).get(entity))
            entity = "" if parent is None else str(parent)

    def if_index(self, entity: str) -> int | None:
        """By alias mapping or by name of the entity, or of the nearest that contains it."""
        for one in self.parents(entity):
            number = self._if_of.get(one)
            if number is not None:
                return number
            if self._ports is None:
                continue
            for text in (self._columns.get(ENT_NAME, _NONE), self._columns.get(ENT_DESCR, _NONE)):
                name = as_text(text.get(one))
                if name is None:
                    continue
                found = self._ports.index_of.get(name)
                if found is None and " " in name:
                    found = self._by_words(name)
                if found is not None:
                    return found
        return None

    def _by_words(self, name: str) -> int | None:
        """ "Gi1/0/52 Transmit Power Sensor": the longest run of leading words that is a port's name; or what
        follows the last "for", as in "DOM TX Power Sensor for Ethernet5"."""
        assert self._ports is not None
        words = name.split(" ")
        if "for" in words[1:-1]:
            found = self._ports.index_of.get(name.rpartition(" for ")[2])
            if found is not None:
                return found
        for count in range(len(words) - 1, 0, -1):
            found = self._ports.index_of.get(" ".join(words[:count]))
            if found is not None and not words[0].isdigit():
                return found
        return None


def standard_sensors(
    device: DeviceId, columns: Columns, entities: Entities, at: datetime
) -> Iterator[SensorReading]:
    """ENTITY-SENSOR-MIB rows that are not optics of some table: temperatures, fans, supplies."""
    for index in columns.get(f"{STANDARD_SENSORS}.4", _NONE):
        kind, value = sensor_value(columns, STANDARD_SENSORS, index)
        known = TYPE_UNITS.get(kind or 0)
        if known is None:
            continue
        word, unit = known
        if word == "humidity" and value is not None:
            value /= 100.0
        yield SensorReading(
            device=device,
            at=at,
            kind=word,
            name=entities.name(index) or f"sensor {index}",
            value=value,
            unit=unit,
        )
