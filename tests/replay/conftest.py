"""Agents that replay samples and recordings on loopback."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.snmp.agent import Mib, ReplayAgent
from collector.poll import Poller, PollSettings
from collector.profile import Profiles, load_profiles
from collector.secrets import CommunitySecret
from ronda.clock import SystemClock
from topology.model import Address, CredentialId, Device, DeviceId
from topology.observations import PollResult

# samples.py lies beside this file; without packages under tests/ it has to be loaded by its path.
_SPEC = importlib.util.spec_from_file_location("replay_samples", Path(__file__).with_name("samples.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
_MODULE = importlib.util.module_from_spec(_SPEC)
sys.modules["replay_samples"] = _MODULE
_SPEC.loader.exec_module(_MODULE)

PUBLIC = CredentialId("public")
Ask = Callable[..., Awaitable[PollResult]]


@pytest.fixture(scope="session")
def profiles() -> Profiles:
    return load_profiles()


@pytest.fixture
async def poll_mib(profiles: Profiles) -> AsyncIterator[Ask]:
    """`await poll_mib(mib)` serves a MIB and polls it once, `profile: auto`, over a real socket."""
    agents: list[ReplayAgent] = []
    pollers: list[Poller] = []

    async def ask(mib: Mib, **changes: Any) -> PollResult:
        agent = ReplayAgent(mib)
        await agent.start()
        agents.append(agent)
        poller = Poller(
            {},
            profiles,
            SystemClock(),
            {},
            settings=PollSettings(),
            secrets={PUBLIC: CommunitySecret(PUBLIC, "2c", "public")},
        )
        pollers.append(poller)
        await poller.start()
        device = Device(DeviceId("d"), None, Address("127.0.0.1", agent.port), snmp=(PUBLIC,), **changes)
        return await poller.poll(device, deadline_s=30)

    yield ask
    for poller in pollers:
        await poller.stop()
    for agent in agents:
        agent.stop()
