"""The event log: every change of state, append-only, so that any past moment can be rebuilt."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storage.records.tables import event
from topology.findings import Component, ComponentKind, StateChange


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """A change with its number in the log; numbers rise in the order of appending."""

    id: int
    change: StateChange


def append(connection: sa.Connection, changes: Sequence[StateChange]) -> None:
    if changes:
        connection.execute(
            event.insert(),
            [
                {
                    "at": c.at,
                    "kind": c.subject.kind.value,
                    "subject": c.subject.id,
                    "was": c.was,
                    "now": c.now,
                    "why": c.why,
                }
                for c in changes
            ],
        )


def select(
    connection: sa.Connection,
    since: datetime | None,
    until: datetime | None,
    subject: Component | None,
    limit: int,
    after_id: int,
    subjects: Collection[Component] | None = None,
) -> list[RecordedChange]:
    query = sa.select(event).where(event.c.id > after_id).order_by(event.c.id).limit(limit)
    if since is not None:
        query = query.where(event.c.at >= since)
    if until is not None:
        query = query.where(event.c.at < until)
    if subject is not None:
        query = query.where(event.c.kind == subject.kind.value, event.c.subject == subject.id)
    if subjects is not None:
        by_kind: dict[str, list[str]] = {}
        for one in subjects:
            by_kind.setdefault(one.kind.value, []).append(one.id)
        query = query.where(
            sa.or_(
                sa.false(),
                *(sa.and_(event.c.kind == k, event.c.subject.in_(ids)) for k, ids in by_kind.items()),
            )
        )
    return [RecordedChange(row.id, _change(row)) for row in connection.execute(query)]


def state_at(connection: sa.Connection, at: datetime) -> list[StateChange]:
    """The last change of every subject at or before `at`, by subject."""
    order = sa.func.row_number().over(
        partition_by=(event.c.kind, event.c.subject), order_by=(event.c.at.desc(), event.c.id.desc())
    )
    ranked = sa.select(event, order.label("place")).where(event.c.at <= at).subquery()
    query = sa.select(ranked).where(ranked.c.place == 1).order_by(ranked.c.kind, ranked.c.subject)
    return [_change(row) for row in connection.execute(query)]


def prune(connection: sa.Connection, before: datetime) -> int:
    """Deletes what happened before, but each subject's last change then: the moments after still need it."""
    later = event.alias("later")
    overtaken = sa.exists().where(
        later.c.kind == event.c.kind,
        later.c.subject == event.c.subject,
        later.c.at < before,
        sa.tuple_(later.c.at, later.c.id) > sa.tuple_(event.c.at, event.c.id),
    )
    return connection.execute(sa.delete(event).where(event.c.at < before, overtaken)).rowcount


def _change(row: sa.Row[tuple[object, ...]]) -> StateChange:
    return StateChange(
        at=row.at,
        subject=Component(ComponentKind(row.kind), row.subject),
        was=row.was,
        now=row.now,
        why=row.why,
    )
