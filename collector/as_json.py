"""A PollResult in the shape of `ronda poll --json` (docs/collector.md), which others build on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from topology.observations import (
    Neighbor,
    OpticalLimits,
    OpticalReading,
    PollResult,
    PortCounters,
    PortRates,
    PortStatus,
    Reachability,
    SensorReading,
    SystemInfo,
)

Json = dict[str, Any]
_CUTS_COUNTERS = (None, "system", "interfaces", "first contact")


def poll_as_json(result: PollResult) -> Json:
    """One document: device, ports, optics, sensors, neighbors, errors, duration_s."""
    info: SystemInfo | None = None
    reach: Reachability | None = None
    counters: dict[tuple[str, int], PortCounters] = {}
    counts_seen: dict[str, int] = {}
    rates: dict[str, PortRates] = {}
    statuses: list[PortStatus] = []
    optics: list[OpticalReading] = []
    sensors: list[SensorReading] = []
    neighbors: list[Neighbor] = []
    for seen in result.observations:
        match seen:
            case SystemInfo():
                info = seen
            case Reachability():
                reach = seen
            case PortStatus():
                statuses.append(seen)
            case PortCounters():
                counters[_nth(counts_seen, seen.port.if_name)] = seen
            case PortRates():
                rates[seen.port.if_name] = seen
            case OpticalReading():
                optics.append(seen)
            case SensorReading():
                sensors.append(seen)
            case Neighbor():
                neighbors.append(seen)
            case _:
                pass
    status_seen: dict[str, int] = {}
    whole = not any(error.what in _CUTS_COUNTERS for error in result.errors)
    return {
        "device": _device(info, reach),
        "ports": [
            _port(status, counters.get(_nth(status_seen, status.port.if_name)), whole) for status in statuses
        ],
        "optics": [_optics(reading) for reading in optics],
        "sensors": [_plain(reading) for reading in sensors],
        "neighbors": [_plain(neighbor) for neighbor in neighbors],
        "errors": [
            {"fault": str(error.fault), "message": error.message, "oid": error.oid, "what": error.what}
            for error in result.errors
        ],
        "duration_s": round(result.duration_s, 6),
    }


def _nth(seen: dict[str, int], name: str) -> tuple[str, int]:
    """Ports of the same name stand in the same order among states and counters."""
    seen[name] = seen.get(name, 0) + 1
    return name, seen[name]


def _device(info: SystemInfo | None, reach: Reachability | None) -> Json:
    return {
        "answered": reach is not None and reach.answered,
        "sys_name": info.sys_name if info else None,
        "sys_object_id": info.sys_object_id if info else None,
        "sys_descr": info.sys_descr if info else None,
        "location": info.location if info else None,
        "profile": info.profile if info else None,
        "uptime_s": info.uptime_s if info else None,
        "rtt_s": reach.rtt_s if reach else None,
    }


def _port(status: PortStatus, counters: PortCounters | None, whole: bool) -> Json:
    """A port that has no octet counter at all (stack ports, wavelengths) has counted 0, when all was read."""
    nothing = 0 if whole else None
    in_octets = counters.in_octets if counters else None
    out_octets = counters.out_octets if counters else None
    return {
        "if_index": status.if_index,
        "if_name": status.port.if_name,
        "if_descr": status.if_descr,
        "if_alias": status.if_alias,
        "if_type": status.if_type,
        "admin": str(status.admin),
        "oper": str(status.oper),
        "speed_bps": status.speed_bps,
        "in_octets": nothing if in_octets is None else in_octets,
        "out_octets": nothing if out_octets is None else out_octets,
        "in_errors": counters.in_errors if counters else None,
        "out_errors": counters.out_errors if counters else None,
        "in_discards": counters.in_discards if counters else None,
        "out_discards": counters.out_discards if counters else None,
        "last_change_s": status.last_change_s,
    }


def _optics(reading: OpticalReading) -> Json:
    limits = asdict(reading.limits) if reading.limits != OpticalLimits() else {}
    return {
        "name": reading.name,
        "if_name": reading.if_name,
        "if_index": reading.if_index,
        "lane": reading.lane,
        "light": str(reading.light),
        "rx_dbm": reading.rx_dbm,
        "tx_dbm": reading.tx_dbm,
        "temperature_c": reading.temperature_c,
        "bias_ma": reading.bias_ma,
        "voltage_v": reading.voltage_v,
        "limits": {name: value for name, value in limits.items() if value is not None},
        "source_oids": {"rx": reading.rx_oid, "tx": reading.tx_oid},
    }


def _plain(value: SensorReading | Neighbor) -> Json:
    found = asdict(value)
    del found["device"], found["at"]
    return found
