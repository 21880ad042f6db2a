"""From the columns that a poll brought to observations. Pure: the same columns give the same answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from collector import entity, hostres, neighbors, sensors, ups
from collector.entity import Entities
from collector.entity_optics import EntityTable
from collector.ifmib import Columns, Ports
from collector.optics import Places, readings
from collector.profile_schema import Profile
from topology.model import DeviceId
from topology.observations import Neighbor, Observation, SensorReading

_ANYTHING = (float("-inf"), float("inf"))
_POSSIBLE = {
    "celsius": (-60.0, 250.0),
    "volts": (-10_000.0, 100_000.0),
    "rpm": (0.0, 100_000.0),
    "seconds": (0.0, 1e9),
    "dbm": (-150.0, 60.0),
}


@dataclass(slots=True)
class Learned:
    """What follows from the learned rows alone, and is worked out once: thrown away with them."""

    places: Places = field(default_factory=dict)
    sensors: dict[str, EntityTable] = field(default_factory=dict)


def observe(
    device: DeviceId,
    profile: Profile,
    columns: Columns,
    ports: Ports | None,
    entities: Entities | None,
    read: set[str],
    at: datetime,
    learned: Learned,
) -> Iterator[Observation]:
    """Everything but ports' states and counters. `read` names the groups that this poll asked for."""
    tree = entities or Entities(columns, ports)
    for table in profile.optics:
        if f"optics {table.name}" in read:
            yield from readings(device, table, columns, ports, tree, at, learned.places)
    hung: list[SensorReading] = []
    for sensor_table in profile.entity_optics:
        if f"optics {sensor_table.name}" in read:
            known = learned.sensors.get(sensor_table.name)
            if known is None:
                known = EntityTable(device, sensor_table, columns, ports, tree)
                learned.sensors[sensor_table.name] = known
            for seen in known.readings(columns, at):
                if isinstance(seen, SensorReading):
                    hung.append(seen)
                else:
                    yield seen
    yield from _merged([*_sources(device, profile, columns, tree, read, at), hung])
    yield from _neighbors(device, profile, columns, ports, read, at)


def _sources(
    device: DeviceId, profile: Profile, columns: Columns, tree: Entities, read: set[str], at: datetime
) -> Iterator[Iterable[SensorReading]]:
    """Where sensors come from, the one that knows best first: the vendor's own tables, then net-snmp's (its
    memory is without what is only cached), then the standard's."""
    if "sensors" in read:
        for sensor in profile.sensors:
            yield sensors.readings(device, sensor, columns, tree, at)
    if "ucd" in read:
        yield hostres.ucd(device, columns, at)
    if "ups" in read:
        yield ups.ups(device, columns, at)
    if "host_resources" in read:
        yield hostres.host_resources(device, columns, at)
    if "entity sensors" in read:
        yield entity.standard_sensors(device, columns, tree, at)


def _possible(seen: SensorReading) -> bool:
    """False for numbers that nothing in an office can have: sentinels that nobody declared."""
    low, high = _POSSIBLE.get(seen.unit, _ANYTHING)
    return seen.value is None or low <= seen.value <= high


def _merged(sources: Iterable[Iterable[SensorReading]]) -> Iterator[SensorReading]:
    """One reading a kind and name. What an earlier source said, a later one does not say again; two of one
    name in the same source ("Board temp sensor" on both boards) are two, and the second is called so."""
    said: set[tuple[str, str]] = set()
    for source in sources:
        own: Counter[tuple[str, str]] = Counter()
        for seen in source:
            key = (seen.kind, seen.name)
            if key in said:
                continue
            own[key] += 1
            name = seen.name if own[key] == 1 else f"{seen.name} ({own[key]})"
            value = seen.value if _possible(seen) else None
            yield seen if (name, value) == (seen.name, seen.value) else replace(seen, name=name, value=value)
        said.update(own)


def _neighbors(
    device: DeviceId,
    profile: Profile,
    columns: Columns,
    ports: Ports | None,
    read: set[str],
    at: datetime,
) -> Iterator[Neighbor]:
    if "lldp" in read:
        yield from neighbors.lldp(device, columns, ports, at, profile.lldp_beside)
    if "timetra_lldp" in read:
        yield from neighbors.timetra_lldp(device, columns, ports, at)
    if "cdp" in read:
        yield from neighbors.cdp(device, columns, ports, at)
    if "ospf" in read:
        yield from neighbors.ospf(device, columns, ports, at)
    if "bgp" in read:
        yield from neighbors.bgp(device, columns, at)
