"""A neighbour's port table may be seconds old: its "up" just after the first lost answer proves little."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from topology.findings import Verdict
from topology.graph import NetworkGraph
from topology.inventory import load_inventory
from topology.model import DeviceId, PortRef
from topology.observations import AdminStatus, OperStatus, PortStatus, Reachability
from topology.settings import VerdictSettings
from topology.verdict import Judge

BRANCH = Path(__file__).parents[3] / "lab" / "namespaces" / "twelve.yaml"
START = datetime(2026, 11, 21, 12, tzinfo=UTC)
NEAR = PortRef(DeviceId("kuaro-r1"), "sfp3")


def told(*said: tuple[float, OperStatus], now_s: float, agent_cache_s: float = 3.0) -> Verdict:
    """pkm-kuaro-r1 misses every answer from 0 s on; its neighbour's port is `said` to be so."""
    inventory = load_inventory(BRANCH)
    judge = Judge(NetworkGraph(inventory), VerdictSettings(agent_cache_s=agent_cache_s))
    for device in inventory.devices.values():
        for at_s in (-3.0, *([] if device.id == "pkm-kuaro-r1" else [0.5, 1.0, 2.0, 3.0])):
            if at_s <= now_s:
                judge.observe(Reachability(device.id, START + timedelta(seconds=at_s), answered=True))
    for at_s in (0.0, 0.3, 0.6, 0.9, 1.2):
        at = START + timedelta(seconds=at_s)
        judge.observe(Reachability(DeviceId("pkm-kuaro-r1"), at, answered=False))
    for at_s, oper in ((-5.0, OperStatus.UP), *said):
        judge.observe(PortStatus(NEAR, START + timedelta(seconds=at_s), AdminStatus.UP, oper))
    return judge.verdict(START + timedelta(seconds=now_s))


def test_an_up_out_of_the_cache_settles_nothing() -> None:
    verdict = told((1.0, OperStatus.UP), now_s=1.5)
    assert not any(cause.settled for cause in verdict.causes)
    assert DeviceId("kuaro-r1") in verdict.wanted


def test_with_agents_that_keep_no_table_it_does() -> None:
    verdict = told((1.0, OperStatus.UP), now_s=1.5, agent_cache_s=0.0)
    best = next(cause for cause in verdict.causes if cause.rank == 1)
    assert best.settled
    assert [str(c) for c in best.components] == ["device:pkm-kuaro-r1"]


def test_a_down_is_never_old() -> None:
    verdict = told((1.0, OperStatus.DOWN), now_s=1.5)
    best = next(cause for cause in verdict.causes if cause.rank == 1)
    assert best.settled
    assert [str(c) for c in best.components] == ["link:kuaro-pkm"]


def test_an_up_that_is_new_enough_blames_the_device() -> None:
    verdict = told((1.0, OperStatus.UP), (3.1, OperStatus.UP), now_s=3.2)
    best = next(cause for cause in verdict.causes if cause.rank == 1)
    assert best.settled
    assert [str(c) for c in best.components] == ["device:pkm-kuaro-r1"]
