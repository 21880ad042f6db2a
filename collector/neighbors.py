"""Who is at the other end: LLDP-MIB (IEEE 802.1AB), CISCO-CDP-MIB, OSPF-MIB (RFC 4750), BGP4-MIB (RFC 4273).

Pure. Addresses in table indexes are read from there; a row with a broken index loses its address only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from collector.decode import as_address, as_int, as_mac, as_text
from collector.ifmib import Columns, Ports
from collector.profile_schema import LldpBeside
from collector.transport import Value
from topology.model import DeviceId
from topology.observations import Neighbor

_LLDP_REM = "1.0.8802.1.1.2.1.4.1.1."
LLDP_CHASSIS_TYPE, LLDP_CHASSIS = _LLDP_REM + "4", _LLDP_REM + "5"
LLDP_PORT_TYPE, LLDP_PORT = _LLDP_REM + "6", _LLDP_REM + "7"
LLDP_PORT_DESC, LLDP_SYS_NAME = _LLDP_REM + "8", _LLDP_REM + "9"
LLDP_MAN_ADDR = "1.0.8802.1.1.2.1.4.2.1.3"
LLDP_LOC_PORT, LLDP_LOC_DESC = "1.0.8802.1.1.2.1.3.7.1.3", "1.0.8802.1.1.2.1.3.7.1.4"
BASE_PORT_IF_INDEX = "1.3.6.1.2.1.17.1.4.1.2"
"""BRIDGE-MIB dot1dBasePortIfIndex: LLDP's local port number is often the bridge's."""
LLDP_COLUMNS = (
    LLDP_CHASSIS,
    LLDP_PORT_TYPE,
    LLDP_PORT,
    LLDP_PORT_DESC,
    LLDP_SYS_NAME,
    LLDP_MAN_ADDR,
    LLDP_LOC_PORT,
    LLDP_LOC_DESC,
    BASE_PORT_IF_INDEX,
)

_TIMETRA = "1.3.6.1.4.1.6527.3.1.2.59.4.1.1."
TIMETRA_COLUMNS = tuple(f"{_TIMETRA}{n}" for n in (5, 6, 7, 8, 9))
"""TIMETRA-LLDP-MIB tmnxLldpRemTable: LLDP-MIB's columns, rows by (time mark, ifIndex, destination, index)."""

_CDP = "1.3.6.1.4.1.9.9.23.1.2.1.1."
CDP_ADDRESS_TYPE, CDP_ADDRESS, CDP_DEVICE, CDP_PORT = _CDP + "3", _CDP + "4", _CDP + "6", _CDP + "7"
CDP_COLUMNS = (CDP_ADDRESS, CDP_DEVICE, CDP_PORT)

_OSPF_NBR = "1.3.6.1.2.1.14.10.1."
OSPF_ROUTER_ID, OSPF_STATE = _OSPF_NBR + "3", _OSPF_NBR + "6"
OSPF_COLUMNS = (OSPF_ROUTER_ID, OSPF_STATE)
_OSPF_STATES = {
    1: "down",
    2: "attempt",
    3: "init",
    4: "two_way",
    5: "exchange_start",
    6: "exchange",
    7: "loading",
    8: "full",
}

_BGP_PEER = "1.3.6.1.2.1.15.3.1."
BGP_STATE, BGP_IDENTIFIER = _BGP_PEER + "2", _BGP_PEER + "1"
BGP_COLUMNS = (BGP_STATE, BGP_IDENTIFIER)
_BGP_STATES = {1: "idle", 2: "connect", 3: "active", 4: "opensent", 5: "openconfirm", 6: "established"}

_MAC_PORT_TYPE, _ADDRESS_PORT_TYPE = 3, 4
_NONE: Mapping[str, Value] = {}


def lldp(
    device: DeviceId,
    columns: Columns,
    ports: Ports | None,
    at: datetime,
    beside: LldpBeside | None = None,
) -> Iterator[Neighbor]:
    """Rows by (time mark, local port number, remote index); some agents leave the first two out, or zero:
    then the vendor's table `beside` LLDP-MIB knows the port, by the remote index alone."""
    names = columns.get(LLDP_SYS_NAME, _NONE)
    chassis = columns.get(LLDP_CHASSIS, _NONE)
    port_ids = columns.get(LLDP_PORT, _NONE)
    rows = dict.fromkeys((*names, *chassis, *port_ids))
    addresses = _lldp_addresses(columns.get(LLDP_MAN_ADDR, _NONE), rows)
    for row in rows:
        parts = row.split(".")
        local = parts[1] if len(parts) >= 3 else None
        port_type = as_int(columns.get(LLDP_PORT_TYPE, _NONE).get(row))
        port = _lldp_port(port_ids.get(row), port_type)
        own_port, own_address = _beside(beside, parts[-1], columns, ports)
        yield Neighbor(
            device=device,
            at=at,
            protocol="lldp",
            local_if_name=own_port or (None if local is None else _local_port(local, columns, ports)),
            remote_system=as_text(names.get(row)) or _chassis(chassis.get(row)),
            remote_port=port or as_text(columns.get(LLDP_PORT_DESC, _NONE).get(row)),
            remote_address=addresses.get(row) or own_address,
        )


def _beside(
    beside: LldpBeside | None, number: str, columns: Columns, ports: Ports | None
) -> tuple[str | None, str | None]:
    """Local port and remote address of the vendor's own table."""
    if beside is None:
        return None, None
    if_index = as_int(columns.get(beside.if_index, _NONE).get(number))
    address = as_address(columns.get(beside.address or "", _NONE).get(number))
    port = None if if_index is None else _name_of(str(if_index), ports)
    return port, None if address == "0.0.0.0" else address


def timetra_lldp(device: DeviceId, columns: Columns, ports: Ports | None, at: datetime) -> Iterator[Neighbor]:
    """Nokia SR OS: the local port is its ifIndex."""
    chassis, port_types, port_ids, port_descrs, names = (columns.get(oid, _NONE) for oid in TIMETRA_COLUMNS)
    for row in dict.fromkeys((*names, *chassis, *port_ids)):
        parts = row.split(".")
        yield Neighbor(
            device=device,
            at=at,
            protocol="lldp",
            local_if_name=_name_of(parts[1], ports) if len(parts) > 1 else None,
            remote_system=as_text(names.get(row)) or _chassis(chassis.get(row)),
            remote_port=_lldp_port(port_ids.get(row), as_int(port_types.get(row)))
            or as_text(port_descrs.get(row)),
        )


def _chassis(value: Value) -> str | None:
    return as_mac(value) or as_text(value)


def _lldp_port(value: Value, port_type: int | None) -> str | None:
    if port_type == _MAC_PORT_TYPE:
        return as_mac(value) or as_text(value)
    if port_type == _ADDRESS_PORT_TYPE and isinstance(value, bytes):
        return as_address(value[1:]) or as_text(value)  # the first octet is the address family
    return as_text(value)


def _local_port(number: str, columns: Columns, ports: Ports | None) -> str | None:
    """lldpLocPortId or its description names the interface; else the number is often the ifIndex."""
    port_id = as_text(columns.get(LLDP_LOC_PORT, _NONE).get(number))
    descr = as_text(columns.get(LLDP_LOC_DESC, _NONE).get(number))
    if ports is not None:
        for name in (port_id, descr):
            index = ports.index_of.get(name) if name else None
            if index is not None:
                return ports.name_of[index]
        index = as_int(columns.get(BASE_PORT_IF_INDEX, _NONE).get(number))
        if index in ports.name_of and index is not None:
            return ports.name_of[index]
        if number.isdigit() and int(number) in ports.name_of:
            return ports.name_of[int(number)]
    return port_id or descr


def _lldp_addresses(column: Mapping[str, Value], rows: Mapping[str, object]) -> dict[str, str]:
    """Management addresses by row; an IPv4 one goes before IPv6. The address lies in the index, behind the
    row's own."""
    found: dict[str, str] = {}
    for index in column:
        parts = index.split(".")
        width = 3 if ".".join(parts[:3]) in rows or parts[0] not in rows else 1
        if len(parts) < width + 3:
            continue
        family, octets = parts[width], parts[width + 2 :]
        if parts[width + 1] != str(len(octets)):
            octets = parts[width + 1 :]  # agents that leave the length out
        address = _index_address(octets)
        row = ".".join(parts[:width])
        if address is not None and (row not in found or family == "1"):
            found[row] = address
    return found


def _index_address(octets: list[str]) -> str | None:
    try:
        return as_address(bytes(int(part) for part in octets))
    except ValueError:
        return None


def cdp(device: DeviceId, columns: Columns, ports: Ports | None, at: datetime) -> Iterator[Neighbor]:
    """Rows by (ifIndex, device index)."""
    names, remote_ports = columns.get(CDP_DEVICE, _NONE), columns.get(CDP_PORT, _NONE)
    for row in dict.fromkeys((*names, *remote_ports)):
        yield Neighbor(
            device=device,
            at=at,
            protocol="cdp",
            local_if_name=_name_of(row.split(".")[0], ports),
            remote_system=as_text(names.get(row)),
            remote_port=as_text(remote_ports.get(row)),
            remote_address=as_address(columns.get(CDP_ADDRESS, _NONE).get(row)),
        )


def _name_of(index: str, ports: Ports | None) -> str | None:
    return ports.name_of.get(int(index)) if ports is not None and index.isdigit() else None


def ospf(device: DeviceId, columns: Columns, ports: Ports | None, at: datetime) -> Iterator[Neighbor]:
    """Rows by (neighbour address, address-less ifIndex)."""
    router_ids = columns.get(OSPF_ROUTER_ID, _NONE)
    for row, raw in columns.get(OSPF_STATE, _NONE).items():
        state = as_int(raw)
        if state is None:
            continue
        parts = row.split(".")
        if_index = parts[4] if len(parts) >= 5 else "0"
        yield Neighbor(
            device=device,
            at=at,
            protocol="ospf",
            local_if_name=_name_of(if_index, ports) if if_index != "0" else None,
            remote_system=as_address(router_ids.get(row)),
            remote_address=_index_address(parts[:4]),
            state=_OSPF_STATES.get(state, f"state_{state}"),
        )


def bgp(device: DeviceId, columns: Columns, at: datetime) -> Iterator[Neighbor]:
    """Rows by the peer's IPv4 address."""
    identifiers = columns.get(BGP_IDENTIFIER, _NONE)
    for row, raw in columns.get(BGP_STATE, _NONE).items():
        state = as_int(raw)
        if state is None:
            continue
        identifier = as_address(identifiers.get(row))
        yield Neighbor(
            device=device,
            at=at,
            protocol="bgp",
            remote_system=None if identifier == "0.0.0.0" else identifier,
            remote_address=_index_address(row.split(".")),
            state=_BGP_STATES.get(state, f"state_{state}"),
        )
