"""The outbox: messages written in the transaction of what they tell of, and how each stands.

A row is `pending`, then `sending` while a sender holds its lease (`claims`), then `sent`, `retry`, `failed`
or `expired`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from alerts.model import IncidentId, Notification, Outcome, ReceiverId
from storage.records.codec import notification_body, notification_of
from storage.records.tables import outbox

UNFINISHED = (Outcome.PENDING.value, Outcome.SENDING.value, Outcome.RETRY.value)
WAITING = (Outcome.PENDING.value, Outcome.RETRY.value)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A message as it stands, for whoever looks."""

    notification: Notification
    attempts: int
    due_at: datetime
    ended_at: datetime | None
    error: str | None
    told_in: str | None = None
    """The summary that told it instead."""


def add(connection: sa.Connection, notifications: Sequence[Notification]) -> int:
    """Inserts those whose `dedup_key` is new; how many that were."""
    added = 0
    seen: set[str] = set()
    for one in notifications:
        known = connection.scalar(sa.select(outbox.c.id).where(outbox.c.dedup_key == one.dedup_key))
        if known is not None or one.dedup_key in seen:
            continue
        seen.add(one.dedup_key)
        connection.execute(
            outbox.insert().values(
                dedup_key=one.dedup_key,
                receiver=one.receiver,
                channel=one.channel,
                incident=one.incident,
                reason=one.reason.value,
                revision=one.revision,
                created_at=one.created_at,
                outcome=one.outcome.value,
                due_at=one.created_at,
                ended_at=None if one.outcome.value in UNFINISHED else one.created_at,
                body=notification_body(one),
            )
        )
        added += 1
    return added


def requeue(connection: sa.Connection, now: datetime, keys: Collection[str] | None) -> int:
    """Failed messages (all, or those named) are due again, with all their tries; how many."""
    change = outbox.update().where(outbox.c.outcome == Outcome.FAILED.value)
    if keys is not None:
        change = change.where(outbox.c.dedup_key.in_(keys))
    return connection.execute(
        change.values(
            outcome=Outcome.RETRY.value, due_at=now, ended_at=None, forgiven=outbox.c.attempts, error=None
        )
    ).rowcount


def expire(
    connection: sa.Connection,
    now: datetime,
    incident: IncidentId | None,
    before_revision: int | None,
    created_before: datetime | None,
    receiver: ReceiverId | None,
    why: str,
) -> int:
    if incident is None and created_before is None:
        raise ValueError("say which messages: of an incident, or created before a time")
    change = outbox.update().where(outbox.c.outcome.in_(WAITING))
    if incident is not None:
        change = change.where(outbox.c.incident == incident)
    if before_revision is not None:
        change = change.where(outbox.c.revision < before_revision)
    if created_before is not None:
        change = change.where(outbox.c.created_at < created_before)
    if receiver is not None:
        change = change.where(outbox.c.receiver == receiver)
    return connection.execute(change.values(outcome=Outcome.EXPIRED.value, ended_at=now, error=why)).rowcount


def count(connection: sa.Connection) -> int:
    query = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.outcome.in_(UNFINISHED))
    return int(connection.scalar(query) or 0)


def of_incident(connection: sa.Connection, incident: IncidentId) -> list[OutboxRow]:
    rows = connection.execute(sa.select(outbox).where(outbox.c.incident == incident).order_by(outbox.c.id))
    return [_row(row) for row in rows]


def recent(connection: sa.Connection, limit: int) -> list[OutboxRow]:
    """Newest first."""
    return [
        _row(row) for row in connection.execute(sa.select(outbox).order_by(outbox.c.id.desc()).limit(limit))
    ]


def troubled(connection: sa.Connection, limit: int) -> list[OutboxRow]:
    """What waits and what failed, oldest first."""
    query = sa.select(outbox).where(outbox.c.outcome.in_((*UNFINISHED, Outcome.FAILED.value)))
    return [_row(row) for row in connection.execute(query.order_by(outbox.c.id).limit(limit))]


def prune(connection: sa.Connection, before: datetime) -> int:
    return connection.execute(sa.delete(outbox).where(outbox.c.ended_at < before)).rowcount


def _row(row: sa.Row[tuple[object, ...]]) -> OutboxRow:
    return OutboxRow(
        notification_of(row.body, row.outcome), row.attempts, row.due_at, row.ended_at, row.error, row.told_in
    )
