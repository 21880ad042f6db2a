"""Rates against what truly went through: a simulated port, polled as badly as can be.

The oracle knows the true number of octets. A rate that comes out must be the true mean of its interval
(never a spike, never a negative), and none may come out across a reset.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.rates import RateKeeper
from topology.model import DeviceId, PortRef
from topology.observations import PortCounters

START = datetime(2026, 1, 1, tzinfo=UTC)
PORT = PortRef(DeviceId("d"), "p1")
UPTIME_WRAP_S = (1 << 32) / 100.0

steps = st.lists(
    st.tuples(
        st.floats(min_value=1.0, max_value=900.0),  # seconds to the next poll
        st.floats(min_value=0.0, max_value=1.0),  # share of the port's speed
        st.sampled_from(["", "", "", "", "reboot", "discontinuity", "missed"]),
    ),
    min_size=2,
    max_size=30,
)


@settings(max_examples=300, deadline=None)
@given(
    steps,
    st.sampled_from([32, 64]),
    st.sampled_from([100_000_000, 1_000_000_000, 100_000_000_000]),
    st.integers(min_value=0, max_value=(1 << 64) - 1),
    st.floats(min_value=0.0, max_value=UPTIME_WRAP_S - 1.0),
    st.floats(min_value=-3600.0, max_value=3600.0),
)
def test_a_rate_is_the_truth_or_nothing(
    timeline: list[tuple[float, float, str]],
    bits: int,
    speed_bps: int,
    first: int,
    uptime_s: float,
    wall_step_s: float,
) -> None:
    keeper = RateKeeper()
    now_s, octets, discontinuity_s = 1000.0, first, 0.0
    last: tuple[float, int] | None = None
    broken = False
    for n, (wait_s, share, event) in enumerate(timeline):
        if event == "reboot":
            wait_s = max(wait_s, 30.0)  # no device boots faster
        now_s += wait_s
        uptime_s = (uptime_s + wait_s) % UPTIME_WRAP_S
        octets += int(share * speed_bps / 8 * wait_s)
        if event == "reboot":
            octets, uptime_s, broken = 0, min(1.0, wait_s / 2), True
        elif event == "discontinuity":
            octets, broken, discontinuity_s = octets // 3, True, discontinuity_s + 1.0
        if event == "missed":
            continue
        wall = START + timedelta(seconds=now_s + (wall_step_s if n % 2 else 0.0))  # a clock that is stepped
        counters = PortCounters(
            PORT, wall, in_octets=octets % (1 << bits), octets_bits=bits, discontinuity_s=discontinuity_s
        )
        found = list(keeper.update([counters], at_s=now_s, uptime_s=uptime_s, speeds={PORT: (speed_bps, 6)}))
        if last is not None and found and found[0].in_bps is not None:
            assert not broken
            rate = found[0]
            assert rate.over_s == now_s - last[0]
            truth = (octets - last[1]) * 8 / rate.over_s
            assert abs(rate.in_bps - truth) <= 1e-6 * max(truth, 1.0)
            assert 0 <= rate.in_bps <= speed_bps * 1.000001
        last, broken = (now_s, octets), False


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=(1 << 64) - 1), min_size=2, max_size=20))
def test_nonsense_never_gives_a_negative_or_more_than_the_port_carries(values: list[int]) -> None:
    keeper = RateKeeper()
    for n, value in enumerate(values):
        counters = PortCounters(PORT, START, in_octets=value, out_octets=value, in_errors=value % (1 << 32))
        for rate in keeper.update(
            [counters], at_s=60.0 * n, uptime_s=60.0 * n, speeds={PORT: (1_000_000_000, 6)}
        ):
            for bps in (rate.in_bps, rate.out_bps):
                assert bps is None or 0 <= bps <= 2_000_000_000
            assert rate.in_errors_per_s is None or rate.in_errors_per_s >= 0
