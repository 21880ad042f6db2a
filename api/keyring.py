"""Tokens and sessions as the records have them, read again every second: what is revoked ends at once."""

from __future__ import annotations

import asyncio
import hmac
from collections import OrderedDict
from datetime import datetime

import structlog

from api.access import Access
from api.backend import RecordsUnavailableError
from storage.records import Session, Token
from topology.clock import Clock

log = structlog.get_logger(__name__)

FRESH_S = 1.0
"""So long what was read is taken for true."""
SESSION_FRESH_S = 60.0
"""Sessions are opened and closed by this process only; with their token they end at once."""
OUTAGE_S = 900.0
"""So long while the records can't be read: then nobody is let in rather than somebody who was revoked."""
NOTED_EVERY_S = 60.0
"""Last use is written so often at most."""
SESSIONS = 4096
_NOBODY = "0" * 64


class Keyring:
    def __init__(self, access: Access, clock: Clock) -> None:
        self._access = access
        self._clock = clock
        self._by_hash: dict[str, Token] = {}
        self._by_id: dict[str, Token] = {}
        self._read_s: float | None = None
        self._tried_s: float | None = None
        self._reading = asyncio.Lock()
        self._sessions: OrderedDict[str, tuple[Session | None, float]] = OrderedDict()
        self._used: dict[str, datetime] = {}
        self._noted_s: dict[str, float] = {}
        self.reads = 0
        self.read_errors = 0

    @property
    def any_ever(self) -> bool:
        """Whether a token was ever made. Once one was, this machine is not let in for being this machine,
        not even when all have expired: it may have a proxy on it by now."""
        return bool(self._by_id)

    async def refresh(self) -> None:
        """Raises RecordsUnavailableError when nothing was read yet, or too long ago."""
        if not self._due():
            return
        async with self._reading:
            if not self._due():
                return
            self._tried_s = self._clock.monotonic_s()
            try:
                await self._note_uses()
                tokens = await self._access.tokens()
            except RecordsUnavailableError as error:
                self.read_errors += 1
                if self._read_s is None or self._tried_s - self._read_s > OUTAGE_S:
                    raise
                if self.read_errors in (1, 10, 100) or not self.read_errors % 1000:
                    log.warning("tokens can't be read again", error=str(error))
                return
            self._by_hash = {t.hash: t for t in tokens}
            self._by_id = {t.id: t for t in tokens}
            self._read_s = self._tried_s
            self.reads += 1

    def _due(self) -> bool:
        now_s = self._clock.monotonic_s()
        if self._read_s is None or (self._tried_s is not None and now_s - self._read_s > OUTAGE_S):
            return True
        return self._tried_s is None or now_s - self._tried_s >= FRESH_S

    def valid(self, hash_: str) -> Token | None:
        """The valid token with this hash. The comparison takes as long for a wrong one as for a right one."""
        found = self._by_hash.get(hash_)
        if not hmac.compare_digest(hash_, _NOBODY if found is None else found.hash):
            return None
        return found if found is not None and found.valid(self._clock.now()) else None

    def token(self, id_: str) -> Token | None:
        found = self._by_id.get(id_)
        return found if found is not None and found.valid(self._clock.now()) else None

    def used(self, token: Token) -> None:
        self._used[token.id] = self._clock.now()

    async def _note_uses(self) -> None:
        now_s = self._clock.monotonic_s()
        due = {
            id_: at
            for id_, at in self._used.items()
            if id_ not in self._noted_s or now_s - self._noted_s[id_] >= NOTED_EVERY_S
        }
        if due:
            await self._access.touch_tokens(due)
            for id_ in due:
                self._noted_s[id_] = now_s
                del self._used[id_]

    # --- sessions

    def has_seen(self, hash_: str) -> bool:
        """Whether it was a session's when it was last looked up."""
        return self._sessions.get(hash_, (None, 0.0))[0] is not None

    async def session(self, hash_: str) -> Session | None:
        """The one that lasts. Raises RecordsUnavailableError."""
        now_s = self._clock.monotonic_s()
        found, read_s = self._sessions.get(hash_, (None, 0.0))
        if found is None or now_s - read_s >= SESSION_FRESH_S:
            try:
                found = await self._access.session(hash_)
            except RecordsUnavailableError:
                if found is None or now_s - read_s > OUTAGE_S:
                    raise
            else:
                self._keep(hash_, found, now_s)
        return found if found is not None and self._clock.now() < found.expires_at else None

    async def open(self, session: Session) -> None:
        await self._access.open_session(session)
        self._keep(session.hash, session, self._clock.monotonic_s())

    async def close(self, hash_: str) -> None:
        self._sessions.pop(hash_, None)
        await self._access.close_session(hash_)
        self._sessions.pop(hash_, None)

    def _keep(self, hash_: str, session: Session | None, now_s: float) -> None:
        if session is None:
            self._sessions.pop(hash_, None)
            return
        self._sessions[hash_] = (session, now_s)
        self._sessions.move_to_end(hash_)
        while len(self._sessions) > SESSIONS:
            self._sessions.popitem(last=False)
