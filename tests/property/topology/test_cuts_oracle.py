"""Single points of failure, what-if and path counts against plain recomputation on the same networks."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st
from topology_oracle import component, failures, nets

from topology.cuts import Cuts, Unit
from topology.findings import Component, ComponentKind
from topology.graph import Failed, NetworkGraph
from topology.model import DeviceId, LinkId
from topology.paths import Paths, disjoint_paths
from topology.whatif import n_minus_one, single_points_of_failure, what_if

small = settings(max_examples=500, deadline=None, database=None)


def offices_connected(net, failed=frozenset()):
    return {o for o in set(net.office_of) if net.connected(o, failed)}


@small
@given(st.data())
def test_spof_is_whatever_cuts_an_office_off_alone(data):
    net = data.draw(nets(size=(2, 7), extra=(0, 4), groups=(0, 2), hub="any", shared_offices=True))
    found = single_points_of_failure(NetworkGraph(net.inventory()))
    listed = {s.component: set(s.offices) for s in (*found.links, *found.devices, *found.risk_groups)}
    parts = [("device", 0), *net.components]
    for part in parts:
        lost = offices_connected(net) - offices_connected(net, frozenset({part}))
        assert listed.get(component(part), set()) == {f"o{o}" for o in lost}, part


@small
@given(st.data())
def test_whatif_cuts_who_has_no_way_left(data):
    net = data.draw(nets(size=(2, 7), extra=(0, 4), groups=(0, 2), hub="any", shared_offices=True))
    failed = data.draw(failures(net, 1, 3))
    graph = NetworkGraph(net.inventory())
    lost = what_if(graph, [component(p) for p in failed])
    assert set(lost.cut) == {f"o{o}" for o in offices_connected(net) - offices_connected(net, failed)}
    assert not set(lost.cut) & set(lost.degraded)
    for loss in n_minus_one(graph)[:3]:
        assert set(loss.cut) == set(what_if(graph, [loss.component]).cut)


def least_cut(net, office, failed, groups, most):
    """The least number of links or groups (their share of the office's own and the hub's power left out)."""
    own = {d for d in range(net.size) if net.office_of[d] == office or net.office_of[d] in net.hubs}
    here = {d for d in range(net.size) if net.office_of[d] == office}
    units = [(set(), {n}) for n in range(len(net.links))]
    units += [(set() if devices & here else devices - own, set(links)) for devices, links in groups]
    dead_devices, dead_links = net.dead(failed)
    for size in range(most + 1):
        for chosen in combinations(units, size):
            devices = dead_devices.union(*(d for d, _ in chosen))
            links = dead_links.union(*(ls for _, ls in chosen))
            seen = net.reached(here, devices, links)
            if not any(net.office_of[d] in net.hubs for d in seen):
                return size
    return most


@settings(max_examples=400, deadline=None, database=None)
@given(st.data())
def test_paths_are_what_it_takes_to_cut_an_office_off(data):
    net = data.draw(nets(size=(2, 6), extra=(0, 4), groups=(0, 2), hub="any", shared_offices=True))
    # Groups of links: ducts. (Of devices, see the next test.)
    net.groups = [g for g in net.groups if g[1]]
    failed = data.draw(failures(net, 0, 2))
    graph = NetworkGraph(net.inventory())
    gone = Failed(
        frozenset(LinkId(f"l{n}") for n in net.dead(failed)[1]),
        frozenset(DeviceId(f"d{n}") for n in net.dead(failed)[0]),
    )
    left = Paths(graph).left(gone)
    for office in set(net.office_of) - net.hubs:
        expected = least_cut(net, office, failed, net.groups, 3)
        devices = frozenset(DeviceId(f"d{d}") for d in range(net.size) if net.office_of[d] == office)
        assert disjoint_paths(graph, devices, gone) == expected
        if len(devices) == 1 and expected:
            assert left[f"o{office}"] == expected


@settings(max_examples=400, deadline=None, database=None)
@given(st.data())
def test_power_feeds_count_against_transit_only(data):
    net = data.draw(nets(size=(3, 6), extra=(0, 4), groups=(1, 2), hub="any"))
    net.groups = [g for g in net.groups if g[0]]
    graph = NetworkGraph(net.inventory())
    for office in set(net.office_of) - net.hubs:
        expected = least_cut(net, office, frozenset(), net.groups, 3)
        assert disjoint_paths(graph, frozenset({DeviceId(f"d{office}")})) == expected


@settings(max_examples=300, deadline=None, database=None)
@given(st.data())
def test_what_a_unit_separates(data):
    net = data.draw(nets(size=(2, 8), extra=(0, 5), groups=(0, 2), hub="any"))
    graph = NetworkGraph(net.inventory())
    cuts = Cuts(graph)
    for c in (*graph.shared, Component(ComponentKind.DEVICE, "d1")):
        gone = graph.members(c)
        before = graph.reach(graph.hub_devices)
        after = graph.reach(graph.hub_devices, gone)
        assert set(cuts.lost(Unit(gone.links, gone.devices))) == before - after
