"""A night on simulated time: `Patrol` sees of the lab's network what the running system sees of a real one.

    lab.network.Network ──echo──► Reprobe's turns ──┐
            │           ──poll──► poll turns ───────┴─► Patrol.see ─► Patrol.look ─► notifications
            └─► night_truth.Truth: who is really cut, at every moment             └─► wanted: asked at once

What is simulated is only the waiting: echoes go out when `collector.reprobe` says so, a batch is known when
its last answer is there or a second has passed, a poll is read at its start and stamped at its end, a silent
one is given up after two time-outs of two seconds. What else `ronda.app` and `collector.schedule` do (gather
time, ask gaps, one poll of a device at a time, a batch for regular probes) is followed event by event.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from night_truth import Truth

from alerts.incident import IncidentSettings
from alerts.model import Incident, IncidentId, Notification, ReceiverId
from alerts.route import Route
from collector.reprobe import Reprobe, next_turn_s, phase_of
from collector.schedule_settings import ScheduleSettings
from lab import commands
from lab.hardware import PortUse
from lab.network import Network
from ronda.patrol import Patrol, Round
from ronda.rounds import GATHER_S
from topology.findings import Component, Connectivity, StateChange
from topology.model import DeviceId, Inventory, OfficeId, PortRef
from topology.observations import (
    AdminStatus,
    Light,
    Means,
    Observation,
    OperStatus,
    OpticalReading,
    PortStatus,
    Reachability,
)
from topology.settings import VerdictSettings

START = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
ECHO_TIMEOUT_S = 1.0
SNMP_TIMEOUT_S = 2.0
SNMP_ATTEMPTS = 2
EVIDENCE_EVERY_S = 10.0


@dataclass
class Records:
    """What an earlier process left on disk."""

    incidents: dict[IncidentId, Incident] = field(default_factory=dict)
    changes: list[StateChange] = field(default_factory=list)
    evidence: tuple[Observation, ...] = ()


class Night:
    def __init__(
        self,
        inventory: Inventory,
        *,
        seed: int = 0,
        verdict: VerdictSettings | None = None,
        incidents: IncidentSettings | None = None,
        watch: Callable[[Night, Round], None] | None = None,
    ) -> None:
        self.inventory = inventory
        self.network = Network(inventory, at_s=0.0, wall=START)
        self.truth = Truth(inventory)
        self.now_s = 0.0
        self.uplink_cut = False
        """The cable between the monitor and its vantage."""
        self.latency_s: dict[DeviceId, float] = {}
        """What is added to a device's answers."""
        self.notes: list[tuple[float, Notification]] = []
        self.incidents: dict[IncidentId, Incident] = {}
        self.first_offices: dict[IncidentId, tuple[OfficeId, ...]] = {}
        """Cut offices of each incident when it was opened."""
        self.first_hypotheses: dict[IncidentId, tuple[tuple[Component, ...], ...]] = {}
        """Alternatives of each incident when it was opened."""
        self.rounds = 0
        self._watch = watch
        self._verdict, self._incident = verdict or VerdictSettings(), incidents
        self._dice = random.Random(seed)
        self._schedule = ScheduleSettings()
        self._records = Records()
        self._order = count()
        self._queue: list[tuple[float, int, int, Callable[[], None]]] = []
        self._generation = 0
        """Of the monitoring process: what an earlier one had in flight is lost."""
        self._note_truth()
        self._begin()

    # --- the outside: time and faults ---

    def run_to(self, until_s: float) -> None:
        while self._queue and self._queue[0][0] <= until_s:
            at_s, _, generation, act = heapq.heappop(self._queue)
            self._advance(at_s)
            if generation in (self._generation, -1):
                act()
        self._advance(until_s)

    def run_for(self, seconds: float) -> None:
        self.run_to(self.now_s + seconds)

    def do(self, command: str, *arguments: object, **options: object) -> None:
        """One of the lab's commands, now."""
        commands.COMMANDS[command](self.network, self.now_s, *arguments, **options)
        self._note_truth()

    def cut_uplink(self, cut: bool = True) -> None:
        self.uplink_cut = cut
        self._note_truth()

    def restart(self, down_s: float, *, crash: bool) -> None:
        """The monitor stops and starts again; after a crash it has the evidence of the last save only."""
        if not crash:
            self._records.evidence = self.patrol.judge.evidence()
        self._generation += 1
        self.run_for(down_s)
        self._begin()

    def _advance(self, at_s: float) -> None:
        """The lab's own events (boots, flaps) happen at their own times, and so do their truths."""
        while (due_s := self.network.next_due_s) is not None and due_s <= at_s:
            self.network.advance(due_s)
            self.now_s = due_s
            self._note_truth()
        self.now_s = at_s

    def _note_truth(self) -> None:
        self.truth.note(self.now_s, self.network.truth, uplink_cut=self.uplink_cut)

    # --- the monitoring process ---

    def _begin(self) -> None:
        routes = [Route(receivers=(ReceiverId("piket"),))]
        self.patrol = Patrol(self.inventory, routes, self._verdict, self._incident)
        kept = self._records
        self.patrol.resume(kept.incidents.values(), kept.changes, kept.evidence, now=self.time(self.now_s))
        self._reprobe = Reprobe(self._schedule.reprobe)
        monitored = {d.id: d for d in self.inventory.devices.values() if d.monitored}
        self._reprobe.set_devices({d.id: d.probe_interval_s for d in monitored.values()}, self.now_s)
        self._polling: set[DeviceId] = set()
        self._polled_s: dict[DeviceId, float] = {}
        self._asked: set[DeviceId] = set()
        self._look_at_s: float | None = None
        self._pump_at_s: float | None = None
        for device in monitored.values():
            interval_s = device.poll_interval_s
            turn_s = next_turn_s(self.now_s, interval_s, phase_of(device.id))
            self._at(turn_s, lambda d=device.id: self._poll_turn(d))
            soon_s = phase_of(device.id) * min(interval_s, self._schedule.first_polls_s)
            self._ask_poll(device.id, self.now_s + soon_s)
        self._wake_pump(self.now_s)
        self._want_look(self.now_s + 1.0)
        self._at(self.now_s + EVIDENCE_EVERY_S, self._keep_evidence)

    def _at(self, at_s: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (max(at_s, self.now_s), next(self._order), self._generation, act))

    def _keep_evidence(self) -> None:
        self._records.evidence = self.patrol.judge.evidence()
        self._at(self.now_s + EVIDENCE_EVERY_S, self._keep_evidence)

    # --- probes (collector.probe_turns) ---

    def _wake_pump(self, at_s: float) -> None:
        if self._pump_at_s is None or at_s < self._pump_at_s:
            self._pump_at_s = at_s
            self._at(at_s, lambda: self._pump(at_s))

    def _pump(self, planned_s: float) -> None:
        if self._pump_at_s != planned_s:
            return  # another wake came before it
        self._pump_at_s = None
        due = self._reprobe.due(self.now_s)
        if len(due.urgent) <= self._schedule.urgent_alone:
            for device in due.urgent:
                self._send([device])
        else:
            self._send(due.urgent)
        if due.regular:
            self._send(due.regular)
        next_s = self._reprobe.next_s()
        if next_s is not None:
            self._wake_pump(max(next_s, self.now_s + self._schedule.probe_tick_s))

    def _send(self, devices: Sequence[DeviceId]) -> None:
        sent_s = self.now_s
        found, done_s = [], sent_s
        for device in devices:
            rtt_s = self._echo(device)
            if rtt_s is None:
                found.append(Reachability(device, self.time(sent_s), False, received=0))
                done_s = max(done_s, sent_s + ECHO_TIMEOUT_S)
            else:
                at = self.time(sent_s + rtt_s)
                found.append(Reachability(device, at, True, Means.ICMP, rtt_s, received=1))
                done_s = max(done_s, sent_s + rtt_s)
        self._at(done_s, lambda: self._echoed(found, sent_s))

    def _echo(self, device: DeviceId) -> float | None:
        """The round trip, or None: no answer in time."""
        if not self._reached(device) or self._dice.random() < self.network.round_trip_loss(device):
            return None
        rtt_s = self.network.state.rtt_s[device] + self.latency_s.get(device, 0.0)
        return rtt_s if rtt_s < ECHO_TIMEOUT_S else None

    def _reached(self, device: DeviceId) -> bool:
        return not self.uplink_cut and self.network.reachable(device)

    def _echoed(self, answers: Sequence[Reachability], sent_s: float) -> None:
        for answer in answers:
            if answer.answered:
                self._reprobe.heard(answer.device, sent_s)
            else:
                self._reprobe.missed(answer.device, sent_s, self.now_s)
        if not all(answer.answered for answer in answers):
            self._wake_pump(self.now_s)
        self._see(answers)

    # --- polls (collector.poll_turns) ---

    def _poll_turn(self, device: DeviceId) -> None:
        interval_s = self.inventory.devices[device].poll_interval_s
        self._at(
            next_turn_s(self.now_s, interval_s, phase_of(device)) + self._dice.random() * 0.2,
            lambda: self._poll_turn(device),
        )
        self._poll(device)

    def _ask_poll(self, device: DeviceId, at_s: float) -> None:
        self._asked.add(device)
        self._at(at_s, lambda: self._asked_due(device))

    def _asked_due(self, device: DeviceId) -> None:
        if device not in self._asked:
            return  # a regular poll served it
        wait_s = self._gap_left_s(device)
        if device in self._polling:
            wait_s = max(wait_s, 0.2)
        if wait_s > 0:
            self._at(self.now_s + wait_s, lambda: self._asked_due(device))
            return
        self._poll(device)

    def _gap_left_s(self, device: DeviceId) -> float:
        last_s = self._polled_s.get(device, float("-inf"))
        return max(0.0, last_s + self._schedule.poll_ask_gap_s - self.now_s)

    def _poll(self, device: DeviceId) -> None:
        if device in self._polling:
            return
        self._polling.add(device)
        self._polled_s[device] = self.now_s
        self._asked.discard(device)
        self._attempt(device, SNMP_ATTEMPTS)

    def _attempt(self, device: DeviceId, left: int) -> None:
        rtt_s = None
        if self._reached(device) and self.network.answers_snmp(device):
            lost = self._dice.random() < self.network.round_trip_loss(device)
            rtt_s = self.network.state.rtt_s[device] + self.latency_s.get(device, 0.0)
            rtt_s = None if lost or rtt_s >= SNMP_TIMEOUT_S else rtt_s
        if rtt_s is not None:
            read = self._readings(device)
            ends_s = self.now_s + 4.0 * rtt_s + self._dice.uniform(0.01, 0.25)
            self._at(ends_s, lambda: self._polled(device, read))
        elif left > 1:
            self._at(self.now_s + SNMP_TIMEOUT_S, lambda: self._attempt(device, left - 1))
        else:
            self._at(self.now_s + SNMP_TIMEOUT_S, lambda: self._polled(device, None))

    def _readings(self, device: DeviceId) -> list[tuple[str, bool, Light, float | None]]:
        """(port, oper up, light, rx_dbm)"""
        found = []
        for port in self.network.hardware[device].ports:
            if port.use is not PortUse.LINK:
                continue
            optical = self.network.optical(port, self.now_s)
            rx_dbm = None if optical is None else optical.rx_dbm
            light = Light.UNSUPPORTED if optical is None else Light.DARK if rx_dbm is None else Light.LIT
            found.append((port.name, self.network.oper_up(port), light, rx_dbm))
        return found

    def _polled(self, device: DeviceId, read: list[tuple[str, bool, Light, float | None]] | None) -> None:
        self._polling.discard(device)
        at = self.time(self.now_s)
        answered = read is not None
        seen: list[Observation] = [
            Reachability(device, at, answered, Means.SNMP, sent=1, received=int(answered))
        ]
        for name, up, light, rx_dbm in read or ():
            oper = OperStatus.UP if up else OperStatus.DOWN
            seen.append(PortStatus(PortRef(device, name), at, AdminStatus.UP, oper))
            if light is not Light.UNSUPPORTED:
                seen.append(OpticalReading(device, at, name, if_name=name, light=light, rx_dbm=rx_dbm))
        self._see(seen)

    # --- rounds (ronda.app) ---

    def _see(self, observations: Sequence[Observation]) -> None:
        self.patrol.see(observations)
        self._want_look(self.now_s + GATHER_S)

    def _want_look(self, at_s: float) -> None:
        if self._look_at_s is None or at_s < self._look_at_s:
            self._look_at_s = at_s
            self._at(at_s, lambda: self._look(at_s))

    def _look(self, planned_s: float) -> None:
        if self._look_at_s != planned_s:
            return
        self._look_at_s = None
        self.rounds += 1
        round_ = self.patrol.look(self.time(self.now_s))
        self._records.changes += round_.changes
        for incident in round_.moved.incidents:
            self._records.incidents[incident.id] = incident
            self.incidents[incident.id] = incident
            if incident.told and incident.id not in self.first_offices:
                cut = (o.office for o in incident.offices_now if o.connectivity is Connectivity.CUT)
                self.first_offices[incident.id] = tuple(cut)
                self.first_hypotheses[incident.id] = tuple(h.components for h in incident.alternatives)
        self.notes += [(self.now_s, note) for note in round_.moved.notifications]
        for device in round_.verdict.wanted:
            if self._reprobe.ask(device, self.now_s):
                self._wake_pump(self.now_s)
            if self.inventory.devices[device].monitored and device not in self._asked:
                self._ask_poll(device, self.now_s + self._gap_left_s(device))
        if round_.next_at is not None:
            self._want_look(max((round_.next_at - START).total_seconds(), self.now_s + GATHER_S))
        if self._watch is not None:
            self._watch(self, round_)

    def time(self, at_s: float) -> datetime:
        return START + timedelta(seconds=round(at_s, 6))

    def second(self, at: datetime) -> float:
        return (at - START).total_seconds()
