"""First contact: the address looked up, credentials tried in order, the one that works remembered."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import Sequence
from ipaddress import ip_address

from gufo.snmp import User

from collector import system
from collector.counters import Counters
from collector.fallback import Fallback, PysnmpSession
from collector.faults import SnmpFault
from collector.gufo import usm_user
from collector.memory import Memory
from collector.secrets import SnmpSecret, UsmSecret
from collector.snmp import GufoSession
from collector.transport import Limits, SnmpTransport, Tuning
from topology.model import Device
from topology.observations import PollFault

_ODD_EVERY_POLLS = 10
"""So often a silent device is asked by the fallback engine; the first time at once."""
_TRIES_BEFORE_ODD = 3
_PROBE = [f"{oid}.0" for oid in (system.SYS_OBJECT_ID, system.SYS_UPTIME)]


class Contact:
    """Opens sessions. Localised SNMPv3 keys are made once a credential, not once a device."""

    def __init__(self, tuning: Tuning, counters: Counters, default_port: int) -> None:
        self._tuning = tuning
        self._counters = counters
        self._default_port = default_port
        self._fallback = Fallback(tuning, counters)
        self._users: dict[UsmSecret, User] = {}

    async def reach(self, memory: Memory, secrets: Sequence[SnmpSecret]) -> SnmpTransport:
        """An open session with a credential that works. Raises SnmpFault of the last that did not."""
        host, port = await self._resolved(memory.device)
        tried = [memory.secret] if memory.secret is not None else list(secrets)
        if not tried:
            raise SnmpFault(PollFault.CONFIGURATION, "the device has no SNMP credential")
        fault = SnmpFault(PollFault.TIMEOUT, "no answer")
        for secret in tried:
            session = self._session(host, port, secret, memory)
            try:
                await session.open()
                await session.get(_PROBE)
            except SnmpFault as problem:
                session.close()
                fault = _worse(fault, problem)
                if problem.fault in (PollFault.REFUSED, PollFault.UNREACHABLE):
                    break
            except BaseException:
                session.close()
                raise
            else:
                memory.secret = secret
                memory.transport = session
                return session
        if fault.fault is PollFault.TIMEOUT:
            if memory.silent_polls % _ODD_EVERY_POLLS == 0 or memory.odd:
                found = await self._reach_odd(host, port, memory, tried)
                if found is not None:
                    return found
            names = ", ".join(str(secret.id) for secret in tried)
            raise SnmpFault(PollFault.TIMEOUT, f"no answer from {host}:{port} with {names}")
        raise fault

    async def _reach_odd(
        self, host: str, port: int, memory: Memory, secrets: Sequence[SnmpSecret]
    ) -> SnmpTransport | None:
        """Silence may be an answer from another address: the fallback engine hears that.

        A device that answers the first engine after all just lost packets, and is not odd.
        """
        for secret in secrets:
            odd = self._fallback.session(host, port, secret, memory.limits)
            try:
                await odd.open()
                await odd.get(_PROBE)
            except SnmpFault:
                continue
            session = self._session(host, port, secret, memory)
            if not await _answers(session, _TRIES_BEFORE_ODD):
                session.close()
                session = odd
                memory.odd = True
                self._counters.add("snmp_fallback_devices")
            memory.secret = secret
            memory.transport = session
            return session
        return None

    def another(self, memory: Memory) -> SnmpTransport | None:
        """One more session beside an open one, not yet opened; None for odd devices."""
        session = memory.transport
        if not isinstance(session, GufoSession) or memory.secret is None:
            return None
        return self._session(*session.address, memory.secret, memory)

    async def recorder(self, memory: Memory) -> PysnmpSession:
        """A session of the engine that knows the types of values."""
        assert memory.secret is not None
        host, port = await self._resolved(memory.device)
        session = self._fallback.session(host, port, memory.secret, Limits())
        await session.open()
        return session

    def close(self) -> None:
        self._fallback.close()

    def _session(self, host: str, port: int, secret: SnmpSecret, memory: Memory) -> SnmpTransport:
        user = None
        if isinstance(secret, UsmSecret) and secret.context:
            return self._fallback.session(host, port, secret, memory.limits)
        if isinstance(secret, UsmSecret):
            user = self._users.get(secret)
            if user is None:
                user = self._users[secret] = usm_user(secret)
        return GufoSession(host, port, secret, self._tuning, memory.limits, self._counters, user)

    async def _resolved(self, device: Device) -> tuple[str, int]:
        address = device.address
        if address is None:
            raise SnmpFault(PollFault.CONFIGURATION, "the device has no address")
        port = address.port or self._default_port
        try:
            return str(ip_address(address.host)), port
        except ValueError:
            pass
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(address.host, port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            raise SnmpFault(PollFault.UNREACHABLE, f"{address.host} can't be looked up: {error}") from error
        return str(found[0][4][0]), port


async def _answers(session: SnmpTransport, tries: int) -> bool:
    for _ in range(tries):
        try:
            await session.open()
            await session.get(_PROBE)
        except SnmpFault:
            continue
        return True
    return False


def _worse(one: SnmpFault, other: SnmpFault) -> SnmpFault:
    """A fault that says something goes before silence."""
    return one if other.fault is PollFault.TIMEOUT and one.fault is not PollFault.TIMEOUT else other


def allow_many_sockets() -> None:
    """A session is a socket: as many as the operator's hard limit allows, not the usual 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):  # some systems refuse their own hard limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
