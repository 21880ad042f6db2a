"""The verdict against brute force: offices, the top cause, and every cause that is as small."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from topology_oracle import NOW, Net, failures, nets, observations, part

from topology.findings import Connectivity, DeviceCondition, Verdict
from topology.graph import NetworkGraph
from topology.settings import VerdictSettings
from topology.verdict import Judge

pytestmark = pytest.mark.timeout(900)  # thousands of networks each, on whatever machine

SEEING = VerdictSettings(silent_after_probes=1, blind_least=99, hypotheses=500, settle_s=0)
"""Blindness is tested apart: it would hide the rest in networks as small as these."""
CASES = int(os.environ.get("RONDA_ORACLE_CASES", "4000"))


def oracle(cases: int = CASES):
    return settings(
        max_examples=cases,
        deadline=None,
        derandomize=False,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def judged(net: Net, reach, ports, verdict_settings=SEEING) -> Verdict:
    judge = Judge(NetworkGraph(net.inventory()), verdict_settings)
    for seen in observations(reach, ports):
        judge.observe(seen)
    return judge.verdict(NOW)


def groups_of(verdict: Verdict) -> dict[str, list[frozenset]]:
    found: dict[str, list[frozenset]] = {}
    for cause in verdict.causes:
        found.setdefault(cause.group, []).append(frozenset(map(part, cause.components)))
    return found


def check(net: Net, failed) -> Verdict:
    seen, ports = net.looks(failed)
    reach = {d: d in seen for d in range(net.size)}
    verdict = judged(net, reach, ports)
    smallest = net.smallest(reach, ports, len(failed))
    blamed = groups_of(verdict)
    top = frozenset().union(*(hypotheses[0] for hypotheses in blamed.values()))
    assert top in smallest, f"blamed {sorted(top)}, smallest are {[sorted(s) for s in smallest]}"
    for explanation in smallest:
        for group, hypotheses in blamed.items():
            assert any(h <= explanation for h in hypotheses), (
                f"{sorted(explanation)} explains as well, but {group} lists only "
                f"{[sorted(h) for h in hypotheses]}"
            )
    for cause in verdict.causes:
        assert 0 < cause.confidence <= 1
    for d in range(net.size):
        condition = verdict.devices[f"d{d}"]
        assert (condition is DeviceCondition.UP) == reach[d]
        assert condition is not DeviceCondition.UNKNOWN
    return verdict


def check_offices(net: Net, failed, verdict: Verdict) -> None:
    """All is monitored and the vantage is a hub: every office is connected or cut, and rightly so."""
    for office in set(net.office_of):
        found = verdict.offices[f"o{office}"].connectivity
        if net.connected(office, failed):
            assert found in (Connectivity.CONNECTED, Connectivity.DEGRADED)
        else:
            assert found is Connectivity.CUT
    blamed_for = {o for c in verdict.causes if c.rank == 1 for o in c.cut}
    cut = {o for o, v in verdict.offices.items() if v.connectivity is Connectivity.CUT}
    assert blamed_for == cut, "every cut office has a cause, and only those"


@oracle()
@given(st.data())
def test_trees(data):
    net = data.draw(nets(size=(2, 7), extra=(0, 0)))
    failed = data.draw(failures(net, 1, 3))
    check_offices(net, failed, check(net, failed))


@oracle()
@given(st.data())
def test_rings_and_meshes(data):
    net = data.draw(nets(size=(3, 6), extra=(1, 3)))
    failed = data.draw(failures(net, 1, 3))
    check_offices(net, failed, check(net, failed))


@oracle()
@given(st.data())
def test_shared_risks(data):
    net = data.draw(nets(size=(3, 5), extra=(0, 3), groups=(1, 2)))
    failed = data.draw(failures(net, 1, 3))
    check_offices(net, failed, check(net, failed))


@oracle()
@given(st.data())
def test_offices_of_several_devices_and_hubs_elsewhere(data):
    """An office is cut only when no explanation of up to three failures leaves it a way to a hub."""
    net = data.draw(nets(size=(3, 6), extra=(0, 2), groups=(0, 1), hub="any", shared_offices=True))
    failed = data.draw(failures(net, 1, 3))
    verdict = check(net, failed)
    seen, ports = net.looks(failed)
    reach = {d: d in seen for d in range(net.size)}
    cut = [int(o[1:]) for o, v in verdict.offices.items() if v.connectivity is Connectivity.CUT]
    if cut:
        for explanation in net.explanations(reach, ports, 3):
            for office in cut:
                assert not net.connected(office, explanation), (office, sorted(explanation))


@oracle()
@given(st.data())
def test_partial_sight(data):
    """Ends hidden, observations lost: nobody who is connected is called cut, and the cause is listed."""
    net = data.draw(nets(size=(3, 6), extra=(0, 3), groups=(0, 1), hub="any", shared_offices=True))
    net.monitored = [True] + [data.draw(st.integers(0, 4)) > 0 for _ in range(net.size - 1)]
    failed = data.draw(failures(net, 1, 2))
    seen, ports = net.looks(failed)
    lost = data.draw(st.integers(0, 2**20))
    reach = {d: d in seen for d in range(net.size) if (net.monitored[d] and (lost >> d * 2) & 3) or d == 0}
    ports = {k: up for i, (k, up) in enumerate(ports.items()) if net.monitored[k[1]] and hash((lost, i)) % 5}
    verdict = judged(net, reach, ports)
    reach |= {here: True for _, here in ports}  # who tells of its ports answers
    for o, found in verdict.offices.items():
        if found.connectivity is Connectivity.CUT:
            assert not net.connected(int(o[1:]), failed), f"{o} is connected"
    for d, answered in reach.items():
        if answered:
            assert verdict.devices[f"d{d}"] is DeviceCondition.UP
    blamed = groups_of(verdict)
    smallest = net.smallest(reach, ports, len(failed))
    top = frozenset().union(*(hypotheses[0] for hypotheses in blamed.values()))
    assert net.fits(top, reach, ports), f"{sorted(top)} does not explain what was seen"
    assert len(top) == len(smallest[0])
    for explanation in smallest:
        for group, hypotheses in blamed.items():
            assert any(h <= explanation for h in hypotheses), (sorted(explanation), group, hypotheses)
