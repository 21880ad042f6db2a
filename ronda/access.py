"""Tokens, sessions and the audit log of the records, as the API asks for them; and its rules from the
settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from api.auth import AuthPolicy, Loopback, ProxyTrust
from ronda.auth_settings import networks_of, role_of
from ronda.server import is_loopback
from ronda.settings import ApiSettings
from storage.records import AuditEntry, Session, Token
from storage.records.access import AccessRecords

T = TypeVar("T")


class Ask(Protocol):
    """Runs something of the records in their thread. Raises api.backend.RecordsUnavailableError."""

    def __call__(self, function: Callable[[], T]) -> Awaitable[T]: ...


class RecordsAccess:
    """Implements `api.access.Access`."""

    def __init__(self, records: AccessRecords, ask: Ask) -> None:
        self._records = records
        self._ask = ask

    async def tokens(self) -> Sequence[Token]:
        return await self._ask(self._records.tokens)

    async def touch_tokens(self, used: Mapping[str, datetime]) -> None:
        await self._ask(lambda: self._records.touch_tokens(used))

    async def open_session(self, session: Session) -> None:
        await self._ask(lambda: self._records.open_session(session))

    async def session(self, hash_: str) -> Session | None:
        return await self._ask(lambda: self._records.session(hash_))

    async def close_session(self, hash_: str) -> None:
        await self._ask(lambda: self._records.close_session(hash_))

    async def add_audit(self, entry: AuditEntry) -> None:
        await self._ask(lambda: self._records.add_audit(entry))

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
        return await self._ask(
            lambda: self._records.audit(
                since=since, until=until, who=who, action=action, limit=limit, before_id=before_id
            )
        )


def who_gets_in(api: ApiSettings, tokens: Sequence[Token]) -> str | None:
    """In words, for the log. None: everybody from anywhere, though nobody said that he wants that."""
    logins = ["the reverse proxy's users"] if api.proxy_auth.user_header is not None else []
    if tokens:
        logins.append("tokens")
    local = api.loopback if api.loopback != "auto" else "guarded" if logins else "open"
    if local != "guarded":
        logins.append("this machine" + (" (wall)" if local == "wall" else ""))
    if not tokens and api.unguarded:
        return "everybody, until the first token is made (api.unguarded)"
    if not tokens and api.proxy_auth.user_header is None and not is_loopback(api.host):
        return None
    return ", ".join(logins) or "nobody: make a token with `ronda token create`"


def auth_policy(api: ApiSettings) -> AuthPolicy:
    """The settings as the API takes them. They have been checked."""
    proxies = networks_of(api.trusted_proxies)
    asked = api.proxy_auth
    proxy = None
    if asked.user_header is not None:
        roles = {name: role_of(meant) for name, meant in asked.roles.items()}
        proxy = ProxyTrust(asked.user_header, asked.role_header, roles, proxies)
    return AuthPolicy(
        Loopback(api.loopback), api.unguarded, timedelta(hours=api.session_hours), proxies, proxy
    )
