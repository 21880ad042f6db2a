"""Schedule and prober together: fifty devices, five of them cut and restored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import cast

import pytest

from collector.icmp import Prober, ProberSettings
from collector.icmp_sockets import LAB_PORT_OFFSET
from collector.icmp_wire import echo_reply
from collector.schedule import Schedule
from ronda.clock import SystemClock
from topology.model import Address, Device, DeviceId, OfficeId
from topology.observations import PollResult, Reachability

CLOCK = SystemClock()
PROBE_INTERVAL_S = 2.0


class Agent(asyncio.DatagramProtocol):
    alive = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = echo_reply(data)
        if self.alive and answer is not None:
            self.transport.sendto(answer, addr)


@pytest.fixture
async def agents() -> AsyncIterator[dict[Device, Agent]]:
    loop = asyncio.get_running_loop()
    found: dict[Device, Agent] = {}
    for n in range(50):
        host = f"127.5.0.{n + 1}"
        _, agent = await loop.create_datagram_endpoint(Agent, local_addr=(host, 0))
        port = agent.transport.get_extra_info("sockname")[1] - LAB_PORT_OFFSET
        device = Device(
            DeviceId(f"r{n}"),
            OfficeId("x"),
            Address(host, port),
            poll_interval_s=3600.0,
            probe_interval_s=PROBE_INTERVAL_S,
        )
        found[device] = agent
    yield found
    for agent in found.values():
        agent.transport.close()


async def until(condition: Callable[[], bool], within_s: float) -> float:
    start_s = CLOCK.monotonic_s()
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - the condition is a plain value, nobody sets an event
            await asyncio.sleep(0.02)
    return CLOCK.monotonic_s() - start_s


async def test_a_cut_is_known_within_seconds_and_so_is_its_end(agents: dict[Device, Agent]) -> None:
    prober = Prober(ProberSettings(wire="lab"), CLOCK)
    await prober.start()
    answers: list[Reachability] = []

    async def poll(device: Device) -> PollResult:
        return PollResult(device.id, CLOCK.now(), 0.0)

    async def probe(targets: Sequence[object]) -> list[Reachability]:
        return await prober.probe(targets, timeout_s=0.5)  # type: ignore[arg-type]  # what the schedule gives

    schedule = Schedule(list(agents), poll, probe, lambda _result: None, answers.extend, CLOCK)
    await schedule.start()
    try:
        await until(lambda: {a.device for a in answers} == {d.id for d in agents}, within_s=10.0)
        cut = dict(list(agents.items())[:5])
        for agent in cut.values():
            agent.alive = False
        # At worst: an interval until the next probe, its time-out, half a second, another time-out.
        took_s = await until(lambda: all(schedule.missing_answers(d.id) >= 3 for d in cut), within_s=20.0)
        assert took_s < PROBE_INTERVAL_S + 0.5 + 0.5 + 0.5 + 2.0
        assert all(schedule.missing_answers(d.id) == 0 for d in agents if d not in cut)
        silent = [a for a in answers if not a.answered]
        assert {a.device for a in silent} == {d.id for d in cut}
        for agent in cut.values():
            agent.alive = True
        took_s = await until(lambda: all(schedule.missing_answers(d.id) == 0 for d in cut), within_s=20.0)
        assert took_s < PROBE_INTERVAL_S + 2.0
    finally:
        await schedule.stop()
        await prober.stop()
    assert prober.counters.foreign == 0
