"""The second engine, pysnmp: for what gufo's connected sockets can't do.

Some routers with several addresses answer from another one than was asked, which a connected socket never
hears; and SNMPv3 contexts. It costs twenty times as much a poll, so few are in flight at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from pysnmp.entity import config
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    Udp6TransportTarget,
    UdpTransportTarget,
    UsmUserData,
    bulk_cmd,
    get_cmd,
    next_cmd,
)
from pysnmp.proto.errind import ErrorIndication

from collector.counters import Counters
from collector.faults import SnmpFault
from collector.secrets import CommunitySecret, SnmpSecret
from collector.transport import NOT_THERE, Limits, Tuning, Value, Walk
from collector.trap_decode import AUTH, PRIV
from topology.observations import PollFault

IN_FLIGHT = 20
_AUTH_WORDS = (
    "digest",
    "authentication",
    "username",
    "securityname",
    "time window",
    "engine",
    "decrypt",
    "wrong",
)
_NOT_THERE_KINDS = ("NoSuchObject", "NoSuchInstance", "EndOfMibView")
_TOO_BIG, _NO_SUCH_NAME = 1, 2


class Fallback:
    """One pysnmp engine for all devices that need it."""

    def __init__(self, tuning: Tuning, counters: Counters) -> None:
        self._tuning = tuning
        self._counters = counters
        self._engine: SnmpEngine | None = None
        self._places = asyncio.Semaphore(IN_FLIGHT)

    def session(self, host: str, port: int, secret: SnmpSecret, limits: Limits) -> PysnmpSession:
        if self._engine is None:
            self._engine = SnmpEngine()
        return PysnmpSession(
            self._engine, self._places, host, port, secret, self._tuning, limits, self._counters
        )

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close_dispatcher()
            self._engine = None


class PysnmpSession:
    """The same promises as `GufoSession`: typed faults, walks that end, refusals told from emptiness."""

    def __init__(
        self,
        engine: SnmpEngine,
        places: asyncio.Semaphore,
        host: str,
        port: int,
        secret: SnmpSecret,
        tuning: Tuning,
        limits: Limits,
        counters: Counters,
    ) -> None:
        self._engine = engine
        self._places = places
        self._address = (host, port)
        self._secret = secret
        self._tuning = tuning
        self.limits = limits
        self._counters = counters
        self._auth = _auth_of(secret)
        context = None if isinstance(secret, CommunitySecret) else secret.context
        self._context = ContextData(contextName=(context or "").encode())
        self._target: Any = None
        self._bulk = not (isinstance(secret, CommunitySecret) and secret.version == "1")
        self.answered = False
        self.answers = 0
        self.rtt_s: float | None = None
        self.heard_s: float | None = None
        self.first_asked_s: float | None = None

    async def open(self) -> None:
        kind = Udp6TransportTarget if ":" in self._address[0] else UdpTransportTarget
        try:
            self._target = await kind.create(
                self._address, timeout=self._tuning.timeout_s, retries=self._tuning.retries
            )
        except (PySnmpError, OSError) as error:
            raise SnmpFault(PollFault.UNREACHABLE, str(error)) from error

    def close(self) -> None:
        """The engine's socket is shared; nothing of this session stays open."""

    async def get(self, oids: Sequence[str]) -> dict[str, Value]:
        bindings, status = await self._ask(get_cmd, oids)
        return {} if status else {oid: value for oid, value in bindings if value is not _Missing}

    async def get_one(self, oid: str) -> Value | None:
        bindings, status = await self._ask(get_cmd, [oid])
        if status == _NO_SUCH_NAME:
            return NOT_THERE
        if status or not bindings:
            return None
        value = bindings[0][1]
        return NOT_THERE if value is _Missing else value

    async def walk(self, base: str, max_rows: int) -> Walk:
        rows: dict[str, Value] = {}
        cursor, prefix = base, base + "."
        try:
            while True:
                if self._bulk:
                    bindings, status = await self._ask(bulk_cmd, [cursor], 0, self.limits.max_repetitions)
                else:
                    bindings, status = await self._ask(next_cmd, [cursor])
                if status == _TOO_BIG and self.limits.max_repetitions > 1:
                    self.limits.max_repetitions //= 2
                    continue
                new = False
                for oid, value in bindings if not status else ():
                    if not oid.startswith(prefix) or value is _Missing:
                        return Walk(rows)
                    new = new or oid not in rows
                    rows[oid] = value
                    cursor = oid
                if status == _NO_SUCH_NAME or (not bindings and not status):
                    return Walk(rows)
                if status:
                    return Walk(rows, SnmpFault(PollFault.AGENT, f"error-status {status}", base))
                if not new or len(rows) > max_rows:
                    self._counters.add("snmp_loops_stopped")
                    return Walk(rows, SnmpFault(PollFault.LOOP, "the agent's OIDs do not increase", base))
        except SnmpFault as fault:
            return Walk(rows, fault)

    async def _ask(
        self,
        command: Callable[..., Coroutine[Any, Any, Any]],
        oids: Sequence[str],
        *numbers: int,
        raw: bool = False,
    ) -> tuple[list[tuple[str, Any]], int]:
        """Bindings and error-status. Raises SnmpFault on silence and on what USM refuses."""
        if self._target is None:
            await self.open()
        loop = asyncio.get_running_loop()
        names = [ObjectType(ObjectIdentity(oid)) for oid in oids]
        async with self._places:
            self._counters.add("snmp_fallback_requests")
            began_s = loop.time()
            try:
                indication, status, _, bindings = await command(
                    self._engine, self._auth, self._target, self._context, *numbers, *names, lookupMib=False
                )
            except (PySnmpError, ValueError, OSError) as error:
                raise SnmpFault(PollFault.DECODE, f"{type(error).__name__}: {str(error)[:120]}") from error
        if indication:
            raise _fault_of(indication)
        self.answered = True
        self.answers += 1
        self.heard_s = loop.time()
        self.rtt_s = self.heard_s - began_s
        if self.first_asked_s is None:
            self.first_asked_s = began_s
        found = [(str(name), value if raw else _plain(value)) for name, value in bindings]
        return found, int(status)

    async def next_raw(self, cursor: str) -> list[tuple[str, Any]]:
        """What follows `cursor`, with pysnmp's values and so their types: for recordings."""
        if self._bulk:
            bindings, status = await self._ask(bulk_cmd, [cursor], 0, self.limits.max_repetitions, raw=True)
        else:
            bindings, status = await self._ask(next_cmd, [cursor], raw=True)
        return [] if status else bindings


class _Missing:
    """noSuchObject, noSuchInstance, endOfMibView, NULL."""


def _plain(value: Any) -> Any:
    kind = type(value).__name__
    if kind in _NOT_THERE_KINDS or kind in ("Null", "UnSpecified"):
        return _Missing
    if kind in ("ObjectIdentifier", "ObjectName"):
        return str(value)
    if kind == "IpAddress":
        return ".".join(map(str, bytes(value)))
    if kind in ("OctetString", "Opaque", "Bits"):
        return bytes(value)
    try:
        return int(value)
    except (TypeError, ValueError):
        return bytes(value)


def _auth_of(secret: SnmpSecret) -> Any:
    if isinstance(secret, CommunitySecret):
        return CommunityData(secret.community, mpModel=0 if secret.version == "1" else 1)
    return UsmUserData(
        secret.user,
        secret.auth_key,
        secret.priv_key,
        authProtocol=AUTH.get(secret.auth, config.USM_AUTH_NONE),
        privProtocol=PRIV.get(secret.priv, config.USM_PRIV_NONE),
    )


def _fault_of(indication: ErrorIndication) -> SnmpFault:
    text = str(indication)
    if "timeout" in text.lower() or "no snmp response" in text.lower():
        return SnmpFault(PollFault.TIMEOUT, "no answer")
    if any(word in text.lower() for word in _AUTH_WORDS):
        return SnmpFault(PollFault.AUTHENTICATION, text)
    return SnmpFault(PollFault.AGENT, text)
