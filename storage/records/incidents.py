"""Incidents and their timelines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from alerts.model import Happened, Incident, IncidentId, IncidentStatus, TimelineEntry
from storage.records.codec import incident_body, incident_of
from storage.records.tables import counter, incident, outbox, timeline


class StaleRevisionError(Exception):
    """The record is newer than what was to be saved: somebody else moved the incident."""


def save(connection: sa.Connection, incidents: Sequence[Incident]) -> None:
    """Inserts or replaces. Raises StaleRevisionError, and then nothing of the transaction is kept."""
    for one in incidents:
        values = {
            "kind": one.kind.value,
            "status": one.status.value,
            "severity": one.severity.value,
            "began_at": one.began_at,
            "opened_at": one.opened_at,
            "resolved_at": one.resolved_at,
            "revision": one.revision,
            "body": incident_body(one),
        }
        known = connection.scalar(sa.select(incident.c.revision).where(incident.c.id == one.id))
        if known is None:
            connection.execute(incident.insert().values(id=one.id, **values))
        else:
            changed = connection.execute(
                incident.update()
                .where(incident.c.id == one.id, incident.c.revision <= one.revision)
                .values(**values)
            )
            if changed.rowcount != 1:
                raise StaleRevisionError(
                    f"incident {one.id}: revision {one.revision} given, {known} recorded"
                )
            connection.execute(timeline.delete().where(timeline.c.incident == one.id))
        if one.timeline:
            connection.execute(
                timeline.insert(),
                [
                    {
                        "incident": one.id,
                        "position": position,
                        "at": entry.at,
                        "what": entry.what.value,
                        "why": entry.why,
                        "who": entry.who,
                    }
                    for position, entry in enumerate(one.timeline)
                ],
            )


def get(connection: sa.Connection, id_: IncidentId) -> Incident | None:
    found = _load(connection, sa.select(incident.c.id, incident.c.body).where(incident.c.id == id_))
    return found[0] if found else None


def active(connection: sa.Connection) -> list[Incident]:
    return _load(
        connection,
        sa.select(incident.c.id, incident.c.body)
        .where(incident.c.status != IncidentStatus.RESOLVED.value)
        .order_by(incident.c.began_at, incident.c.id),
    )


def select(
    connection: sa.Connection,
    statuses: Collection[IncidentStatus] | None,
    since: datetime | None,
    limit: int,
    after: IncidentId | None,
) -> list[Incident]:
    """Newest first; `after` is the last one of the page before."""
    query = sa.select(incident.c.id, incident.c.body).order_by(
        incident.c.began_at.desc(), incident.c.id.desc()
    )
    if statuses is not None:
        query = query.where(incident.c.status.in_([s.value for s in statuses]))
    if since is not None:
        query = query.where(sa.or_(incident.c.resolved_at.is_(None), incident.c.resolved_at >= since))
    if after is not None:
        began = connection.scalar(sa.select(incident.c.began_at).where(incident.c.id == after))
        if began is None:
            return []
        query = query.where(
            sa.or_(incident.c.began_at < began, sa.and_(incident.c.began_at == began, incident.c.id < after))
        )
    return _load(connection, query.limit(limit))


def between(connection: sa.Connection, since: datetime, until: datetime) -> list[Incident]:
    """Those that began before `until` and were not resolved before `since`, oldest first."""
    return _load(
        connection,
        sa.select(incident.c.id, incident.c.body)
        .where(
            incident.c.began_at < until,
            sa.or_(incident.c.resolved_at.is_(None), incident.c.resolved_at >= since),
        )
        .order_by(incident.c.began_at, incident.c.id),
    )


def next_number(connection: sa.Connection) -> int:
    """1, 2, 3, ...; a number whose transaction is undone is handed out again."""
    changed = connection.execute(
        counter.update().where(counter.c.name == "incident").values(value=counter.c.value + 1)
    )
    if changed.rowcount == 0:
        connection.execute(counter.insert().values(name="incident", value=1))
    number = connection.scalar(sa.select(counter.c.value).where(counter.c.name == "incident"))
    assert number is not None
    return int(number)


def prune(connection: sa.Connection, before: datetime) -> int:
    """Deletes what was resolved before and has no message left to be sent."""
    waiting = sa.exists().where(outbox.c.incident == incident.c.id, outbox.c.ended_at.is_(None))
    return connection.execute(
        sa.delete(incident).where(
            incident.c.status == IncidentStatus.RESOLVED.value, incident.c.resolved_at < before, ~waiting
        )
    ).rowcount


def _load(connection: sa.Connection, query: sa.Select[Any]) -> list[Incident]:
    rows = connection.execute(query).all()
    entries: defaultdict[str, list[TimelineEntry]] = defaultdict(list)
    ids = [row.id for row in rows]
    for start in range(0, len(ids), 500):
        of_part = (
            sa.select(timeline)
            .where(timeline.c.incident.in_(ids[start : start + 500]))
            .order_by(timeline.c.incident, timeline.c.position)
        )
        for row in connection.execute(of_part):
            entries[row.incident].append(TimelineEntry(row.at, Happened(row.what), row.why, row.who))
    return [incident_of(row.body, tuple(entries[row.id])) for row in rows]
