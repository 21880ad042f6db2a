"""Plays a scenario on simulated time through the pipeline that production runs (`ronda.patrol`)."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from alerts.condition_settings import ConditionSettings
from alerts.incident import IncidentSettings, UnknownIncidentError
from alerts.maintenance import Window
from alerts.model import Incident, IncidentId, Notification, ReceiverId
from alerts.notify import Moved
from alerts.route import Route, Routing
from ronda.build import incident_settings
from ronda.build_routing import build_routing
from ronda.errors import BadInputError
from ronda.patrol import Patrol
from ronda.scenario import Scenario
from ronda.scenario_alerts import alerts_of, window_of
from ronda.scenario_conditions import condition_of, history_of
from ronda.scenario_seen import observation_of
from storage.records.codec import observation_key
from topology.model import ApplicationId, Device, DeviceId, PortRef
from topology.observations import (
    AdminStatus,
    ApplicationCheck,
    Observation,
    OperStatus,
    PortStatus,
    Reachability,
)
from topology.verdict import VerdictSettings

CHECK_EVERY_S = 60.0
"""Applications are looked at as often, from their first mention on."""
FAST_PROBES_AT = (0.0, 0.4, 0.8)
"""A device that stops answering is probed again at once, as the schedule does."""


@dataclass
class Played:
    start: datetime
    notifications: list[tuple[float, Notification]] = field(default_factory=list)
    incidents: dict[IncidentId, Incident] = field(default_factory=dict)

    def take(self, at_s: float, moved: Moved) -> None:
        self.notifications += [(at_s, note) for note in moved.notifications]
        for incident in moved.incidents:
            if incident.told:
                self.incidents[incident.id] = incident

    def as_json(self) -> dict[str, Any]:
        return {
            "notifications": [
                {
                    "at": at_s,
                    "receiver": note.receiver,
                    "reason": note.reason.value,
                    "incident": note.incident,
                    "severity": note.severity.value,
                    "components": [{"kind": c.kind.value, "id": c.id} for c in note.components],
                    "offices": list(note.offices),
                    "subject": note.subject,
                    "text": note.text,
                }
                for at_s, note in self.notifications
            ],
            "incidents": [self._incident(i) for i in self.incidents.values()],
        }

    def _incident(self, incident: Incident) -> dict[str, Any]:
        def second(at: datetime | None) -> float | None:
            return None if at is None else round((at - self.start).total_seconds(), 3)

        return {
            "id": incident.id,
            "kind": incident.kind.value,
            "condition": None if incident.condition is None else incident.condition.value,
            "facts": dict(incident.facts),
            "status": incident.status.value,
            "severity": incident.severity.value,
            "components": [{"kind": c.kind.value, "id": c.id} for c in incident.components],
            "offices": [
                {
                    "id": o.office,
                    "connectivity": o.connectivity.value,
                    "since": second(o.since),
                    "until": second(o.until),
                }
                for o in incident.offices
            ],
            "began_at": second(incident.began_at),
            "opened_at": second(incident.opened_at),
            "acknowledged_at": second(incident.acknowledged_at),
            "resolved_at": second(incident.resolved_at),
            "why": incident.why,
            "timeline": [
                {"at": second(e.at), "what": e.what.value, "why": e.why, "who": e.who}
                for e in incident.timeline
            ],
        }


def play(scenario: Scenario) -> Played:
    """Run it. Raises BadInputError for an entry that makes no sense."""
    return _Stage(scenario).run()


class _Stage:
    """Simulated devices that are probed and polled at their intervals, and what the timeline does to them."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        inventory = scenario.inventory
        given = dict(scenario.settings)
        routing = Routing((Route(receivers=(ReceiverId("console"),)),))
        if "alerts" in given:
            alerts = alerts_of(given.pop("alerts"), inventory)
            routing = build_routing(alerts)
            given = {**asdict(incident_settings(alerts)), **given}
        verdict, incidents, conditions = _settings(given)
        self.patrol = Patrol(inventory, routing, verdict, incidents, conditions)
        self.windows: list[Window] = []
        self.played = Played(scenario.start)
        self.answering = {d.id: True for d in inventory.devices.values() if d.monitored}
        self.ports: dict[PortRef, tuple[AdminStatus, OperStatus]] = {}
        if scenario.baseline:
            ends = (end.port for link in inventory.links.values() for end in link.ends)
            self.ports = {
                p: (AdminStatus.UP, OperStatus.UP) for p in ends if p and p.device in self.answering
            }
        self.other: dict[DeviceId, dict[str, Observation]] = {}
        self.checks: dict[ApplicationId, ApplicationCheck] = {}
        self._queue: list[tuple[float, int, str, Any]] = []
        self._order = count()

    def run(self) -> Played:
        for entry in self.scenario.timeline:
            self._push(float(entry["at"]), "entry", entry)
        if self.scenario.baseline:
            for device in self.scenario.inventory.devices.values():
                if device.monitored:
                    self._push(0.0, "probe", device)
                    self._push(0.0, "poll", device)
        while self._queue and self._queue[0][0] <= self.scenario.until_s:
            at_s = self._queue[0][0]
            while self._queue and self._queue[0][0] == at_s:
                _, _, kind, what = heapq.heappop(self._queue)
                getattr(self, f"_do_{kind}")(at_s, what)
            round_ = self.patrol.look(self._time(at_s))
            self.played.take(at_s, round_.moved)
            if round_.next_at is not None:
                wake_s = (round_.next_at - self.scenario.start).total_seconds()
                self._push(max(wake_s, at_s + 0.05), "look", None)
        return self.played

    def _do_look(self, at_s: float, _: None) -> None:
        """The verdict is given after every batch anyway."""

    def _do_probe(self, at_s: float, device: Device) -> None:
        self._probe(at_s, device.id)
        self._push(at_s + device.probe_interval_s, "probe", device)

    def _do_reprobe(self, at_s: float, device: DeviceId) -> None:
        self._probe(at_s, device)

    def _do_poll(self, at_s: float, device: Device) -> None:
        if self.answering[device.id]:
            for port, (admin, oper) in self.ports.items():
                if port.device == device.id:
                    self.patrol.see([PortStatus(port, self._time(at_s), admin, oper)])
            held = self.other.get(device.id, {})
            self.patrol.see(replace(o, at=self._time(at_s)) for o in held.values())
        self._push(at_s + device.poll_interval_s, "poll", device)

    def _do_check(self, at_s: float, application: ApplicationId) -> None:
        self.patrol.see([replace(self.checks[application], at=self._time(at_s))])
        self._push(at_s + CHECK_EVERY_S, "check", application)

    def _do_entry(self, at_s: float, entry: dict[str, Any]) -> None:
        if "observe" in entry:
            items = entry["observe"]
            for item in items if isinstance(items, list) else [items]:
                self._observe(at_s, item)
        elif "ack" in entry:
            self._acknowledge(at_s, str(entry["ack"]), str(entry.get("who", "piket")))
        elif "unack" in entry or "comment" in entry:
            self._speak(at_s, entry)
        elif "maintenance" in entry or "cancel" in entry:
            self._maintain(at_s, entry)
        elif "condition" in entry:
            found = condition_of(entry["condition"], self.scenario.inventory, self._time(at_s))
            self.patrol.put([found])
        elif "history" in entry:
            self.patrol.conditions.learn(history_of(entry["history"], self._time(at_s)), self._time(at_s))
        else:
            raise BadInputError(
                f"at {at_s:g}: expected `observe`, `history`, `condition`, `maintenance`, `cancel`, `ack`, "
                f"`unack` or `comment`, found {entry}"
            )

    def _acknowledge(self, at_s: float, wanted: str, who: str) -> None:
        with self._known(at_s, wanted) as incident:
            self.played.take(at_s, self.patrol.acknowledge(incident, who, self._time(at_s)))

    def _speak(self, at_s: float, entry: dict[str, Any]) -> None:
        who, text, now = str(entry.get("who", "piket")), str(entry.get("text", "")), self._time(at_s)
        with self._known(at_s, str(entry.get("unack", entry.get("comment")))) as incident:
            if "unack" in entry:
                self.played.take(at_s, self.patrol.unacknowledge(incident, who, now, text))
            else:
                self.played.take(at_s, self.patrol.comment(incident, who, now, text))

    @contextmanager
    def _known(self, at_s: float, wanted: str) -> Iterator[IncidentId]:
        """By id, or `last` for the one opened last."""
        active = [i for i in self.patrol.book.active if i.told]
        try:
            yield active[-1].id if wanted == "last" and active else IncidentId(wanted)
        except UnknownIncidentError as error:
            known = ", ".join(i.id for i in active) or "none"
            raise BadInputError(f"at {at_s:g}: no open incident {wanted} (open: {known})") from error

    def _maintain(self, at_s: float, entry: dict[str, Any]) -> None:
        """A window becomes known, or is cancelled (by id, or `last`)."""
        now = self._time(at_s)
        if "maintenance" in entry:
            number = len(self.windows) + 1
            given, inventory = entry["maintenance"], self.scenario.inventory
            zone = ZoneInfo(inventory.network.timezone)
            try:
                window = window_of(given, now, self.scenario.start, number, inventory, zone)
            except BadInputError as error:
                raise BadInputError(f"at {at_s:g}: {error}") from error
            self.windows.append(window)
        else:
            wanted = str(entry["cancel"])
            chosen = self.windows[-1].id if wanted == "last" and self.windows else wanted
            if chosen not in {w.id for w in self.windows}:
                known = ", ".join(w.id for w in self.windows) or "none"
                raise BadInputError(f"at {at_s:g}: no maintenance {wanted} (known: {known})")
            self.windows = [replace(w, cancelled_at=now) if w.id == chosen else w for w in self.windows]
        self.patrol.plan_maintenance(self.windows)

    def _observe(self, at_s: float, item: dict[str, Any]) -> None:
        device = DeviceId(str(item.get("device", "")))
        if item.get("kind") == "application":
            self._check(at_s, item)
            return
        if device not in self.scenario.inventory.devices:
            raise BadInputError(f"at {at_s:g}: unknown device {device!r}")
        kind = item.get("kind")
        if kind == "reach":
            self._reach(at_s, device, bool(item.get("answered", True)), once=bool(item.get("once", False)))
            return
        observation = observation_of(item, device, self._time(at_s))
        if isinstance(observation, PortStatus):
            self.ports[observation.port] = (observation.admin, observation.oper)
        else:
            self.other.setdefault(device, {})[observation_key(observation)] = observation
        self.patrol.see([observation])

    def _check(self, at_s: float, item: dict[str, Any]) -> None:
        check = observation_of(item, DeviceId(""), self._time(at_s))
        assert isinstance(check, ApplicationCheck)
        if check.application not in self.scenario.inventory.applications:
            raise BadInputError(f"at {at_s:g}: unknown application {check.application!r}")
        if check.application not in self.checks and self.scenario.baseline:
            self._push(at_s + CHECK_EVERY_S, "check", check.application)
        self.checks[check.application] = check
        self.patrol.see([check])

    def _reach(self, at_s: float, device: DeviceId, answered: bool, *, once: bool) -> None:
        if once or not self.scenario.baseline:
            self.patrol.see([Reachability(device, self._time(at_s), answered, received=int(answered))])
            return
        was = self.answering.get(device, True)
        self.answering[device] = answered
        for later in FAST_PROBES_AT if was and not answered else (0.0,):
            self._push(at_s + later, "reprobe", device)

    def _probe(self, at_s: float, device: DeviceId) -> None:
        answered = self.answering.get(device, True)
        self.patrol.see([Reachability(device, self._time(at_s), answered, received=int(answered))])

    def _push(self, at_s: float, kind: str, what: Any) -> None:
        heapq.heappush(self._queue, (round(at_s, 6), next(self._order), kind, what))

    def _time(self, at_s: float) -> datetime:
        return self.scenario.start + timedelta(seconds=at_s)


def _settings(given: Mapping[str, Any]) -> tuple[VerdictSettings, IncidentSettings, ConditionSettings]:
    """A scenario's `settings:` name fields of any of them. Raises BadInputError for one that none has."""
    kinds = (VerdictSettings, IncidentSettings, ConditionSettings)
    names = [{f.name for f in fields(kind)} for kind in kinds]
    if unknown := sorted(set(given).difference(*names)):
        known = ", ".join(sorted(set().union(*names)))
        raise BadInputError(f"settings: unknown: {', '.join(unknown)} (known: {known})")
    verdict, incidents, conditions = ({k: v for k, v in given.items() if k in of} for of in names)
    return VerdictSettings(**verdict), IncidentSettings(**incidents), ConditionSettings(**conditions)
