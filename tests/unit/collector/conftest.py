"""A device in code, agents that serve it over loopback, and pollers that ask them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from benchmarks.snmp.agent import Mib, ReplayAgent, load_snmprec
from collector.poll import Poller, PollSettings
from collector.profile import Profiles, load_profiles
from collector.secrets import CommunitySecret
from ronda.clock import SystemClock
from topology.model import Address, CredentialId, Device, DeviceId

PUBLIC = CredentialId("public")


def rows_of(ports: int, *, wide: bool = True) -> list[str]:
    """A switch with that many ports, in the form of a .snmprec file."""
    lines = [
        "1.3.6.1.2.1.1.1.0|4|A switch",
        "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.7",
        "1.3.6.1.2.1.1.3.0|67|100000",
        "1.3.6.1.2.1.1.5.0|4|sw1",
        f"1.3.6.1.2.1.2.1.0|2|{ports}",
        "1.3.6.1.2.1.31.1.5.0|67|500",
    ]
    for n in range(1, ports + 1):
        lines += [
            f"1.3.6.1.2.1.2.2.1.2.{n}|4|port {n}",
            f"1.3.6.1.2.1.2.2.1.3.{n}|2|6",
            f"1.3.6.1.2.1.2.2.1.5.{n}|66|100000000",
            f"1.3.6.1.2.1.2.2.1.7.{n}|2|1",
            f"1.3.6.1.2.1.2.2.1.8.{n}|2|{1 if n % 2 else 2}",
            f"1.3.6.1.2.1.2.2.1.9.{n}|67|700",
            f"1.3.6.1.2.1.2.2.1.10.{n}|65|{n * 10}",
            f"1.3.6.1.2.1.2.2.1.14.{n}|65|{n}",
            f"1.3.6.1.2.1.2.2.1.16.{n}|65|{n * 20}",
            f"1.3.6.1.2.1.2.2.1.20.{n}|65|0",
        ]
        if wide:
            lines += [
                f"1.3.6.1.2.1.31.1.1.1.1.{n}|4|p{n}",
                f"1.3.6.1.2.1.31.1.1.1.6.{n}|70|{n * 1000}",
                f"1.3.6.1.2.1.31.1.1.1.10.{n}|70|{n * 2000}",
                f"1.3.6.1.2.1.31.1.1.1.15.{n}|66|100",
            ]
    return lines


def mib_of(ports: int, *, wide: bool = True) -> Mib:
    return Mib(load_snmprec(rows_of(ports, wide=wide)))


@pytest.fixture(scope="session")
def profiles() -> Profiles:
    return load_profiles()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Any]]:
    """`agent = await serve(mib, behaviour=...)`"""
    agents: list[ReplayAgent] = []

    async def start(mib: Mib, **options: Any) -> ReplayAgent:
        agent = ReplayAgent(mib, **options)
        await agent.start()
        agents.append(agent)
        return agent

    yield start
    for agent in agents:
        agent.stop()


@pytest.fixture
async def new_poller(profiles: Profiles) -> AsyncIterator[Callable[..., Poller]]:
    """`poller = new_poller(timeout_s=0.2)`"""
    made: list[Poller] = []

    def make(version: Any = "2c", clock: Any = None, **settings: Any) -> Poller:
        secret = CommunitySecret(PUBLIC, version, "public")
        options = {"timeout_s": 0.25, **settings}
        poller = Poller(
            {},
            profiles,
            clock or SystemClock(),
            {},
            settings=PollSettings(**options),
            secrets={PUBLIC: secret},
        )
        made.append(poller)
        return poller

    yield make
    for poller in made:
        await poller.stop()


def device_at(port: int, name: str = "d", host: str = "127.0.0.1", **changes: Any) -> Device:
    return Device(DeviceId(name), None, Address(host, port), snmp=(PUBLIC,), **changes)


@pytest.fixture
def at() -> Callable[..., Device]:
    """`device = at(agent.port)`"""
    return device_at


@pytest.fixture
def switch() -> Callable[..., Mib]:
    """`mib = switch(24)`"""
    return mib_of
