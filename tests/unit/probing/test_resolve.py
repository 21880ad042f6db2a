"""Names are resolved off the loop, kept, and kept on when DNS dies. The resolver asked is a stand-in:
what is tested is when it is asked and what becomes of its answers."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collector.icmp_wire import IpVersion
from collector.resolve import Resolved, Resolver, literal

START = datetime(2027, 1, 1, tzinfo=UTC)


class ClockByHand:
    def __init__(self) -> None:
        self.s = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.s)

    def monotonic_s(self) -> float:
        return self.s


class Dns:
    """Answers after `takes_s` with `address`, or not at all when that is None."""

    def __init__(self) -> None:
        self.address: str | None = "192.0.2.1"
        self.nothing = False
        """Answers, but with no address that could be used."""
        self.takes_s = 0.0
        self.asked: list[str] = []
        self.at_once = 0
        self.most_at_once = 0

    async def getaddrinfo(self, host: str, *_: object, **__: object) -> list[Any]:
        self.asked.append(host)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.takes_s)
        finally:
            self.at_once -= 1
        if self.nothing:
            return []
        if self.address is None:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", (self.address, 0))]


@pytest.fixture
async def dns(monkeypatch: pytest.MonkeyPatch) -> Dns:
    dns = Dns()
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", dns.getaddrinfo)
    return dns


V4 = Resolved(IpVersion.V4, ("192.0.2.1", 0))


async def test_numbers_are_never_asked_for(dns: Dns) -> None:
    resolver = Resolver(ClockByHand(), ttl_s=300.0, retry_s=30.0)
    assert resolver.known("192.0.2.1") == V4
    assert resolver.known("2001:db8::1") == Resolved(IpVersion.V6, ("2001:db8::1", 0, 0, 0))
    assert dns.asked == []


def test_what_is_a_number() -> None:
    assert literal("::1") == Resolved(IpVersion.V6, ("::1", 0, 0, 0))
    for name in ("router.paser.go.id", "", "1.2.3.4.5", "x" * 300, "a..b", "nul\0"):
        assert literal(name) is None


async def test_a_name_is_asked_once_and_kept(dns: Dns) -> None:
    clock = ClockByHand()
    resolver = Resolver(clock, ttl_s=300.0, retry_s=30.0)
    assert resolver.known("r1") is None
    assert resolver.known("r1") is None
    await resolver.wait(["r1"], timeout_s=5.0)
    assert resolver.known("r1") == V4
    clock.s = 299.0
    assert resolver.known("r1") == V4
    assert dns.asked == ["r1"]


async def test_an_old_answer_serves_while_a_new_one_is_fetched_and_when_dns_is_dead(dns: Dns) -> None:
    clock = ClockByHand()
    resolver = Resolver(clock, ttl_s=300.0, retry_s=30.0)
    resolver.known("r1")
    await resolver.wait(["r1"], timeout_s=5.0)
    clock.s, dns.address = 301.0, None
    assert resolver.known("r1") == V4
    await resolver.wait(["r1"], timeout_s=5.0)
    assert resolver.known("r1") == V4
    clock.s, dns.nothing = 640.0, True
    resolver.known("r1")
    await resolver.wait(["r1"], timeout_s=5.0)
    assert resolver.known("r1") == V4
    clock.s, dns.nothing, dns.address = 1000.0, False, "192.0.2.2"
    resolver.known("r1")
    await resolver.wait(["r1"], timeout_s=5.0)
    assert resolver.known("r1") == Resolved(IpVersion.V4, ("192.0.2.2", 0))
    assert len(dns.asked) == 4


async def test_a_name_without_address_is_asked_again_after_the_retry_time_only(dns: Dns) -> None:
    clock = ClockByHand()
    resolver = Resolver(clock, ttl_s=300.0, retry_s=30.0)
    dns.address = None
    for _ in range(5):
        assert resolver.known("typo") is None
        await resolver.wait(["typo"], timeout_s=5.0)
    assert len(dns.asked) == 1
    clock.s = 31.0
    resolver.known("typo")
    await resolver.wait(["typo"], timeout_s=5.0)
    assert len(dns.asked) == 2


async def test_a_slow_dns_holds_nobody_longer_than_asked_for(dns: Dns) -> None:
    resolver = Resolver(ClockByHand(), ttl_s=300.0, retry_s=30.0, at_once=4)
    dns.takes_s = 30.0
    names = [f"r{n}" for n in range(20)]
    for name in names:
        assert resolver.known(name) is None
    loop = asyncio.get_running_loop()
    before_s = loop.time()
    await resolver.wait(names, timeout_s=0.05)
    assert loop.time() - before_s < 5.0
    assert dns.most_at_once == 4
    await resolver.stop()
