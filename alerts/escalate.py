"""What happens to an incident that nobody takes on. Pure.

The clock of a policy starts when the first of its people are told, and again when the incident comes back,
when an acknowledgement runs out, or when maintenance that held it is over. It stops with an acknowledgement
or the end. How far it came is kept in the incident: a restart neither repeats a step nor leaves one out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.model import EscalationClock, Happened, Incident, IncidentStatus, ReceiverId, TimelineEntry


@dataclass(frozen=True, slots=True)
class Recipients:
    """Receivers, and rotas to be asked who it is."""

    receivers: tuple[ReceiverId, ...] = ()
    rotas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EscalationStep:
    after: timedelta
    """Since the clock started."""
    to: Recipients


@dataclass(frozen=True, slots=True)
class Policy:
    id: str
    steps: tuple[EscalationStep, ...]
    """By time."""
    unack_after: timedelta | None = None
    """An acknowledgement counts for this long; None: until the end."""


def due_steps(
    incident: Incident, policies: Mapping[str, Policy], now: datetime
) -> tuple[Incident, list[tuple[str, int, EscalationStep]]]:
    """The incident with its clocks moved on, and what has come due: (policy, step from 1, step)."""
    if incident.status is not IncidentStatus.OPEN or incident.held_by:
        return incident, []
    due: list[tuple[str, int, EscalationStep]] = []
    clocks: list[EscalationClock] = []
    for clock in incident.escalations:
        policy = policies.get(clock.policy)
        steps = () if policy is None else policy.steps
        done = clock.steps
        while done < len(steps) and clock.since + steps[done].after <= now:
            done += 1
            due.append((clock.policy, done, steps[done - 1]))
        clocks.append(replace(clock, steps=done))
    if not due:
        return incident, []
    for policy_id, number, step in due:
        minutes = f"{step.after.total_seconds() / 60:g} min"
        incident = _noted(
            incident, Happened.ESCALATED, now, f"{policy_id}, step {number}: not taken on for {minutes}"
        )
    return replace(incident, escalations=tuple(clocks), revision=incident.revision + 1), due


def reached(incident: Incident, policies: Mapping[str, Policy]) -> Iterator[EscalationStep]:
    """The steps that have been taken already."""
    for clock in incident.escalations:
        policy = policies.get(clock.policy)
        if policy is not None:
            yield from policy.steps[: clock.steps]


def next_step_at(incident: Incident, policies: Mapping[str, Policy]) -> datetime | None:
    """When the next step, or the end of the acknowledgement, is due."""
    moments: list[datetime] = []
    if incident.status is IncidentStatus.OPEN and not incident.held_by:
        for clock in incident.escalations:
            policy = policies.get(clock.policy)
            if policy is not None and clock.steps < len(policy.steps):
                moments.append(clock.since + policy.steps[clock.steps].after)
    expires = expires_at(incident, policies)
    if expires is not None:
        moments.append(expires)
    return min(moments, default=None)


def expires_at(incident: Incident, policies: Mapping[str, Policy]) -> datetime | None:
    """When its acknowledgement runs out, by the strictest of its policies."""
    if incident.status is not IncidentStatus.ACKNOWLEDGED or incident.acknowledged_at is None:
        return None
    spans = [policies[c.policy].unack_after for c in incident.escalations if c.policy in policies]
    given = [span for span in spans if span is not None]
    return incident.acknowledged_at + min(given) if given else None


def unacknowledged(incident: Incident, now: datetime, why: str, who: str | None = None) -> Incident:
    """Nobody is on it any more; every clock starts again."""
    return replace(
        _noted(incident, Happened.UNACKNOWLEDGED, now, why, who),
        status=IncidentStatus.OPEN,
        acknowledged_at=None,
        acknowledged_by=None,
        escalations=tuple(EscalationClock(c.policy, now) for c in incident.escalations),
        revision=incident.revision + 1,
        changed_at=now,
    )


def _noted(incident: Incident, what: Happened, at: datetime, why: str, who: str | None = None) -> Incident:
    return replace(incident, timeline=(*incident.timeline, TimelineEntry(at, what, why, who)))
