"""The whole prober over the lab wire, against a responder that answers well and badly."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import cast

import pytest

from collector.icmp import Prober, ProberSettings, ProbeTarget, Wire
from collector.icmp_sockets import LAB_PORT_OFFSET
from collector.icmp_wire import checksum, echo_reply
from topology.model import Address, DeviceId

Start = Callable[[ProberSettings], Awaitable[Prober]]
LAB = ProberSettings(wire="lab")


class Responder(asyncio.DatagramProtocol):
    """Answers echo requests that come as UDP payloads, in a manner that a test can spoil."""

    def __init__(self) -> None:
        self.transport: asyncio.DatagramTransport
        self.requests: list[bytes] = []
        self.manner: Callable[[bytes, tuple[str, int]], None] = self.reply

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.requests.append(data)
        self.manner(data, addr)

    def reply(self, data: bytes, to: tuple[str, int]) -> None:
        answer = echo_reply(data)
        assert answer is not None, "the prober sent something that is no echo request"
        self.transport.sendto(answer, to)

    @property
    def target(self) -> ProbeTarget:
        """Found by the SNMP port, as the lab's devices are."""
        host, port = self.transport.get_extra_info("sockname")[:2]
        return ProbeTarget(DeviceId("r1"), Address(host, port - LAB_PORT_OFFSET))


async def responder_at(host: str) -> Responder:
    _, protocol = await asyncio.get_running_loop().create_datagram_endpoint(Responder, local_addr=(host, 0))
    return protocol


@pytest.fixture
async def responder() -> AsyncIterator[Responder]:
    protocol = await responder_at("127.0.0.1")
    yield protocol
    protocol.transport.close()


def reply_with(ident: int, sequence: int, payload: bytes) -> bytes:
    body = struct.pack("!BBHHH", 0, 0, 0, ident, sequence) + payload
    return body[:2] + checksum(body).to_bytes(2) + body[4:]


async def test_a_living_device(started: Start, responder: Responder) -> None:
    prober = await started(LAB)
    assert prober.wire is Wire.LAB
    [answer] = await prober.probe([responder.target])
    assert (answer.device, answer.answered, answer.sent, answer.received) == ("r1", True, 1, 1)
    assert answer.rtt_s is not None
    assert 0.0 < answer.rtt_s < 1.0
    assert prober.counters.answered == 1


async def test_a_silent_device(started: Start, responder: Responder) -> None:
    prober = await started(LAB)
    responder.manner = lambda _data, _to: None
    [answer] = await prober.probe([responder.target], timeout_s=0.2)
    assert (answer.answered, answer.rtt_s, answer.sent, answer.received) == (False, None, 1, 0)
    assert (prober.counters.sent, prober.counters.unanswered) == (1, 1)


async def test_nobody_listens(started: Start, responder: Responder) -> None:
    target = responder.target
    responder.transport.close()
    await asyncio.sleep(0.05)
    prober = await started(LAB)
    for _ in range(3):  # the refusal that the kernel hears must not come back from the next send
        [answer] = await prober.probe([target], timeout_s=0.1)
        assert not answer.answered
        assert answer.sent == 1


async def test_rounds(started: Start, responder: Responder) -> None:
    prober = await started(LAB)
    other = await responder_at("127.0.0.2")
    other.manner = lambda _data, _to: None
    two = [responder.target, ProbeTarget(DeviceId("r2"), other.target.address)]
    answers = await prober.probe(two, count=3, timeout_s=0.3, interval_s=0.1)
    assert [(a.device, a.answered) for a in answers] == [("r1", True), ("r2", False)] * 3
    gaps = [b.at - a.at for a, b in zip(answers[1::2], answers[3::2], strict=False)]
    assert all(0.05 < gap.total_seconds() < 1.0 for gap in gaps)
    assert len({*responder.requests}) == 3, "each request is another"
    other.transport.close()


async def test_answers_twice(started: Start, responder: Responder) -> None:
    prober = await started(LAB)

    def twice(data: bytes, to: tuple[str, int]) -> None:
        responder.reply(data, to)
        responder.reply(data, to)

    responder.manner = twice
    [answer] = await prober.probe([responder.target])
    assert answer.answered
    await asyncio.sleep(0.1)
    assert (prober.counters.answered, prober.counters.duplicate) == (1, 1)


async def test_answers_too_late(started: Start, responder: Responder) -> None:
    prober = await started(LAB)
    loop = asyncio.get_running_loop()
    responder.manner = lambda data, to: loop.call_later(0.4, responder.reply, data, to)
    [answer] = await prober.probe([responder.target], timeout_s=0.1)
    assert not answer.answered
    # The late one must not pass for the answer of the next.
    responder.manner = lambda _data, _to: None
    [answer] = await prober.probe([responder.target], timeout_s=0.6)
    assert not answer.answered
    assert prober.counters.late == 1


async def test_one_that_is_waited_for_impatiently(started: Start, responder: Responder) -> None:
    prober = await started(LAB)
    loop = asyncio.get_running_loop()
    responder.manner = lambda data, to: loop.call_later(0.4, responder.reply, data, to)
    [answer] = await prober.probe([replace(responder.target, patience_s=0.1)], timeout_s=5.0)
    assert not answer.answered
    [answer] = await prober.probe([replace(responder.target, patience_s=60.0)], timeout_s=0.1)
    assert not answer.answered, "never longer than the others"
    both = [replace(responder.target, patience_s=0.1), responder.target]
    answers = await prober.probe(both, timeout_s=5.0)
    assert [a.answered for a in answers] == [True, True], "together they wait for the most patient"


@pytest.mark.parametrize(
    ("spoil", "counter"),
    [
        pytest.param(lambda i, s, p: reply_with(i ^ 1, s, p), "foreign", id="identifier"),
        pytest.param(lambda i, s, p: reply_with(i, s ^ 1, p), "foreign", id="sequence"),
        pytest.param(lambda i, s, p: reply_with(i, s, bytes(len(p))), "foreign", id="token"),
        pytest.param(lambda i, s, p: reply_with(i, s, p[:-1]), "foreign", id="cut short"),
        pytest.param(lambda i, s, p: reply_with(i, s, p)[:-1] + b"x", "malformed", id="checksum"),
        pytest.param(lambda i, s, p: b"\0", "malformed", id="one byte"),
        pytest.param(lambda i, s, p: b"\xff" * 1400, "malformed", id="garbage"),
    ],
)
async def test_what_is_not_the_answer_is_none(
    started: Start, responder: Responder, spoil: Callable[[int, int, bytes], bytes], counter: str
) -> None:
    prober = await started(LAB)

    def wrong(data: bytes, to: tuple[str, int]) -> None:
        ident, sequence = struct.unpack("!HH", data[4:8])
        responder.transport.sendto(spoil(ident, sequence, data[8:]), to)

    responder.manner = wrong
    [answer] = await prober.probe([responder.target], timeout_s=0.2)
    assert not answer.answered
    assert getattr(prober.counters, counter) == 1


async def test_answers_from_another_address(started: Start, responder: Responder) -> None:
    prober = await started(LAB)
    other = await responder_at("127.0.0.3")
    responder.manner = other.reply
    [answer] = await prober.probe([responder.target])
    assert answer.answered
    assert prober.counters.elsewhere == 1
    other.transport.close()


async def test_a_busy_loop_makes_nobody_silent_and_no_round_trip_longer(
    started: Start, responder: Responder
) -> None:
    prober = await started(LAB)
    answered = asyncio.Event()

    def reply_then_block(data: bytes, to: tuple[str, int]) -> None:
        responder.reply(data, to)
        answered.set()

    responder.manner = reply_then_block
    probing = asyncio.create_task(prober.probe([responder.target], timeout_s=0.3))
    await answered.wait()
    time.sleep(0.6)  # noqa: ASYNC251 - a blocked loop is what this is about
    [answer] = await probing
    assert answer.answered
    assert answer.rtt_s is not None
    assert answer.rtt_s < 0.3


async def test_ipv6(started: Start) -> None:
    try:
        six = await responder_at("::1")
    except OSError as error:
        pytest.skip(f"no IPv6 on this machine: {error.strerror}")
    prober = await started(LAB)
    [answer] = await prober.probe([six.target])
    assert answer.answered
    assert prober.counters.elsewhere == 0
    six.transport.close()


async def test_a_name(started: Start, responder: Responder) -> None:
    prober = await started(LAB)
    port = responder.target.address.port
    named = ProbeTarget(DeviceId("named"), Address("localhost", port))
    wrong = ProbeTarget(DeviceId("wrong"), Address("no-such-name.invalid", port))
    answers = await prober.probe([named, wrong], timeout_s=2.0)
    # localhost may be ::1 first, where nobody listens; what matters is that it was sent.
    assert answers[0].sent == 1
    assert (answers[1].answered, answers[1].sent) == (False, 0)
    assert prober.counters.unresolved == 1


async def test_two_thousand_at_a_time(started: Start) -> None:
    prober = await started(ProberSettings(wire="lab", packets_per_s=20_000))
    many = await responder_at("0.0.0.0")
    port = many.target.address.port
    hosts = [f"127.7.{n // 200}.{1 + n % 200}" for n in range(2000)]
    targets = [ProbeTarget(DeviceId(host), Address(host, port)) for host in hosts]
    dead = {f"127.7.3.{n}" for n in range(1, 101)}

    def unless_dead(data: bytes, to: tuple[str, int]) -> None:
        # The responder sees no destination address; the order of requests tells.
        if hosts[len(many.requests) - 1] not in dead:
            many.reply(data, to)

    many.manner = unless_dead
    answers = await prober.probe(targets, timeout_s=2.0)
    assert [a.device for a in answers] == hosts
    assert {a.device for a in answers if not a.answered} == dead
    assert prober.counters.kernel_dropped == 0
    many.transport.close()


async def test_stop_ends_a_probe_in_flight(started: Start, responder: Responder) -> None:
    prober = await started(LAB)
    responder.manner = lambda _data, _to: None
    probing = asyncio.create_task(prober.probe([responder.target], timeout_s=60.0))
    await asyncio.sleep(0.1)
    await prober.stop()
    assert await asyncio.wait_for(probing, timeout=5.0) == []
    assert await prober.probe([responder.target]) == [], "stopped, it observes nothing"


async def test_a_cancelled_probe_leaves_nothing_behind(started: Start, responder: Responder) -> None:
    prober = await started(LAB)
    responder.manner = lambda _data, _to: None
    probing = asyncio.create_task(prober.probe([responder.target] * 100, timeout_s=60.0))
    await asyncio.sleep(0.2)
    assert prober.in_flight == 100
    probing.cancel()
    await asyncio.gather(probing, return_exceptions=True)
    assert prober.in_flight == 0
