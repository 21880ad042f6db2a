"""Agents as they are in the field: each misbehaviour on a real socket, and what a poll makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.snmp import ber
from benchmarks.snmp.agent import GEN_ERR, TOO_BIG, Request, error_answer
from topology.observations import (
    PollFault,
    PollResult,
    PortCounters,
    PortStatus,
    Reachability,
    SystemInfo,
)

IN_ERRORS = ber.parse_oid("1.3.6.1.2.1.2.2.1.14")
DEADLINE_S = 20.0


def seen(result: PollResult, kind: type[Any]) -> list[Any]:
    return [one for one in result.observations if isinstance(one, kind)]


def faults(result: PollResult) -> set[PollFault]:
    return {error.fault for error in result.errors}


def answered(result: PollResult) -> bool:
    (reach,) = seen(result, Reachability)
    return bool(reach.answered)


async def test_silence_is_a_result(new_poller: Any, at: Any) -> None:
    loop = asyncio.get_running_loop()
    sink, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    port = sink.get_extra_info("sockname")[1]
    began_s = loop.time()
    poller = new_poller(timeout_s=0.2)
    result = await poller.poll(at(port), deadline_s=DEADLINE_S)
    took_s = loop.time() - began_s
    sink.close()
    assert not answered(result)
    assert faults(result) == {PollFault.TIMEOUT}
    assert took_s >= 0.4  # asked, and asked once more
    assert (poller.counters["snmp_requests"], poller.counters["snmp_retries"]) == (2, 1)


async def test_a_closed_port_refuses_at_once(new_poller: Any, at: Any) -> None:
    poller = new_poller(timeout_s=5.0)
    result = await poller.poll(at(9), deadline_s=DEADLINE_S)
    assert faults(result) == {PollFault.REFUSED}
    assert not answered(result)
    assert result.duration_s < 5.0  # not even one time-out
    assert poller.counters["snmp_requests"] == 1, "and nobody asked once more"


async def test_oids_that_do_not_increase_end_the_walk(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    mib = switch(4)
    descr = ber.parse_oid("1.3.6.1.2.1.2.2.1.2")

    def circles(request: Request, answer: Callable[[Request], bytes]) -> list[bytes]:
        if request.pdu == ber.GET_BULK and request.oids[0][: len(descr)] == descr:
            binds = [ber.varbind((*descr, n), mib.rows[(*descr, n)].value) for n in (1, 2, 3, 4)]
            return [
                ber.message(request.version, request.community, ber.RESPONSE, request.request_id, 0, 0, binds)
            ]
        return [answer(request)]

    agent = await serve(mib, behaviour=circles)
    result = await new_poller().poll(at(agent.port), deadline_s=DEADLINE_S)
    assert faults(result) == {PollFault.LOOP}
    assert len(seen(result, PortStatus)) == 4
    assert {status.if_descr for status in seen(result, PortStatus)} == {f"port {n}" for n in (1, 2, 3, 4)}
    assert agent.requests < 200


async def test_endless_new_rows_are_capped(serve: Any, new_poller: Any, at: Any, switch: Any) -> None:
    alias = ber.parse_oid("1.3.6.1.2.1.31.1.1.1.18")
    counter = iter(range(1, 1_000_000_000))

    def forever(request: Request, answer: Callable[[Request], bytes]) -> list[bytes]:
        if request.pdu == ber.GET_BULK and request.oids[0][: len(alias)] == alias:
            value = ber.tlv(4, b"x")
            binds = [ber.varbind((*alias, next(counter)), value) for _ in range(30)]
            return [
                ber.message(request.version, request.community, ber.RESPONSE, request.request_id, 0, 0, binds)
            ]
        return [answer(request)]

    agent = await serve(switch(4), behaviour=forever)
    result = await new_poller(max_rows=3000).poll(at(agent.port), deadline_s=DEADLINE_S)
    assert faults(result) == {PollFault.LOOP}
    assert len(seen(result, PortStatus)) == 4


async def test_rows_out_of_order_all_count(serve: Any, new_poller: Any, at: Any, switch: Any) -> None:
    mib = switch(12)
    names = ber.parse_oid("1.3.6.1.2.1.31.1.1.1.1")
    order = [3, 1, 2, 7, 5, 4, 6, 12, 8, 11, 9, 10]

    def shuffled(request: Request, answer: Callable[[Request], bytes]) -> list[bytes]:
        if request.pdu == ber.GET_BULK and request.oids[0][: len(names)] == names:
            if request.oids[0] == names:
                binds = [ber.varbind((*names, n), mib.rows[(*names, n)].value) for n in order]
            else:
                binds = [ber.varbind((*names[:-1], 6, 1), mib.rows[(*names[:-1], 6, 1)].value)]
            return [
                ber.message(request.version, request.community, ber.RESPONSE, request.request_id, 0, 0, binds)
            ]
        return [answer(request)]

    agent = await serve(mib, behaviour=shuffled)
    result = await new_poller().poll(at(agent.port), deadline_s=DEADLINE_S)
    assert result.errors == ()
    assert {status.port.if_name for status in seen(result, PortStatus)} == {f"p{n}" for n in order}


async def test_truncated_packets(serve: Any, new_poller: Any, at: Any, switch: Any) -> None:
    """Cut answers say nothing; the poll ends with a decode error, not with an exception."""

    def cut(request: Request, answer: Callable[[Request], bytes]) -> list[bytes]:
        return [answer(request)[:-7]]

    agent = await serve(switch(4), behaviour=cut)
    result = await new_poller().poll(at(agent.port), deadline_s=DEADLINE_S)
    assert faults(result) == {PollFault.DECODE}


async def test_bulk_answers_that_are_cut_make_smaller_requests(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    """An agent (or a path) that spoils every answer above 400 octets."""

    def cut_big(request: Request, answer: Callable[[Request], bytes]) -> list[bytes]:
        packet = answer(request)
        return [packet if len(packet) <= 400 else packet[:400]]

    agent = await serve(switch(24), behaviour=cut_big)
    result = await new_poller().poll(at(agent.port), deadline_s=DEADLINE_S)
    assert result.errors == ()
    assert len(seen(result, PortStatus)) == 24
    again = await asyncio.wait_for(new_poller().poll(at(agent.port), deadline_s=DEADLINE_S), 20)
    assert again.errors == ()


async def test_wrong_ids_duplicates_and_late_answers_are_not_taken(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    held: list[bytes] = []

    def messy(request: Request, answer: Callable[[Request], bytes]) -> list[bytes]:
        good = answer(request)
        wrong = answer(replace(request, request_id=(request.request_id + 1) & 0x7FFFFFFF))
        late = held.pop() if held else wrong
        held.append(good)
        return [wrong, late, good, good]

    agent = await serve(switch(6), behaviour=messy)
    poller = new_poller()
    for _ in range(3):
        result = await poller.poll(at(agent.port), deadline_s=DEADLINE_S)
        assert result.errors == ()
        counters = {c.port.if_name: c.in_octets for c in seen(result, PortCounters)}
        assert counters == {f"p{n}": n * 1000 for n in range(1, 7)}


async def test_too_big_shrinks_and_is_remembered(serve: Any, new_poller: Any, at: Any, switch: Any) -> None:
    def narrow(request: Request, answer: Callable[[Request], bytes]) -> list[bytes]:
        if request.pdu == ber.GET and len(request.oids) > 10:
            return [error_answer(request, TOO_BIG)]
        return [answer(request)]

    agent = await serve(switch(24), behaviour=narrow)
    poller = new_poller()
    await poller.poll(at(agent.port), deadline_s=DEADLINE_S)
    second = await poller.poll(at(agent.port), deadline_s=DEADLINE_S)
    assert second.errors == ()
    assert len(seen(second, PortCounters)) == 24
    assert poller.counters["snmp_requests_shrunk"] > 0
    before = agent.requests
    third = await poller.poll(at(agent.port), deadline_s=DEADLINE_S)
    assert third.errors == ()
    refused = [r for r in agent.log[before:] if r.pdu == ber.GET and len(r.oids) > 10]
    assert len(refused) <= 2  # the learned size is kept; no more trying big ones poll after poll


async def test_answers_that_leave_out_the_rest(serve: Any, new_poller: Any, at: Any, switch: Any) -> None:
    """An agent that answers ten objects of any number, and says nothing of the others."""

    def short(request: Request, answer: Callable[[Request], bytes]) -> list[bytes]:
        if request.pdu == ber.GET:
            return [answer(replace(request, oids=request.oids[:10]))]
        return [answer(request)]

    agent = await serve(switch(24), behaviour=short)
    poller = new_poller()
    for _ in range(3):
        result = await poller.poll(at(agent.port), deadline_s=DEADLINE_S)
        assert result.errors == ()
        assert [c.in_octets for c in seen(result, PortCounters)] == [n * 1000 for n in range(1, 25)]
        assert [c.out_errors for c in seen(result, PortCounters)] == [0] * 24


async def test_gen_err_on_one_column_spares_the_others(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    def broken(request: Request, answer: Callable[[Request], bytes]) -> list[bytes]:
        if any(oid[: len(IN_ERRORS)] == IN_ERRORS for oid in request.oids):
            return [error_answer(request, GEN_ERR, 1)]
        return [answer(request)]

    agent = await serve(switch(8), behaviour=broken)
    result = await new_poller().poll(at(agent.port), deadline_s=DEADLINE_S)
    assert faults(result) == {PollFault.AGENT}
    assert [error.oid for error in result.errors] == [ber.format_oid(IN_ERRORS)]
    counters = seen(result, PortCounters)
    assert [c.in_octets for c in counters] == [n * 1000 for n in range(1, 9)]
    assert {c.in_errors for c in counters} == {None}
    assert {c.out_errors for c in counters} == {0}


async def test_a_column_that_starts_to_fail_costs_itself_only(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    failing = False

    def sometimes(request: Request, answer: Callable[[Request], bytes]) -> list[bytes]:
        if failing and any(oid[: len(IN_ERRORS)] == IN_ERRORS for oid in request.oids):
            return [error_answer(request, GEN_ERR, 1)]
        return [answer(request)]

    agent = await serve(switch(8), behaviour=sometimes)
    poller = new_poller()
    assert (await poller.poll(at(agent.port), deadline_s=DEADLINE_S)).errors == ()
    failing = True
    result = await poller.poll(at(agent.port), deadline_s=DEADLINE_S)
    assert faults(result) == {PollFault.AGENT}
    assert [c.in_octets for c in seen(result, PortCounters)] == [n * 1000 for n in range(1, 9)]


@pytest.mark.parametrize("offset", [0, 1, 2])
async def test_one_packet_in_three(serve: Any, new_poller: Any, at: Any, switch: Any, offset: int) -> None:
    count = offset

    def lossy(request: Request, answer: Callable[[Request], bytes]) -> list[bytes]:
        nonlocal count
        count += 1
        return [answer(request)] if count % 3 == 0 else []

    agent = await serve(switch(4), behaviour=lossy)
    poller = new_poller(timeout_s=0.03)
    first = await poller.poll(at(agent.port), deadline_s=30)
    if not answered(first):
        first = await poller.poll(at(agent.port), deadline_s=30)
    assert len(seen(first, PortStatus)) == 4
    second = await poller.poll(at(agent.port), deadline_s=30)
    assert second.errors == ()
    assert len(seen(second, PortCounters)) == 4


async def test_an_agent_that_drips_is_cut_at_the_deadline_and_goes_on_next_time(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    """40 ms an answer and 400 rows: more than the deadline; each poll learns on where the last stopped."""
    loop = asyncio.get_running_loop()
    agent = await serve(switch(60))
    transport = agent._transport
    send = transport.sendto
    transport_send = lambda packet, addr: loop.call_later(0.03, send, packet, addr)  # noqa: E731

    class Slow:
        def sendto(self, packet: bytes, addr: Any) -> None:
            transport_send(packet, addr)

    agent.reply_from = Slow()
    poller = new_poller(timeout_s=1.0)
    first = await poller.poll(at(agent.port), deadline_s=1.2)
    assert PollFault.DEADLINE in faults(first)
    assert answered(first)
    assert seen(first, SystemInfo)[0].sys_name == "sw1"
    for _ in range(4):
        result = await poller.poll(at(agent.port), deadline_s=1.5)
    assert len(seen(result, PortStatus)) == 60


async def test_one_slow_device_delays_no_other(serve: Any, new_poller: Any, at: Any, switch: Any) -> None:
    loop = asyncio.get_running_loop()
    sink, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    dead = at(sink.get_extra_info("sockname")[1], "dead")
    agent = await serve(switch(2))
    poller = new_poller(timeout_s=1.0)
    waiting = asyncio.create_task(poller.poll(dead, deadline_s=10))
    await asyncio.sleep(0.05)
    began_s = loop.time()
    result = await poller.poll(at(agent.port, "alive"), deadline_s=10)
    assert loop.time() - began_s < 0.5
    assert result.errors == ()
    waiting.cancel()
    sink.close()
