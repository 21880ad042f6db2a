"""Raw and datagram ICMP and fping, against this machine's own loopback addresses."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from collector.icmp import Prober, ProberSettings, ProbeTarget, Wire, WireNotAllowedError
from ronda.clock import SystemClock
from topology.model import Address, DeviceId

Start = Callable[[ProberSettings], Awaitable[Prober]]
ROOT = Path(__file__).parents[3]

LOOPBACK = [f"127.3.{n // 200}.{1 + n % 200}" for n in range(500)]


def targets(*hosts: str) -> list[ProbeTarget]:
    return [ProbeTarget(DeviceId(host), Address(host)) for host in hosts]


@pytest.fixture
def raw_allowed() -> None:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
    except OSError as error:
        pytest.skip(f"raw ICMP sockets are not allowed here: {error.strerror}")


@pytest.mark.usefixtures("raw_allowed")
async def test_raw_is_taken_where_it_is_allowed(started: Start) -> None:
    prober = await started(ProberSettings())
    assert (prober.wire, prober.why) == (Wire.RAW, "raw is used")


@pytest.mark.usefixtures("raw_allowed")
async def test_raw_reaches_many(started: Start) -> None:
    prober = await started(ProberSettings(wire="raw"))
    answers = await prober.probe(targets(*LOOPBACK), timeout_s=2.0)
    assert [a.device for a in answers] == LOOPBACK
    assert all(a.answered and a.rtt_s is not None and a.rtt_s < 2.0 for a in answers)
    assert (prober.counters.sent, prober.counters.answered) == (500, 500)


@pytest.mark.usefixtures("raw_allowed")
async def test_raw_ipv6(started: Start) -> None:
    prober = await started(ProberSettings(wire="raw"))
    [answer] = await prober.probe(targets("::1"))
    if prober.counters.send_errors:
        pytest.skip(f"no IPv6 on this machine: {dict(prober.counters.send_errors)}")
    assert answer.answered


@pytest.mark.usefixtures("raw_allowed")
async def test_two_probers_do_not_take_each_others_answers(started: Start) -> None:
    one, two = await started(ProberSettings(wire="raw")), await started(ProberSettings(wire="raw"))
    some = targets(*LOOPBACK[:50])
    results = await asyncio.gather(one.probe(some), two.probe(some))
    assert all(a.answered for answers in results for a in answers)
    for prober in (one, two):
        assert prober.counters.answered == 50
        assert prober.counters.foreign >= 50, "a raw socket sees the answers of others, and leaves them"
        assert prober.counters.duplicate == 0


@pytest.mark.usefixtures("raw_allowed")
async def test_the_source_address_can_be_set(started: Start) -> None:
    prober = await started(ProberSettings(wire="raw", source_v4="127.3.0.77"))
    [answer] = await prober.probe(targets("127.3.0.1"))
    assert answer.answered
    for elsewhere in ({"source_v4": "192.0.2.1"}, {"source_v6": "2001:db8::1"}):
        with pytest.raises(WireNotAllowedError, match=r"assign requested address|Address family"):
            await started(ProberSettings(wire="raw", **elsewhere))


def test_an_unknown_wire_is_refused() -> None:
    for wire in ("none", "pigeon"):
        with pytest.raises(ValueError, match=r"wire is one of auto, raw, datagram, fping, lab, not"):
            Prober(ProberSettings(wire=wire), SystemClock())


IN_A_NAMESPACE = """
import asyncio, json, sys, time
from collector.icmp import *
from ronda.clock import SystemClock
from topology.model import Address, DeviceId

async def main(wire, *hosts):
    prober = Prober(ProberSettings(wire=wire), SystemClock())
    await prober.start()
    answers = await prober.probe([ProbeTarget(DeviceId(h), Address(h)) for h in hosts], timeout_s=0.5)
    answers += await prober.probe([ProbeTarget(DeviceId(h), Address(h)) for h in hosts], timeout_s=0.5)
    heard = [ProbeTarget(DeviceId(h), Address(h)) for h in sorted({a.device for a in answers if a.answered})]
    began_s = time.monotonic()
    await prober.probe(heard, timeout_s=20.0)
    took_s = time.monotonic() - began_s
    counters = {(n + "".join(l.values())): v for n, l, v in prober.counters.samples() if v}
    told = [[a.device, a.answered, a.sent] for a in answers]
    print(json.dumps([prober.wire, prober.why, told, counters, took_s]))
    await prober.stop()

if "--uvloop" in sys.argv:
    import uvloop
    sys.argv.remove("--uvloop")
    uvloop.run(main(*sys.argv[1:]))
else:
    asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def in_namespace() -> Callable[..., list[object]]:
    """Runs a prober in a network namespace of its own: nothing of this machine's settings is touched."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "ip", "sysctl"))):
        pytest.skip("a network namespace needs root, unshare, ip and sysctl")

    def run(setup: str, *arguments: str, drop: str = "") -> list[object]:
        shell = f'set -e; {setup}; exec {drop} "$@"'
        command = ["unshare", "-n", "sh", "-c", shell, "sh", sys.executable, "-c", IN_A_NAMESPACE, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
        if "unshare failed" in done.stderr:
            pytest.skip(f"no network namespace here: {done.stderr.strip()}")
        assert done.returncode == 0, done.stderr
        return list(json.loads(done.stdout))

    return run


LO_UP = "ip link set lo up"
ALLOW = 'sysctl -qw net.ipv4.ping_group_range="0 2147483647"'


@pytest.mark.parametrize("loop", [(), ("--uvloop",)], ids=["asyncio", "uvloop"])
def test_datagram(in_namespace: Callable[..., list[object]], loop: tuple[str, ...]) -> None:
    wire, _, answers, counters, _ = in_namespace(f"{LO_UP}; {ALLOW}", *loop, "datagram", "127.0.0.1", "::1")
    assert wire == "datagram"
    assert answers == [["127.0.0.1", True, 1], ["::1", True, 1]] * 2
    assert counters == {"sent": 6, "answered": 6}


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv (util-linux) is not installed")
def test_without_cap_net_raw_datagram_is_taken_and_it_says_how_to_allow_raw(
    in_namespace: Callable[..., list[object]],
) -> None:
    drop = "setpriv --bounding-set=-net_raw --inh-caps=-net_raw"
    wire, why, answers, *_ = in_namespace(f"{LO_UP}; {ALLOW}", "auto", "127.0.0.1", drop=drop)
    assert wire == "datagram"
    assert "CAP_NET_RAW" in str(why)
    assert answers == [["127.0.0.1", True, 1]] * 2


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv (util-linux) is not installed")
def test_with_nothing_allowed_nothing_is_observed(in_namespace: Callable[..., list[object]]) -> None:
    # fping is hidden by an empty PATH; what cannot look must not call anybody silent.
    drop = (
        "env PATH=/nowhere " + str(shutil.which("setpriv")) + " --bounding-set=-net_raw --inh-caps=-net_raw"
    )
    wire, why, answers, counters, _ = in_namespace(LO_UP, "auto", "127.0.0.1", drop=drop)
    assert wire == "none"
    for way in ("CAP_NET_RAW", "ping_group_range", "fping"):
        assert way in str(why)
    assert answers == []
    assert counters == {"unsent": 2}


def test_no_route_is_our_own_sides_fault(in_namespace: Callable[..., list[object]]) -> None:
    _, _, answers, counters, _ = in_namespace(LO_UP, "raw", "192.0.2.1", "127.0.0.1", "2001:db8::1")
    assert answers == [["192.0.2.1", False, 0], ["127.0.0.1", True, 1], ["2001:db8::1", False, 0]] * 2
    assert isinstance(counters, dict)
    assert counters["send_errorsENETUNREACH"] == 4
    assert counters["own_side_errors"] == 4
    assert counters["unsent"] == 4


@pytest.mark.parametrize("loop", [(), ("--uvloop",)], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("wire", ["raw", "datagram"])
def test_an_icmp_error_is_counted_with_its_reason(
    in_namespace: Callable[..., list[object]], wire: str, loop: tuple[str, ...]
) -> None:
    """A neighbour that does not exist: after its ARP gives up, our own kernel says host unreachable. And
    the living ones go on being heard."""
    setup = f"{LO_UP}; {ALLOW}; ip link add va type veth peer name vb; ip addr add 192.0.2.1/24 dev va; "
    setup += "ip link set va up; ip link set vb up; sysctl -qw net.ipv4.neigh.va.retrans_time_ms=50"
    hosts = ("192.0.2.77", "127.0.0.1", "192.0.2.78", "127.0.0.2")
    _, _, answers, counters, took_s = in_namespace(setup, *loop, wire, *hosts)
    once = [
        ["192.0.2.77", False, 1],
        ["127.0.0.1", True, 1],
        ["192.0.2.78", False, 1],
        ["127.0.0.2", True, 1],
    ]
    assert answers == once * 2
    assert isinstance(counters, dict)
    assert counters["icmp_errorshost_unreachable"] >= 2
    assert not {"foreign", "malformed", "duplicate", "own_side_errors"} & counters.keys()
    assert isinstance(took_s, float)
    assert took_s < 10.0, "after an error the socket is still read when something arrives"


@pytest.mark.skipif(shutil.which("nft") is None, reason="nft (nftables) is not installed")
@pytest.mark.parametrize("wire", ["raw", "datagram", "fping"])
def test_an_error_about_one_is_not_told_of_the_next(
    in_namespace: Callable[..., list[object]], wire: str
) -> None:
    """A host that refuses echo at once: a datagram socket tells its error at the next send, which is to
    another host."""
    if wire == "fping" and shutil.which("fping") is None:
        pytest.skip("fping is not installed")
    refuse = "ip daddr 127.0.0.9 icmp type echo-request reject with icmp type host-unreachable"
    setup = f"{LO_UP}; {ALLOW}; nft add table ip t; nft add rule ip t in {refuse}"
    setup = setup.replace(
        "nft add rule", 'nft "add chain ip t in { type filter hook input priority 0; }"; nft add rule'
    )
    _, _, answers, counters, _ = in_namespace(setup, wire, *["127.0.0.9", "127.0.0.1"] * 10)
    assert answers == [["127.0.0.9", False, 1], ["127.0.0.1", True, 1]] * 20
    assert isinstance(counters, dict)
    # fping asks each address once.
    assert counters["icmp_errorshost_unreachable"] == (2 if wire == "fping" else 20)
    assert "own_side_errors" not in counters


@pytest.mark.skipif(shutil.which("fping") is None, reason="fping is not installed")
async def test_fping(started: Start) -> None:
    try:
        prober = await started(ProberSettings(wire="fping"))
    except WireNotAllowedError as error:
        pytest.skip(str(error))
    assert prober.wire is Wire.FPING
    answers = await prober.probe([*targets(*LOOPBACK[:20]), *targets("no-such-name.invalid")], timeout_s=1.0)
    assert [a.answered for a in answers] == [True] * 20 + [False]
    assert answers[-1].sent == 0
    assert all(a.rtt_s is not None and a.rtt_s < 1.0 for a in answers[:20])


async def test_a_missing_fping_is_said(started: Start) -> None:
    with pytest.raises(WireNotAllowedError, match="no-such-program is not installed"):
        await started(ProberSettings(wire="fping", fping="no-such-program"))
