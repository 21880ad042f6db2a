"""What to ask of a device, and in which packets. Pure.

On first contact columns are walked; after that the device's rows are known, and exactly their cells are
asked, as many a packet as fit. Fewer packets is what makes polling cheap for both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from sys import intern

from collector import entity, hostres, ifmib, neighbors, ups
from collector.profile_schema import Optics, Profile

HEADERS_BYTES, HEADERS_V3_BYTES = 60, 140
"""Message, security parameters and PDU around the bindings."""
_VALUE_BYTES, _WIDE_VALUE_BYTES = 7, 11
"""Four octets and a sign, or a Counter64, with tag and length. Texts are read when learning, mostly."""
_WIDE = frozenset((ifmib.IF_HC_IN, ifmib.IF_HC_OUT))


@dataclass(frozen=True, slots=True)
class Column:
    oid: str
    volatile: bool = True
    """False: read when rows are learned only (names, types, limits)."""


@dataclass(frozen=True, slots=True)
class Group:
    """Columns that are read together, and how often. A poll that runs out of time loses whole groups."""

    name: str
    columns: tuple[Column, ...]
    min_interval_s: float = 0.0
    walk_always: bool = False
    """Rows come and go (neighbours): walked each time it is due, never asked by cell."""


_NEIGHBOR_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "ospf": neighbors.OSPF_COLUMNS,
    "bgp": neighbors.BGP_COLUMNS,
    "lldp": neighbors.LLDP_COLUMNS,
    "timetra_lldp": neighbors.TIMETRA_COLUMNS,
    "cdp": neighbors.CDP_COLUMNS,
}
_COME_AND_GO = ("lldp", "timetra_lldp", "cdp")
_HOST_COLUMNS: Mapping[str, tuple[tuple[str, bool], ...]] = {
    "host_resources": hostres.HOST_COLUMNS,
    "ucd": hostres.UCD_COLUMNS,
    "ups": ups.COLUMNS,
}


def groups_of(profile: Profile, neighbors_every_s: float) -> tuple[Group, ...]:
    """Everything that `profile` reads, most needed first; without the subtrees that it avoids."""
    groups: list[Group] = []
    if "interfaces" in profile.read:
        groups.append(Group("interfaces", _columns(ifmib.STATIC, ifmib.VOLATILE)))
    hangs_on_entities = any("entity" in (table.interface, *table.index) for table in profile.optics)
    if "entity_sensors" in profile.read or profile.entity_optics or hangs_on_entities:
        groups.append(Group("entities", _columns(entity.STATIC, ())))
    groups.extend(
        Group(f"optics {table.name}", _optics_columns(table), table.min_interval_s)
        for table in profile.optics
    )
    groups.extend(
        Group(f"optics {table.name}", _entity_columns(table.base, table.thresholds))
        for table in profile.entity_optics
    )
    if "entity_sensors" in profile.read:
        groups.append(Group("entity sensors", _entity_columns(entity.STANDARD_SENSORS, None)))
    groups.extend(
        Group(part, tuple(Column(oid, volatile) for oid, volatile in columns))
        for part, columns in _HOST_COLUMNS.items()
        if part in profile.read
    )
    if profile.sensors:
        groups.append(Group("sensors", _sensor_columns(profile)))
    for part, oids in _NEIGHBOR_COLUMNS.items():
        if part in profile.read:
            moves = part in _COME_AND_GO
            if part == "lldp" and profile.lldp_beside is not None:
                beside = profile.lldp_beside
                oids = (*oids, *(oid for oid in (beside.if_index, beside.address) if oid is not None))
            groups.append(Group(part, _columns((), oids), neighbors_every_s if moves else 0.0, moves))
    return tuple(_without(group, profile.avoid) for group in groups)


def _without(group: Group, avoid: Sequence[str]) -> Group:
    def avoided(oid: str) -> bool:
        return any(oid == subtree or oid.startswith(subtree + ".") for subtree in avoid)

    return replace(group, columns=tuple(column for column in group.columns if not avoided(column.oid)))


def _columns(static: Iterable[str], volatile: Iterable[str]) -> tuple[Column, ...]:
    return (
        *(Column(oid, volatile=False) for oid in dict.fromkeys(static)),
        *(Column(oid) for oid in dict.fromkeys(volatile)),
    )


def _optics_columns(table: Optics) -> tuple[Column, ...]:
    cells = (table.rx, table.tx, table.temperature, table.bias, table.voltage)
    volatile = [cell.oid for cell in cells if cell is not None]
    if table.rx_loss is not None:
        volatile.append(table.rx_loss)
    powers = [cell for cell in (table.rx, table.tx) if cell is not None]
    volatile += [oid for cell in powers for oid in (cell.hundredths, cell.sign) if oid is not None]
    static = [limit.oid for limit in table.limits.values()]
    static += [cell.unit_oid for cell in powers if cell.unit_oid is not None]
    static += [oid for oid in (table.label, table.if_column) if oid is not None]
    return _columns(static, volatile)


def _entity_columns(base: str, thresholds: str | None) -> tuple[Column, ...]:
    static = [f"{base}.{n}" for n in (1, 2, 3)]
    if thresholds is not None:
        static += [f"{thresholds}.{n}" for n in (2, 3, 4)]
    return _columns(static, (f"{base}.4", f"{base}.5"))


def _sensor_columns(profile: Profile) -> tuple[Column, ...]:
    columns: dict[str, bool] = {}
    for sensor in profile.sensors:
        for oid in (sensor.name_oid, sensor.where_oid, sensor.zero_needs):
            if oid is not None:
                columns.setdefault(oid, False)
        columns[sensor.oid] = True
        if sensor.unless_oid is not None:
            columns.setdefault(sensor.unless_oid, True)
        if sensor.of is not None:
            columns.setdefault(sensor.of, False)
        if sensor.rest is not None:
            columns[sensor.rest] = True
    return tuple(Column(oid, volatile) for oid, volatile in columns.items())


@dataclass(frozen=True, slots=True)
class Batch:
    """One GET: full OIDs, and to which column and index each belongs."""

    oids: list[str]
    cells: list[tuple[str, str]]


def binding_bytes(column: str, index: str) -> int:
    """What one object takes in the answer: its name exactly, and room for the widest value of its kind."""
    name = 0
    for part in f"{column}.{index}".split(".")[2:]:
        digits = len(part)
        name += 1 if digits < 3 else 2 if digits < 5 else 3 if digits < 7 else 5
    return 2 + 2 + 1 + name + (_WIDE_VALUE_BYTES if column in _WIDE else _VALUE_BYTES)


def pack(
    cells: Iterable[tuple[str, str]], payload_bytes: int, headers_bytes: int = HEADERS_BYTES
) -> list[Batch]:
    """Cells (column OID, index) in as few packets as `payload_bytes` allows, in their order."""
    batches: list[Batch] = []
    oids: list[str] = []
    kept: list[tuple[str, str]] = []
    room = payload_bytes - headers_bytes
    for column, index in cells:
        size = binding_bytes(column, index)
        if oids and size > room:
            batches.append(Batch(oids, kept))
            oids, kept, room = [], [], payload_bytes - headers_bytes
        oids.append(intern(f"{column}.{index}"))  # devices of a kind share their names
        kept.append((column, index))
        room -= size
    if oids:
        batches.append(Batch(oids, kept))
    return batches
