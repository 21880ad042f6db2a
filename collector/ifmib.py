"""IF-MIB (RFC 2863): what is read of interfaces, and what is made of it. Pure.

ifXTable's 64-bit counters go before ifTable's 32-bit ones, row by row: there are agents that have an
ifXTable without them, or only for some rows. Names are ifName, else ifDescr.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from collector.decode import as_counter, as_gauge, as_int, as_seconds, as_text
from collector.transport import Value
from topology.model import DeviceId, PortRef
from topology.observations import AdminStatus, OperStatus, PortCounters, PortStatus

Columns = Mapping[str, Mapping[str, Value]]
"""Values by column OID, then by index (both dotted decimal, the index without its leading dot)."""

_IF = "1.3.6.1.2.1.2.2.1."
_IFX = "1.3.6.1.2.1.31.1.1.1."
IF_NUMBER = "1.3.6.1.2.1.2.1.0"
IF_TABLE_LAST_CHANGE = "1.3.6.1.2.1.31.1.5.0"

IF_DESCR, IF_TYPE, IF_SPEED = _IF + "2", _IF + "3", _IF + "5"
IF_ADMIN, IF_OPER, IF_LAST_CHANGE = _IF + "7", _IF + "8", _IF + "9"
IF_IN_OCTETS, IF_IN_DISCARDS, IF_IN_ERRORS = _IF + "10", _IF + "13", _IF + "14"
IF_OUT_OCTETS, IF_OUT_DISCARDS, IF_OUT_ERRORS = _IF + "16", _IF + "19", _IF + "20"
IF_NAME, IF_HC_IN, IF_HC_OUT = _IFX + "1", _IFX + "6", _IFX + "10"
IF_HIGH_SPEED, IF_ALIAS, IF_DISCONTINUITY = _IFX + "15", _IFX + "18", _IFX + "19"

STATIC = (IF_DESCR, IF_NAME, IF_TYPE, IF_SPEED, IF_HIGH_SPEED, IF_ALIAS)
"""Read when a device's rows are learned."""
VOLATILE = (
    IF_ADMIN,
    IF_OPER,
    IF_LAST_CHANGE,
    IF_HC_IN,
    IF_HC_OUT,
    IF_IN_OCTETS,
    IF_OUT_OCTETS,
    IF_IN_ERRORS,
    IF_OUT_ERRORS,
    IF_IN_DISCARDS,
    IF_OUT_DISCARDS,
    IF_DISCONTINUITY,
)
"""Read in every poll."""
NARROW_OF = {IF_IN_OCTETS: IF_HC_IN, IF_OUT_OCTETS: IF_HC_OUT}
"""32-bit columns that need not be asked for rows that have the 64-bit one."""

_GAUGE32_MAX = (1 << 32) - 1
_FASTEST_MBPS = 100_000_000
"""100 Tbit/s. Tunnels and null interfaces say 2^31-1 or 2^32-1 of what has no speed."""
_ADMIN: Mapping[Value, AdminStatus] = {1: AdminStatus.UP, 2: AdminStatus.DOWN, 3: AdminStatus.TESTING}
_OPER: Mapping[Value, OperStatus] = {
    1: OperStatus.UP,
    2: OperStatus.DOWN,
    3: OperStatus.TESTING,
    4: OperStatus.UNKNOWN,
    5: OperStatus.DORMANT,
    6: OperStatus.NOT_PRESENT,
    7: OperStatus.LOWER_LAYER_DOWN,
}
_NONE: Mapping[str, Value] = {}


def indexes(columns: Columns) -> list[str]:
    """ifIndexes in numeric order: rows that have a state or a name (ifIndex itself is often left out)."""
    found: set[str] = set()
    for column in (IF_OPER, IF_ADMIN, IF_DESCR, IF_NAME):
        found.update(columns.get(column, _NONE))
    return sorted((index for index in found if index.isdigit()), key=int)


def speed_bps(columns: Columns, index: str) -> int | None:
    """ifHighSpeed (Mbit/s) when it says something, else ifSpeed unless that is at its stop."""
    high = as_gauge(columns.get(IF_HIGH_SPEED, _NONE).get(index))
    if high and high <= _FASTEST_MBPS:
        return high * 1_000_000
    low = as_gauge(columns.get(IF_SPEED, _NONE).get(index))
    return low if low and low < _GAUGE32_MAX else None


def _names(columns: Columns) -> dict[str, str]:
    """One name a port, by ifIndex: ifName, else ifDescr.

    Where several rows share a name, their ifDescr speaks if it tells all of them apart; else the first keeps
    the name and the others get their ifIndex behind it.
    """
    rows = indexes(columns)
    descrs = {index: as_text(columns.get(IF_DESCR, _NONE).get(index)) for index in rows}
    names = {
        index: as_text(columns.get(IF_NAME, _NONE).get(index)) or descrs[index] or f"ifIndex {index}"
        for index in rows
    }
    sharing: dict[str, list[str]] = {}
    for index, name in names.items():
        sharing.setdefault(name, []).append(index)
    taken = set(sharing)
    for name, group in sharing.items():
        if len(group) == 1:
            continue
        own = {descrs[index] for index in group}
        if len(own) == len(group) and None not in own and not own & taken:
            names.update({index: str(descrs[index]) for index in group})
            taken |= {str(descr) for descr in own}
        else:
            names.update({index: f"{name} (ifIndex {index})" for index in group[1:]})
    return names


class Ports:
    """The learned side of a device's ports: made once a learning, used every poll."""

    def __init__(self, device: DeviceId, columns: Columns) -> None:
        self.rows: list[tuple[str, int, PortRef, str | None, str | None, int | None, int | None]] = []
        self.name_of: dict[int, str] = {}
        self.index_of: dict[str, int] = {}
        """By ifName, ifDescr and (weakest) ifAlias; the first to claim a word keeps it."""
        self.speeds: dict[PortRef, tuple[int | None, int | None]] = {}
        """speed_bps and ifType, for what a counter can have moved by."""
        aliases: dict[str, int] = {}
        names = _names(columns)
        for index in indexes(columns):
            number = int(index)
            descr = as_text(columns.get(IF_DESCR, _NONE).get(index))
            alias = as_text(columns.get(IF_ALIAS, _NONE).get(index))
            name = names[index]
            self.rows.append(
                (
                    index,
                    number,
                    PortRef(device, name),
                    descr,
                    alias,
                    as_int(columns.get(IF_TYPE, _NONE).get(index)),
                    speed_bps(columns, index),
                )
            )
            self.name_of[number] = name
            self.speeds[self.rows[-1][2]] = (self.rows[-1][6], self.rows[-1][5])
            self.index_of.setdefault(name, number)
            if own := as_text(columns.get(IF_NAME, _NONE).get(index)):
                self.index_of.setdefault(own, number)
            if descr:
                self.index_of.setdefault(descr, number)
            if alias:
                aliases.setdefault(alias, number)
        for alias, number in aliases.items():
            self.index_of.setdefault(alias, number)

    def statuses(self, columns: Columns, at: datetime) -> Iterator[PortStatus]:
        """Ports of which something was heard in this poll."""
        admins, opers = columns.get(IF_ADMIN, _NONE), columns.get(IF_OPER, _NONE)
        changes = columns.get(IF_LAST_CHANGE, _NONE)
        for index, number, port, descr, alias, if_type, speed in self.rows:
            admin, oper = admins.get(index), opers.get(index)
            if admin is None and oper is None:
                continue
            yield PortStatus(
                port,
                at,
                _ADMIN.get(admin, AdminStatus.UNKNOWN),
                _OPER.get(oper, OperStatus.UNKNOWN),
                number,
                descr,
                alias,
                if_type,
                speed,
                as_seconds(changes.get(index)),
            )

    def counters(self, columns: Columns, at: datetime) -> Iterator[PortCounters]:
        hc_in, hc_out = columns.get(IF_HC_IN, _NONE), columns.get(IF_HC_OUT, _NONE)
        low_in, low_out = columns.get(IF_IN_OCTETS, _NONE), columns.get(IF_OUT_OCTETS, _NONE)
        in_errors, out_errors = columns.get(IF_IN_ERRORS, _NONE), columns.get(IF_OUT_ERRORS, _NONE)
        in_discards, out_discards = columns.get(IF_IN_DISCARDS, _NONE), columns.get(IF_OUT_DISCARDS, _NONE)
        discontinuities = columns.get(IF_DISCONTINUITY, _NONE)
        for index, _, port, *_rest in self.rows:
            octets_in = as_counter(hc_in.get(index), 64)
            octets_out = as_counter(hc_out.get(index), 64)
            bits = 64
            if not octets_in and not octets_out and (index in low_in or index in low_out):
                octets_in, octets_out, bits = _narrow(
                    octets_in, octets_out, low_in.get(index), low_out.get(index)
                )
            errors = as_counter(in_errors.get(index), 32)
            if octets_in is None and octets_out is None and errors is None:
                continue
            yield PortCounters(
                port,
                at,
                octets_in,
                octets_out,
                errors,
                as_counter(out_errors.get(index), 32),
                as_counter(in_discards.get(index), 32),
                as_counter(out_discards.get(index), 32),
                bits,
                as_seconds(discontinuities.get(index)),
            )


def _narrow(
    wide_in: int | None, wide_out: int | None, raw_in: Value, raw_out: Value
) -> tuple[int | None, int | None, int]:
    """Octets and their width where 64-bit counters are missing, or there but never counting."""
    low_in, low_out = as_counter(raw_in, 32), as_counter(raw_out, 32)
    if (wide_in is not None or wide_out is not None) and not low_in and not low_out:
        return wide_in, wide_out, 64
    return low_in, low_out, 32
