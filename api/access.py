"""What the API needs of the records to know who is asking, and to note who did what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from storage.records import AuditEntry, Session, Token


class Access(Protocol):
    """Every method may raise `api.backend.RecordsUnavailableError`."""

    async def tokens(self) -> Sequence[Token]:
        """All, revoked and expired ones too."""
        ...

    async def touch_tokens(self, used: Mapping[str, datetime]) -> None:
        """Note the last use, by id."""
        ...

    async def open_session(self, session: Session) -> None: ...

    async def session(self, hash_: str) -> Session | None:
        """Also one that is over."""
        ...

    async def close_session(self, hash_: str) -> None: ...

    async def add_audit(self, entry: AuditEntry) -> None: ...

    async def audit(
        self,
        *,
        since: datetime | None,
        until: datetime | None,
        who: str | None,
        action: str | None,
        limit: int,
        before_id: int | None,
    ) -> Sequence[AuditEntry]:
        """Newest first, with since <= at < until."""
        ...
