"""Counters: exact integrals of a demand that follows the routes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab import commands
from lab.hardware import Port
from lab.network import Network
from lab.traffic import Hop, Traffic, demands, shape_of
from topology.model import DeviceId, Inventory


def rate_bps(network: Network, port: Port, at_s: float) -> tuple[float, float]:
    a, b = network.counters(port, at_s), network.counters(port, at_s + 10.0)
    return (b.rx.octets - a.rx.octets) * 0.8, (b.tx.octets - a.tx.octets) * 0.8


def port(network: Network, device: str, name: str) -> Port:
    return network.hardware[DeviceId(device)].port(name)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.floats(0.1, 5_000.0), min_size=1, max_size=12))
def test_a_counter_does_not_depend_on_how_often_it_is_read(network: Network, steps: list[float]) -> None:
    """Rerouting to the same routes at any times changes no count, and counts never fall."""
    link = network.hardware[DeviceId("core")].port("sfp-sfpplus1")
    offset_s = 1_000.0
    routes = network.state.routes
    wanted = demands(network.inventory, routes)
    capacities = {link.id: link.capacity_bps or 10**9 for link in network.inventory.links.values()}
    often = Traffic(wanted, at_s=0.0, day_offset_s=offset_s)
    once = Traffic(wanted, at_s=0.0, day_offset_s=offset_s)
    for traffic in (often, once):
        traffic.reroute(0.0, routes, {}, capacities)
    at_s, last = 0.0, 0.0
    assert link.link is not None
    for step in steps:
        at_s += step
        often.reroute(at_s, routes, {}, capacities)
        now = often.link(link.link, True, at_s).octets
        assert now >= last
        last = now
    assert last == pytest.approx(once.link(link.link, True, at_s).octets, rel=1e-9)


def test_the_shape_is_positive_and_peaks_in_working_hours() -> None:
    for device in ("a", "b", "kuaro-r1"):
        shape = shape_of(DeviceId(device))
        hourly = [shape.integral(h * 3_600.0, (h + 1) * 3_600.0) / 3_600.0 for h in range(24)]
        assert min(shape.rate(m * 60.0) for m in range(1_440)) > 0.0
        assert hourly.index(max(hourly)) in range(8, 14)
        assert max(hourly) > 3.0 * min(hourly)


def test_traffic_takes_the_other_way_round_the_ring(network: Network) -> None:
    west, north = port(network, "core", "sfp-sfpplus1"), port(network, "ikis-r1", "Ethernet2")
    before_west = rate_bps(network, west, 1_010.0)
    before_north = rate_bps(network, north, 1_010.0)
    assert before_west[1] > 1e6
    assert before_north == (0.0, 0.0), "the ring's far piece is idle"
    commands.cut(network, 1_020.0, "ring-west")
    assert rate_bps(network, west, 1_030.0) == (0.0, 0.0)
    assert rate_bps(network, north, 1_030.0)[1] == pytest.approx(before_west[1], rel=0.2)


def test_an_office_that_is_cut_off_has_no_traffic(network: Network) -> None:
    lan = port(network, "pkm-r1", "ether8")
    assert rate_bps(network, lan, 1_010.0)[1] > 1e5
    commands.cut(network, 1_020.0, "pkm-fiber")
    assert rate_bps(network, lan, 1_030.0) == (0.0, 0.0)


def test_both_ends_of_a_link_count_the_same(network: Network) -> None:
    a = rate_bps(network, port(network, "core", "sfp-sfpplus1"), 1_010.0)
    b = rate_bps(network, port(network, "kuaro-r1", "GigabitEthernet0/0/1"), 1_010.0)
    assert a == pytest.approx((b[1], b[0]))


def test_low_light_makes_errors_and_good_light_none(network: Network) -> None:
    end = port(network, "pkm-r1", "sfp1")
    assert network.counters(end, 1_500.0).rx.errors == 0.0
    budget = network.budgets[end.link] if end.link else None
    assert budget is not None
    healthy_dbm = budget.rx_dbm()
    assert healthy_dbm is not None
    commands.dim(network, 1_500.0, "pkm-fiber", healthy_dbm - budget.low_alarm_dbm + 1.0)
    assert network.oper_up(end)
    assert network.counters(end, 1_600.0).rx.errors > 10.0


def test_no_link_is_offered_more_than_it_carries_for_long(inventory: Inventory, network: Network) -> None:
    for link in inventory.links.values():
        mean_bps = sum(
            d.down_bps
            for d in network.traffic.demands.values()
            if any(hop.link == link.id for hop in network.state.routes[d.device])
        )
        assert mean_bps <= 0.61 * (link.capacity_bps or 10**9)


def test_an_overloaded_link_discards_the_rest(network: Network) -> None:
    demand = network.traffic.demands[DeviceId("kuaro-r1")]
    traffic = Traffic([demand], at_s=0.0, day_offset_s=0.0)
    link = next(iter(network.inventory.links))
    traffic.reroute(0.0, {demand.device: [Hop(link, True)]}, {}, {link: int(demand.down_bps / 2)})
    count = traffic.link(link, True, 100.0)
    assert count.discards > 0.0
    assert count.octets * 8.0 / 100.0 <= demand.down_bps / 2
