"""Domain values to JSON and back, without loss: what comes back is equal to what was given."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from alerts.model import Incident, Notification, TimelineEntry
from topology.observations import (
    ApplicationCheck,
    Neighbor,
    Observation,
    OpticalReading,
    PortCounters,
    PortRates,
    PortStatus,
    Reachability,
    SensorReading,
    SystemInfo,
)

Json = dict[str, Any]

INCIDENT: TypeAdapter[Incident] = TypeAdapter(Incident)
NOTIFICATION: TypeAdapter[Notification] = TypeAdapter(Notification)

_OBSERVATIONS: dict[str, TypeAdapter[Any]] = {
    cls.__name__: TypeAdapter(cls)
    for cls in (
        Reachability,
        PortStatus,
        PortCounters,
        PortRates,
        OpticalReading,
        Neighbor,
        SensorReading,
        SystemInfo,
        ApplicationCheck,
    )
}


class UnknownKindError(ValueError):
    """The database holds a kind of value that this version doesn't know."""


def incident_body(incident: Incident) -> Json:
    """All of it but the timeline, which has its own table."""
    body: Json = INCIDENT.dump_python(incident, mode="json", exclude={"timeline"})
    return body


def incident_of(body: Json, timeline: tuple[TimelineEntry, ...]) -> Incident:
    return INCIDENT.validate_python({**body, "timeline": timeline})


def notification_body(notification: Notification) -> Json:
    body: Json = NOTIFICATION.dump_python(notification, mode="json")
    return body


def notification_of(body: Json, outcome: str) -> Notification:
    return NOTIFICATION.validate_python({**body, "outcome": outcome})


def observation_body(seen: Observation) -> tuple[str, Json]:
    """Its kind and its JSON."""
    kind = type(seen).__name__
    return kind, _OBSERVATIONS[kind].dump_python(seen, mode="json")


def observation_of(kind: str, body: Json) -> Observation:
    """Raises UnknownKindError."""
    adapter = _OBSERVATIONS.get(kind)
    if adapter is None:
        raise UnknownKindError(kind)
    seen: Observation = adapter.validate_python(body)
    return seen


def observation_key(seen: Observation) -> str:
    """What it is an observation of. Of those with the same key only the newest matters."""
    parts: tuple[str | int | None, ...]
    match seen:
        case Reachability():
            parts = (seen.device, seen.means.value)
        case PortStatus() | PortCounters() | PortRates():
            parts = (seen.port.device, seen.port.if_name)
        case OpticalReading():
            parts = (seen.device, seen.name, seen.lane)
        case Neighbor():
            parts = (seen.device, seen.protocol, seen.local_if_name, seen.remote_system, seen.remote_port)
        case SensorReading():
            parts = (seen.device, seen.kind, seen.name)
        case SystemInfo():
            parts = (seen.device,)
        case ApplicationCheck():
            parts = (seen.application,)
    return "\x1f".join((type(seen).__name__, *("" if p is None else str(p) for p in parts)))
