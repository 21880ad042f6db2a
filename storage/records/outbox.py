"""The outbox: messages written in the transaction of what they tell of, taken by compare-and-swap.

A row is `pending`, then `sending` while a sender holds its lease, then `sent`, `retry`, `failed` or
`expired`. A sender that dies leaves a lease behind that runs out, and the row can be taken again: at least
once, with a `dedup_key` by which a receiver may drop the repeat. Of one incident and receiver only the oldest
unfinished row can be taken: in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from alerts.model import IncidentId, Notification, Outcome, ReceiverId
from storage.records.codec import notification_body, notification_of
from storage.records.tables import outbox

UNFINISHED = (Outcome.PENDING.value, Outcome.SENDING.value, Outcome.RETRY.value)
WAITING = (Outcome.PENDING.value, Outcome.RETRY.value)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that its taker alone may send until the lease runs out."""

    notification: Notification
    attempts: int
    """This one included: 1 for the first. `mark` takes it back as the proof that the lease still holds."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A message as it stands, for whoever looks."""

    notification: Notification
    attempts: int
    due_at: datetime
    ended_at: datetime | None
    error: str | None


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


def claim(connection: sa.Connection, now: datetime, limit: int, lease_s: float) -> list[Claimed]:
    earlier = outbox.alias("earlier")
    overtaken = sa.exists().where(
        earlier.c.receiver == outbox.c.receiver,
        earlier.c.incident == outbox.c.incident,
        earlier.c.id < outbox.c.id,
        earlier.c.outcome.in_(UNFINISHED),
    )
    takeable = sa.or_(
        sa.and_(outbox.c.outcome.in_(WAITING), outbox.c.due_at <= now),
        sa.and_(outbox.c.outcome == Outcome.SENDING.value, outbox.c.lease_until <= now),
    )
    query = (
        sa.select(outbox.c.id, outbox.c.attempts, outbox.c.body)
        .where(takeable, ~overtaken)
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(limit)
    )
    claimed: list[Claimed] = []
    for row in connection.execute(query).all():
        won = connection.execute(
            outbox.update()
            .where(outbox.c.id == row.id, outbox.c.attempts == row.attempts, outbox.c.outcome.in_(UNFINISHED))
            .values(
                outcome=Outcome.SENDING.value,
                attempts=row.attempts + 1,
                lease_until=now + timedelta(seconds=lease_s),
            )
        )
        if won.rowcount == 1:
            claimed.append(Claimed(notification_of(row.body, Outcome.SENDING.value), row.attempts + 1))
    return claimed


def mark(
    connection: sa.Connection,
    dedup_key: str,
    outcome: Outcome,
    now: datetime,
    error: str | None,
    retry_at: datetime | None,
    attempt: int | None,
) -> bool:
    if (outcome is Outcome.RETRY) != (retry_at is not None):
        raise ValueError("retry_at goes with the outcome retry, and only with it")
    if outcome in (Outcome.SENDING, Outcome.PENDING):
        raise ValueError(f"{outcome} is not an outcome of an attempt")
    change = outbox.update().where(outbox.c.dedup_key == dedup_key, outbox.c.outcome == Outcome.SENDING.value)
    if attempt is not None:
        change = change.where(outbox.c.attempts == attempt)
    values: dict[str, object] = {"outcome": outcome.value, "error": error, "lease_until": None}
    if retry_at is not None:
        values["due_at"] = retry_at
    else:
        values["ended_at"] = now
    return connection.execute(change.values(**values)).rowcount == 1


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


def prune(connection: sa.Connection, before: datetime) -> int:
    return connection.execute(sa.delete(outbox).where(outbox.c.ended_at < before)).rowcount


def _row(row: sa.Row[tuple[object, ...]]) -> OutboxRow:
    return OutboxRow(
        notification_of(row.body, row.outcome), row.attempts, row.due_at, row.ended_at, row.error
    )
