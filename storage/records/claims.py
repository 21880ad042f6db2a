"""The senders' side of the outbox: rows taken by compare-and-swap, and what became of them.

A sender that dies leaves a lease behind that runs out, and the row can be taken again: at least once, with a
`dedup_key` by which a receiver may drop the repeat. Of one incident, receiver and channel only the oldest
unfinished row can be taken: in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from alerts.model import Notification, Outcome, Reason
from storage.records.codec import notification_of
from storage.records.outbox import UNFINISHED, WAITING, add
from storage.records.tables import outbox

_SINGLE = (Reason.SUMMARY.value, Reason.TEST.value, Reason.ESCALATED.value)
"""Never put into a summary."""

LONGEST_WAIT = timedelta(hours=1)
"""Retries of ours wait for minutes; who asked for more (Retry-After) is asked again at a start."""

Target = tuple[str, str]
"""Receiver and channel ("" where its channels are tried in turn)."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that its taker alone may send until the lease runs out."""

    notification: Notification
    attempts: int
    """This one included: 1 for the first. `mark` takes it back as the proof that the lease still holds."""
    tries: int = 1
    """Attempts that count: without those that a rate limit held back."""
    overtaken: bool = False
    """Its incident is over, or a newer update waits."""
    told: bool = True
    """An earlier message about this incident reached the receiver, or may have."""


def claim(
    connection: sa.Connection, now: datetime, limit: int, lease_s: float, full: Mapping[Target, int]
) -> list[Claimed]:
    """At most `limit` a target; of those in `full` no more than it says (0: none)."""
    claimed: list[tuple[int, Claimed]] = []
    takeable = _takeable(now)
    targets = connection.execute(sa.select(outbox.c.receiver, outbox.c.channel).where(takeable).distinct())
    for receiver, channel in targets.all():
        room = min(limit, full.get((receiver, channel), limit))
        if room > 0:
            claimed += _claim_of(connection, (receiver, channel), takeable, now, room, lease_s)
    return [one for _, one in sorted(claimed, key=lambda pair: pair[0])]


def _takeable(now: datetime) -> sa.ColumnElement[bool]:
    due = sa.and_(outbox.c.outcome.in_(WAITING), outbox.c.due_at <= now)
    abandoned = sa.and_(outbox.c.outcome == Outcome.SENDING.value, outbox.c.lease_until <= now)
    return sa.or_(due, abandoned)


def _claim_of(
    connection: sa.Connection,
    target: Target,
    takeable: sa.ColumnElement[bool],
    now: datetime,
    room: int,
    lease_s: float,
) -> list[tuple[int, Claimed]]:
    """Each with its row's number."""
    earlier, summary = outbox.alias("earlier"), outbox.alias("summary")
    behind_its_own = sa.exists().where(
        earlier.c.receiver == outbox.c.receiver,
        earlier.c.incident == outbox.c.incident,
        earlier.c.channel == outbox.c.channel,
        earlier.c.id < outbox.c.id,
        earlier.c.outcome.in_(UNFINISHED),
    )
    behind_a_summary = sa.exists().where(
        summary.c.receiver == outbox.c.receiver,
        summary.c.channel == outbox.c.channel,
        summary.c.reason == Reason.SUMMARY.value,
        summary.c.id < outbox.c.id,
        summary.c.outcome.in_(UNFINISHED),
    )
    rows = connection.execute(
        sa.select(outbox)
        .where(outbox.c.receiver == target[0], outbox.c.channel == target[1], takeable)
        .where(~behind_its_own, ~behind_a_summary)
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(room)
    ).all()
    claimed: list[tuple[int, Claimed]] = []
    for row in rows:
        values: dict[str, object] = {
            "outcome": Outcome.SENDING.value,
            "attempts": row.attempts + 1,
            "lease_until": now + timedelta(seconds=lease_s),
        }
        if row.outcome == Outcome.SENDING.value:  # its taker died, perhaps right after the delivery
            values["maybe_arrived"] = True
        won = connection.execute(
            outbox.update()
            .where(outbox.c.id == row.id, outbox.c.attempts == row.attempts, outbox.c.outcome.in_(UNFINISHED))
            .values(**values)
        )
        if won.rowcount == 1:
            overtaken, told = _story(connection, row)
            attempts = row.attempts + 1
            note = notification_of(row.body, Outcome.SENDING.value)
            claimed.append((row.id, Claimed(note, attempts, attempts - row.forgiven, overtaken, told)))
    return claimed


def _story(connection: sa.Connection, row: sa.Row[tuple[object, ...]]) -> tuple[bool, bool]:
    """Whether later messages make this one void, and whether earlier ones were, or may have been, read."""
    if row.incident is None:
        return False, True
    rows = connection.execute(
        sa.select(outbox.c.id, outbox.c.reason, outbox.c.outcome, outbox.c.maybe_arrived, outbox.c.told_in)
        .where(outbox.c.receiver == row.receiver, outbox.c.incident == row.incident)
        .where(outbox.c.channel == row.channel)
        .order_by(outbox.c.id)
    ).all()
    counts = (*UNFINISHED, Outcome.SENT.value)
    newer = (Reason.UPDATED.value, Reason.REPEATED.value)
    overtaken = row.reason != Reason.RESOLVED.value and any(
        later.reason == Reason.RESOLVED.value
        or (row.reason in newer and later.reason in newer and later.outcome in counts)
        for later in rows
        if later.id > row.id
    )
    told = bool(row.maybe_arrived)
    for before in rows:
        if before.id >= row.id:
            break
        if before.reason == Reason.RESOLVED.value:
            told = bool(row.maybe_arrived)  # the story before was another one
        elif before.outcome == Outcome.SENT.value or before.maybe_arrived or before.told_in is not None:
            told = True
    return overtaken, told


def mark(
    connection: sa.Connection,
    dedup_key: str,
    outcome: Outcome,
    now: datetime,
    error: str | None,
    retry_at: datetime | None,
    attempt: int | None,
    *,
    maybe_arrived: bool = False,
    held: bool = False,
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
    if maybe_arrived:
        values["maybe_arrived"] = True
    if held:
        values["forgiven"] = outbox.c.forgiven + 1
    return connection.execute(change.values(**values)).rowcount == 1


def combine(
    connection: sa.Connection,
    dedup_key: str,
    attempt: int,
    now: datetime,
    make: Callable[[Sequence[Notification]], Notification],
) -> int:
    """Puts a claimed message and all that waits for the same target into one, that is added; how many they
    are. 0: there is nothing but the claimed one, which is left as it is."""
    mine = connection.execute(
        sa.select(outbox).where(
            outbox.c.dedup_key == dedup_key,
            outbox.c.attempts == attempt,
            outbox.c.outcome == Outcome.SENDING.value,
        )
    ).one_or_none()
    if mine is None or mine.reason in _SINGLE:
        return 0
    others = connection.execute(
        sa.select(outbox)
        .where(outbox.c.receiver == mine.receiver, outbox.c.channel == mine.channel)
        .where(outbox.c.outcome.in_(WAITING), outbox.c.reason.not_in(_SINGLE))
        .order_by(outbox.c.id)
    ).all()
    if not others:
        return 0
    rows = sorted([mine, *others], key=lambda r: r.id)
    summary = make([notification_of(r.body, r.outcome) for r in rows])
    connection.execute(
        outbox.update()
        .where(outbox.c.id.in_([r.id for r in rows]))
        .values(
            outcome=Outcome.EXPIRED.value,
            ended_at=now,
            lease_until=None,
            told_in=summary.dedup_key,
            error="held back by the rate limit; told in a summary",
        )
    )
    add(connection, [summary])
    return len(rows)


def release(connection: sa.Connection, now: datetime) -> int:
    """Ends all leases: their takers are gone. How many. What is due only in a time that no retry waits for
    was written before the clock was set back: it is due now."""
    late = outbox.update().where(
        outbox.c.outcome.in_(WAITING),
        sa.or_(outbox.c.created_at > now, outbox.c.due_at > now + LONGEST_WAIT),
        outbox.c.due_at > now,
    )
    connection.execute(late.values(due_at=now))
    change = outbox.update().where(outbox.c.outcome == Outcome.SENDING.value, outbox.c.lease_until > now)
    return connection.execute(change.values(lease_until=now)).rowcount
