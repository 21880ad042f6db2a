"""Answers from another port or address, and contexts: what the fallback engine is for."""

from __future__ import annotations

import asyncio
from typing import Any

from topology.observations import PollFault, PortCounters, PortStatus, Reachability


def seen(result: Any, kind: type[Any]) -> list[Any]:
    return [one for one in result.observations if isinstance(one, kind)]


async def test_answers_from_another_address_and_port(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    loop = asyncio.get_running_loop()
    agent = await serve(switch(6))
    agent.reply_from, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.2", 0)
    )
    poller = new_poller(timeout_s=0.5)
    first = await poller.poll(at(agent.port), deadline_s=30)
    (reach,) = seen(first, Reachability)
    assert reach.answered
    assert [(e.fault, "another address" in e.message) for e in first.errors] == [(PollFault.AGENT, True)]
    assert [s.port.if_name for s in seen(first, PortStatus)] == [f"p{n}" for n in range(1, 7)]
    second = await poller.poll(at(agent.port), deadline_s=30)
    assert second.errors == ()
    assert [c.in_octets for c in seen(second, PortCounters)] == [n * 1000 for n in range(1, 7)]
    assert poller.counters["snmp_fallback_devices"] == 1
    agent.reply_from.close()


async def test_a_device_that_is_just_dead_costs_one_more_try_and_seldom(new_poller: Any, at: Any) -> None:
    loop = asyncio.get_running_loop()
    sink, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    device = at(sink.get_extra_info("sockname")[1])
    poller = new_poller(timeout_s=0.2)
    for _ in range(4):
        result = await poller.poll(device, deadline_s=30)
        assert [e.fault for e in result.errors] == [PollFault.TIMEOUT]
    assert poller.counters["snmp_fallback_requests"] == 1
    sink.close()
