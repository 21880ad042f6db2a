"""What a scenario's timeline says is seen: one item of `observe:` to one observation. docs/scenarios.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ronda.errors import BadInputError
from topology.model import ApplicationId, DeviceId, PortRef
from topology.observations import (
    AdminStatus,
    ApplicationCheck,
    Light,
    Neighbor,
    Observation,
    OperStatus,
    OpticalLimits,
    OpticalReading,
    PortRates,
    PortStatus,
    SensorReading,
    SystemInfo,
)

Item = Mapping[str, Any]
_UNITS = {"temperature": "celsius", "cpu": "ratio", "memory": "ratio", "battery": "ratio"}


def observation_of(item: Item, device: DeviceId, at: datetime) -> Observation:
    """Any kind but reach. Raises BadInputError."""
    kind = item.get("kind")
    make = _KINDS.get(str(kind))
    if make is None:
        known = ", ".join(["reach", *_KINDS])
        raise BadInputError(f"observation of unknown kind {kind!r}: {known}")
    try:
        return make(item, device, at)
    except (ValueError, KeyError, TypeError) as error:
        problem = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise BadInputError(f"observation {dict(item)}: {problem}") from error


def _number(item: Item, name: str) -> float | None:
    value = item.get(name)
    return None if value is None else float(value)


def _port(item: Item, device: DeviceId, at: datetime) -> Observation:
    if item.get("port") is None:
        raise BadInputError(f"a port observation of {device} needs `port`")
    admin = AdminStatus(str(item.get("admin", "up")))
    speed = item.get("speed_bps")
    return PortStatus(
        PortRef(device, str(item["port"])),
        at,
        admin,
        OperStatus(str(item["oper"])),
        speed_bps=None if speed is None else int(speed),
    )


def _optic(item: Item, device: DeviceId, at: datetime) -> Observation:
    port, lane = item.get("port"), item.get("lane")
    name = str(item.get("name", port) if port is None else port)
    return OpticalReading(
        device,
        at,
        name,
        if_name=None if port is None else str(port),
        lane=None if lane is None else int(lane),
        light=Light(str(item.get("light", "lit"))),
        rx_dbm=_number(item, "rx_dbm"),
        tx_dbm=_number(item, "tx_dbm"),
        temperature_c=_number(item, "temperature_c"),
        limits=OpticalLimits(**{k: float(v) for k, v in (item.get("limits") or {}).items()}),
    )


def _neighbor(item: Item, device: DeviceId, at: datetime) -> Observation:
    return Neighbor(
        device,
        at,
        str(item.get("protocol", "lldp")),
        local_if_name=item.get("port"),
        remote_system=item.get("remote_system"),
        remote_port=item.get("remote_port"),
    )


def _sensor(item: Item, device: DeviceId, at: datetime) -> Observation:
    sensor, state = str(item["sensor"]), item.get("state")
    unit = item.get("unit") or ("state" if state is not None else _UNITS.get(sensor, "state"))
    return SensorReading(
        device,
        at,
        sensor,
        str(item.get("name", sensor)),
        _number(item, "value"),
        str(unit),
        None if state is None else str(state),
    )


def _rates(item: Item, device: DeviceId, at: datetime) -> Observation:
    return PortRates(
        PortRef(device, str(item["port"])),
        at,
        float(item.get("over_s", 60)),
        in_bps=_number(item, "in_bps"),
        out_bps=_number(item, "out_bps"),
        in_errors_per_s=_number(item, "in_errors_per_s"),
        out_errors_per_s=_number(item, "out_errors_per_s"),
    )


def _application(item: Item, _: DeviceId, at: datetime) -> Observation:
    """`certificate_days`: how many days from now its certificate is good."""
    days, status = _number(item, "certificate_days"), item.get("status_code")
    return ApplicationCheck(
        ApplicationId(str(item["application"])),
        at,
        bool(item.get("up", True)),
        response_s=_number(item, "response_s"),
        status_code=None if status is None else int(status),
        reason=item.get("reason"),
        certificate_expires_at=None if days is None else at + timedelta(days=days),
    )


def _system(item: Item, device: DeviceId, at: datetime) -> Observation:
    return SystemInfo(
        device,
        at,
        sys_name=item.get("sys_name"),
        uptime_s=_number(item, "uptime_s"),
        sys_descr=item.get("sys_descr"),
    )


_KINDS: Mapping[str, Callable[[Item, DeviceId, datetime], Observation]] = {
    "port": _port,
    "optic": _optic,
    "neighbor": _neighbor,
    "sensor": _sensor,
    "rates": _rates,
    "application": _application,
    "system": _system,
}
