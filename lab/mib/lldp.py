"""LLDP-MIB (IEEE 802.1AB-2005): the local ports, and who is at their other ends now."""

from __future__ import annotations

import ipaddress

from lab import codec
from lab.codec import Oid
from lab.hardware import Hardware, Port, PortUse
from lab.mib.subject import Subject
from lab.readings import LldpNeighbor
from lab.view import Rows, Value

_LOCAL = (1, 0, 8802, 1, 1, 2, 1, 3)
_LOC_PORT_ENTRY = (*_LOCAL, 7, 1)
_REM_ENTRY = (1, 0, 8802, 1, 1, 2, 1, 4, 1, 1)
_REM_MAN_ADDR_ENTRY = (1, 0, 8802, 1, 1, 2, 1, 4, 2, 1)
_CHASSIS_MAC = 4
_PORT_INTERFACE_NAME = 5
_MAN_ADDR_IPV4, _MAN_ADDR_IPV6 = 1, 2
_IF_SUBTYPE_IF_INDEX = 2
_BRIDGE_AND_ROUTER = bytes([0b0010_1000])
"""LldpSystemCapabilitiesMap: bridge(2), router(4), bit 0 first."""
_REM_INDEX = 1


def port_number(subject: Subject, port: Port) -> int:
    """lldpLocPortNum: on some devices the ifIndex, on others the place on the panel."""
    if subject.hardware.vendor.lldp_port_number == "if_index":
        return subject.if_index(port)
    return port.ordinal


def write(subject: Subject, rows: Rows) -> None:
    hardware = subject.hardware
    rows.scalar((*_LOCAL, 1), codec.integer(_CHASSIS_MAC))
    rows.scalar((*_LOCAL, 2), codec.octets(hardware.mac))
    rows.scalar((*_LOCAL, 3), codec.octets(hardware.sys_name))
    rows.scalar((*_LOCAL, 4), codec.octets(hardware.sys_descr))
    for port in subject.ports():
        if port.use is PortUse.LOOPBACK:
            continue
        at = (port_number(subject, port),)
        rows.cell((*_LOC_PORT_ENTRY, 2), at, codec.integer(_PORT_INTERFACE_NAME))
        rows.cell((*_LOC_PORT_ENTRY, 3), at, codec.octets(port.name))
        rows.cell((*_LOC_PORT_ENTRY, 4), at, codec.octets(port.name))
    for neighbor in subject.network.neighbors(hardware.device.id):
        _remote(subject, neighbor, rows)


def _remote(subject: Subject, neighbor: LldpNeighbor, rows: Rows) -> None:
    running = subject.network.running[subject.hardware.device.id]
    time_mark = max(0, int((neighbor.since_s - running.booted_at_s) * 100.0)) & 0xFFFF_FFFF
    at: Oid = (time_mark, port_number(subject, neighbor.port), _REM_INDEX)
    remote = neighbor.remote
    cells: dict[int, Value] = {
        4: codec.integer(_CHASSIS_MAC),
        5: codec.octets(remote.mac),
        6: codec.integer(_PORT_INTERFACE_NAME),
        7: codec.octets(neighbor.remote_port.name),
        8: codec.octets(neighbor.remote_port.name),
        9: codec.octets(remote.sys_name),
        10: codec.octets(remote.sys_descr),
        11: codec.octets(_BRIDGE_AND_ROUTER),
        12: codec.octets(_BRIDGE_AND_ROUTER),
    }
    for column, value in cells.items():
        rows.cell((*_REM_ENTRY, column), at, value)
    address = _management_address(remote)
    if address is not None:
        family = _MAN_ADDR_IPV4 if address.version == 4 else _MAN_ADDR_IPV6
        instance = (*at, family, len(address.packed), *address.packed)
        if_index = subject.network.running[remote.device.id].if_index[neighbor.remote_port.name]
        rows.cell((*_REM_MAN_ADDR_ENTRY, 3), instance, codec.integer(_IF_SUBTYPE_IF_INDEX))
        rows.cell((*_REM_MAN_ADDR_ENTRY, 4), instance, codec.integer(if_index))
        rows.cell((*_REM_MAN_ADDR_ENTRY, 5), instance, codec.oid((0, 0)))


def _management_address(remote: Hardware) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    if remote.device.address is None:
        return None
    try:
        return ipaddress.ip_address(remote.device.address.host)
    except ValueError:
        return None  # a host name: LLDP carries addresses only
