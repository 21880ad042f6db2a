"""Sending is spread evenly, and a small wish does not wait behind a big one."""

from __future__ import annotations

import asyncio

import pytest

from collector.pace import Pace
from ronda.clock import SystemClock

CLOCK = SystemClock()


async def test_a_rate_is_kept() -> None:
    pace = Pace(per_s=1000.0, clock=CLOCK)
    start_s = CLOCK.monotonic_s()
    for _ in range(11):
        await pace.turn(30)
    # Ten bursts' worth of time lie between the first and the last.
    assert CLOCK.monotonic_s() - start_s >= 0.29


async def test_a_rate_left_unused_is_not_saved_up() -> None:
    pace = Pace(per_s=1000.0, clock=CLOCK)
    await pace.turn(1)
    await asyncio.sleep(0.3)
    start_s = CLOCK.monotonic_s()
    for _ in range(4):
        await pace.turn(50)
    assert CLOCK.monotonic_s() - start_s >= 0.14


async def test_one_packet_waits_for_one_burst_at_most() -> None:
    pace = Pace(per_s=100.0, clock=CLOCK)

    async def sweep() -> None:
        for _ in range(100):
            await pace.turn(10)

    sweeping = asyncio.create_task(sweep())
    await asyncio.sleep(0.05)
    start_s = CLOCK.monotonic_s()
    await pace.turn(1)
    assert CLOCK.monotonic_s() - start_s < 2.0  # the sweep takes ten seconds
    sweeping.cancel()


async def test_behind_its_pace_it_still_lets_others_run() -> None:
    pace = Pace(per_s=1e9, clock=CLOCK)
    ran = 0

    async def other() -> None:
        nonlocal ran
        while True:
            ran += 1
            await asyncio.sleep(0)

    reading = asyncio.create_task(other())
    for _ in range(10):
        await pace.turn(1)
    reading.cancel()
    assert ran >= 9


def test_a_pace_is_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        Pace(0.0, CLOCK)
