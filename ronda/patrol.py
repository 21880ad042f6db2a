"""One step of the round: observations in; verdict, changed states, incidents and notifications out.

No I/O and no clock: `ronda.app` drives it live, `ronda.commands.replay` on simulated time, so that a scenario
runs through exactly what production runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.condition_engine import ConditionEngine
from alerts.condition_settings import ConditionSettings
from alerts.conditions import Condition
from alerts.escalate import unacknowledged
from alerts.incident import IncidentBook, IncidentSettings, Step, UnknownIncidentError
from alerts.maintenance import Window
from alerts.model import Happened, Incident, IncidentId, IncidentStatus
from alerts.newcomers import Newcomers
from alerts.notify import Moved, Teller
from alerts.route import Route, Routing
from ronda.resume import telling
from topology.findings import StateChange, Verdict
from topology.graph import NetworkGraph
from topology.history import changes, verdict_at
from topology.model import DeviceId, Inventory
from topology.observations import Observation
from topology.verdict import Judge, VerdictSettings


@dataclass(frozen=True, slots=True)
class Round:
    """What one look at the network brought."""

    verdict: Verdict
    changes: tuple[StateChange, ...]
    moved: Moved
    next_at: datetime | None
    """When to look again though nothing new was seen."""


class Patrol:
    def __init__(
        self,
        inventory: Inventory,
        routing: Routing | Sequence[Route],
        verdict_settings: VerdictSettings | None = None,
        incident_settings: IncidentSettings | None = None,
        condition_settings: ConditionSettings | None = None,
    ) -> None:
        self._inventory = inventory
        self._zone = ZoneInfo(inventory.network.timezone)
        self._incident_settings = incident_settings
        self.judge = Judge(NetworkGraph(inventory), verdict_settings or VerdictSettings())
        if not isinstance(routing, Routing):
            routing = Routing(tuple(routing))
        self.teller = Teller(routing, inventory, self.judge.graph, self._zone)
        self.conditions = ConditionEngine(inventory, condition_settings)
        self._newcomers = Newcomers(inventory, self.conditions.settings.connected_after_s)
        self.book = self._new_book(())
        self.verdict: Verdict | None = None
        self._before: Verdict | None = None

    def resume(
        self,
        incidents: Iterable[Incident],
        history: Iterable[StateChange],
        evidence: Iterable[Observation],
        now: datetime | None = None,
    ) -> None:
        """Go on where an earlier process stopped: its incidents, since-times and retained evidence.

        With `now`, changes are told against what the log says of that moment, not once more from nothing.
        """
        history = tuple(history)
        incidents = tuple(incidents)
        self.book = self._new_book(incidents)
        self.conditions.resume(incidents)
        self._newcomers.recall(history)
        self.teller.resume(incidents)
        self.judge.recall(history)
        self.see(telling(evidence, incidents, self._inventory, now))
        if now is not None and history:
            self._before = verdict_at(history, now)

    def see(self, observations: Iterable[Observation]) -> None:
        for observation in observations:
            self.judge.observe(observation)
            self.conditions.observe(observation)

    def put(self, conditions: Iterable[Condition]) -> None:
        """What others found that is no outage; the next look makes incidents of it."""
        self.conditions.put(conditions)

    def look(self, now: datetime, in_flight: Collection[DeviceId] = ()) -> Round:
        """Give the verdict and move the incidents by it. `in_flight`: devices being polled at this moment."""
        before, verdict = self._before, self.judge.verdict(now, in_flight)
        self.verdict = self._before = verdict
        changed = changes(before, verdict)
        steps = self.book.advance(verdict, self.conditions.conditions(verdict), changed)
        for newcomer in self._newcomers.look(verdict):
            steps.append(self.book.announce(newcomer.office, newcomer.since, newcomer.why, now))
            changed += (newcomer.change,)
        moved = self._tell(steps, now)
        wakes = (
            verdict.look_again_at,
            self.book.next_at(),
            self.teller.next_at,
            self._newcomers.next_at(),
        )
        return Round(verdict, changed, moved, min((at for at in wakes if at is not None), default=None))

    def acknowledge(self, incident: IncidentId, who: str, now: datetime, note: str = "") -> Moved:
        """Raises UnknownIncidentError."""
        return self._tell([self.book.acknowledge(incident, who, now, note)], now)

    def unacknowledge(self, incident: IncidentId, who: str, now: datetime, note: str = "") -> Moved:
        """Nobody is on it any more: whoever was told is told so. Raises UnknownIncidentError."""
        known = next((i for i in self.book.active if i.id == incident and i.told), None)
        if known is None:
            raise UnknownIncidentError(incident)
        if known.status is not IncidentStatus.ACKNOWLEDGED:
            return self._tell([Step(known, known, ())], now)
        after = unacknowledged(known, now, note or "given back", who)
        self.book.put(after)
        return self._tell([Step(known, after, (Happened.UNACKNOWLEDGED,))], now)

    def plan_maintenance(self, windows: Iterable[Window]) -> None:
        """All maintenance windows that are known; those before are forgotten."""
        self.teller.plan_maintenance(windows)

    def comment(self, incident: IncidentId, who: str, now: datetime, text: str) -> Moved:
        """Raises UnknownIncidentError."""
        return self._tell([self.book.comment(incident, who, now, text)], now)

    def assign(self, incident: IncidentId, who: str, to: str | None, now: datetime) -> Moved:
        """Raises UnknownIncidentError."""
        return self._tell([self.book.assign(incident, who, to, now)], now)

    def link_ticket(self, incident: IncidentId, who: str, ticket: str | None, now: datetime) -> Moved:
        """Raises UnknownIncidentError."""
        return self._tell([self.book.link_ticket(incident, who, ticket, now)], now)

    def _new_book(self, incidents: Iterable[Incident]) -> IncidentBook:
        inventory = self._inventory
        return IncidentBook(
            inventory.offices, self._incident_settings, incidents, timezone=self._zone, links=inventory.links
        )

    def _tell(self, steps: Sequence[Step], now: datetime) -> Moved:
        return self.teller.tell(self.book, steps, now, self.verdict)
