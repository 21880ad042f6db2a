"""One incident at one look: what each receiver is to be told of it now. Pure.

Everything that this has to remember is in the incident (`tellings`, `escalations`, `held_by`), which is
committed with its notifications: a process that dies at any moment neither repeats nor skips anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from alerts.escalate import due_steps, expires_at, next_step_at, reached, unacknowledged
from alerts.maintenance import Window
from alerts.model import (
    EscalationClock,
    Happened,
    Incident,
    IncidentStatus,
    Reason,
    ReceiverId,
    Telling,
    TimelineEntry,
    Waits,
)
from alerts.office_hours import next_time
from alerts.route import Places, Plan, Routing, plan_for
from alerts.telling import silent, summed_up, told, waiting

BEGINS = (Reason.OPENED, Reason.CONNECTED, Reason.REOPENED)


class Turn:
    """Made anew for each incident and look; `incident`, `out` and `digest` are its results."""

    def __init__(
        self, incident: Incident, routing: Routing, places: Places, now: datetime, zone: tzinfo
    ) -> None:
        self.incident = incident
        self.out: dict[ReceiverId, Reason] = {}
        """To be told now."""
        self.digest: dict[ReceiverId, datetime] = {}
        """To be told in the digest that was due then."""
        self.released = False
        """Maintenance held it until now."""
        self._routing, self._places, self._now, self._zone = routing, places, now, zone
        self._tellings = {t.receiver: t for t in incident.tellings}
        self._changes_waited = incident.revision > incident.told_revision
        self._plan: Plan | None = None

    # --- what happens, in this order

    def hold(self, by: tuple[Window, ...], why_not: str) -> None:
        """`by`: the windows that explain all of it now. `why_not`: said when they did and no longer do."""
        before, ids = self.incident.held_by, tuple(sorted(w.id for w in by))
        if ids == before:
            return
        if ids and not before:
            titles = "; ".join(f"{w.id} {w.title}" for w in by)
            self._note(Happened.HELD, f"explained by maintenance: {titles}")
            for telling in list(self._tellings.values()):
                if telling.at is None:
                    self._keep(telling.receiver, silent(telling))
        if before and not ids and self.incident.active:
            self._note(Happened.RELEASED, why_not)
            self.incident = replace(self.incident, revision=self.incident.revision + 1, escalations=())
            self.released = True
        self.incident = replace(self.incident, held_by=ids)

    def expire_acknowledgement(self) -> bool:
        expires = expires_at(self.incident, self._routing.policies)
        if expires is None or expires > self._now:
            return False
        why = f"taken on by {self.incident.acknowledged_by}, and not over since"
        self.incident = unacknowledged(self.incident, self._now, why)
        return True

    def tell(self, reason: Reason | None) -> None:
        """What happened to it, if anything; then what is due by time."""
        if self.incident.held_by:
            if reason in (Reason.RESOLVED, Reason.ACKNOWLEDGED):
                self._tell_the_told(reason)
            if reason is not None:
                self._nothing_waits_to_be_told()
            return
        if reason is Reason.REOPENED or reason is Reason.UNACKNOWLEDGED:
            self.incident = replace(self.incident, escalations=())
        if self.released and (reason is None or reason is Reason.UPDATED):
            self._release()
        elif reason in BEGINS:
            self._tell_the_told(reason)
            self._tell_newcomers(reason)
        elif reason is Reason.UPDATED:
            self._tell_the_told(reason)
            self._tell_newcomers(Reason.OPENED)
        elif reason is not None:
            self._tell_the_told(reason)
        elif self._calling and not self._changes_waited:
            self._tell_newcomers(Reason.OPENED)
        if reason is not None or self.released:
            self._nothing_waits_to_be_told()
        if self._calling:
            self._start_clocks()
            self._escalate()
            self._repeat()
        self._end_of_quiet()

    def finish(self) -> Incident:
        """With what is left waiting. Digests that are due are in `digest`."""
        for telling in list(self._tellings.values()):
            if telling.waits is Waits.DIGEST and telling.since is not None and not self._muted(telling):
                due = self._digest_at(telling.since)
                if due <= self._now:
                    self.digest[telling.receiver] = due
                    self._keep(telling.receiver, told(telling, self._now))
        receivers = [r for r in self.incident.receivers if r in self._tellings]
        receivers += [
            r for r, t in self._tellings.items() if t.at is not None and not t.digest and r not in receivers
        ]
        if not self._changes_waited:  # what we noted ourselves is told, or is not worth a message of its own
            self._nothing_waits_to_be_told()
        self.incident = replace(
            self.incident, tellings=tuple(self._tellings.values()), receivers=tuple(receivers)
        )
        return self.incident

    def wakes(self) -> Iterator[datetime]:
        """When something may come due with nothing new seen."""
        step = next_step_at(self.incident, self._routing.policies)
        if step is not None:
            yield step
        for telling in self._tellings.values():
            if telling.waits is Waits.DIGEST and telling.since is not None:
                yield self._digest_at(telling.since)
            elif telling.waits is Waits.QUIET:
                for quiet in self._routing.quiet:
                    yield from self._some(quiet.hours.next_change(self._now, self._zone))
        if not self._calling:
            return
        for receiver, every in self._repeats().items():
            telling = self._tellings[receiver]
            if telling.at is not None:
                yield telling.at + every
        for route in self._routing.routes:
            for hours in route.when:
                yield from self._some(hours.next_change(self._now, self._zone))
        for rota in self._routing.rotas.values():
            yield rota.next_change(self._now, self._zone)

    # --- whom

    @property
    def _calling(self) -> bool:
        """Whether somebody is still to be found who takes it on."""
        return self.incident.status is IncidentStatus.OPEN and not self.incident.held_by

    @property
    def plan(self) -> Plan:
        if self._plan is None:
            self._plan = plan_for(self.incident, self._routing, self._places, self._now, self._zone)
        return self._plan

    def _tell_the_told(self, reason: Reason) -> None:
        for telling in list(self._tellings.values()):
            if reason is not Reason.UPDATED or not self._heard_it(telling):
                self._want(telling.receiver, reason)

    def _heard_it(self, telling: Telling) -> bool:
        """Whether what it was told last said the newest change already."""
        at, changed = telling.at, self.incident.changed_at
        return telling.waits is None and at is not None and changed is not None and at >= changed

    def _tell_newcomers(self, reason: Reason) -> None:
        for receiver in self.plan.direct:
            telling = self._tellings.get(receiver)
            if telling is None or telling.digest:
                self._tellings[receiver] = Telling(receiver)
                self._want(receiver, Reason.OPENED if reason is Reason.REOPENED else reason)
        for receiver in self.plan.digest:
            if receiver not in self._tellings:
                self._tellings[receiver] = Telling(receiver, digest=True)
                self._want(receiver, reason)

    def _release(self) -> None:
        """To those who knew of it before: it stands still. To all others: it is there."""
        again = self.incident.reopened_at
        for telling in list(self._tellings.values()):
            missed = again is not None and telling.at is not None and telling.at < again
            self._want(telling.receiver, Reason.REOPENED if missed else Reason.UPDATED)
        self._tell_newcomers(Reason.OPENED)

    def _start_clocks(self) -> None:
        running = {clock.policy for clock in self.incident.escalations}
        for policy, names in self.plan.policies.items():
            tellings = [self._tellings[n] for n in names if n in self._tellings]
            heard = any(t.at is not None and t.waits is None for t in tellings)
            if policy in self._routing.policies and policy not in running and (heard or not names):
                clocks = (*self.incident.escalations, EscalationClock(policy, self._now))
                self.incident = replace(self.incident, escalations=clocks)

    def _escalate(self) -> None:
        self.incident, due = due_steps(self.incident, self._routing.policies, self._now)
        for _, _, step in due:
            for receiver in self._allowed(self._routing.resolve(step.to, self._now, self._zone)):
                self._call(receiver, Reason.ESCALATED)

    def _repeat(self) -> None:
        due = [
            receiver
            for receiver, every in self._repeats().items()
            if (at := self._tellings[receiver].at) is not None and at + every <= self._now
        ]
        if due:
            self.incident = replace(self.incident, revision=self.incident.revision + 1)
        for receiver in due:
            self._call(receiver, Reason.REPEATED)

    def _repeats(self) -> dict[ReceiverId, timedelta]:
        """Who is to be told again, how often: whom the routes name now, and whom escalations have reached."""
        found = {r: every for r, every in self.plan.direct.items() if every is not None}
        for step in reached(self.incident, self._routing.policies):
            for policy, every in self.plan.repeats.items():
                if every is None or step not in self._routing.policies[policy].steps:
                    continue
                for receiver in self._allowed(self._routing.resolve(step.to, self._now, self._zone)):
                    found[receiver] = min(every, found.get(receiver, every))
        known = self._tellings
        return {
            r: every
            for r, every in found.items()
            if r in known and known[r].waits is None and not known[r].digest and r not in self.out
        }

    def _allowed(self, receivers: Iterable[ReceiverId]) -> list[ReceiverId]:
        """A provider's receiver hears of its own business only."""
        audiences = self._routing.audiences
        return [
            r
            for r in receivers
            if r not in audiences or audiences[r] in self._places.owners.involved(self.incident)
        ]

    # --- one receiver

    def _call(self, receiver: ReceiverId, reason: Reason) -> None:
        """At once, though it heard of it in digests so far."""
        telling = self._tellings.get(receiver)
        if telling is None or telling.digest:
            self._tellings[receiver] = Telling(receiver)
        self._want(receiver, reason)

    def _want(self, receiver: ReceiverId, reason: Reason) -> None:
        if receiver in self.out:
            return  # one message at a time says it all
        telling = self._tellings[receiver]
        now_reason = summed_up(telling, reason)
        if now_reason is None:
            self._keep(receiver, silent(telling))
            if telling.at is None and receiver in self._digest_readers():
                mentioned = Telling(receiver, digest=True)
                self._keep(receiver, waiting(mentioned, Waits.DIGEST, reason, self._now))
        elif telling.digest:
            self._keep(receiver, waiting(telling, Waits.DIGEST, now_reason, self._now))
        elif self._routing.quiet_now(self.incident.severity, receiver, self._now, self._zone):
            self._keep(receiver, waiting(telling, Waits.QUIET, now_reason, self._now))
        else:
            self.out[receiver] = now_reason
            self._keep(receiver, told(telling, self._now))

    def _end_of_quiet(self) -> None:
        for telling in list(self._tellings.values()):
            receiver, reason = telling.receiver, telling.reason
            if telling.waits is not Waits.QUIET or reason is None or receiver in self.out:
                continue
            if self._routing.quiet_now(self.incident.severity, receiver, self._now, self._zone):
                continue
            if telling.at is None and self._calling and not self._still_called(receiver):
                self._keep(receiver, None)  # its shift, or its hours, ended during the night
                continue
            self.out[receiver] = reason
            self._keep(receiver, told(telling, self._now))

    def _still_called(self, receiver: ReceiverId) -> bool:
        if receiver in self.plan.direct:
            return True
        steps = reached(self.incident, self._routing.policies)
        return any(receiver in self._routing.resolve(s.to, self._now, self._zone) for s in steps)

    def _digest_readers(self) -> set[ReceiverId]:
        return {r for route in self._routing.routes if route.digest for r in route.receivers}

    def _digest_at(self, since: datetime) -> datetime:
        digest = self._routing.digest
        return next_time(digest.at, since, self._zone, digest.weekdays)

    def _muted(self, telling: Telling) -> bool:
        """What is held waits on, unless it is over."""
        return bool(self.incident.held_by) and telling.reason is not Reason.RESOLVED

    def _keep(self, receiver: ReceiverId, telling: Telling | None) -> None:
        if telling is None:
            self._tellings.pop(receiver, None)
        else:
            self._tellings[receiver] = telling

    def _nothing_waits_to_be_told(self) -> None:
        self.incident = replace(self.incident, told_revision=self.incident.revision)
        self._changes_waited = False

    def _note(self, what: Happened, why: str) -> None:
        entry = TimelineEntry(self._now, what, why)
        self.incident = replace(self.incident, timeline=(*self.incident.timeline, entry))

    @staticmethod
    def _some(at: datetime | None) -> Iterator[datetime]:
        if at is not None:
            yield at
