"""Any order of commands at any times: the simulation keeps its invariants, and everything can be undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab import commands
from lab.answers import BadArgumentError
from lab.mib import build
from lab.network import Network
from lab.state import derive
from topology.model import Inventory

LINKS = st.sampled_from(["ring-west", "ring-east", "ring-north", "pkm-fiber", "desa-radio", "samu-sat"])
DEVICES = st.sampled_from(["core", "kuaro-r1", "ikis-r1", "pkm-r1", "desa-r1", "samu-r1"])
STEPS = st.one_of(
    st.tuples(st.sampled_from(["cut", "restore"]), LINKS),
    st.tuples(
        st.sampled_from(["power-off", "power-on", "reboot", "renumber", "stop-snmp", "start-snmp"]), DEVICES
    ),
    st.tuples(st.sampled_from(["power-off", "power-on"]), st.just("feed-east")),
    st.tuples(st.sampled_from(["cut-duct", "restore"]), st.just("duct-west")),
    st.tuples(st.just("loss"), LINKS, st.floats(0.0, 100.0)),
    st.tuples(st.just("dim"), LINKS, st.floats(0.0, 60.0)),
    st.tuples(st.just("flap"), LINKS, st.integers(1, 3), st.floats(0.5, 10.0)),
    st.tuples(st.just("wait")),
)


def counters(network: Network, at_s: float) -> dict[tuple[str, str], float]:
    return {
        (device, port.name): network.counters(port, at_s).rx.octets
        for device, hardware in network.hardware.items()
        for port in hardware.ports
    }


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.floats(0.0, 20.0), STEPS), max_size=15))
def test_whatever_is_done(inventory: Inventory, steps: list[tuple[float, tuple[Any, ...]]]) -> None:
    network = Network(inventory, at_s=0.0, wall=datetime(2026, 8, 3, tzinfo=UTC), boot_s=1.5)
    at_s = 0.0
    for pause_s, (name, *arguments) in steps:
        boots = {device: running.boots for device, running in network.running.items()}
        before = counters(network, at_s)
        at_s += pause_s
        network.advance(at_s)
        if name != "wait":
            command: Callable[..., object] = commands.COMMANDS[name]
            try:
                command(network, at_s, *arguments)
            except BadArgumentError:
                assert name in ("reboot", "renumber", "dim")
        after = counters(network, at_s)
        for (device, port), octets in after.items():
            if network.running[device].boots == boots[device]:  # type: ignore[index]  # a DeviceId
                assert octets >= before[device, port] - 1e-3
        assert network.state == derive(inventory, network.truth, network.budgets)
        for device, running in network.running.items():
            assert len(set(running.if_index.values())) == len(network.hardware[device].ports)
            assert running.booted_at_s <= at_s
    commands.restore_all(network, at_s)
    network.advance(at_s + 100.0)
    assert network.state.reachable >= set(network.hardware)
    assert network.state.links_up == set(inventory.links)
    for device in network.hardware:
        view = build(network, device)
        name: tuple[int, ...] = (0,)
        while (row := view.after(name, at_s + 100.0)) is not None:
            assert row[0] > name
            name = row[0]
