"""Incidents that moved, as notifications: for whom, why, and in which words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from alerts.incident import IncidentBook, Step
from alerts.message import Message, compose
from alerts.model import Happened, Incident, Notification, Reason, ReceiverId
from alerts.route import Route, receivers_of
from topology.model import Inventory, OfficeId

# Told at once. Growth, shrinkage and moved blame wait until they keep still: IncidentBook.due_updates.
_REASONS = {
    Happened.OPENED: Reason.OPENED,
    Happened.REOPENED: Reason.REOPENED,
    Happened.RESOLVED: Reason.RESOLVED,
    Happened.MERGED: Reason.RESOLVED,
    Happened.ACKNOWLEDGED: Reason.ACKNOWLEDGED,
}


@dataclass(frozen=True, slots=True)
class Moved:
    """What has to be saved together: the incidents as they are now, and what is to be told of them."""

    incidents: tuple[Incident, ...]
    notifications: tuple[Notification, ...]


def tell(
    book: IncidentBook,
    steps: Iterable[Step],
    routes: Sequence[Route],
    inventory: Inventory,
    now: datetime,
    zone: tzinfo,
) -> Moved:
    """Turn steps and due updates into notifications, and mark the incidents as told."""
    changed: dict[str, Incident] = {}
    notifications: list[Notification] = []
    reasons: list[tuple[Incident, Reason]] = []
    for step in steps:
        if not step.after.told:
            continue  # a suspicion is nobody's business yet, and nothing to keep
        changed[step.after.id] = step.after
        reason = next((_REASONS[h] for h in step.happened if h in _REASONS), None)
        if reason is not None:
            reasons.append((step.after, reason))
    told_now = {incident.id for incident, _ in reasons}
    reasons += [(i, Reason.UPDATED) for i in book.due_updates(now) if i.id not in told_now]
    for incident, reason in reasons:
        receivers = receivers_of(incident, routes)
        incident = book.mark_told(replace(incident, receivers=receivers))
        changed[incident.id] = incident
        message = compose(incident, reason, inventory, now, zone)
        notifications += [_notification(incident, reason, r, message, now) for r in receivers]
    return Moved(tuple(changed.values()), tuple(notifications))


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
    )


def _offices(incident: Incident) -> tuple[OfficeId, ...]:
    """Each once: those affected now; of one that is over, those affected since it was opened."""
    if incident.active:
        return tuple(dict.fromkeys(o.office for o in incident.offices_now))
    opened = incident.opened_at
    since = (o.office for o in incident.offices if not opened or o.until is None or o.until > opened)
    return tuple(dict.fromkeys(since))
