"""Who may use the API. The token itself is never stored, only its hash.

A token is 256 random bits, so a fast hash without a salt is as good as a slow one: there is nothing to guess,
and every request can be checked in microseconds. The hash is personalised, so that it is equal to no hash of
the same text made elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storage.records.tables import session, token


@dataclass(frozen=True, slots=True)
class Token:
    id: str
    hash: str
    label: str
    """Who or what it is for, e.g. "piket" or "layar ruang bupati"."""
    role: str
    provider: str | None
    created_at: datetime
    expires_at: datetime | None = None
    """None: never."""
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    """To the minute."""

    def valid(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that showed a token. It ends with its token, whatever its own end."""

    hash: str
    token: str
    """The token's id."""
    created_at: datetime
    expires_at: datetime


def hash_of(secret: str) -> str:
    return hashlib.blake2b(secret.encode(), digest_size=32, person=b"ronda token v1").hexdigest()


def add(connection: sa.Connection, new: Token) -> None:
    """Raises IntegrityError when the id or the hash is known."""
    connection.execute(
        token.insert().values(
            id=new.id,
            hash=new.hash,
            label=new.label,
            role=new.role,
            provider=new.provider,
            created_at=new.created_at,
            expires_at=new.expires_at,
            revoked_at=new.revoked_at,
            last_used_at=new.last_used_at,
        )
    )


def select(connection: sa.Connection) -> list[Token]:
    """All, oldest first: revoked and expired ones too."""
    query = sa.select(token).order_by(token.c.created_at, token.c.id)
    return [Token(**row._mapping) for row in connection.execute(query)]


def revoke(connection: sa.Connection, id_: str, now: datetime) -> bool:
    """Its sessions end too. False: there is none, or it was revoked before."""
    found = connection.execute(
        token.update().where(token.c.id == id_, token.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    connection.execute(sa.delete(session).where(session.c.token == id_))
    return found.rowcount == 1


def touch(connection: sa.Connection, used: Mapping[str, datetime]) -> None:
    """Notes the last use, by id."""
    for id_, at in used.items():
        connection.execute(token.update().where(token.c.id == id_).values(last_used_at=at))


def open_session(connection: sa.Connection, new: Session, now: datetime) -> None:
    """Those that are over are forgotten."""
    connection.execute(sa.delete(session).where(session.c.expires_at <= now))
    connection.execute(
        session.insert().values(
            hash=new.hash, token=new.token, created_at=new.created_at, expires_at=new.expires_at
        )
    )


def session_of(connection: sa.Connection, hash_: str) -> Session | None:
    row = connection.execute(sa.select(session).where(session.c.hash == hash_)).one_or_none()
    return None if row is None else Session(**row._mapping)


def close_session(connection: sa.Connection, hash_: str) -> bool:
    """False: there was none."""
    return connection.execute(sa.delete(session).where(session.c.hash == hash_)).rowcount == 1
