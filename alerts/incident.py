"""The life of incidents: verdicts in, changed incidents out. Pure: no I/O, no clock.

    suspected ──► open ──► acknowledged ──► resolved      (a number that people see comes with "open")
        │           └──────────────────────────▲ │
        └──► resolved (dismissed, nobody told)   └──► open again, within the reopen window

Invariant: every settled cause of the newest verdict belongs to exactly one active incident, and an active
incident without a cause is one whose end is not proven yet (evidence missing, or still flapping).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from alerts.findings import Finding, findings_of
from alerts.gathering import gather
from alerts.matching import match
from alerts.model import (
    AffectedOffice,
    Happened,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentStatus,
    TimelineEntry,
)
from alerts.proof import cause_cleared, symptom_over
from alerts.severity import severity_of
from topology.findings import Component, Verdict
from topology.model import Office, OfficeId


@dataclass(frozen=True, slots=True)
class IncidentSettings:
    reopen_window_s: float = 600.0
    """The same cause back within this time reopens its incident instead of making a new one."""
    update_quiet_s: float = 10.0
    """An update is told when an open incident has not changed for this long, so that ten offices falling
    one by one make one update."""
    update_at_most_s: float = 60.0
    """... but no later than this after the first change that nobody was told of."""


@dataclass(frozen=True, slots=True)
class Step:
    """One incident's move. `before` is None for a new one."""

    before: Incident | None
    after: Incident
    happened: tuple[Happened, ...]


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
    ) -> None:
        """`incidents`: the active ones and today's, as the records hold them. `timezone`: the network's,
        for the day in an incident's id."""
        self._timezone = timezone
        self._offices = offices
        self._settings = settings or IncidentSettings()
        self._incidents: dict[IncidentId, Incident] = {incident.id: incident for incident in incidents}
        self._waiting_since: dict[IncidentId, datetime] = {}
        self._since: dict[OfficeId, datetime | None] = {}
        """Since when each office is as the newest verdict says."""
        self._suspicions = 0

    def __iter__(self) -> Iterator[Incident]:
        return iter(self._incidents.values())

    @property
    def active(self) -> tuple[Incident, ...]:
        return tuple(i for i in self._incidents.values() if i.active)

    def advance(self, verdict: Verdict) -> list[Step]:
        """Take in a verdict; return every incident that moved, oldest first."""
        now = verdict.at
        self._forget_old(now)
        candidates = self._candidates(verdict)
        findings = gather(findings_of(verdict), candidates)
        pairs, new = match(findings, candidates)
        followed = {incident.id for incident, _ in pairs}
        self._since = {office: judged.since for office, judged in verdict.offices.items()}
        steps = [self._keep(self._follow(incident, finding, now)) for incident, finding in pairs]
        taken = {symptom for finding in findings if finding.settled for symptom in finding.explains}
        followed |= {step.after.id for step in steps if step is not None}  # opened: by its new id
        left = [i for i in self.active if i.id not in followed]
        steps += [self._keep(self._without_cause(incident, verdict, taken)) for incident in left]
        steps += [self._keep(self._begin(finding, now)) for finding in new]
        return [step for step in steps if step is not None]

    def _keep(self, step: Step | None) -> Step | None:
        """At once, so that the next step finds it (and the next incident another id)."""
        if step is not None:
            if step.before is not None:
                del self._incidents[step.before.id]
            if step.after.told or step.after.active:  # a suspicion that dissolved is forgotten
                self._incidents[step.after.id] = step.after
        return step

    def acknowledge(self, incident_id: IncidentId, who: str, now: datetime, note: str = "") -> Step:
        """Somebody is on it. Raises UnknownIncidentError when it isn't active."""
        incident = self._active(incident_id)
        if incident.status is IncidentStatus.ACKNOWLEDGED:
            return Step(incident, incident, ())
        after = replace(
            _noted(incident, Happened.ACKNOWLEDGED, now, note or "taken on", who),
            status=IncidentStatus.ACKNOWLEDGED,
            acknowledged_at=now,
            acknowledged_by=who,
            revision=incident.revision + 1,
            changed_at=now,
        )
        self._incidents[after.id] = after
        return Step(incident, after, (Happened.ACKNOWLEDGED,))

    def comment(self, incident_id: IncidentId, who: str, now: datetime, text: str) -> Step:
        """Raises UnknownIncidentError when it isn't active."""
        incident = self._active(incident_id)
        # No new revision: a remark in the timeline is nothing to wake anybody for.
        after = _noted(incident, Happened.COMMENTED, now, text, who)
        self._incidents[after.id] = after
        return Step(incident, after, (Happened.COMMENTED,))

    def assign(self, incident_id: IncidentId, who: str, to: str | None, now: datetime) -> Step:
        """`who` says that `to` works on it; None: nobody any more. Raises UnknownIncidentError."""
        incident = self._active(incident_id)
        if incident.assigned_to == to:
            return Step(incident, incident, ())
        why = f"{incident.assigned_to or 'nobody'} → {to or 'nobody'}"
        after = replace(_noted(incident, Happened.ASSIGNED, now, why, who), assigned_to=to)
        self._incidents[after.id] = after
        return Step(incident, after, (Happened.ASSIGNED,))

    def link_ticket(self, incident_id: IncidentId, who: str, ticket: str | None, now: datetime) -> Step:
        """The provider's ticket number for it; None takes it off. Raises UnknownIncidentError."""
        incident = self._active(incident_id)
        if incident.ticket == ticket:
            return Step(incident, incident, ())
        why = ticket if ticket is not None else f"{incident.ticket} taken off"
        after = replace(_noted(incident, Happened.TICKETED, now, why, who), ticket=ticket)
        self._incidents[after.id] = after
        return Step(incident, after, (Happened.TICKETED,))

    def due_updates(self, now: datetime) -> list[Incident]:
        """Open incidents that changed since they were last told, and have kept still since."""
        return [i for i in self.active if (at := self._update_at(i)) is not None and at <= now]

    def mark_told(self, incident: Incident) -> Incident:
        """Notifications of its present revision are made (they are committed with it)."""
        told = replace(incident, told_revision=incident.revision)
        self._incidents[told.id] = told
        self._waiting_since.pop(told.id, None)
        return told

    def next_at(self) -> datetime | None:
        """When `due_updates` will next have something, with no new verdict."""
        return min((at for i in self.active if (at := self._update_at(i)) is not None), default=None)

    # --- transitions: the only places where an incident's status changes ---

    def _begin(self, finding: Finding, now: datetime) -> Step:
        self._suspicions += 1
        incident = Incident(
            id=IncidentId(f"S-{self._suspicions}"),  # it gets a number that people see when it opens
            kind=finding.kind,
            status=IncidentStatus.SUSPECTED,
            severity=severity_of(finding.kind, finding.offices, self._offices),
            components=finding.components,
            explains=finding.explains,
            confidence=finding.confidence,
            why=finding.why,
            began_at=finding.since,
            alternatives=finding.alternatives,
            offices=self._affected(finding, finding.since),
            timeline=(TimelineEntry(now, Happened.SUSPECTED, finding.why),),
            group=finding.group,
            changed_at=now,
        )
        if finding.settled:
            return Step(None, self._opened(incident, finding, now), (Happened.SUSPECTED, Happened.OPENED))
        return Step(None, incident, (Happened.SUSPECTED,))

    def _opened(self, incident: Incident, finding: Finding, now: datetime) -> Incident:
        return replace(
            _noted(incident, Happened.OPENED, now, finding.why),
            id=self._new_id(now),
            status=IncidentStatus.OPEN,
            opened_at=now,
        )

    def _follow(self, incident: Incident, finding: Finding, now: datetime) -> Step | None:
        if incident.told and not finding.settled:
            return None  # what has been told is neither changed nor reopened on a suspicion
        before, happened = incident, []
        if incident.status is IncidentStatus.RESOLVED:
            incident = _noted(incident, Happened.REOPENED, now, finding.why)
            incident = replace(
                incident,
                status=IncidentStatus.OPEN,
                resolved_at=None,
                reopened_at=finding.since,
                acknowledged_at=None,
                acknowledged_by=None,
            )
            happened.append(Happened.REOPENED)
        if finding.components != incident.components:
            why = f"{_names(incident.components)} → {_names(finding.components)}: {finding.why}"
            incident = _noted(incident, Happened.REATTRIBUTED, now, why)
            happened.append(Happened.REATTRIBUTED)
        incident, moved = self._offices_followed(incident, finding, now)
        happened += moved
        severity = severity_of(finding.kind, finding.offices, self._offices)
        if severity is not incident.severity:
            incident = _noted(incident, Happened.SEVERITY, now, f"{incident.severity} → {severity}")
            happened.append(Happened.SEVERITY)
        if incident.status is IncidentStatus.SUSPECTED and finding.settled:
            incident = self._opened(incident, finding, now)
            happened.append(Happened.OPENED)
        incident = replace(
            incident,
            kind=finding.kind,
            severity=severity,
            components=finding.components,
            explains=finding.explains,
            confidence=finding.confidence,
            why=finding.why,
            alternatives=finding.alternatives,
            group=finding.group,
        )
        if incident == before:
            return None
        if happened:
            incident = replace(incident, revision=before.revision + 1, changed_at=now)
        return Step(before, incident, tuple(happened))

    def _offices_followed(
        self, incident: Incident, finding: Finding, now: datetime
    ) -> tuple[Incident, list[Happened]]:
        standing = {o.office: o for o in incident.offices_now}
        wanted = finding.offices
        gone = [o for o in standing if o not in wanted or standing[o].connectivity is not wanted[o]]
        come = [o for o in wanted if o not in standing or standing[o].connectivity is not wanted[o]]
        if not gone and not come:
            return incident, []
        if not incident.told:  # nobody has heard of it yet: what it turned out to be is all there is to tell
            return replace(incident, offices=self._affected(finding, finding.since)), [Happened.GREW]
        offices = tuple(
            self._until(o, now) if o.until is None and o.office in gone else o for o in incident.offices
        ) + tuple(AffectedOffice(o, wanted[o], self._since.get(o) or now) for o in come)
        incident = replace(incident, offices=offices)
        happened = []
        if come:
            happened.append(Happened.GREW)
            incident = _noted(incident, Happened.GREW, now, ", ".join(f"{o} {wanted[o].value}" for o in come))
        if left := [o for o in gone if o not in wanted]:
            happened.append(Happened.SHRANK)
            incident = _noted(incident, Happened.SHRANK, now, ", ".join(left))
        return incident, happened

    def _without_cause(self, incident: Incident, verdict: Verdict, taken: set[Component]) -> Step | None:
        """No cause of the verdict is this incident's. It ends only when that is proven."""
        if incident.status is IncidentStatus.SUSPECTED:
            return self._end(incident, Happened.DISMISSED, verdict.at, "nothing points to it any more")
        if verdict.blind:
            return None  # nothing is proven by a monitor that can't see
        if any(f.component in (*incident.components, *incident.explains) for f in verdict.flapping):
            return None  # it will be back in a moment: hold it open until it keeps still
        open_symptoms = [s for s in incident.explains if not symptom_over(s, incident.kind, verdict)]
        if [s for s in open_symptoms if s not in taken]:
            return None  # evidence is missing (stale, unknown): neither over nor explained otherwise
        now = verdict.at
        if open_symptoms and len(open_symptoms) == len(incident.explains):
            return self._end(incident, Happened.MERGED, now, "another cause explains all of it")
        return self._end(incident, Happened.RESOLVED, now, "every symptom is over")

    def _end(self, incident: Incident, happened: Happened, now: datetime, why: str) -> Step:
        offices = tuple(self._until(o, now) if o.until is None else o for o in incident.offices)
        ended = replace(
            _noted(incident, happened, now, why),
            status=IncidentStatus.RESOLVED,
            resolved_at=now,
            offices=offices,
            revision=incident.revision + 1,
            changed_at=now,
        )
        return Step(incident, ended, (happened,))

    # --- small helpers ---

    def _affected(self, finding: Finding, fallback: datetime) -> tuple[AffectedOffice, ...]:
        """Each since the evidence says so, which is before anybody could be told."""
        return tuple(AffectedOffice(o, c, self._since.get(o) or fallback) for o, c in finding.offices.items())

    def _until(self, affected: AffectedOffice, now: datetime) -> AffectedOffice:
        """Until the verdict's own time of its next state, where that is known."""
        since = self._since.get(affected.office)
        return replace(affected, until=since if since is not None and since > affected.since else now)

    def _candidates(self, verdict: Verdict) -> list[Incident]:
        """Incidents that a cause may continue: active ones whose blamed component has not been repaired (a
        monitor that is still blind is so though its own device answers again), and, for the very same
        components, those resolved a short while ago."""
        return [
            i
            for i in self._incidents.values()
            if not i.active
            or (i.kind is IncidentKind.BLIND and verdict.blind)
            or not cause_cleared(i, verdict)
        ]

    def _active(self, incident_id: IncidentId) -> Incident:
        incident = self._incidents.get(incident_id)
        if incident is None or not incident.active:
            raise UnknownIncidentError(incident_id)
        return incident

    def _new_id(self, at: datetime) -> IncidentId:
        day = at.astimezone(self._timezone).strftime("%y%m%d")
        used = [int(i.rsplit("-", 1)[1]) for i in self._incidents if i.startswith(f"R-{day}-")]
        return IncidentId(f"R-{day}-{max(used, default=0) + 1:03d}")

    def _update_at(self, incident: Incident) -> datetime | None:
        if not incident.told or incident.changed_at is None or incident.revision <= incident.told_revision:
            return None
        first = self._waiting_since.setdefault(incident.id, incident.changed_at)
        quiet = incident.changed_at + timedelta(seconds=self._settings.update_quiet_s)
        return min(quiet, first + timedelta(seconds=self._settings.update_at_most_s))

    def _forget_old(self, now: datetime) -> None:
        horizon = now - timedelta(seconds=self._settings.reopen_window_s)
        day = now.astimezone(self._timezone).strftime("%y%m%d")
        for incident in list(self._incidents.values()):
            old = incident.resolved_at is not None and incident.resolved_at < horizon
            if old and not incident.id.startswith(f"R-{day}-"):
                del self._incidents[incident.id]


def _noted(incident: Incident, what: Happened, at: datetime, why: str, who: str | None = None) -> Incident:
    return replace(incident, timeline=(*incident.timeline, TimelineEntry(at, what, why, who)))


def _names(components: tuple[Component, ...]) -> str:
    return ", ".join(str(c) for c in components) or "nothing"
