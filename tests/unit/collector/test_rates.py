"""Rates, told as timelines: what two readings say, and what they don't."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from collector.rates import RateKeeper
from topology.model import DeviceId, PortRef
from topology.observations import PortCounters, PortRates

AT = datetime(2026, 1, 1, tzinfo=UTC)
PORT = PortRef(DeviceId("d"), "p1")


class Line:
    """Polls of one port, one after the other."""

    def __init__(self, speed_bps: int | None = 1_000_000_000, if_type: int = 6) -> None:
        self.keeper = RateKeeper()
        self.speeds = {PORT: (speed_bps, if_type)}

    def poll(
        self, at_s: float, octets: int, uptime_s: float | None = None, **more: float
    ) -> PortRates | None:
        counters = PortCounters(PORT, AT, in_octets=octets, **more)  # type: ignore[arg-type]  # widths and times by name
        uptime_s = at_s if uptime_s is None else uptime_s
        found = list(self.keeper.update([counters], at_s=at_s, uptime_s=uptime_s, speeds=self.speeds))
        return found[0] if found else None


def in_bps(rates: PortRates | None) -> float | None:
    return None if rates is None else rates.in_bps


def test_the_first_poll_has_no_rate() -> None:
    assert Line().poll(0, 5) is None


def test_two_polls() -> None:
    line = Line()
    line.poll(0, 1000)
    rates = line.poll(60, 1000 + 7_500_000)
    assert in_bps(rates) == pytest.approx(1_000_000)
    assert rates is not None
    assert rates.over_s == 60


def test_a_missed_poll_makes_a_longer_interval() -> None:
    line = Line()
    line.poll(0, 0)
    assert in_bps(line.poll(180, 22_500_000)) == pytest.approx(1_000_000)


def test_a_counter32_goes_round() -> None:
    line = Line(speed_bps=100_000_000)
    line.poll(0, 2**32 - 1000, octets_bits=32)
    assert in_bps(line.poll(60, 6500, octets_bits=32)) == pytest.approx(1000.0)


def test_a_counter32_that_may_have_gone_round_twice_says_nothing() -> None:
    line = Line(speed_bps=1_000_000_000)
    line.poll(0, 0, octets_bits=32)
    assert in_bps(line.poll(60, 5000, octets_bits=32)) is None  # 1 Gbit/s needs 34 s for a round
    assert in_bps(line.poll(80, 5000 + 2500, octets_bits=32)) == pytest.approx(1000.0)


def test_a_counter64_goes_round() -> None:
    line = Line()
    line.poll(0, 2**64 - 1000)
    assert in_bps(line.poll(60, 6500)) == pytest.approx(1000.0)


def test_a_reboot_between_two_polls() -> None:
    line = Line()
    line.poll(0, 10**12, uptime_s=90_000)
    assert line.poll(60, 4000, uptime_s=20) is None
    assert in_bps(line.poll(120, 4000 + 7500, uptime_s=80)) == pytest.approx(1000.0)


def test_uptime_that_goes_round_after_497_days_is_no_reboot() -> None:
    line = Line()
    line.poll(0, 0, uptime_s=2**32 / 100 - 30)
    assert in_bps(line.poll(60, 7500, uptime_s=30)) == pytest.approx(1000.0)


def test_a_discontinuity_says_so() -> None:
    line = Line()
    line.poll(0, 10**9, discontinuity_s=0.0)
    assert in_bps(line.poll(60, 10**9 + 5, discontinuity_s=30.0)) is None
    assert in_bps(line.poll(120, 10**9 + 5 + 7500, discontinuity_s=30.0)) == pytest.approx(1000.0)


def test_a_reset_that_nobody_announced_is_no_spike() -> None:
    line = Line()
    line.poll(0, 10**15)
    assert in_bps(line.poll(60, 100)) is None


def test_more_than_the_port_carries_is_not_believed() -> None:
    line = Line(speed_bps=1_000_000_000)
    line.poll(0, 0)
    assert in_bps(line.poll(60, 10**14)) is None


def test_a_tunnel_that_claims_10_mbit_may_carry_more() -> None:
    line = Line(speed_bps=10_000_000, if_type=131)
    line.poll(0, 0)
    assert in_bps(line.poll(60, 60 * 12_500_000)) == pytest.approx(100_000_000)


def test_a_change_of_width_starts_anew() -> None:
    line = Line()
    line.poll(0, 4_000_000_000, octets_bits=32)
    assert in_bps(line.poll(60, 4_000_000_100, octets_bits=64)) is None


def test_two_polls_on_each_others_heels_measure_from_the_first() -> None:
    line = Line()
    line.poll(0, 0)
    assert line.poll(0.2, 999) is None
    assert in_bps(line.poll(60, 7500)) == pytest.approx(1000.0)


def test_a_port_that_was_away_for_hours_starts_anew() -> None:
    line = Line()
    line.poll(0, 0)
    assert line.poll(8000, 10**9) is None
