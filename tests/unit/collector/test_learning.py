"""What is learned once, when it is learned again, and what a poll costs in packets."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.snmp import ber
from benchmarks.snmp.agent import load_snmprec
from collector.plan import pack
from topology.observations import (
    Neighbor,
    PollFault,
    PortCounters,
    PortRates,
    PortStatus,
    SystemInfo,
)


class Hands:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.at_s = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.at_s)

    def monotonic_s(self) -> float:
        return self.at_s


def seen(result: Any, kind: type[Any]) -> list[Any]:
    return [one for one in result.observations if isinstance(one, kind)]


def names(result: Any) -> list[str]:
    return [status.port.if_name for status in seen(result, PortStatus)]


async def test_known_rows_are_asked_for_exactly(serve: Any, new_poller: Any, at: Any, switch: Any) -> None:
    agent = await serve(switch(28))
    poller = new_poller()
    await poller.poll(at(agent.port), deadline_s=20)
    before = agent.requests
    result = await poller.poll(at(agent.port), deadline_s=20)
    assert len(seen(result, PortCounters)) == 28
    assert agent.requests - before <= 6
    assert {request.pdu for request in agent.log[before:]} == {ber.GET}


async def test_rates_come_with_the_second_poll(serve: Any, new_poller: Any, at: Any, switch: Any) -> None:
    mib, clock = switch(2), Hands()
    agent = await serve(mib)
    poller = new_poller(clock=clock)
    await poller.poll(at(agent.port), deadline_s=20)
    clock.at_s += 60
    mib.set("1.3.6.1.2.1.1.3.0", "67", "106000")
    mib.set("1.3.6.1.2.1.31.1.1.1.6.1", "70", str(1000 + 7500))
    rates = {r.port.if_name: r for r in seen(await poller.poll(at(agent.port), deadline_s=20), PortRates)}
    assert rates["p1"].in_bps == pytest.approx(1000.0)
    assert rates["p2"].in_bps == 0.0
    assert rates["p1"].over_s == 60


async def test_a_renumbering_reboot_is_seen_in_the_same_poll(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    """At 0 s five ports; at 60 s the device has rebooted, p1 is gone and all others moved by one."""
    mib, clock = switch(5), Hands()
    agent = await serve(mib)
    poller = new_poller(clock=clock)
    assert names(await poller.poll(at(agent.port), deadline_s=20)) == ["p1", "p2", "p3", "p4", "p5"]
    clock.at_s += 60
    for n in range(1, 5):
        mib.set(f"1.3.6.1.2.1.31.1.1.1.1.{n}", "4", f"p{n + 1}")
        mib.set(f"1.3.6.1.2.1.31.1.1.1.6.{n}", "70", str(n))
    for column in ("2.2.1.2", "2.2.1.7", "2.2.1.8", "31.1.1.1.1", "31.1.1.1.6", "31.1.1.1.10"):
        mib.remove(f"1.3.6.1.2.1.{column}.5")
    mib.set("1.3.6.1.2.1.1.3.0", "67", "1500")
    result = await poller.poll(at(agent.port), deadline_s=20)
    assert names(result) == ["p2", "p3", "p4", "p5"]
    counters = {c.port.if_name: c.in_octets for c in seen(result, PortCounters)}
    assert counters == {"p2": 1, "p3": 2, "p4": 3, "p5": 4}
    assert seen(result, PortRates) == []  # nothing can be said across a reboot
    assert poller.counters["snmp_reboots_seen"] == 1


async def test_a_new_port_is_found_when_the_table_changed(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    mib, clock = switch(2), Hands()
    agent = await serve(mib)
    poller = new_poller(clock=clock)
    await poller.poll(at(agent.port), deadline_s=20)
    for row in load_snmprec(
        ["1.3.6.1.2.1.2.2.1.7.3|2|1", "1.3.6.1.2.1.2.2.1.8.3|2|1", "1.3.6.1.2.1.31.1.1.1.1.3|4|new"]
    ):
        mib.rows[row.oid] = row
    mib.set("1.3.6.1.2.1.31.1.5.0", "67", "90000")
    clock.at_s += 60
    assert names(await poller.poll(at(agent.port), deadline_s=20)) == ["p1", "p2", "new"]


async def test_rows_that_vanish_are_dropped_and_looked_for_later(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    """At 60 s two ports are gone without a word; at 240 s the device is walked again; not at 120 s."""
    mib, clock = switch(4), Hands()
    agent = await serve(mib)
    poller = new_poller(clock=clock)
    await poller.poll(at(agent.port), deadline_s=20)
    learned = poller.counters["snmp_groups_learned"]
    for index in (2, 3):
        for oid in [oid for oid in mib.rows if oid[-1] == index and len(oid) > 9]:
            del mib.rows[oid]
    mib.order = sorted(mib.rows)
    clock.at_s += 60
    assert names(await poller.poll(at(agent.port), deadline_s=20)) == ["p1", "p4"]
    clock.at_s += 60
    assert names(await poller.poll(at(agent.port), deadline_s=20)) == ["p1", "p4"]
    assert poller.counters["snmp_groups_learned"] == learned
    clock.at_s += 120
    assert names(await poller.poll(at(agent.port), deadline_s=20)) == ["p1", "p4"]
    assert poller.counters["snmp_groups_learned"] > learned


async def test_an_empty_answer_where_rows_were_is_an_error(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    """At 900 s rows are learned again, and walks of one column come back empty though its cells are there."""
    mib, clock = switch(3), Hands()
    octets = ber.parse_oid("1.3.6.1.2.1.31.1.1.1.6")
    refusing = False

    def behave(request: Any, answer: Any) -> list[bytes]:
        if refusing and request.pdu == ber.GET_BULK and request.oids[0][: len(octets)] == octets:
            empty = [ber.varbind(request.oids[0], ber.END_OF_MIB_VIEW)]
            return [
                ber.message(request.version, request.community, ber.RESPONSE, request.request_id, 0, 0, empty)
            ]
        return [answer(request)]

    agent = await serve(mib, behaviour=behave)
    poller = new_poller(clock=clock)
    await poller.poll(at(agent.port), deadline_s=20)
    refusing = True
    clock.at_s += 901
    result = await poller.poll(at(agent.port), deadline_s=20)
    assert (PollFault.AGENT, ber.format_oid(octets)) in {(e.fault, e.oid) for e in result.errors}


async def test_neighbours_are_walked_seldom_unless_they_changed(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    """At 0 s one neighbour; at 60 s nothing is asked; at 120 s the agent says that they changed."""
    mib, clock = switch(2), Hands()
    mib.set("1.0.8802.1.1.2.1.2.1.0", "67", "100")
    mib.set("1.0.8802.1.1.2.1.4.1.1.9.0.1.1", "4", "hub")
    agent = await serve(mib)
    poller = new_poller(clock=clock)
    assert [n.remote_system for n in seen(await poller.poll(at(agent.port), deadline_s=20), Neighbor)] == [
        "hub"
    ]
    clock.at_s += 60
    assert seen(await poller.poll(at(agent.port), deadline_s=20), Neighbor) == []
    mib.remove("1.0.8802.1.1.2.1.4")
    mib.set("1.0.8802.1.1.2.1.4.1.1.9.7.2.5", "4", "other hub")
    mib.set("1.0.8802.1.1.2.1.2.1.0", "67", "9000")
    clock.at_s += 60
    found = seen(await poller.poll(at(agent.port), deadline_s=20), Neighbor)
    assert [(n.remote_system, n.local_if_name) for n in found] == [("other hub", "p2")]


async def test_the_profile_is_chosen_anew_after_a_reboot(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    """Another device at the same address."""
    mib, clock = switch(2), Hands()
    agent = await serve(mib)
    poller = new_poller(clock=clock)
    await poller.poll(at(agent.port), deadline_s=20)
    mib.set("1.3.6.1.2.1.1.2.0", "6", "1.3.6.1.4.1.14988.1")
    mib.set("1.3.6.1.2.1.1.3.0", "67", "500")
    clock.at_s += 60
    result = await poller.poll(at(agent.port), deadline_s=20)
    assert seen(result, SystemInfo)[0].profile == "mikrotik-routeros"


async def test_an_unknown_profile_is_said_and_auto_used(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    agent = await serve(switch(1))
    result = await new_poller().poll(at(agent.port, profile="no-such"), deadline_s=20)
    assert [(e.fault, e.what) for e in result.errors] == [(PollFault.CONFIGURATION, "profile")]
    assert seen(result, SystemInfo)[0].profile == "generic"


async def test_a_learning_cut_short_goes_on_where_it_stopped(
    serve: Any, new_poller: Any, at: Any, switch: Any
) -> None:
    """Each answer takes 20 ms and a poll 0.35 s: some polls for the names, then all ports at once."""
    agent = await serve(switch(30))
    loop = asyncio.get_running_loop()
    send = agent._transport.sendto

    class Slow:
        def sendto(self, packet: bytes, addr: Any) -> None:
            loop.call_later(0.02, send, packet, addr)

    agent.reply_from = Slow()
    poller = new_poller(timeout_s=1.0)
    polls = 0
    result = None
    while polls < 15 and (result is None or not names(result)):
        result = await poller.poll(at(agent.port), deadline_s=0.35)
        polls += 1
    assert 2 <= polls < 15
    assert len(names(result)) == 30


async def test_many_ports_over_several_sessions(serve: Any, new_poller: Any, at: Any, switch: Any) -> None:
    agent = await serve(switch(2500))
    poller = new_poller()
    device = at(agent.port)
    first = await poller.poll(device, deadline_s=40)
    assert len(seen(first, PortStatus)) == 2500
    second = await poller.poll(device, deadline_s=40)
    assert second.errors == ()
    assert [c.in_octets for c in seen(second, PortCounters)] == [n * 1000 for n in range(1, 2501)]


def test_packets_are_filled_but_not_overfilled() -> None:
    cells = [("1.3.6.1.2.1.31.1.1.1.6", str(n)) for n in range(1, 400)]
    batches = pack(cells, 1400)
    assert [cell for batch in batches for cell in batch.cells] == cells
    for batch in batches:
        value = ber.tlv(70, b"\x00" + b"\xff" * 8)
        size = sum(len(ber.varbind(ber.parse_oid(oid), value)) for oid in batch.oids)
        assert size <= 1400 - 60
    assert len(batches) <= 9
