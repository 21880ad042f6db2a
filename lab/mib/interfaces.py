"""IF-MIB ifTable and ifXTable (RFC 2863), with 32-bit and 64-bit counters of the same traffic."""

from __future__ import annotations

from collections.abc import Callable

from lab import codec
from lab.hardware import Port, PortUse
from lab.mib.subject import Subject
from lab.readings import PortCount
from lab.view import Rows

_IF_NUMBER = (1, 3, 6, 1, 2, 1, 2, 1)
_IF_ENTRY = (1, 3, 6, 1, 2, 1, 2, 2, 1)
_IF_X_ENTRY = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
_IF_TABLE_LAST_CHANGE = (1, 3, 6, 1, 2, 1, 31, 1, 5)
_UP, _DOWN = 1, 2
_TRUE, _FALSE = 1, 2

_Count = Callable[[PortCount], float]

_COUNTERS_32: dict[int, _Count] = {
    10: lambda c: c.rx.octets,
    11: lambda c: c.rx_frames,
    13: lambda c: c.rx.discards,
    14: lambda c: c.rx.errors,
    16: lambda c: c.tx.octets,
    17: lambda c: c.tx_frames,
    19: lambda c: c.tx.discards,
    20: lambda _: 0,
}
_COUNTERS_64: dict[int, _Count] = {
    6: lambda c: c.rx.octets,
    7: lambda c: c.rx_frames,
    8: lambda c: c.rx_frames / 400,
    9: lambda c: c.rx_frames / 900,
    10: lambda c: c.tx.octets,
    11: lambda c: c.tx_frames,
    12: lambda c: c.tx_frames / 400,
    13: lambda c: c.tx_frames / 900,
}
_COUNTERS_X32: dict[int, _Count] = {
    2: lambda c: c.rx_frames / 400,
    3: lambda c: c.rx_frames / 900,
    4: lambda c: c.tx_frames / 400,
    5: lambda c: c.tx_frames / 900,
}


def write(subject: Subject, rows: Rows) -> None:
    rows.scalar(_IF_NUMBER, codec.integer(len(subject.hardware.ports)))
    latest_s = 0.0
    for port in subject.ports():
        at = (subject.if_index(port),)
        _identity(subject, port, at, rows)
        changed_s = subject.changed_uptime_s(port)
        latest_s = max(latest_s, changed_s)
        oper = _UP if subject.network.oper_up(port) else _DOWN
        admin = _DOWN if port.use is PortUse.OFF else _UP
        rows.cell((*_IF_ENTRY, 7), at, codec.integer(admin))
        rows.cell((*_IF_ENTRY, 8), at, codec.integer(oper))
        rows.cell((*_IF_ENTRY, 9), at, codec.timeticks(changed_s))
        for entry, counters, encode in (
            (_IF_ENTRY, _COUNTERS_32, codec.counter32),
            (_IF_X_ENTRY, _COUNTERS_X32, codec.counter32),
            (_IF_X_ENTRY, _COUNTERS_64, codec.counter64),
        ):
            for column, count in counters.items():
                rows.cell((*entry, column), at, _reader(subject, port, count, encode))
    rows.scalar(_IF_TABLE_LAST_CHANGE, codec.timeticks(latest_s))


def _identity(subject: Subject, port: Port, at: tuple[int], rows: Rows) -> None:
    link = subject.network.inventory.links.get(port.link) if port.link else None
    alias = (link.name or link.id) if link else ("LAN kantor" if port.use is PortUse.LAN else "")
    mac = b"" if port.use is PortUse.LOOPBACK else port.mac
    fixed = {
        (*_IF_ENTRY, 1): codec.integer(at[0]),
        (*_IF_ENTRY, 2): codec.octets(port.name),
        (*_IF_ENTRY, 3): codec.integer(port.if_type),
        (*_IF_ENTRY, 4): codec.integer(65_536 if port.use is PortUse.LOOPBACK else 1_500),
        # Above 4.29 Gbit/s ifSpeed stays at its end and ifHighSpeed tells (RFC 2863 3.1.9).
        (*_IF_ENTRY, 5): codec.gauge32(port.speed_bps),
        (*_IF_ENTRY, 6): codec.octets(mac),
        (*_IF_X_ENTRY, 1): codec.octets(port.name),
        (*_IF_X_ENTRY, 14): codec.integer(1),
        (*_IF_X_ENTRY, 15): codec.gauge32(port.speed_bps // 1_000_000),
        (*_IF_X_ENTRY, 16): codec.integer(_FALSE),
        (*_IF_X_ENTRY, 17): codec.integer(_FALSE if port.use is PortUse.LOOPBACK else _TRUE),
        (*_IF_X_ENTRY, 18): codec.octets(alias),
        (*_IF_X_ENTRY, 19): codec.timeticks(0.0),
    }
    for column, value in fixed.items():
        rows.cell(column, at, value)


def _reader(
    subject: Subject, port: Port, count: _Count, encode: Callable[[int], bytes]
) -> Callable[[float], bytes]:
    return lambda at_s: encode(max(0, int(count(subject.network.counters(port, at_s)))))
