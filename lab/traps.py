"""SNMPv2 notifications: linkDown, linkUp (RFC 2863), coldStart (RFC 3418), upsTrapOnBattery (RFC 1628)."""

from __future__ import annotations

from lab import codec
from lab.codec import Oid
from lab.hardware import Port, PortUse
from lab.mib.ups import RUNTIME_S
from lab.network import Network
from lab.readings import Change
from topology.model import DeviceId

_SYS_UP_TIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
_SNMP_TRAP_OID = (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)
_COLD_START = (1, 3, 6, 1, 6, 3, 1, 1, 5, 1)
_LINK_DOWN = (1, 3, 6, 1, 6, 3, 1, 1, 5, 3)
_LINK_UP = (1, 3, 6, 1, 6, 3, 1, 1, 5, 4)
_ON_BATTERY = (1, 3, 6, 1, 2, 1, 33, 2, 1)
_UPS_BATTERY = (1, 3, 6, 1, 2, 1, 33, 1, 2)
_IF_ENTRY = (1, 3, 6, 1, 2, 1, 2, 2, 1)


def notifications(network: Network, change: Change) -> list[tuple[DeviceId, list[bytes]]]:
    """Who sends what after a change. Only who still reaches the vantage can send."""
    sent = [
        (device, _bindings(network, device, change.at_s, _COLD_START))
        for device in change.booted
        if network.reachable(device)
    ]
    for ports, kind in ((change.down, _LINK_DOWN), (change.up, _LINK_UP)):
        sent += [
            (port.device, _port_bindings(network, port, change.at_s, kind))
            for port in ports
            if network.reachable(port.device)
        ]
    sent += [
        (ups, _battery_bindings(network, ups, change.at_s))
        for ups in change.on_battery
        if network.reachable(ups)
    ]
    return sent


def _battery_bindings(network: Network, ups: DeviceId, at_s: float) -> list[bytes]:
    return [
        *_bindings(network, ups, at_s, _ON_BATTERY),
        codec.varbind((*_UPS_BATTERY, 3, 0), codec.integer(int(RUNTIME_S / 60.0))),
        codec.varbind((*_UPS_BATTERY, 2, 0), codec.integer(0)),
    ]


def _bindings(network: Network, device: DeviceId, at_s: float, kind: Oid) -> list[bytes]:
    return [
        codec.varbind(_SYS_UP_TIME, codec.timeticks(network.uptime_s(device, at_s))),
        codec.varbind(_SNMP_TRAP_OID, codec.oid(kind)),
    ]


def _port_bindings(network: Network, port: Port, at_s: float, kind: Oid) -> list[bytes]:
    index = network.running[port.device].if_index[port.name]
    admin = 2 if port.use is PortUse.OFF else 1
    oper = 1 if kind == _LINK_UP else 2
    return [
        *_bindings(network, port.device, at_s, kind),
        codec.varbind((*_IF_ENTRY, 1, index), codec.integer(index)),
        codec.varbind((*_IF_ENTRY, 7, index), codec.integer(admin)),
        codec.varbind((*_IF_ENTRY, 8, index), codec.integer(oper)),
    ]
