"""Requests, answers, copies, delays and giving up in any order, against a naive account of each request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from collector.echo import Echo, EchoCounters, EchoLedger, ProbeTarget
from collector.icmp_wire import EchoReply
from topology.model import Address, DeviceId

AT = datetime(2027, 1, 1, tzinfo=UTC)
TARGET = ProbeTarget(DeviceId("r1"), Address("192.0.2.9"))
TIMEOUT_S = 1.0


@dataclass
class Account:
    echo: Echo
    payload: bytes
    sent_s: float
    state: str = "out"


class LedgerMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.counters = EchoCounters()
        self.ledger = EchoLedger(b"ourtoken", self.counters)
        self.accounts: list[Account] = []
        self.now_s = 0.0
        self.expected = {"duplicate": 0, "late": 0, "foreign": 0}

    @rule(after_s=st.floats(0.0, 0.7))
    def time_passes(self, after_s: float) -> None:
        self.now_s += after_s

    @rule()
    def issue(self) -> None:
        echo = Echo(TARGET, AT, self.now_s, TIMEOUT_S, "192.0.2.9")
        self.accounts.append(Account(echo, self.ledger.issue(echo), self.now_s))

    @precondition(lambda self: self.accounts)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        account = data.draw(st.sampled_from(self.accounts))
        settled = self.ledger.settle(
            EchoReply(1, account.echo.sequence, account.payload), "192.0.2.9", self.now_s
        )
        in_time = self.now_s - account.sent_s <= TIMEOUT_S
        if account.state == "out" and in_time:
            assert settled is account.echo
            assert account.echo.rtt_s == self.now_s - account.sent_s
            account.state = "answered"
            return
        assert settled is None
        self.expected["duplicate" if account.state == "answered" else "late"] += 1
        if account.state == "out":
            account.state = "given up"

    @precondition(lambda self: self.accounts)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        account = data.draw(st.sampled_from(self.accounts))
        self.ledger.give_up(account.echo)
        if account.state == "out":
            account.state = "given up"

    @rule(sequence=st.integers(0, 0xFFFF), payload=st.binary(max_size=24))
    def stranger(self, sequence: int, payload: bytes) -> None:
        if payload.startswith(b"ourtoken"):
            return
        assert self.ledger.settle(EchoReply(1, sequence, payload), "192.0.2.9", self.now_s) is None
        self.expected["foreign"] += 1

    @precondition(lambda self: len(self.accounts) > 1)
    @rule(data=st.data())
    def swapped(self, data: st.DataObject) -> None:
        """The payload of one request under the sequence number of another."""
        one, two = data.draw(st.permutations(self.accounts))[:2]
        reply = EchoReply(1, one.echo.sequence, two.payload)
        assert self.ledger.settle(reply, "192.0.2.9", self.now_s) is None
        self.expected["foreign"] += 1

    @invariant()
    def accounts_agree(self) -> None:
        assert len(self.ledger) == sum(account.state == "out" for account in self.accounts)
        assert {name: getattr(self.counters, name) for name in self.expected} == self.expected
        for account in self.accounts:
            assert (account.echo.rtt_s is not None) == (account.state == "answered")


LedgerMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestLedger = LedgerMachine.TestCase
