"""Who sent a request: by token, session, reverse proxy, or because he sits at this machine.

The order is: a token in `Authorization`; a session's cookie; the proxy's header; this machine. What is given
and wrong is refused, never passed over for something weaker, but for a cookie that has run out: browsers keep
sending those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from fastapi import Request

from api.access import Access
from api.attempts import Attempts
from api.credentials import looks_like_a_token, new_cookie
from api.keyring import Keyring
from api.peers import IpNetwork, connected, is_among, is_https, is_local, peer_of
from api.problems import ProblemError
from api.scope import LOCAL, Role, Scope, Via
from storage.records import Session, Token, hash_of
from topology.clock import Clock
from topology.model import ProviderId

COOKIE = "ronda_session"
SECURE_COOKIE = "__Host-ronda_session"
WALL_SESSION = timedelta(days=400)
"""A screen on a wall stays logged in as long as its token lives; browsers keep a cookie so long at most."""


class Loopback(StrEnum):
    """Who asks from this machine without a token."""

    AUTO = "auto"
    """Everything while no token was ever made, nothing afterwards."""
    OPEN = "open"
    """Everything."""
    WALL = "wall"
    """What a wall screen sees."""
    GUARDED = "guarded"
    """Nothing."""


@dataclass(frozen=True, slots=True)
class ProxyTrust:
    """A reverse proxy that has asked for the login, and says who it was."""

    user_header: str
    role_header: str
    roles: Mapping[str, tuple[Role, ProviderId | None]]
    """What may stand in the role header (a group, say) to the role it means; the first that fits counts."""
    networks: tuple[IpNetwork, ...]
    """The proxy's own addresses: from others the headers are refused."""


@dataclass(frozen=True, slots=True)
class AuthPolicy:
    loopback: Loopback = Loopback.AUTO
    unguarded: bool = False
    """While there are no tokens, everybody is let in from anywhere."""
    session: timedelta = timedelta(hours=12)
    proxies: tuple[IpNetwork, ...] = ()
    """Reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."""
    proxy: ProxyTrust | None = None


@dataclass(frozen=True, slots=True)
class LoggedIn:
    cookie: str
    scope: Scope
    ends_at: datetime
    secure: bool


@dataclass(slots=True)
class Authenticator:
    """One per application. `attempts` and `keyring` count."""

    access: Access
    clock: Clock
    policy: AuthPolicy = field(default_factory=AuthPolicy)
    attempts: Attempts = field(default_factory=Attempts)
    keyring: Keyring = field(init=False)

    def __post_init__(self) -> None:
        self.keyring = Keyring(self.access, self.clock)

    # --- requests

    async def scope(self, request: Request) -> Scope:
        """Raises ProblemError 401, 403 or 429, or RecordsUnavailableError while no token is known yet."""
        peer = peer_of(request, self.policy.proxies)
        found = await self._scope(request, peer)
        request.state.caller = found
        request.state.peer = peer
        return found

    async def optional_scope(self, request: Request) -> Scope | None:
        """None for whoever is nobody; for the few routes that answer everyone."""
        try:
            return await self.scope(request)
        except ProblemError:
            return None

    async def _scope(self, request: Request, peer: str | None) -> Scope:
        await self.keyring.refresh()
        self._no_forged_user(request)
        given = request.headers.get("authorization")
        if given is not None:
            scheme, _, secret = given.partition(" ")
            if scheme.lower() != "bearer":
                raise _unauthorized("the only scheme taken is Bearer")
            return self._of_token(self._known(secret.strip(), peer), Via.TOKEN)
        cookie = request.cookies.get(SECURE_COOKIE) or request.cookies.get(COOKIE)
        if cookie and (scope := await self._of_cookie(cookie, peer)) is not None:
            return scope
        proxy = self.policy.proxy
        if proxy is not None and (user := request.headers.get(proxy.user_header)):
            return _of_user(proxy, user, request.headers.getlist(proxy.role_header))
        local = self._local() if is_local(request) and not self._behind_proxy(request) else None
        if local is None and self.policy.unguarded and not self.keyring.any_ever:
            local = LOCAL
        if local is not None:
            return local
        raise _unauthorized(
            "the session is over: log in again" if cookie else "send a token: Authorization: Bearer rnd_..."
        )

    def _known(self, secret: str, peer: str | None) -> Token:
        """The valid token of this text. Raises ProblemError."""
        token = self.keyring.valid(hash_of(secret)) if looks_like_a_token(secret) else None
        if token is None:
            self._refuse_for_a_while(peer)
            self.attempts.failed(peer, self.clock.monotonic_s())
            raise _unauthorized("this token is not known, has expired, or was revoked")
        self.keyring.used(token)
        return token

    async def _of_cookie(self, cookie: str, peer: str | None) -> Scope | None:
        """None when it is no session's any more."""
        hash_ = hash_of(cookie)
        if not self.keyring.has_seen(hash_):
            self._refuse_for_a_while(peer)
        session = await self.keyring.session(hash_)
        token = None if session is None else self.keyring.token(session.token)
        if session is None or token is None:
            self.attempts.failed(peer, self.clock.monotonic_s())
            return None
        self.keyring.used(token)
        return self._of_token(token, Via.SESSION, session)

    def _of_token(self, token: Token, via: Via, session: Session | None = None) -> Scope:
        provider = None if token.provider is None else ProviderId(token.provider)
        hash_ = None if session is None else session.hash
        try:
            return Scope(Role(token.role), provider, token.label, via, token.id, hash_)
        except ValueError as error:  # made by another version: no role of ours
            raise _unauthorized(f"this token's role can't be used: {token.role}") from error

    def _local(self) -> Scope | None:
        match self.policy.loopback:
            case Loopback.OPEN:
                return LOCAL
            case Loopback.WALL:
                return Scope(Role.WALL)
            case Loopback.AUTO if not self.keyring.any_ever and self.policy.proxy is None:
                return LOCAL
        return None

    def _behind_proxy(self, request: Request) -> bool:
        return is_among(connected(request), self.policy.proxies)

    def _no_forged_user(self, request: Request) -> None:
        proxy = self.policy.proxy
        if (
            proxy is not None
            and not is_among(connected(request), proxy.networks)
            and (proxy.user_header in request.headers or proxy.role_header in request.headers)
        ):
            raise _unauthorized(f"{proxy.user_header} is taken from the reverse proxy only")

    def _refuse_for_a_while(self, peer: str | None) -> None:
        wait_s = self.attempts.wait_s(peer, self.clock.monotonic_s())
        if wait_s is not None:
            raise ProblemError(
                429, "too many failed logins from your address; wait", headers={"Retry-After": str(wait_s)}
            )

    # --- sessions

    async def log_in(self, request: Request, secret: str) -> LoggedIn:
        """A session for whoever shows a token. Raises ProblemError."""
        await self.keyring.refresh()
        token = self._known(secret.strip(), peer_of(request, self.policy.proxies))
        now = self.clock.now()
        length = WALL_SESSION if token.role == Role.WALL else self.policy.session
        ends_at = now + length if token.expires_at is None else min(now + length, token.expires_at)
        cookie = new_cookie()
        session = Session(hash_of(cookie), token.id, now, ends_at)
        await self.keyring.open(session)
        scope = self._of_token(token, Via.SESSION, session)
        request.state.caller = scope
        request.state.peer = peer_of(request, self.policy.proxies)
        return LoggedIn(cookie, scope, ends_at, is_https(request, self.policy.proxies))

    async def log_out(self, scope: Scope) -> None:
        if scope.session is not None:
            await self.keyring.close(scope.session)

    async def still(self, scope: Scope) -> bool:
        """Whether what let the caller in would do so now; open streams ask it again and again."""
        await self.keyring.refresh()
        match scope.via:
            case Via.TOKEN:
                return scope.token is not None and self.keyring.token(scope.token) is not None
            case Via.SESSION:
                known = None if scope.session is None else await self.keyring.session(scope.session)
                return known is not None and self.keyring.token(known.token) is not None
            case Via.LOCAL:
                local = self._local()
                return (local is not None and local.sight == scope.sight) or (
                    self.policy.unguarded and not self.keyring.any_ever
                )
            case Via.PROXY:
                return True  # the proxy ends its sessions by itself, and the connection with them


def _unauthorized(detail: str) -> ProblemError:
    return ProblemError(401, detail, headers={"WWW-Authenticate": 'Bearer realm="ronda"'})


def _of_user(proxy: ProxyTrust, user: str, said: list[str]) -> Scope:
    groups = {part.strip() for part in ",".join(said).split(",")}
    for name, (role, provider) in proxy.roles.items():
        if name in groups:
            return Scope(role, provider, user[:100], Via.PROXY)
    raise ProblemError(403, "you are logged in, but no role here is yours: ask for one")
