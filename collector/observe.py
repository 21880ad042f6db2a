"""From the columns that a poll brought to observations. Pure: the same columns give the same answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from collector import entity, hostres, neighbors, sensors, ups
from collector.entity import Entities
from collector.entity_optics import EntityTable
from collector.ifmib import Columns, Ports
from collector.optics import Places, readings
from collector.profile_schema import Profile
from topology.model import DeviceId
from topology.observations import Neighbor, Observation, OpticalReading, SensorReading


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
    names: Counter[tuple[str, str]] = Counter()
    for seen in _all(device, profile, columns, ports, tree, read, at, learned):
        yield _told_apart(seen, names) if isinstance(seen, SensorReading) else seen


def _told_apart(seen: SensorReading, names: Counter[tuple[str, str]]) -> SensorReading:
    """Sensors of one name ("Board temp sensor" on both boards): the second is called so."""
    key = (seen.kind, seen.name)
    names[key] += 1
    return seen if names[key] == 1 else replace(seen, name=f"{seen.name} ({names[key]})")


def _all(
    device: DeviceId,
    profile: Profile,
    columns: Columns,
    ports: Ports | None,
    tree: Entities,
    read: set[str],
    at: datetime,
    learned: Learned,
) -> Iterator[Observation]:
    for table in profile.optics:
        if f"optics {table.name}" in read:
            yield from readings(device, table, columns, ports, tree, at, learned.places)
    for sensor_table in profile.entity_optics:
        if f"optics {sensor_table.name}" in read:
            known = learned.sensors.get(sensor_table.name)
            if known is None:
                known = EntityTable(device, sensor_table, columns, ports, tree)
                learned.sensors[sensor_table.name] = known
            yield from known.readings(columns, at)
    yield from _sensor_readings(device, profile, columns, tree, read, at)
    yield from _neighbors(device, profile, columns, ports, read, at)


def _sensor_readings(
    device: DeviceId, profile: Profile, columns: Columns, tree: Entities, read: set[str], at: datetime
) -> Iterator[SensorReading | OpticalReading]:
    if "entity sensors" in read:
        yield from entity.standard_sensors(device, columns, tree, at)
    own = list(hostres.ucd(device, columns, at)) if "ucd" in read else []
    if "host_resources" in read:
        said = {(seen.kind, seen.name) for seen in own}  # net-snmp's own count knows what is only cached
        for seen in hostres.host_resources(device, columns, at):
            if (seen.kind, seen.name) not in said:
                yield seen
    yield from own
    if "ups" in read:
        yield from ups.ups(device, columns, at)
    if "sensors" in read:
        for sensor in profile.sensors:
            yield from sensors.readings(device, sensor, columns, tree, at)


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
