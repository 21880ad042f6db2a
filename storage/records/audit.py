"""The audit log: who changed what, when, and how he proved who he was. Append-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from storage.records.tables import audit


@dataclass(frozen=True, slots=True)
class AuditEntry:
    at: datetime
    who: str
    """A name: of a person, of a token, of a login."""
    role: str
    via: str
    """local, token, session, proxy, cli, or the channel whose button was pressed."""
    action: str
    """E.g. acknowledge, token_create."""
    subject: str
    """What was changed, e.g. /api/v1/incidents/R-261121-001/acknowledge."""
    provider: str | None = None
    token: str | None = None
    """Id of the token behind it."""
    peer: str | None = None
    """The address that the request came from."""
    detail: Mapping[str, object] = field(default_factory=dict)
    id: int = 0
    """Rises; 0: not recorded yet."""


def add(connection: sa.Connection, entry: AuditEntry) -> None:
    connection.execute(
        audit.insert().values(
            at=entry.at,
            who=entry.who,
            role=entry.role,
            via=entry.via,
            action=entry.action,
            subject=entry.subject,
            provider=entry.provider,
            token=entry.token,
            peer=entry.peer,
            detail=dict(entry.detail),
        )
    )


def select(
    connection: sa.Connection,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    who: str | None = None,
    action: str | None = None,
    limit: int = 100,
    before_id: int | None = None,
) -> list[AuditEntry]:
    """Newest first, with since <= at < until. The next page: `before_id` of the last."""
    query = sa.select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(audit.c.id < before_id)
    if since is not None:
        query = query.where(audit.c.at >= since)
    if until is not None:
        query = query.where(audit.c.at < until)
    if who is not None:
        query = query.where(audit.c.who == who)
    if action is not None:
        query = query.where(audit.c.action == action)
    return [AuditEntry(**row._mapping) for row in connection.execute(query)]


def prune(connection: sa.Connection, before: datetime) -> int:
    return connection.execute(sa.delete(audit).where(audit.c.at < before)).rowcount
