"""When SSH is asked, on simulated time: rarely, as a rescue, and alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from collector.ssh_turns import SshTurns
from topology.model import Address, CredentialId, Device, DeviceId
from topology.observations import Means, PollError, PollFault, PollResult, Reachability, SystemInfo

START = datetime(2026, 8, 3, tzinfo=UTC)
BOTH = Device(DeviceId("a"), None, Address("192.0.2.1"), snmp=(CredentialId("c"),), ssh=CredentialId("s"))
ALONE = Device(DeviceId("b"), None, Address("192.0.2.2"), ssh=CredentialId("s"))


class Clock:
    at_s = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.at_s)

    def monotonic_s(self) -> float:
        return self.at_s


class Asked:
    """Stands where the poller does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.devices: list[str] = []
        self.learned: dict[str, str] = {}
        self.counters: dict[str, int | float] = {}

    async def poll(self, device: Device) -> PollResult:
        self.devices.append(device.id)
        return PollResult(device.id, START, 0.1, means=Means.SSH)

    def learn(self, device: DeviceId, profile: str) -> None:
        self.learned[device] = profile


def made() -> tuple[SshTurns, Asked, Clock, list[PollResult]]:
    asked, clock, got = Asked(), Clock(), []
    poller: Any = asked
    turns = SshTurns(poller, got.append, clock, every_s=900.0, alone_every_s=60.0, rescue_gap_s=120.0)
    return turns, asked, clock, got


def snmp(*, answered: bool) -> PollResult:
    seen = Reachability(BOTH.id, START, answered, Means.SNMP)
    if answered:
        return PollResult(BOTH.id, START, 0.1, (seen, SystemInfo(BOTH.id, START, profile="cisco-ios")))
    return PollResult(BOTH.id, START, 0.1, (seen,), (PollError(PollFault.TIMEOUT, "no answer"),))


def echo(turns: SshTurns, *, answered: bool) -> None:
    turns.note_probes([Reachability(BOTH.id, START, answered)])


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_silent_snmp_with_an_echo_is_asked_over_ssh_at_once_and_not_again_too_soon() -> None:
    turns, asked, clock, got = made()
    echo(turns, answered=True)
    assert turns.after_snmp(BOTH, snmp(answered=False))
    await settle()
    assert asked.devices == ["a"]
    assert [result.means for result in got] == [Means.SSH]
    clock.at_s = 119.0
    assert not turns.after_snmp(BOTH, snmp(answered=False))
    clock.at_s = 120.0
    assert turns.after_snmp(BOTH, snmp(answered=False))
    await turns.stop()


async def test_a_device_that_is_wholly_silent_is_left_alone() -> None:
    turns, asked, _, _ = made()
    assert not turns.after_snmp(BOTH, snmp(answered=False)), "no echo is known"
    echo(turns, answered=False)
    assert not turns.after_snmp(BOTH, snmp(answered=False))
    echo(turns, answered=True)
    assert not turns.after_snmp(BOTH, snmp(answered=True)), "SNMP answers"
    await settle()
    assert asked.devices == []


def test_what_snmp_found_it_to_be_is_taken_over() -> None:
    turns, asked, _, _ = made()
    turns.after_snmp(BOTH, snmp(answered=True))
    assert asked.learned == {"a": "cisco-ios"}


async def test_a_device_without_snmp_is_asked_at_its_polls_but_not_too_often() -> None:
    turns, asked, clock, _ = made()
    for at_s in (0.0, 15.0, 30.0, 59.5, 75.0, 120.0):
        clock.at_s = at_s
        result = await turns.alone(ALONE)
        assert result.means is Means.SSH
    assert asked.devices == ["b", "b", "b"], "at 0, 59.5 and 120 s"


def test_only_devices_with_both_have_a_turn_of_their_own() -> None:
    turns, _, _, _ = made()
    assert [(key, every_s) for key, every_s, _ in turns.turns([BOTH, ALONE])] == [("ssh:a", 900.0)]
