"""Who may use the API, and who did what: tokens, sessions and the audit log as one part of the records.

`Records.access`. Threading and errors are those of `storage.records.database`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime

import sqlalchemy as sa

from storage.records import audit, tokens
from storage.records.audit import AuditEntry
from storage.records.tokens import Session, Token

Transaction = Callable[[], AbstractContextManager[sa.Connection]]


class AccessRecords:
    def __init__(self, reading: Transaction, writing: Transaction) -> None:
        self._reading = reading
        self._writing = writing

    def tokens(self) -> list[Token]:
        """All, oldest first: revoked and expired ones too."""
        with self._reading() as connection:
            return tokens.select(connection)

    def add_token(self, token: Token, entry: AuditEntry) -> None:
        """With its entry in the audit log. Raises RecordsError when its id or hash is known."""
        with self._writing() as connection:
            tokens.add(connection, token)
            audit.add(connection, entry)

    def revoke_token(self, id_: str, entry: AuditEntry) -> bool:
        """At the entry's time; its sessions end too. False: there is none, or it was revoked before."""
        with self._writing() as connection:
            if not tokens.revoke(connection, id_, entry.at):
                return False
            audit.add(connection, entry)
            return True

    def touch_tokens(self, used: Mapping[str, datetime]) -> None:
        """Notes the last use of tokens, by id."""
        with self._writing() as connection:
            tokens.touch(connection, used)

    def open_session(self, session: Session) -> None:
        """Sessions that were over when it began are forgotten."""
        with self._writing() as connection:
            tokens.open_session(connection, session, session.created_at)

    def session(self, hash_: str) -> Session | None:
        """Also one that is over: compare `expires_at`."""
        with self._reading() as connection:
            return tokens.session_of(connection, hash_)

    def close_session(self, hash_: str) -> bool:
        """False: there was none."""
        with self._writing() as connection:
            return tokens.close_session(connection, hash_)

    def add_audit(self, entry: AuditEntry) -> None:
        with self._writing() as connection:
            audit.add(connection, entry)

    def audit(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        who: str | None = None,
        action: str | None = None,
        limit: int = 100,
        before_id: int | None = None,
    ) -> list[AuditEntry]:
        """Newest first, with since <= at < until. The next page: `before_id` of the last."""
        with self._reading() as connection:
            return audit.select(
                connection,
                since=since,
                until=until,
                who=who,
                action=action,
                limit=limit,
                before_id=before_id,
            )
