"""The tables of the records. Migrations make them (`migrations/`); a test holds the two together.

Whole values are kept as JSON beside the columns that are searched, so that they come back equal.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """Aware UTC. PostgreSQL keeps the zone; SQLite gets UTC text that sorts by time."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time can't be recorded")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class CleanText(sa.types.TypeDecorator[str]):
    """Text without what PostgreSQL can't hold: NUL and lone surrogates become U+FFFD."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return value.replace("\0", "\ufffd").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""SQLite numbers rows by itself only in a column that is exactly INTEGER."""

event = sa.Table(
    "event",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("kind", CleanText, nullable=False),
    sa.Column("subject", CleanText, nullable=False),
    sa.Column("was", CleanText),
    sa.Column("now", CleanText, nullable=False),
    sa.Column("why", CleanText, nullable=False),
    sa.Index(None, "at", "id"),
    sa.Index(None, "kind", "subject", "at", "id"),
    comment="Append-only: every change of state of a link, device, office or application",
    sqlite_autoincrement=True,
)

incident = sa.Table(
    "incident",
    metadata,
    sa.Column("id", CleanText, primary_key=True),
    sa.Column("kind", CleanText, nullable=False),
    sa.Column("status", CleanText, nullable=False),
    sa.Column("severity", CleanText, nullable=False),
    sa.Column("began_at", UtcDateTime, nullable=False),
    sa.Column("opened_at", UtcDateTime),
    sa.Column("resolved_at", UtcDateTime),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Index(None, "status"),
    sa.Index(None, "began_at", "id"),
    comment="One row an incident; body is the whole value but its timeline",
)

timeline = sa.Table(
    "timeline",
    metadata,
    sa.Column("incident", CleanText, sa.ForeignKey("incident.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("what", CleanText, nullable=False),
    sa.Column("why", CleanText, nullable=False),
    sa.Column("who", CleanText),
    comment="What happened to an incident, in order",
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("dedup_key", CleanText, nullable=False),
    sa.Column("receiver", CleanText, nullable=False),
    sa.Column("channel", CleanText, nullable=False, server_default=""),
    sa.Column("incident", CleanText),
    sa.Column("reason", CleanText, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("outcome", CleanText, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("lease_until", UtcDateTime),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("error", CleanText),
    sa.Column("forgiven", sa.Integer, nullable=False, server_default="0"),
    sa.Column("maybe_arrived", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("told_in", CleanText),
    sa.Column("body", sa.JSON, nullable=False),
    sa.UniqueConstraint("dedup_key"),
    sa.Index(None, "outcome", "due_at"),
    sa.Index(None, "receiver", "incident", "id"),
    comment="Messages to be sent, written in the transaction of the change that they tell of",
    sqlite_autoincrement=True,
)

channel_memory = sa.Table(
    "channel_memory",
    metadata,
    sa.Column("owner", CleanText, primary_key=True),
    sa.Column("key", CleanText, primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    comment="What channels remember between messages",
)

evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("key", CleanText, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("kind", CleanText, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    comment="The newest observation of each thing, for the judge after a restart",
)

counter = sa.Table(
    "counter",
    metadata,
    sa.Column("name", CleanText, primary_key=True),
    sa.Column("value", BigId, nullable=False),
    comment="Numbers handed out, never twice",
)

# Made now so that what comes later adds rows and not migrations; nothing writes them yet.

ack = sa.Table(
    "ack",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("incident", CleanText, sa.ForeignKey("incident.id", ondelete="CASCADE"), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("who", CleanText, nullable=False),
    sa.Column("via", CleanText, nullable=False),
    sa.Column("comment", CleanText),
    sa.Index(None, "incident"),
    comment="Who took an incident on, and by which means",
)

maintenance = sa.Table(
    "maintenance",
    metadata,
    sa.Column("id", CleanText, primary_key=True),
    sa.Column("starts_at", UtcDateTime, nullable=False),
    sa.Column("ends_at", UtcDateTime, nullable=False),
    sa.Column("rrule", CleanText),
    sa.Column("subjects", sa.JSON, nullable=False),
    sa.Column("title", CleanText, nullable=False),
    sa.Column("created_by", CleanText, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("cancelled_at", UtcDateTime),
    sa.Column("note", CleanText, nullable=False, server_default=""),
    sa.Index(None, "ends_at"),
    comment="Planned work; rrule repeats it",
)

token = sa.Table(
    "token",
    metadata,
    sa.Column("id", CleanText, primary_key=True),
    sa.Column("hash", CleanText, nullable=False),
    sa.Column("label", CleanText, nullable=False),
    sa.Column("role", CleanText, nullable=False),
    sa.Column("provider", CleanText),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
    sa.Column("last_used_at", UtcDateTime),
    sa.UniqueConstraint("hash"),
    comment="Who may use the API; the token itself is never stored",
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("hash", CleanText, primary_key=True),
    sa.Column("token", CleanText, sa.ForeignKey("token.id", ondelete="CASCADE"), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Index(None, "token"),
    comment="Browsers that showed a token; the cookie itself is never stored",
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("who", CleanText, nullable=False),
    sa.Column("role", CleanText, nullable=False),
    sa.Column("via", CleanText, nullable=False),
    sa.Column("provider", CleanText),
    sa.Column("token", CleanText),
    sa.Column("peer", CleanText),
    sa.Column("action", CleanText, nullable=False),
    sa.Column("subject", CleanText, nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Index(None, "at"),
    comment="Append-only: who changed what, and how he proved who he was",
    sqlite_autoincrement=True,
)

rollout = sa.Table(
    "rollout",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("office", CleanText, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("stage", CleanText),
    sa.Column("note", CleanText, nullable=False),
    sa.Column("promised_date", sa.Date),
    sa.Column("link", CleanText),
    sa.Column("who", CleanText, nullable=False),
    sa.Index(None, "office", "at"),
    comment="Append-only: how an office's connection comes along",
)

outage_cause = sa.Table(
    "outage_cause",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("incident", CleanText, sa.ForeignKey("incident.id", ondelete="CASCADE"), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("who", CleanText, nullable=False),
    sa.Column("cause", CleanText, nullable=False),
    sa.Column("evidence", CleanText, nullable=False),
    sa.Column("note", CleanText, nullable=False),
    sa.Column("offices", sa.JSON),
    sa.Column("provider", CleanText),
    sa.Index(None, "incident", "id"),
    comment="Append-only: what a person found an outage's cause to be; the newest counts",
    sqlite_autoincrement=True,
)

watch = sa.Table(
    "watch",
    metadata,
    sa.Column("since", UtcDateTime, primary_key=True),
    sa.Column("until", UtcDateTime, nullable=False),
    sa.Index(None, "until"),
    comment="When verdicts were given without a pause; of other times the event log says nothing",
)

configuration = sa.Table(
    "configuration",
    metadata,
    sa.Column("device", CleanText, primary_key=True),
    sa.Column("tried_at", UtcDateTime, nullable=False),
    sa.Column("good_at", UtcDateTime),
    sa.Column("wanted_since", UtcDateTime, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("reason", CleanText),
    comment="How the last backup of each device went; the texts are in git",
)

discovery_finding = sa.Table(
    "discovery_finding",
    metadata,
    sa.Column("key", CleanText, primary_key=True),
    sa.Column("since", UtcDateTime, nullable=False),
    comment="Since when neighbours have said otherwise than the inventory",
)
