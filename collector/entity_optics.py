"""Optical readings among entity sensors: CISCO-ENTITY-SENSOR-MIB, and ENTITY-SENSOR-MIB's watts. Pure.

Each value is an entity of its own; what belongs together hangs below one transceiver or port. Rx or tx,
and the lane, stand in the entity's name or description only. All this is worked out when rows are
learned; a poll only puts the numbers in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from collector.decode import as_int, dbm_of_mw, plausible_dbm
from collector.entity import TYPE_UNITS, Entities, scale_factor
from collector.ifmib import Columns, Ports
from collector.optics import Place, finished, limits_of
from collector.optics_rows import Row
from collector.profile_schema import EntityOptics
from collector.transport import Value
from topology.model import DeviceId
from topology.observations import Light, OpticalReading, SensorReading

_WATTS, _MW_PER_W, _OK = 6, 1000.0, 1
_RX = re.compile(r"\b(?:rx|receiver?|receive)\b|rxpower|rxpwr|rx_power", re.IGNORECASE)
_TX = re.compile(r"\b(?:tx|transmit(?:ter)?)\b|txpower|txpwr|tx_power", re.IGNORECASE)
_LANE = re.compile(r"\b(?:lane|ch(?:annel)?|sub-?channel)[\s\-_:#]*(\d+)", re.IGNORECASE)
_BIAS = re.compile(r"bias|current", re.IGNORECASE)
_NONE: Mapping[str, Value] = {}
_DARK_BELOW_DBM = -39.9
_SEVERITY = {10: "warning", 20: "alarm", 30: "alarm"}
"""CISCO-ENTITY-SENSOR-MIB SensorThresholdSeverity: minor(10), major(20), critical(30)."""
_LESS, _GREATER = (1, 2), (3, 4)
"""SensorThresholdRelation: lessThan, lessOrEqual, greaterThan, greaterOrEqual."""
_MODULE_WORDS = {
    "temperature": ("temperature", 1.0),
    "voltage": ("voltage", 1.0),
    "current": ("bias", 1000.0),
}
"""What a module's other sensors are in a reading, and the factor to its unit (amperes to milliamperes)."""


@dataclass(slots=True)
class _Power:
    index: str
    row: int
    way: str
    factor: float
    in_dbm: bool


@dataclass(slots=True)
class _Plain:
    index: str
    rows: tuple[int, ...]
    word: str
    unit: str
    name: str
    factor: float


class EntityTable:
    """One sensor table of one device, as learned."""

    def __init__(
        self,
        device: DeviceId,
        table: EntityOptics,
        columns: Columns,
        ports: Ports | None,
        entities: Entities,
    ) -> None:
        self._device = device
        self._table = table
        self._entities = entities
        self._columns = columns
        self._powers: list[_Power] = []
        self._plain: list[_Plain] = []
        self._owners: list[tuple[str, int | None]] = []
        self._drafts: list[tuple[str | None, int | None, dict[str, float | None]]] = []
        rest: list[tuple[str, int | None, str]] = []
        rows: dict[tuple[str, int | None], int] = {}
        for index in columns.get(f"{table.base}.1", _NONE):
            kind = as_int(columns[f"{table.base}.1"].get(index))
            text = " ".join(dict.fromkeys(filter(None, (entities.name(index), entities.descr(index)))))
            if not text and entities.names_any:
                continue  # not in the containment tree: nobody knows what it measures, nor of which port
            way = _way(kind, table.dbm_type, text)
            if way is None:
                rest.append((index, kind, text))
            else:
                self._add_power(index, kind, way, text, rows)
        for index, kind, text in rest:
            self._add_plain(index, kind, text)
        lanes = _lanes(
            [(if_index, lane) for (_, lane), (_, if_index, _) in zip(self._owners, self._drafts, strict=True)]
        )
        self._places = []
        for (owner, _), lane, (name, if_index, limits) in zip(self._owners, lanes, self._drafts, strict=True):
            if_name = ports.name_of.get(if_index) if ports is not None and if_index is not None else None
            self._places.append(Place(if_name or name or owner, if_index, if_name, lane, limits_of(limits)))

    def _add_power(
        self, index: str, kind: int | None, way: str, text: str, rows: dict[tuple[str, int | None], int]
    ) -> None:
        found = _LANE.search(text)
        key = (_owner(index, self._entities), int(found.group(1)) if found else None)
        if any(p.way == way and p.row == rows.get(key) for p in self._powers):
            key = (index, None)  # a second one of the same kind: a lane without a number
        row = rows.get(key)
        if row is None:
            row = rows[key] = len(self._owners)
            self._owners.append(key)
            self._drafts.append((self._entities.name(index), self._entities.if_index(index), {}))
        in_dbm = kind == self._table.dbm_type
        factor = scale_factor(self._columns, self._table.base, index)
        power = _Power(index, row, way, factor, in_dbm)
        self._powers.append(power)
        self._drafts[row][2].update(self._limits(power))

    def _add_plain(self, index: str, kind: int | None, text: str) -> None:
        """Temperature, bias and voltage of a module go to its reading; the rest are sensors."""
        known = TYPE_UNITS.get(kind or 0)
        if known is None:
            return
        word, unit = known
        owner = _owner(index, self._entities)
        found = _LANE.search(text)
        lane = int(found.group(1)) if found else None
        mine = tuple(
            n
            for n, (row_owner, row_lane) in enumerate(self._owners)
            if row_owner == owner and (lane is None or row_lane in (None, lane))
        )
        if not mine and lane is None and word in _MODULE_WORDS:
            mine = self._rows_of_port(index)
        if mine and (word not in _MODULE_WORDS or (word == "current" and not _BIAS.search(text))):
            return
        factor = scale_factor(self._columns, self._table.base, index)
        if word == "humidity":
            factor /= 100.0
        name = self._entities.name(index) or f"sensor {index}"
        self._plain.append(_Plain(index, mine, word, unit, name, factor))

    def _rows_of_port(self, index: str) -> tuple[int, ...]:
        """Rows of the same port, where lanes hang a floor below the module's own sensors."""
        if_index = self._entities.if_index(index)
        if if_index is None:
            return ()
        return tuple(n for n, (_, row_if_index, _) in enumerate(self._drafts) if row_if_index == if_index)

    def _limits(self, power: _Power) -> dict[str, float | None]:
        """Thresholds by (entity, number): severity, relation, value in the sensor's own scale."""
        base = self._table.thresholds
        if base is None:
            return {}
        found: dict[str, float | None] = {}
        for number in range(1, 9):
            key = f"{power.index}.{number}"
            severity = _SEVERITY.get(as_int(self._columns.get(f"{base}.2", _NONE).get(key)) or 0)
            relation = as_int(self._columns.get(f"{base}.3", _NONE).get(key))
            raw = as_int(self._columns.get(f"{base}.4", _NONE).get(key))
            side = "low" if relation in _LESS else "high" if relation in _GREATER else None
            if severity is None or side is None or raw is None or raw in self._table.absent:
                continue
            found[f"{power.way}_{side}_{severity}"] = _dbm(raw * power.factor, power.in_dbm)[0]
        return found

    def readings(self, columns: Columns, at: datetime) -> Iterator[OpticalReading | SensorReading]:
        """Optics by transceiver and lane; every other sensor as it is."""
        base = self._table.base
        values, states = columns.get(f"{base}.4", _NONE), columns.get(f"{base}.5", _NONE)
        absent = self._table.absent

        def number(index: str) -> int | None:
            raw = values.get(index)
            if not isinstance(raw, int) or raw in absent or states.get(index, _OK) != _OK:
                return None
            return raw

        rows = [Row(owner, {}) for owner, _ in self._owners]
        for power in self._powers:
            index = power.index
            row = rows[power.row]
            row.oids[power.way] = f"{base}.4.{index}"
            raw = number(index)
            if raw is None:
                row.values[power.way] = None
                continue
            row.values[power.way], dark = _dbm(raw * power.factor, power.in_dbm)
            if dark and power.way == "rx":
                row.light = Light.DARK
        for plain in self._plain:
            raw = number(plain.index)
            value = None if raw is None else raw * plain.factor
            if plain.rows:
                what, factor = _MODULE_WORDS[plain.word]
                for n in plain.rows:
                    rows[n].values.setdefault(what, None if value is None else value * factor)
            elif plain.index in values:
                yield SensorReading(self._device, at, plain.word, plain.name, value, plain.unit)
        for row, place in zip(rows, self._places, strict=True):
            if any(f"{base}.4" == oid.rpartition(".")[0] for oid in row.oids.values()):
                yield finished(self._device, row, place, at, _DARK_BELOW_DBM)


def _way(kind: int | None, dbm_type: int | None, text: str) -> str | None:
    if kind is None or kind not in (dbm_type, _WATTS):
        return None
    rx, tx = _RX.search(text), _TX.search(text)
    if tx and not rx:
        return "tx"
    if rx and not tx:
        return "rx"
    return "rx" if kind == dbm_type else None  # dBm is light; watts may be a power supply's


def _dbm(value: float, in_dbm: bool) -> tuple[float | None, bool]:
    """dBm, and whether this says that no light comes in."""
    if in_dbm:
        return plausible_dbm(value), False
    if value == 0:
        return None, True
    return plausible_dbm(dbm_of_mw(value * _MW_PER_W)), False


def _owner(index: str, entities: Entities) -> str:
    """The entity that holds the sensor: its parent, or itself at the top."""
    chain = entities.parents(index)
    next(chain, None)
    return next(chain, index)


def _lanes(rows: Sequence[tuple[int | None, int | None]]) -> list[int | None]:
    """Lanes by row of (ifIndex, lane). Several rows of one port without numbers are its lanes, in order."""
    without = Counter(if_index for if_index, lane in rows if lane is None and if_index is not None)
    seen: Counter[int] = Counter()
    found: list[int | None] = []
    for if_index, lane in rows:
        if lane is None and if_index is not None and without[if_index] > 1:
            seen[if_index] += 1
            lane = seen[if_index]
        found.append(lane)
    return found
