"""Arbitrary bytes for an answer: nothing but a typed fault ever comes out of a session."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.snmp import ber
from benchmarks.snmp.agent import Mib, load_snmprec, parse_request
from benchmarks.snmp.agent import answer as honest_answer
from collector.counters import Counters
from collector.faults import SnmpFault
from collector.secrets import CommunitySecret
from collector.snmp import GufoSession
from collector.transport import Limits, Tuning, Walk
from topology.model import CredentialId

MIB = Mib(load_snmprec(["1.3.6.1.2.1.1.1.0|4|switch", "1.3.6.1.2.1.1.3.0|67|99", "1.3.6.1.2.1.1.5.0|4|sw"]))
TUNING = Tuning(timeout_s=0.02, retries=0, retries_alive=0, timeout_floor_s=0.02)


class Liar(asyncio.DatagramProtocol):
    """Answers with what `spoil` makes of the honest answer."""

    def __init__(self, spoil: Any) -> None:
        self._spoil = spoil

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._transport.sendto(self._spoil(honest_answer(MIB, parse_request(data))), addr)


async def ask_all(spoil: Any) -> None:
    loop = asyncio.get_running_loop()
    escaped: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: escaped.append(context))
    transport, _ = await loop.create_datagram_endpoint(lambda: Liar(spoil), local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    for version in ("1", "2c"):
        secret = CommunitySecret(CredentialId("c"), version, "public")  # type: ignore[arg-type]  # both are versions
        session = GufoSession("127.0.0.1", port, secret, TUNING, Limits(max_repetitions=2), Counters())
        try:
            await session.open()
            assert isinstance(await session.walk("1.3.6.1.2.1.1", 50), Walk)
            assert isinstance(await session.get(["1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.3.0"]), dict)
            await session.get_one("1.3.6.1.2.1.1.5.0")
        except SnmpFault:
            pass
        finally:
            session.close()
    transport.close()
    assert escaped == []


@example(b"\x3f\x81\x81")  # a long tag that never ends: gufo's decoder panics, and a panic is no Exception
@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_noise(noise: bytes) -> None:
    asyncio.run(ask_all(lambda _: noise))


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=4))
def test_flipped_bytes(flips: list[tuple[int, int]]) -> None:
    def spoil(packet: bytes) -> bytes:
        spoiled = bytearray(packet)
        for at, value in flips:
            spoiled[at % len(spoiled)] = value
        return bytes(spoiled)

    asyncio.run(ask_all(spoil))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 255), st.binary(max_size=12))
def test_strange_values(tag: int, body: bytes) -> None:
    """A whole packet, with one value of any type and content."""

    def spoil(packet: bytes) -> bytes:
        return packet.replace(ber.tlv(4, b"switch"), ber.tlv(tag, body[:6].ljust(6, b"\0")))

    asyncio.run(ask_all(spoil))
