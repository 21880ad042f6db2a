"""Who speaks SNMP in a range of addresses: one small GET each, at a steady pace, and one repeat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from collector import system
from collector.counters import Counters
from collector.decode import as_oid, as_text
from collector.faults import SnmpFault
from collector.pace import Pace
from collector.profile import Profiles
from collector.secrets import SnmpSecret
from collector.snmp import GufoSession
from collector.transport import Limits, Tuning
from topology.clock import Clock

Network = IPv4Network | IPv6Network
_ASKED = [f"{oid}.0" for oid in (system.SYS_OBJECT_ID, system.SYS_NAME, system.SYS_DESCR)]
MOST_AT_ONCE = 512
"""Sockets open at the same time."""


@dataclass(frozen=True, slots=True)
class Speaker:
    address: str
    sys_name: str | None
    sys_descr: str | None
    sys_object_id: str | None
    profile: str
    credential: str


def network_of(text: str) -> Network:
    """A network or a single address; host bits may be set. Raises ValueError."""
    return ip_network(text.strip(), strict=False)


def addresses_of(network: Network) -> Iterable[str]:
    """Hosts only: asking a broadcast address asks everybody."""
    return map(str, network.hosts())


def size_of(network: Network) -> int:
    """How many addresses that is."""
    spare = 2 if network.version == 4 and network.prefixlen < 31 else 0
    spare = 1 if network.version == 6 and network.prefixlen < 127 else spare
    return network.num_addresses - spare


async def scan(
    network: Network,
    secrets: Sequence[SnmpSecret],
    profiles: Profiles,
    clock: Clock,
    *,
    port: int = 161,
    packets_per_s: float = 100.0,
    timeout_s: float = 1.0,
    done: Callable[[], None] = lambda: None,
) -> AsyncIterator[Speaker]:
    """Speakers as they answer. `done` is called after each address."""
    pace = Pace(packets_per_s, clock)
    places = min(MOST_AT_ONCE, max(8, round(packets_per_s * timeout_s * 2)))
    found: asyncio.Queue[Speaker | None] = asyncio.Queue()
    waiting: asyncio.Queue[str] = asyncio.Queue(places)

    async def feed() -> None:
        for address in addresses_of(network):
            await waiting.put(address)
        for _ in range(places):
            await waiting.put("")

    async def work() -> None:
        while address := await waiting.get():
            speaker = await _ask(address, secrets, profiles, pace, port, timeout_s)
            if speaker is not None:
                found.put_nowait(speaker)
            done()

    async def all_of_it() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(feed())
                for _ in range(places):
                    group.create_task(work())
        finally:
            found.put_nowait(None)

    task = asyncio.create_task(all_of_it())
    try:
        while (speaker := await found.get()) is not None:
            yield speaker
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _ask(
    address: str,
    secrets: Sequence[SnmpSecret],
    profiles: Profiles,
    pace: Pace,
    port: int,
    timeout_s: float,
) -> Speaker | None:
    for secret in secrets:
        for _ in range(2):  # a packet may get lost
            await pace.turn(1)
            session = GufoSession(
                address, port, secret, Tuning(timeout_s=timeout_s, retries=0), Limits(), Counters()
            )
            try:
                await session.open()
                values = await session.get(_ASKED)
            except SnmpFault:
                continue
            finally:
                session.close()
            name, descr = (as_text(values.get(oid)) for oid in (_ASKED[1], _ASKED[2]))
            oid = as_oid(values.get(_ASKED[0]))
            return Speaker(address, name, descr, oid, profiles.choose(oid, descr).name, str(secret.id))
    return None
