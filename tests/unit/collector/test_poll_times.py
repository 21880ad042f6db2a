"""At which time an observation is put: nothing is newer than it was seen."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from topology.observations import PollResult, PortStatus, Reachability

START = datetime(2026, 11, 21, 12, tzinfo=UTC)


class LoopClock:
    """Date and seconds from the event loop's clock."""

    def now(self) -> datetime:
        return START + timedelta(seconds=self.monotonic_s())

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()


class Counted:
    """The agent's way out: notes when each answer left, and lets only so many out."""

    def __init__(self, agent: Any, clock: LoopClock) -> None:
        self._send = agent._transport.sendto
        self._clock = clock
        self.room = 1_000_000
        self.left_at: list[datetime] = []

    def sendto(self, packet: bytes, addr: Any) -> None:
        if self.room > 0:
            self.room -= 1
            self.left_at.append(self._clock.now())
            self._send(packet, addr)


def statuses(result: PollResult) -> list[PortStatus]:
    return [o for o in result.observations if isinstance(o, PortStatus)]


def reachability(result: PollResult) -> Reachability:
    (found,) = (o for o in result.observations if isinstance(o, Reachability))
    return found


async def test_ports_carry_the_time_of_the_first_question_that_was_answered(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    clock = LoopClock()
    agent = await serve(switch(400))
    agent.reply_from = way = Counted(agent, clock)
    poller = new_poller(clock=clock, timeout_s=1.0)
    for _ in range(2):
        way.left_at.clear()
        result = await poller.poll(at(agent.port), deadline_s=30)
        assert result.errors == ()
        (read_at,) = {s.at for s in statuses(result)}
        assert result.started_at <= read_at <= way.left_at[0]
        assert len(statuses(result)) == 400
        assert way.left_at[-1] <= reachability(result).at


async def test_a_device_that_falls_silent_in_the_middle_was_not_alive_at_the_end(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    clock = LoopClock()
    agent = await serve(switch(60))
    agent.reply_from = way = Counted(agent, clock)
    poller = new_poller(clock=clock, timeout_s=0.5)
    await poller.poll(at(agent.port), deadline_s=30)
    way.left_at.clear()
    way.room = 1
    result = await poller.poll(at(agent.port), deadline_s=30)
    ended_at = clock.now()
    assert result.errors
    seen = reachability(result)
    assert seen.answered
    assert len(way.left_at) == 1
    silent_s = (ended_at - way.left_at[-1]).total_seconds()
    assert silent_s >= 0.4, "several tries were waited for"
    assert seen.at - way.left_at[-1] < timedelta(seconds=silent_s / 2)


async def test_a_device_that_comes_back_while_it_is_asked_was_not_well_before(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    clock = LoopClock()
    agent = await serve(switch(4))
    agent.reply_from = way = Counted(agent, clock)
    poller = new_poller(clock=clock, timeout_s=0.5)
    await poller.poll(at(agent.port), deadline_s=30)
    way.room = 0
    asyncio.get_running_loop().call_later(0.7, setattr, way, "room", 1_000_000)
    result = await poller.poll(at(agent.port), deadline_s=30)
    back_at = result.started_at + timedelta(seconds=0.7)
    assert reachability(result).answered
    retry_s = 0.4  # an agent's answer may be to a question of just before it came back
    assert min(s.at for s in statuses(result)) >= back_at - timedelta(seconds=2 * retry_s)
    assert min(s.at for s in statuses(result)) > result.started_at + timedelta(seconds=0.3)


async def test_silence_counts_from_the_question(serve: Any, new_poller: Any, at: Any, switch: Any) -> None:
    clock = LoopClock()
    agent = await serve(switch(4))
    agent.reply_from = way = Counted(agent, clock)
    poller = new_poller(clock=clock)
    await poller.poll(at(agent.port), deadline_s=30)
    way.room = 0
    result = await poller.poll(at(agent.port), deadline_s=30)
    assert not reachability(result).answered
    assert reachability(result).at == result.started_at


async def test_who_waits_for_an_earlier_poll_asks_later(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    """A poll asked for after a trap must not count as older than the trap's port because it had to queue."""
    clock = LoopClock()
    agent = await serve(switch(400))
    poller = new_poller(clock=clock, timeout_s=1.0)
    device = at(agent.port)
    first, second = await asyncio.gather(*(poller.poll(device, deadline_s=30) for _ in range(2)))
    began = sorted(statuses(r)[0].at for r in (first, second))
    ended = min(reachability(r).at for r in (first, second))
    assert began[1] >= ended
