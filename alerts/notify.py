"""Incidents that moved, as notifications: for whom, when, why, and in which words. Pure.

Invariant: no two notifications have the same incident, revision, reason and receiver.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from html import escape

from alerts.holding import explained_by, settling
from alerts.incident import IncidentBook, Step
from alerts.maintenance import Window, active, next_change
from alerts.message import Message, compose, compose_digest
from alerts.model import (
    Happened,
    Incident,
    IncidentId,
    Notification,
    Reason,
    ReceiverId,
)
from alerts.route import RANK, Places, Routing
from alerts.turn import Turn
from topology.findings import Verdict
from topology.graph import NetworkGraph
from topology.model import Inventory, Language, OfficeId, ProviderId

# Told at once. Growth, shrinkage and moved blame wait until they keep still: IncidentBook.due_updates.
_REASONS = {
    Happened.CONNECTED: Reason.CONNECTED,
    Happened.OPENED: Reason.OPENED,
    Happened.REOPENED: Reason.REOPENED,
    Happened.RESOLVED: Reason.RESOLVED,
    Happened.MERGED: Reason.RESOLVED,
    Happened.ACKNOWLEDGED: Reason.ACKNOWLEDGED,
    Happened.UNACKNOWLEDGED: Reason.UNACKNOWLEDGED,
}
_AFTER_MAINTENANCE = {
    Language.ID: "Masih ada setelah pemeliharaan terjadwal: {why}.",
    Language.EN: "Still standing after scheduled maintenance: {why}.",
}
_WHY_RELEASED = {
    Language.ID: ("{titles} sudah selesai", "{titles} tidak menjelaskan semuanya"),
    Language.EN: ("{titles} is over", "{titles} does not explain all of it"),
}


@dataclass(frozen=True, slots=True)
class Moved:
    """What has to be saved together: the incidents as they are now, and what is to be told of them."""

    incidents: tuple[Incident, ...]
    notifications: tuple[Notification, ...]


class Teller:
    """Decides at each look what is to be told. Its own state can be made anew from the incidents."""

    def __init__(self, routing: Routing, inventory: Inventory, graph: NetworkGraph, zone: tzinfo) -> None:
        self._routing = routing
        self._inventory = inventory
        self._graph = graph
        self._zone = zone
        self._places = Places(inventory)
        self._windows: tuple[Window, ...] = ()
        self._windows_change_at: datetime | None = None
        self._windows_asked = False
        self._over: dict[IncidentId, Incident] = {}
        """Resolved, and somebody is still to be told."""
        self.next_at: datetime | None = None
        """When something may come due with nothing new seen."""

    def resume(self, incidents: Iterable[Incident]) -> None:
        self._over = {i.id: i for i in incidents if not i.active and _owes(i)}

    @property
    def windows(self) -> tuple[Window, ...]:
        return self._windows

    def plan_maintenance(self, windows: Iterable[Window]) -> None:
        """All windows that are known; those before are forgotten."""
        self._windows, self._windows_asked = tuple(windows), False

    def tell(
        self, book: IncidentBook, steps: Iterable[Step], now: datetime, verdict: Verdict | None
    ) -> Moved:
        """Turn steps and what is due into notifications, and note in the incidents what was told."""
        reasons: dict[IncidentId, Reason | None] = {}
        subjects: dict[IncidentId, Incident] = {}
        for step in steps:
            if step.after.told:  # a suspicion is nobody's business yet, and nothing to keep
                subjects[step.after.id] = step.after
                reasons[step.after.id] = next((_REASONS[h] for h in _by_weight(step.happened)), None)
        for incident in book.due_updates(now):
            if reasons.get(incident.id) is None:
                reasons[incident.id] = Reason.UPDATED
        subjects |= {i.id: i for i in book.active if i.told and i.id not in subjects}
        subjects |= {i.id: i for i in self._over.values() if i.id not in subjects}
        running = self._running(now)
        changed: list[Incident] = []
        notes: list[Notification] = []
        digests: dict[ReceiverId, tuple[datetime, list[Incident]]] = {}
        wakes = [at for at in (self._windows_change_at,) if at is not None]
        for incident in subjects.values():
            turn = Turn(incident, self._routing, self._places, now, self._zone)
            titles = self._hold(turn, running, verdict)
            reason = reasons.get(incident.id)
            if turn.expire_acknowledgement():
                reason = Reason.UNACKNOWLEDGED
            turn.tell(reason)
            after = turn.finish()
            wakes += turn.wakes()
            for receiver, due in turn.digest.items():
                known = digests.get(receiver, (due, []))
                digests[receiver] = (max(due, known[0]), [*known[1], after])
            if after != incident or incident.id in reasons:
                book.put(after)
                changed.append(after)
            self._over.pop(after.id, None)
            if not after.active and _owes(after):
                self._over[after.id] = after
            notes += self._notes(after, turn.out, now, titles if turn.released else None)
        notes += [self._digest(r, due, incidents, now) for r, (due, incidents) in digests.items()]
        self.next_at = min((at for at in wakes if at > now), default=None)
        return Moved(tuple(changed), tuple(notes))

    # --- maintenance

    def _running(self, now: datetime) -> tuple[Window, ...]:
        if not self._windows_asked or (
            self._windows_change_at is not None and self._windows_change_at <= now
        ):
            self._windows_change_at = next_change(self._windows, now, self._zone)
            self._windows_asked = True
        return active(self._windows, now, self._zone)

    def _hold(self, turn: Turn, running: tuple[Window, ...], verdict: Verdict | None) -> str:
        """Returns why maintenance no longer explains it, in the network's language."""
        incident = turn.incident
        if verdict is None or not (running or incident.held_by):
            return ""
        if not incident.active:
            turn.hold((), "")
            return ""
        by = explained_by(incident, running, verdict, self._graph)
        if incident.held_by and not by and settling(incident, verdict):
            return ""  # what it turns out to be is being asked just now
        goes_on = {w.id for w in running}.intersection(incident.held_by)
        ids = ", ".join(incident.held_by)
        turn.hold(by, f"{ids} {'does not explain all of it' if goes_on else 'is over'}")
        titles = "; ".join(w.title for w in self._windows if w.id in incident.held_by) or ids
        over, not_all = _WHY_RELEASED[self._inventory.network.language]
        return (not_all if goes_on else over).format(titles=titles)

    # --- messages

    def _notes(
        self, incident: Incident, out: dict[ReceiverId, Reason], now: datetime, remark: str | None
    ) -> list[Notification]:
        written: dict[tuple[Reason, ProviderId | None], Message] = {}
        notes = []
        for receiver, reason in out.items():
            audience = self._routing.audiences.get(receiver)
            shown = incident if audience is None else self._places.owners.cut(incident, audience)
            if (reason, audience) not in written:
                message = compose(
                    shown,
                    reason,
                    self._inventory,
                    now,
                    self._zone,
                    audience=audience,
                    board_url=self._routing.board_url,
                )
                written[reason, audience] = self._remarked(message, remark)
            notes.append(_notification(shown, reason, receiver, written[reason, audience], now))
        return notes

    def _remarked(self, message: Message, remark: str | None) -> Message:
        if remark is None:
            return message
        line = _AFTER_MAINTENANCE[self._inventory.network.language].format(why=remark)
        html = f"{escape(line)}\n{message.html}" if message.html else ""
        return replace(message, text=f"{line}\n{message.text}", html=html)

    def _digest(
        self, receiver: ReceiverId, due: datetime, incidents: Sequence[Incident], now: datetime
    ) -> Notification:
        audience = self._routing.audiences.get(receiver)
        shown = [i if audience is None else self._places.owners.cut(i, audience) for i in incidents]
        shown.sort(key=lambda i: (not i.active, -RANK[i.severity], i.began_at, i.id))
        board_url = self._routing.board_url if audience is None else None
        message = compose_digest(shown, self._inventory, now, self._zone, board_url=board_url)
        local = due.astimezone(self._zone)
        return Notification(
            dedup_key=f"digest/{local:%Y-%m-%dT%H:%M}/{receiver}",
            receiver=receiver,
            reason=Reason.DIGEST,
            incident=None,
            revision=int(f"{local:%Y%m%d}"),
            severity=max((i.severity for i in shown), key=RANK.__getitem__),
            created_at=now,
            subject=message.subject,
            text=message.text,
            components=tuple(dict.fromkeys(c for i in shown for c in i.components)),
            offices=tuple(dict.fromkeys(o for i in shown for o in _offices(i))),
            html=message.html,
            payload=dict(message.payload),
        )


def _by_weight(happened: Sequence[Happened]) -> list[Happened]:
    return [h for h in _REASONS if h in happened]


def _owes(incident: Incident) -> bool:
    return any(t.waits is not None for t in incident.tellings)


def _notification(
    incident: Incident, reason: Reason, receiver: ReceiverId, message: Message, now: datetime
) -> Notification:
    return Notification(
        dedup_key=f"{incident.id}/{incident.revision}/{reason}/{receiver}",
        receiver=receiver,
        reason=reason,
        incident=incident.id,
        revision=incident.revision,
        severity=incident.severity,
        created_at=now,
        subject=message.subject,
        text=message.text,
        components=incident.components,
        offices=_offices(incident),
        html=message.html,
        payload=dict(message.payload),
    )


def _offices(incident: Incident) -> tuple[OfficeId, ...]:
    """Each once: those affected now; of one that is over, those affected since it was opened."""
    if incident.active:
        return tuple(dict.fromkeys(o.office for o in incident.offices_now))
    opened = incident.opened_at
    since = (o.office for o in incident.offices if not opened or o.until is None or o.until > opened)
    return tuple(dict.fromkeys(since))
