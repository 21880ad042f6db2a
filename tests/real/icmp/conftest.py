"""Probers on real sockets, stopped at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from collector.icmp import Prober, ProberSettings
from ronda.clock import SystemClock


@pytest.fixture
async def started() -> AsyncIterator[Callable[[ProberSettings], Awaitable[Prober]]]:
    probers: list[Prober] = []

    async def start(settings: ProberSettings) -> Prober:
        prober = Prober(settings, SystemClock())
        probers.append(prober)
        await prober.start()
        return prober

    yield start
    for prober in probers:
        await prober.stop()
