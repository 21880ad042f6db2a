"""A probe that could not be sent: of one device it says nothing, of all it says that the monitor is blind."""

from __future__ import annotations

from datetime import UTC, datetime

from ronda.own_side import OwnSide
from topology.model import DeviceId
from topology.observations import Reachability

AT = datetime(2026, 11, 21, tzinfo=UTC)


def probe(device: int, *, sent: int = 1, answered: bool = False) -> Reachability:
    return Reachability(DeviceId(f"d{device}"), AT, answered, sent=sent, received=int(answered))


def test_one_device_without_a_route_is_left_out() -> None:
    own_side = OwnSide(probed=10)
    silent, stuck = probe(1), probe(2, sent=0)
    assert own_side.sift([silent, stuck]) == [silent]
    assert own_side.stuck == 1


def test_nearly_all_without_a_route_count_as_unanswered() -> None:
    own_side = OwnSide(probed=10)
    for device in range(8):
        assert own_side.sift([probe(device, sent=0)]) == []
    assert len(own_side.sift([probe(8, sent=0)])) == 9


def test_who_can_be_asked_again_is_stuck_no_more() -> None:
    own_side = OwnSide(probed=2)
    assert len(own_side.sift([probe(1, sent=0), probe(2, sent=0)])) == 2
    answered = probe(1, answered=True)
    assert own_side.sift([answered]) == [answered]
    assert own_side.stuck == 1
