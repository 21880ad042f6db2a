"""Values of the wrong type or width, missing tables, and other addresses than IPv4: on a real socket."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmarks.snmp import ber
from topology.observations import OperStatus, PollResult, PortCounters, PortStatus, Reachability

DEADLINE_S = 20.0


def seen(result: PollResult, kind: type[Any]) -> list[Any]:
    return [one for one in result.observations if isinstance(one, kind)]


async def test_wrong_types_spoil_their_own_cell(serve: Any, new_poller: Any, at: Any, switch: Any) -> None:
    mib = switch(3)
    mib.set("1.3.6.1.2.1.31.1.1.1.6.1", "4", "not a number")
    mib.set("1.3.6.1.2.1.2.2.1.8.2", "4", "up")
    mib.set("1.3.6.1.2.1.31.1.1.1.1.3", "4x", "ff00fe")
    mib.set("1.3.6.1.2.1.2.2.1.14.3", "2", "-1")
    mib.set("1.3.6.1.2.1.31.1.1.1.10.3", "5", "")
    result = await new_poller().poll(at((await serve(mib)).port), deadline_s=DEADLINE_S)
    assert result.errors == ()
    statuses = seen(result, PortStatus)
    counters = seen(result, PortCounters)
    assert counters[0].in_octets is None
    assert counters[0].out_octets == 2000
    assert statuses[1].oper is OperStatus.UNKNOWN
    assert statuses[1].admin == "up"
    assert statuses[2].port.if_name == "ÿþ"
    assert counters[2].in_errors == 2**32 - 1
    assert counters[2].out_octets is None
    assert counters[2].in_octets == 3000


async def test_counter64_above_int64(serve: Any, new_poller: Any, at: Any, switch: Any) -> None:
    mib = switch(1)
    biggest = 2**64 - 5
    mib.rows[ber.parse_oid("1.3.6.1.2.1.31.1.1.1.6.1")] = replace(
        mib.rows[ber.parse_oid("1.3.6.1.2.1.31.1.1.1.6.1")],
        value=ber.tlv(70, b"\x00" + biggest.to_bytes(8, "big")),
    )
    result = await new_poller().poll(at((await serve(mib)).port), deadline_s=DEADLINE_S)
    assert seen(result, PortCounters)[0].in_octets == biggest


async def test_64_bit_counters_that_never_count(serve: Any, new_poller: Any, at: Any, switch: Any) -> None:
    """Agents that have the columns, and zeros in them: the 32-bit ones know better."""
    mib = switch(3)
    for n in (1, 2):
        mib.set(f"1.3.6.1.2.1.31.1.1.1.6.{n}", "70", "0")
        mib.set(f"1.3.6.1.2.1.31.1.1.1.10.{n}", "70", "0")
    mib.set("1.3.6.1.2.1.2.2.1.10.2", "65", "0")
    mib.set("1.3.6.1.2.1.2.2.1.16.2", "65", "0")
    poller = new_poller()
    agent = await serve(mib)
    for _ in range(2):
        result = await poller.poll(at(agent.port), deadline_s=DEADLINE_S)
        found = [(c.in_octets, c.out_octets, c.octets_bits) for c in seen(result, PortCounters)]
        assert found == [(10, 20, 32), (0, 0, 64), (3000, 6000, 64)]


async def test_agents_without_ifxtable(serve: Any, new_poller: Any, at: Any, switch: Any) -> None:
    for version in ("1", "2c"):
        agent = await serve(switch(5, wide=False))
        poller = new_poller(version=version)
        for _ in range(2):
            result = await poller.poll(at(agent.port), deadline_s=DEADLINE_S)
            assert result.errors == ()
            assert [s.port.if_name for s in seen(result, PortStatus)] == [f"port {n}" for n in range(1, 6)]
            assert [c.in_octets for c in seen(result, PortCounters)] == [n * 10 for n in range(1, 6)]
            assert {c.octets_bits for c in seen(result, PortCounters)} == {32}
            assert {s.speed_bps for s in seen(result, PortStatus)} == {100_000_000}


async def test_ipv6(serve: Any, new_poller: Any, at: Any, switch: Any) -> None:
    agent = await serve(switch(2), host="::1")
    result = await new_poller().poll(at(agent.port, host="::1"), deadline_s=DEADLINE_S)
    assert result.errors == ()
    assert len(seen(result, PortStatus)) == 2


async def test_names_are_looked_up(serve: Any, new_poller: Any, at: Any, switch: Any) -> None:
    agent = await serve(switch(1))
    result = await new_poller().poll(at(agent.port, host="localhost"), deadline_s=DEADLINE_S)
    (reach,) = seen(result, Reachability)
    assert reach.answered or "::1" in str(result.errors)  # a machine may know localhost as IPv6 only


async def test_a_name_that_nobody_knows(new_poller: Any, at: Any) -> None:
    result = await new_poller().poll(at(161, host="no-such-host.invalid"), deadline_s=DEADLINE_S)
    assert [str(error.fault) for error in result.errors] == ["unreachable"]
    assert "no-such-host.invalid" in result.errors[0].message
