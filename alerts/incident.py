"""The book of incidents: verdicts in, changed incidents out. Pure: no I/O, no clock.

Invariant: every settled cause of the newest verdict belongs to exactly one active incident, and an active
incident without a cause is one whose end is not proven yet (evidence missing, or still flapping).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from alerts import steps
from alerts.changing import announcement
from alerts.conditions import Condition
from alerts.findings import Finding, findings_of, of_condition
from alerts.flapping import FlapCount, flap_facts, reason, with_flapping
from alerts.gathering import gather
from alerts.lifecycle import Lifecycle, revised
from alerts.matching import match, open_to_causes
from alerts.model import (
    Fact,
    Happened,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentStatus,
)
from alerts.numbers import IncidentNumbers
from alerts.proof import symptom_over
from alerts.splitting import note_splits, owners
from alerts.steps import Step, names, noted
from topology.findings import Component, StateChange, Verdict
from topology.model import Link, LinkId, Office, OfficeId

__all__ = ["IncidentBook", "IncidentSettings", "Step", "UnknownIncidentError"]


@dataclass(frozen=True, slots=True)
class IncidentSettings:
    reopen_window_s: float = 600.0
    """The same cause back within this time reopens its incident instead of making a new one."""
    update_quiet_s: float = 10.0
    """An update is told when an open incident has not changed for this long, so that ten offices falling
    one by one make one update."""
    update_at_most_s: float = 60.0
    """... but no later than this after the first change that nobody was told of."""
    calm_s: float = 60.0
    """What came back once ends only when it has been well for this long: no page a flap."""


class UnknownIncidentError(KeyError):
    """No active incident has this id."""


class IncidentBook:
    """All incidents that are active or may still be reopened, and the rules that move them."""

    def __init__(
        self,
        offices: Mapping[OfficeId, Office],
        settings: IncidentSettings | None = None,
        incidents: Iterable[Incident] = (),
        timezone: tzinfo = UTC,
        links: Mapping[LinkId, Link] | None = None,
    ) -> None:
        """`incidents`: the active ones and today's, as the records hold them. `timezone`: the network's,
        for the day in an incident's id. `links`: so that what flaps together is one."""
        self._settings = settings or IncidentSettings()
        self._incidents: dict[IncidentId, Incident] = {incident.id: incident for incident in incidents}
        self._numbers = IncidentNumbers(timezone, self._incidents)
        self._life = Lifecycle(offices, self._numbers)
        self._waiting_since: dict[IncidentId, datetime] = {}
        self._well_since: dict[IncidentId, datetime] = {}
        """Incidents that came back before, and whose symptoms are over again."""
        self._links = links or {}
        self._flaps = FlapCount()

    def __iter__(self) -> Iterator[Incident]:
        return iter(self._incidents.values())

    @property
    def active(self) -> tuple[Incident, ...]:
        return tuple(i for i in self._incidents.values() if i.active)

    def advance(
        self,
        verdict: Verdict,
        conditions: Iterable[Condition] = (),
        changes: Iterable[StateChange] = (),
    ) -> list[Step]:
        """Take in a verdict; return every incident that moved, oldest first.

        `conditions`: all that are known, standing or not. `changes`: what is new in this verdict, to count
        how often what flaps does so.
        """
        now = verdict.at
        self._forget_old(now)
        self._flaps.see(changes)
        self._life.since = {office: judged.since for office, judged in verdict.offices.items()}
        told_before = owners(self._incidents.values())
        found = self._advance_outages(verdict)
        found += self._advance_conditions(conditions, now)
        found += self._lapse(now)
        return note_splits(found, told_before, self._incidents, now)

    def _advance_outages(self, verdict: Verdict) -> list[Step]:
        now = verdict.at
        horizon = now - timedelta(seconds=self._settings.reopen_window_s)
        candidates = open_to_causes(self._incidents.values(), verdict, horizon)
        findings = gather(findings_of(verdict), candidates)
        findings = with_flapping(findings, verdict, self._flaps, self._links)
        pairs, new = match(findings, candidates)
        followed = {incident.id for incident, _ in pairs}
        moved = [self._keep(self._go_on(incident, finding, now)) for incident, finding in pairs]
        taken = {symptom for finding in findings if finding.settled for symptom in finding.explains}
        followed |= {step.after.id for step in moved if step is not None}  # opened: by its new id
        left = [i for i in self.active if i.id not in followed and i.kind is not IncidentKind.CONDITION]
        begun = [self._keep(self._life.begin(finding, now)) for finding in new]
        for incident in left:
            moved += [self._keep(step) for step in self._without_cause(incident, verdict, taken)]
        return [step for step in moved + begun if step is not None]

    def _advance_conditions(self, conditions: Iterable[Condition], now: datetime) -> list[Step]:
        """A condition's key is its incident's group: nothing has to be guessed."""
        horizon = now - timedelta(seconds=self._settings.reopen_window_s)
        known = {
            i.group: i
            for i in self._incidents.values()
            if i.kind is IncidentKind.CONDITION and (i.active or (i.resolved_at or now) >= horizon)
        }
        moved = []
        for condition in conditions:
            incident = known.get(condition.key)
            if condition.standing:
                finding = of_condition(condition)
                if incident is None:
                    moved.append(self._keep(self._life.begin(finding, now)))
                else:
                    moved.append(self._keep(self._go_on(incident, finding, now)))
            elif condition.standing is False and incident is not None and incident.active:
                moved.append(self._keep(self._life.end(incident, Happened.RESOLVED, now, condition.why)))
        return [step for step in moved if step is not None]

    def _lapse(self, now: datetime) -> list[Step]:
        over = [i for i in self.active if i.lapses_at is not None and i.lapses_at <= now]
        found = [self._life.end(i, Happened.LAPSED, now, "it has been shown long enough") for i in over]
        return [step for step in map(self._keep, found) if step is not None]

    def announce(self, office: OfficeId, since: datetime, why: str, now: datetime) -> Step:
        """Good news that is told once: an office that was never joined answers."""
        incident = announcement(self._numbers.new(now), office, since, why, now)
        self._incidents[incident.id] = incident
        return Step(None, incident, (Happened.CONNECTED,))

    def _keep(self, step: Step | None) -> Step | None:
        """At once, so that the next step finds it (and the next incident another id)."""
        if step is not None:
            if step.before is not None:
                self._well_since.pop(step.before.id, None)
                del self._incidents[step.before.id]
            if step.after.told or step.after.active:  # a suspicion that dissolved is forgotten
                self._incidents[step.after.id] = step.after
        return step

    def acknowledge(self, incident_id: IncidentId, who: str, now: datetime, note: str = "") -> Step:
        """Somebody is on it. Raises UnknownIncidentError when it isn't active."""
        return self._worked(steps.acknowledged(self._active(incident_id), who, now, note))

    def comment(self, incident_id: IncidentId, who: str, now: datetime, text: str) -> Step:
        """Raises UnknownIncidentError when it isn't active."""
        return self._worked(steps.commented(self._active(incident_id), who, now, text))

    def assign(self, incident_id: IncidentId, who: str, to: str | None, now: datetime) -> Step:
        """`who` says that `to` works on it; None: nobody any more. Raises UnknownIncidentError."""
        return self._worked(steps.assigned(self._active(incident_id), who, to, now))

    def link_ticket(self, incident_id: IncidentId, who: str, ticket: str | None, now: datetime) -> Step:
        """The provider's ticket number for it; None takes it off. Raises UnknownIncidentError."""
        return self._worked(steps.ticketed(self._active(incident_id), who, ticket, now))

    def _worked(self, step: Step) -> Step:
        self._incidents[step.after.id] = step.after
        return step

    def due_updates(self, now: datetime) -> list[Incident]:
        """Open incidents that changed since they were last told, and have kept still since."""
        return [i for i in self.active if (at := self._update_at(i)) is not None and at <= now]

    def put(self, incident: Incident) -> None:
        """Take over what was noted beside its life: who was told, what holds it, how far it was escalated."""
        if incident.id in self._incidents:
            self._incidents[incident.id] = incident
        if incident.told_revision >= incident.revision:
            self._waiting_since.pop(incident.id, None)

    def mark_told(self, incident: Incident) -> Incident:
        """Notifications of its present revision are made (they are committed with it)."""
        told = replace(incident, told_revision=incident.revision)
        self._incidents[told.id] = told
        self._waiting_since.pop(told.id, None)
        return told

    def next_at(self) -> datetime | None:
        """When there will next be something to do, with no new verdict."""
        calm = timedelta(seconds=self._settings.calm_s)
        times = [at for i in self.active for at in (self._update_at(i), i.lapses_at) if at is not None]
        times += [well + calm for well in self._well_since.values()]
        return min(times, default=None)

    def _go_on(self, incident: Incident, finding: Finding, now: datetime) -> Step | None:
        self._well_since.pop(incident.id, None)
        step = self._life.follow(incident, finding, now)
        if step is None or step.happened:
            return step
        if replace(step.after, facts=incident.facts, why=incident.why) != incident:
            return step
        self._incidents[incident.id] = step.after  # new figures of the same: no reason to write them down
        return None

    # --- incidents that no cause is matched with ---

    def _without_cause(self, incident: Incident, verdict: Verdict, taken: set[Component]) -> list[Step]:
        """No cause of the verdict is this incident's. It ends only when that is proven."""
        now = verdict.at
        well = self._well_since.pop(incident.id, now)
        if incident.status is IncidentStatus.SUSPECTED:
            return [self._life.end(incident, Happened.DISMISSED, now, "nothing points to it any more")]
        if verdict.blind:
            return []  # nothing is proven by a monitor that can't see
        mine = (*incident.components, *incident.explains)
        if flapping := [f for f in verdict.flapping if f.component in mine]:
            # It will be back in a moment: hold it open until it keeps still.
            return self._says_it_flaps(incident, flap_facts(flapping, self._flaps, now), now)
        open_symptoms = [s for s in incident.explains if not symptom_over(s, incident.kind, verdict)]
        if [s for s in open_symptoms if s not in taken]:
            return []  # evidence is missing (stale, unknown): neither over nor explained otherwise
        if open_symptoms and len(open_symptoms) == len(incident.explains):
            return self._merge(incident, open_symptoms, now)
        if incident.kind is IncidentKind.FLAPPING:
            return [self._life.end(incident, Happened.RESOLVED, now, "it keeps still now")]
        again = incident.reopened_at is not None and incident.kind is not IncidentKind.BLIND
        if again and now - well < timedelta(seconds=self._settings.calm_s):
            self._well_since[incident.id] = well
            return []
        step = self._life.end(incident, Happened.RESOLVED, now, "every symptom is over")
        return [Step(step.before, replace(step.after, resolved_at=well), step.happened)]

    def _says_it_flaps(self, incident: Incident, facts: tuple[Fact, ...], now: datetime) -> list[Step]:
        after = replace(incident, facts=facts)
        if incident.fact("changes") is not None:
            self._incidents[incident.id] = after
            return []
        after = noted(after, Happened.CHANGED, now, reason(facts))
        return [Step(incident, revised(after, now), (Happened.CHANGED,))]

    def _merge(self, incident: Incident, symptoms: list[Component], now: datetime) -> list[Step]:
        """All of it has another cause now: the incident that explains most of it goes on alone."""
        others = [i for i in self.active if i.id != incident.id and i.told]
        into = max(others, key=lambda i: len(set(symptoms) & set(i.explains)), default=None)
        if into is None or not set(symptoms) & set(into.explains):
            return [self._life.end(incident, Happened.MERGED, now, "another cause explains all of it")]
        ended = self._life.end(incident, Happened.MERGED, now, f"{into.id} explains all of it: {into.why}")
        grown = noted(
            into, Happened.MERGED, now, f"{incident.id} ({names(incident.components)}) is part of it"
        )
        return [
            Step(ended.before, replace(ended.after, merged_into=into.id), ended.happened),
            Step(into, grown, ()),
        ]

    def _active(self, incident_id: IncidentId) -> Incident:
        incident = self._incidents.get(incident_id)
        if incident is None or not incident.active:
            raise UnknownIncidentError(incident_id)
        return incident

    def _update_at(self, incident: Incident) -> datetime | None:
        if not incident.told or incident.changed_at is None or incident.revision <= incident.told_revision:
            return None
        first = self._waiting_since.setdefault(incident.id, incident.changed_at)
        quiet = incident.changed_at + timedelta(seconds=self._settings.update_quiet_s)
        return min(quiet, first + timedelta(seconds=self._settings.update_at_most_s))

    def _forget_old(self, now: datetime) -> None:
        horizon = now - timedelta(seconds=self._settings.reopen_window_s)
        for incident in list(self._incidents.values()):
            if incident.resolved_at is not None and incident.resolved_at < horizon:
                del self._incidents[incident.id]
                self._waiting_since.pop(incident.id, None)
