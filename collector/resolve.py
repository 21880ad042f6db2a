"""Names to addresses, off the event loop and cached, so that a slow DNS delays no probe."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass

from collector.icmp_sockets import SocketAddress
from collector.icmp_wire import IpVersion
from topology.clock import Clock


@dataclass(frozen=True, slots=True)
class Resolved:
    version: IpVersion
    address: SocketAddress


@dataclass(slots=True)
class _Entry:
    resolved: Resolved | None
    asked_s: float


class Resolver:
    """An old answer is used while a new one is fetched: a dead DNS makes no device silent."""

    def __init__(self, clock: Clock, ttl_s: float, retry_s: float, at_once: int = 4) -> None:
        self._clock = clock
        self._ttl_s = ttl_s
        self._retry_s = retry_s
        self._entries: dict[str, _Entry] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(at_once)
        """The loop's thread pool is shared: a dead DNS must not fill it."""

    def known(self, host: str) -> Resolved | None:
        """The address as far as it is known now; starts to ask where it isn't, or is old."""
        entry = self._entries.get(host)
        if entry is None:
            entry = self._entries[host] = _Entry(literal(host), self._clock.monotonic_s())
            if entry.resolved is None:
                self._ask(host)
            else:
                entry.asked_s = float("inf")
        else:
            life_s = self._retry_s if entry.resolved is None else self._ttl_s
            if self._clock.monotonic_s() - entry.asked_s > life_s:
                self._ask(host)
        return entry.resolved

    async def wait(self, hosts: list[str], timeout_s: float) -> None:
        """Waits until those that are being asked are known, at most `timeout_s`."""
        tasks = {self._asking[host] for host in hosts if host in self._asking}
        if tasks:
            await asyncio.wait(tasks, timeout=timeout_s)

    async def stop(self) -> None:
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ask(self, host: str) -> None:
        if host not in self._asking:
            self._asking[host] = asyncio.create_task(self._resolve(host), name=f"resolve {host}")

    async def _resolve(self, host: str) -> None:
        entry = self._entries[host]
        try:
            async with self._places:
                found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
            entry.resolved = next(filter(None, map(_resolved, found)), entry.resolved)
        except (OSError, UnicodeError):
            pass  # an old answer stays; none at all is counted by whoever needed it
        finally:
            entry.asked_s = self._clock.monotonic_s()
            self._asking.pop(host, None)


def literal(host: str) -> Resolved | None:
    """An address written as numbers (with a zone where IPv6 needs one); ``None`` for a name."""
    try:
        found = socket.getaddrinfo(
            host, None, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
        )  # AI_NUMERICHOST: parses, never asks
    except (OSError, UnicodeError):
        return None
    return next(filter(None, map(_resolved, found)), None)


def _resolved(
    info: tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]],
) -> Resolved | None:
    family, _, _, _, address = info
    host = address[0]
    if not isinstance(host, str):
        return None
    if family == socket.AF_INET:
        return Resolved(IpVersion.V4, (host, 0))
    if family == socket.AF_INET6 and len(address) == 4:
        return Resolved(IpVersion.V6, (host, 0, address[2], address[3]))
    return None
