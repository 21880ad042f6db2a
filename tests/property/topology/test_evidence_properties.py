"""Order and amount of evidence: permutations change nothing, more links and more evidence do no harm."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from topology_oracle import NOW, failures, nets, observations

from topology.findings import Connectivity, Verdict
from topology.graph import NetworkGraph
from topology.history import changes, verdict_at
from topology.model import DeviceId, OfficeId, PortRef
from topology.observations import AdminStatus, Means, OperStatus, PortStatus, Reachability
from topology.settings import VerdictSettings
from topology.verdict import Judge

pytestmark = pytest.mark.timeout(600)

OFFLINE = VerdictSettings(silent_after_probes=1, settle_s=0)
some = settings(max_examples=300, deadline=None, database=None)


def verdict_of(net, seen, verdict_settings=OFFLINE, now=NOW) -> Verdict:
    judge = Judge(NetworkGraph(net.inventory()), verdict_settings)
    for observation in seen:
        judge.observe(observation)
    return judge.verdict(now)


@st.composite
def streams(draw, net):
    """Whatever a live collector may send within a freshness window: late, early, twice, contradictory."""
    found = []
    for _ in range(draw(st.integers(1, 25))):
        device = DeviceId(f"d{draw(st.integers(0, net.size - 1))}")
        at = NOW - timedelta(seconds=draw(st.integers(0, 20)))
        if net.links and draw(st.booleans()):
            port = PortRef(device, f"p{draw(st.integers(0, len(net.links) - 1))}")
            admin = draw(st.sampled_from([AdminStatus.UP, AdminStatus.UP, AdminStatus.DOWN]))
            found.append(PortStatus(port, at, admin, draw(st.sampled_from([OperStatus.UP, OperStatus.DOWN]))))
        else:
            means = draw(st.sampled_from([Means.ICMP, Means.ICMP, Means.ICMP, Means.SNMP, Means.TRAP]))
            found.append(Reachability(device, at, draw(st.booleans()), means))
    return found


@some
@given(st.data())
def test_a_permutation_changes_nothing(data):
    net = data.draw(nets(size=(2, 5), extra=(0, 2), groups=(0, 1)))
    seen = data.draw(streams(net))
    shuffled = data.draw(st.permutations(seen + seen[:3]))
    chosen = VerdictSettings(silent_after_probes=data.draw(st.integers(1, 3)))
    assert verdict_of(net, seen, chosen) == verdict_of(net, shuffled, chosen)


@some
@given(st.data())
def test_evidence_taken_in_again_makes_the_same_state(data):
    """A restart: what was retained is all that a fresh judge needs."""
    net = data.draw(nets(size=(2, 5), extra=(0, 2), groups=(0, 1)))
    chosen = VerdictSettings(silent_after_probes=data.draw(st.integers(1, 3)))
    judge = Judge(NetworkGraph(net.inventory()), chosen)
    for observation in data.draw(streams(net)):
        judge.observe(observation)
    again = Judge(NetworkGraph(net.inventory()), chosen)
    for observation in judge.evidence():
        again.observe(observation)
    assert judge.verdict(NOW) == again.verdict(NOW)
    assert judge.evidence() == again.evidence()


@some
@given(st.data())
def test_a_verdict_on_the_way_does_not_change_the_next(data):
    """Incremental and from scratch are the same, but for since-times and what is still being asked."""
    net = data.draw(nets(size=(2, 5), extra=(0, 2), groups=(0, 1)))
    seen = sorted(data.draw(streams(net)), key=lambda o: o.at)
    chosen = VerdictSettings(silent_after_probes=data.draw(st.integers(1, 3)), settle_s=0)
    judge = Judge(NetworkGraph(net.inventory()), chosen)
    for observation in seen:
        judge.observe(observation)
        judge.verdict(observation.at)
    stepwise, at_once = judge.verdict(NOW), verdict_of(net, seen, chosen)
    assert stepwise.devices == at_once.devices
    assert stepwise.links == at_once.links
    assert stepwise.blind == at_once.blind
    assert [(c.components, c.explains, c.since, c.cut) for c in stepwise.causes] == [
        (c.components, c.explains, c.since, c.cut) for c in at_once.causes
    ]
    for office, found in stepwise.offices.items():
        assert replace(found, since=None) == replace(at_once.offices[office], since=None)


@some
@given(st.data())
def test_adding_a_link_cuts_nobody_off(data):
    """The same failures in a network with one link more: who was connected stays so."""
    net = data.draw(nets(size=(3, 6), extra=(0, 2)))
    failed = data.draw(failures(net, 1, 3))
    more = replace(net, links=list(net.links))
    a, b = data.draw(st.integers(0, net.size - 1)), data.draw(st.integers(0, net.size - 2))
    more.links.append((a, b if b < a else b + 1))
    chosen = VerdictSettings(silent_after_probes=1, blind_least=99, settle_s=0)

    def cut(which) -> set[OfficeId]:
        seen, ports = which.looks(failed)
        reach = {d: d in seen for d in range(which.size)}
        found = verdict_of(which, observations(reach, ports), chosen).offices
        return {o for o, v in found.items() if v.connectivity is Connectivity.CUT}

    assert cut(more) <= cut(net)


@some
@given(st.data())
def test_more_evidence_never_makes_a_known_office_less_known(data):
    net = data.draw(nets(size=(3, 6), extra=(0, 2), groups=(0, 1), hub="any", shared_offices=True))
    failed = data.draw(failures(net, 0, 2))
    seen, ports = net.looks(failed)
    everything = observations({d: d in seen for d in range(net.size)}, ports)
    kept = data.draw(st.sets(st.integers(0, len(everything) - 1)))
    chosen = VerdictSettings(silent_after_probes=1, blind_least=99, settle_s=0)
    less = verdict_of(net, [o for i, o in enumerate(everything) if i in kept], chosen)
    more = verdict_of(net, everything, chosen)
    for office, found in less.offices.items():
        now = more.offices[office].connectivity
        if found.connectivity is Connectivity.CUT:
            assert now is Connectivity.CUT
        elif found.connectivity is not Connectivity.UNKNOWN:
            assert now in (Connectivity.CONNECTED, Connectivity.DEGRADED)


@some
@given(st.data())
def test_stale_evidence_says_nothing(data):
    """Whatever was seen, after every window has passed all is unknown and nobody is blamed."""
    net = data.draw(nets(size=(2, 5), extra=(0, 2), groups=(0, 1)))
    judge = Judge(NetworkGraph(net.inventory()), VerdictSettings(silent_after_probes=1))
    for observation in data.draw(streams(net)):
        judge.observe(observation)
    judge.verdict(NOW)
    later = judge.verdict(NOW + timedelta(seconds=151))
    assert set(later.devices.values()) == {"unknown"}
    assert not later.causes
    assert not [o for o, v in later.offices.items() if v.connectivity is not Connectivity.UNKNOWN]


@some
@given(st.data())
def test_the_event_log_tells_every_past_moment(data):
    """Offices as they stood from the moment since when it was so; devices and links as they were seen."""
    net = data.draw(nets(size=(2, 5), extra=(0, 2), groups=(0, 1)))
    chosen = VerdictSettings(silent_after_probes=data.draw(st.integers(1, 2)), settle_s=0)
    judge = Judge(NetworkGraph(net.inventory()), chosen)
    log, verdicts, before = [], [], None
    for seen in sorted(data.draw(streams(net)), key=lambda o: o.at):
        judge.observe(seen)
        verdict = judge.verdict(seen.at)
        log += changes(before, verdict)
        if before is not None and before.at == verdict.at:
            verdicts.pop()  # of two verdicts of one moment the later stands
        verdicts.append(verdict)
        before = verdict
    for verdict in verdicts:
        then = verdict_at(log, verdict.at)
        assert then.devices == verdict.devices
        assert then.links == verdict.links
        assert then.blind == verdict.blind
    last = verdicts[-1]
    now = verdict_at(log, last.at)
    assert {o: v.connectivity for o, v in now.offices.items()} == {
        o: v.connectivity for o, v in last.offices.items()
    }
    again = Judge(NetworkGraph(net.inventory()), chosen)
    again.recall(log)
    for observation in judge.evidence():
        again.observe(observation)
    resumed = again.verdict(last.at)
    for office, found in resumed.offices.items():
        if found.connectivity is not Connectivity.NOT_CONNECTED:
            assert found.since == last.offices[office].since, "a restart does not move since-times"
