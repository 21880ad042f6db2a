"""What was last seen of everything, kept so that a restarted judge starts where it stopped."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
import structlog
from pydantic import ValidationError
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from storage.records.codec import UnknownKindError, observation_body, observation_key, observation_of
from storage.records.tables import evidence
from topology.observations import Observation

log = structlog.get_logger(__name__)


def save(connection: sa.Connection, observations: Iterable[Observation]) -> int:
    """Keeps the newest of each key; how many keys were given."""
    newest: dict[str, Observation] = {}
    for seen in observations:
        key = observation_key(seen)
        if key not in newest or newest[key].at <= seen.at:
            newest[key] = seen
    if not newest:
        return 0
    rows = []
    for key, seen in newest.items():
        kind, body = observation_body(seen)
        rows.append({"key": key, "at": seen.at, "kind": kind, "body": body})
    insert = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    statement = insert(evidence)
    given = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[evidence.c.key],
            set_={"at": given.at, "kind": given.kind, "body": given.body},
            where=evidence.c.at <= given.at,
        ),
        rows,
    )
    return len(rows)


def load(connection: sa.Connection, since: datetime | None) -> list[Observation]:
    """By time. What an earlier version wrote and this one can't read is left out, and logged once."""
    query = sa.select(evidence).order_by(evidence.c.at, evidence.c.key)
    if since is not None:
        query = query.where(evidence.c.at >= since)
    found: list[Observation] = []
    unreadable = 0
    for row in connection.execute(query):
        try:
            found.append(observation_of(row.kind, row.body))
        except (UnknownKindError, ValidationError):
            unreadable += 1
    if unreadable:
        log.warning("evidence of another version left out", rows=unreadable)
    return found


def prune(connection: sa.Connection, before: datetime) -> int:
    return connection.execute(sa.delete(evidence).where(evidence.c.at < before)).rowcount
