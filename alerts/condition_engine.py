"""Observations in, conditions out: what is not well though nothing is down. Pure.

Nothing here looks at a clock: a figure is judged when it is measured, and what isn't measured
stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from alerts.condition_health import HealthWatch
from alerts.condition_ledger import Cause, Ledger
from alerts.condition_load import LoadWatch
from alerts.condition_optics import OpticsWatch
from alerts.condition_services import ServiceWatch
from alerts.condition_settings import ConditionSettings
from alerts.conditions import Condition
from alerts.model import ConditionKind, Incident
from topology.findings import Component, ComponentKind, DeviceCondition, Verdict
from topology.model import ApplicationId, ConnectionStage, DeviceId, Inventory, Link, OfficeId, PortRef
from topology.observations import (
    ApplicationCheck,
    Observation,
    OpticalReading,
    PortRates,
    PortStatus,
    SensorReading,
)

_PUT = frozenset(
    {ConditionKind.CONFIG_CHANGED, ConditionKind.DISCOVERY_MISMATCH, ConditionKind.MONITOR_UNWELL}
)
"""Kinds that come from outside."""
_LEAST_SPEED_BPS = 10_000_000
"""An ifSpeed below this is made up (tunnels, and agents that give 0)."""


class ConditionEngine:
    def __init__(self, inventory: Inventory, settings: ConditionSettings | None = None) -> None:
        self._inventory = inventory
        self.settings = settings or ConditionSettings()
        self._ledger = Ledger()
        self._optics = OpticsWatch(self._ledger, self.settings)
        self._load = LoadWatch(self._ledger, self.settings)
        self._health = HealthWatch(self._ledger, self.settings)
        self._services = ServiceWatch(self._ledger, self.settings)
        self._links = {
            e.port: link for link in inventory.links.values() for e in link.ends if e.port is not None
        }
        self._declared_as: dict[PortRef, PortRef] = {}
        """Ports that the inventory knows by their description or alias."""
        self._speeds_bps: dict[PortRef, int] = {}
        self._checks: dict[ApplicationId, ApplicationCheck] = {}
        """Not judged yet: that takes a verdict on the host."""
        self._put: dict[str, Condition] = {}
        planned = {o.id for o in inventory.offices.values() if o.connection is not ConnectionStage.ACTIVE}
        self._devices = {
            d.id: self._of_device(d.id, d.office)
            for d in inventory.devices.values()
            if d.office not in planned
        }
        """Those that are in service: while one is being installed nobody is alarmed for its figures."""

    # --- in ---

    def observe(self, seen: Observation) -> None:
        if not self.settings.enabled:
            return
        match seen:
            case PortStatus():
                self._port(seen)
            case PortRates():
                self._rates(seen)
            case OpticalReading():
                self._optic(seen)
            case SensorReading() if (device := self._devices.get(seen.device)) is not None:
                self._health.see(seen, device)
            case ApplicationCheck() if seen.application in self._inventory.applications:
                self._checks[seen.application] = seen
            case _:
                pass

    def put(self, conditions: Iterable[Condition]) -> None:
        """What others found. The newest with a key counts; standing False ends it."""
        for condition in conditions:
            self._put[condition.key] = condition

    def learn(self, histories: Mapping[str, Sequence[tuple[int, float]]], at: datetime) -> None:
        """Daily medians of receive power, (day number, dBm), by place as `place_of` names it."""
        self._optics.learn(histories, at)

    def resume(self, incidents: Iterable[Incident]) -> None:
        """What stood when an earlier process ended stands until evidence ends it."""
        for incident in incidents:
            if not incident.active or incident.group is None or incident.condition is None:
                continue
            condition = Condition(
                key=incident.group,
                kind=incident.condition,
                components=incident.components,
                severity=incident.severity,
                standing=True,
                since=incident.reopened_at or incident.began_at,
                why=incident.why,
                facts=incident.facts,
                offices=tuple(o.office for o in incident.offices_now),
            )
            if incident.lapses_at is not None:
                continue  # a notice: it ends by itself
            if condition.kind in _PUT:
                self._put[condition.key] = condition
                continue
            self._ledger.recall(condition)
            place, usual = incident.fact("place"), incident.fact("baseline_dbm")
            if condition.kind is ConditionKind.OPTICAL_DROP and isinstance(usual, float):
                self._optics.recall_baseline(str(place), usual, condition.since)
            if not all(self._exists(c) for c in condition.components):
                self._ledger.forget(condition.key, condition.since, "no longer in the inventory")

    # --- out ---

    def conditions(self, verdict: Verdict) -> list[Condition]:
        """Everything that was ever raised, standing or not; a notice once."""
        for check in self._checks.values():
            self._check(check, verdict)
        self._checks.clear()
        found = [*self._ledger.conditions(), *self._put.values()]
        self._put = {key: c for key, c in self._put.items() if c.lasts_s is None}
        return found

    # --- of whom ---

    def _port(self, seen: PortStatus) -> None:
        port = seen.port
        if seen.speed_bps is not None:
            self._speeds_bps[port] = seen.speed_bps
        if port in self._links:
            return
        for name in (seen.if_descr, seen.if_alias):
            if name is not None and (declared := PortRef(port.device, name)) in self._links:
                self._declared_as[port] = declared
                return

    def _rates(self, seen: PortRates) -> None:
        device = self._devices.get(seen.port.device)
        if device is None:
            return
        link, place = self._link_at(seen.port), str(seen.port)
        self._load.errors(seen, place, self._at(link, "errors", place, device))
        if link is not None:
            capacity = link.capacity_bps or self._speeds_bps.get(seen.port, 0)
            if capacity >= _LEAST_SPEED_BPS or link.capacity_bps:
                self._load.used(seen, place, self._at(link, "load", place, device), capacity)

    def _optic(self, seen: OpticalReading) -> None:
        device = self._devices.get(seen.device)
        if device is None:
            return
        link = None if seen.port is None else self._link_at(seen.port)
        place = place_of(seen.device, seen.if_name or seen.name, seen.lane)
        self._optics.see(seen, place, self._at(link, "optics", place, device), link)
        self._health.module(seen, place, device)

    def _check(self, seen: ApplicationCheck, verdict: Verdict) -> None:
        application = self._inventory.applications[seen.application]
        component = Component(ComponentKind.APPLICATION, application.id)
        cause = Cause(str(component), (component,), application.used_by or ())
        self._services.certificate(seen, cause)
        host = verdict.devices.get(application.hosted_at, DeviceCondition.UNKNOWN)
        monitored = self._inventory.devices[application.hosted_at].monitored
        reached = host is DeviceCondition.UP or (not monitored and host is DeviceCondition.UNKNOWN)
        self._services.answered(seen, cause, host_reached=reached and not verdict.blind)

    def _link_at(self, port: PortRef) -> Link | None:
        return self._links.get(self._declared_as.get(port, port))

    @staticmethod
    def _at(link: Link | None, what: str, place: str, device: Cause) -> Cause:
        """Both ends of a link are one cause; ports without a link are one a device."""
        if link is not None:
            component = Component(ComponentKind.LINK, link.id)
            return Cause(f"{what}:{component}", (component,))
        port = Component(ComponentKind.PORT, place)
        return Cause(f"{what}:{device.key}", (port,), device.offices, wider=device.components)

    @staticmethod
    def _of_device(device: DeviceId, office: OfficeId | None) -> Cause:
        component = Component(ComponentKind.DEVICE, device)
        return Cause(str(component), (component,), () if office is None else (office,))

    def _exists(self, component: Component) -> bool:
        known: Mapping[ComponentKind, Iterable[str]] = {
            ComponentKind.DEVICE: self._devices,
            ComponentKind.LINK: self._inventory.links,
            ComponentKind.APPLICATION: self._inventory.applications,
        }
        if component.kind is ComponentKind.PORT:
            return any(component.id.startswith(f"{device}:") for device in self._devices)
        return component.kind not in known or component.id in known[component.kind]


def place_of(device: str, name: str, lane: int | str | None = None) -> str:
    """A receiver's name: DEVICE:PORT, or DEVICE:PORT#LANE where there are several."""
    return f"{device}:{name}" if lane is None else f"{device}:{name}#{lane}"
