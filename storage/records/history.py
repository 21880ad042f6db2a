"""The past as reports ask for it: by subject and through the index, however long the log has grown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from storage.records.events import RecordedChange
from storage.records.tables import event, watch
from topology.findings import Component, ComponentKind, StateChange

_IS_IT = sa.and_(event.c.kind == sa.bindparam("kind_"), event.c.subject == sa.bindparam("subject_"))
_BEFORE = (
    sa.select(event)
    .where(_IS_IT, event.c.at < sa.bindparam("since_"))
    .order_by(event.c.at.desc(), event.c.id.desc())
    .limit(1)
)
_DURING = (
    sa.select(event)
    .where(_IS_IT, event.c.at >= sa.bindparam("since_"), event.c.at < sa.bindparam("until_"))
    .order_by(event.c.at, event.c.id)
)


def of_subjects(
    connection: sa.Connection, subjects: Iterable[Component], since: datetime, until: datetime
) -> dict[Component, list[RecordedChange]]:
    """Each one's changes with since <= at < until, and before them its last one earlier; by time."""
    found: dict[Component, list[RecordedChange]] = {}
    for subject in subjects:
        asked = {"kind_": subject.kind.value, "subject_": subject.id, "since_": since}
        rows = [*connection.execute(_BEFORE, asked), *connection.execute(_DURING, {**asked, "until_": until})]
        found[subject] = [_recorded(row) for row in rows]
    return found


def watched(connection: sa.Connection, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """When verdicts were given: (since, until) of every unbroken watch that touches the period, by time."""
    query = sa.select(watch).where(watch.c.until >= since, watch.c.since < until).order_by(watch.c.since)
    return [(row.since, row.until) for row in connection.execute(query)]


def keep_watch(connection: sa.Connection, since: datetime, until: datetime) -> None:
    """The watch that began at `since` lasts until then, at least."""
    changed = connection.execute(
        watch.update().where(watch.c.since == since, watch.c.until <= until).values(until=until)
    )
    if changed.rowcount == 0 and not connection.scalar(
        sa.select(sa.func.count()).select_from(watch).where(watch.c.since == since)
    ):
        connection.execute(watch.insert().values(since=since, until=until))


def prune_watches(connection: sa.Connection, before: datetime) -> int:
    return connection.execute(sa.delete(watch).where(watch.c.until < before)).rowcount


def joinings(connection: sa.Connection, offices: Sequence[str]) -> dict[str, list[RecordedChange]]:
    """By office: the changes at which it became, or ceased to be, connected by the plan; by time.

    The first change of all stands for how it was when the watch began.
    """
    out: dict[str, list[RecordedChange]] = {office: [] for office in offices}
    for office in offices:
        one = sa.and_(event.c.kind == ComponentKind.OFFICE.value, event.c.subject == office)
        turns = sa.or_(event.c.was.is_(None), event.c.was == "not_connected", event.c.now == "not_connected")
        query = sa.select(event).where(one, turns).order_by(event.c.at, event.c.id)
        first = connection.execute(sa.select(event).where(one).order_by(event.c.at, event.c.id).limit(1))
        rows = {row.id: row for row in (*first, *connection.execute(query))}
        out[office] = [_recorded(rows[i]) for i in sorted(rows, key=lambda i: (rows[i].at, i))]
    return out


def _recorded(row: sa.Row[tuple[object, ...]]) -> RecordedChange:
    subject = Component(ComponentKind(row.kind), row.subject)
    return RecordedChange(row.id, StateChange(row.at, subject, row.was, row.now, row.why))
