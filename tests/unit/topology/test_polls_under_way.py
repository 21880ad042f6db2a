"""A neighbour that is being polled when the time to settle is over is heard out, for as long once more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from topology.findings import Cause
from topology.graph import NetworkGraph
from topology.inventory import load_inventory
from topology.model import DeviceId, PortRef
from topology.observations import AdminStatus, OperStatus, PortStatus, Reachability
from topology.verdict import Judge

BRANCH = Path(__file__).parents[3] / "lab" / "namespaces" / "twelve.yaml"
START = datetime(2026, 11, 21, 12, tzinfo=UTC)
DARK, NEAR = DeviceId("pkm-kuaro-r1"), DeviceId("kuaro-r1")


class Night:
    """pkm-kuaro-r1 misses every answer from 0 s on; what its neighbour's port said is older than that."""

    def __init__(self) -> None:
        self.inventory = load_inventory(BRANCH)
        self.judge = Judge(NetworkGraph(self.inventory))
        for device in self.inventory.devices:
            self.echo(device, -3.0, answered=True)
        self.port(-5.0, OperStatus.UP)
        for at_s in (0.0, 0.3, 0.6, 0.9, 1.2, 1.5):
            self.echo(DARK, at_s, answered=False)

    def at(self, at_s: float) -> datetime:
        return START + timedelta(seconds=at_s)

    def echo(self, device: DeviceId, at_s: float, *, answered: bool) -> None:
        self.judge.observe(Reachability(device, self.at(at_s), answered=answered))

    def port(self, at_s: float, oper: OperStatus) -> None:
        self.judge.observe(PortStatus(PortRef(NEAR, "sfp3"), self.at(at_s), AdminStatus.UP, oper))

    def best(self, at_s: float, *in_flight: DeviceId) -> Cause:
        for device in self.inventory.devices:
            if device != DARK:
                self.echo(device, at_s - 0.1, answered=True)
        self.echo(DARK, at_s - 0.1, answered=False)
        return next(c for c in self.judge.verdict(self.at(at_s), frozenset(in_flight)).causes if c.rank == 1)


@pytest.fixture
def night() -> Night:
    night = Night()
    assert not night.best(1.6).settled
    assert not night.best(4.9).settled
    return night


def test_nobody_is_waited_for_who_is_not_being_asked(night: Night) -> None:
    best = night.best(5.1)
    assert best.settled
    assert str(best.components[0]) == f"device:{DARK}"


def test_who_is_being_asked_is_heard_out(night: Night) -> None:
    assert not night.best(5.1, NEAR).settled
    assert not night.best(7.0, NEAR).settled
    night.port(4.5, OperStatus.DOWN)  # the poll began at 4.5 s
    best = night.best(7.1)
    assert best.settled
    assert str(best.components[0]) == "link:kuaro-pkm"


def test_a_poll_that_ends_without_a_word_ends_the_waiting(night: Night) -> None:
    assert not night.best(5.1, NEAR).settled
    assert night.best(6.0).settled


def test_the_waiting_has_an_end(night: Night) -> None:
    verdict = night.judge.verdict(night.at(5.1), frozenset({NEAR}))
    assert verdict.look_again_at is not None
    assert verdict.look_again_at <= night.at(10.0)
    assert not night.best(9.9, NEAR).settled
    assert night.best(10.1, NEAR).settled


def test_a_poll_of_somebody_else_puts_nothing_off(night: Night) -> None:
    assert night.best(5.1, DeviceId("long-ikis-r1")).settled


# --- just begun: the neighbour has never told of its ports ---


class FirstNight(Night):
    def port(self, at_s: float, oper: OperStatus) -> None:
        if at_s > 0:
            super().port(at_s, oper)


def test_a_neighbour_that_never_told_of_its_port_is_asked_and_heard_out() -> None:
    night = FirstNight()
    night.echo(DARK, -3.0, answered=True)
    verdict = night.judge.verdict(night.at(0.1))
    assert NEAR in verdict.wanted, "at the first missed answer"
    assert not night.best(1.6, NEAR).settled
    night.port(1.5, OperStatus.DOWN)
    best = night.best(1.9)
    assert best.settled
    assert str(best.components[0]) == "link:kuaro-pkm"


def test_a_neighbour_that_tells_of_no_port_holds_nothing_up() -> None:
    """It may have no SNMP: what there is decides."""
    best = FirstNight().best(1.6)
    assert best.settled
    assert str(best.components[0]) == f"device:{DARK}"
