"""Loss, round trip and jitter over the last probes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from collector.echo_window import EchoWindows
from topology.model import DeviceId
from topology.observations import Reachability

A, B = DeviceId("a"), DeviceId("b")
START = datetime(2027, 1, 1, tzinfo=UTC)


def probes(*rtts_ms: float | None, device: DeviceId = A) -> list[Reachability]:
    return [
        Reachability(
            device,
            START + timedelta(seconds=10 * n),
            rtt_ms is not None,
            rtt_s=None if rtt_ms is None else rtt_ms / 1000,
            received=int(rtt_ms is not None),
        )
        for n, rtt_ms in enumerate(rtts_ms)
    ]


def test_before_the_first_probe() -> None:
    assert EchoWindows().of(A) is None


def test_round_trips_loss_and_jitter() -> None:
    windows = EchoWindows()
    windows.add(probes(10, 14, None, 12, 13))
    window = windows.of(A)
    assert window is not None
    assert (window.probes, window.lost, window.loss_ratio, window.since) == (5, 1, 0.2, START)
    assert window.rtt_min_s == pytest.approx(0.010)
    assert window.rtt_avg_s == pytest.approx(0.01225)
    assert window.rtt_max_s == pytest.approx(0.014)
    # 10 to 14 and 12 to 13: the lost one is no step.
    assert window.jitter_s == pytest.approx(0.0025)


def test_all_lost() -> None:
    windows = EchoWindows()
    windows.add(probes(None, None))
    window = windows.of(A)
    assert window is not None
    assert window.loss_ratio == 1.0
    assert (window.rtt_min_s, window.rtt_avg_s, window.rtt_max_s, window.jitter_s) == (None,) * 4


def test_one_answer_has_no_jitter() -> None:
    windows = EchoWindows()
    windows.add(probes(10))
    window = windows.of(A)
    assert window is not None
    assert window.jitter_s is None


def test_what_is_old_falls_out_and_devices_are_apart() -> None:
    windows = EchoWindows(span=3)
    windows.add(probes(None, None, 10, 10, 10))
    windows.add(probes(None, device=B))
    window = windows.of(A)
    assert window is not None
    assert (window.probes, window.lost, window.since) == (3, 0, START + timedelta(seconds=20))
    windows.keep([B])
    assert windows.of(A) is None
    assert windows.of(B) is not None


def test_our_own_sides_errors_are_no_loss() -> None:
    windows = EchoWindows()
    windows.add([Reachability(A, START, answered=False, sent=0, received=0)])
    assert windows.of(A) is None


def test_a_window_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="a place"):
        EchoWindows(span=0)
