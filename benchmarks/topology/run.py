"""How fast the verdict is, beside networkx's plain recomputation of the same question, in the same run.

    .venv/bin/python benchmarks/topology/run.py

A network is regions of 200 devices on one ring, each a random tree with about three rings for every ten
devices, one office a device, a duct for every twentieth link. The outage takes the head of a region, and with
it the 200 devices behind it. Exit code 1 when a limit is missed.
"""

from __future__ import annotations

import gc
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import networkx as nx

from topology.findings import Connectivity
from topology.graph import Failed, NetworkGraph
from topology.model import (
    Address,
    Device,
    DeviceId,
    Inventory,
    Link,
    LinkEnd,
    LinkId,
    Network,
    Office,
    OfficeId,
    PortRef,
    RiskGroup,
    RiskGroupId,
    RiskGroupKind,
)
from topology.observations import AdminStatus, OperStatus, PortStatus, Reachability
from topology.settings import VerdictSettings
from topology.verdict import Judge
from topology.whatif import single_points_of_failure

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REGION = 200


def network(size: int, extra: int) -> Inventory:
    rnd = random.Random(1)
    pairs = []
    for d in range(1, size):
        head = d - d % REGION
        if d == head:
            pairs.append((d - REGION, d))
        else:
            pairs.append((max(head, d - 1 - int(rnd.expovariate(1 / (1 + (d - head) ** 0.6)))), d))
    pairs.append((0, size - size % REGION - (REGION if size % REGION == 0 else 0)))
    for _ in range(extra):
        head = rnd.randrange(size // REGION) * REGION
        a, b = rnd.sample(range(head, head + REGION), 2)
        pairs.append((a, b))
    links = {}
    for n, (a, b) in enumerate(pairs):
        group = (RiskGroupId(f"duct-{n // 20}"),) if n % 10 == 0 else ()
        link = LinkId(f"l{n}")
        ends = (LinkEnd(DeviceId(f"d{a}"), f"p{n}"), LinkEnd(DeviceId(f"d{b}"), f"p{n}"))
        links[link] = Link(link, *ends, risk_groups=group)
    groups = {g for link in links.values() for g in link.risk_groups}
    devices = [Device(DeviceId(f"d{d}"), OfficeId(f"o{d}"), Address("127.0.0.1")) for d in range(size)]
    offices = [Office(OfficeId(f"o{d}"), f"Office {d}") for d in range(size)]
    return Inventory(
        Network("bench"),
        (DeviceId("d0"),),
        (OfficeId("o0"),),
        {o.id: o for o in offices},
        {d.id: d for d in devices},
        links,
        risk_groups={g: RiskGroup(g, RiskGroupKind.DUCT, g) for g in sorted(groups)},
    )


def all_well(judge: Judge, graph: NetworkGraph, at: datetime) -> None:
    for device in graph.inventory.devices:
        judge.observe(Reachability(device, at, True))
    for link, ends in graph.ends.items():
        for here in ends:
            port = PortRef(here, f"p{link[1:]}")
            judge.observe(PortStatus(port, at, AdminStatus.UP, OperStatus.UP))


def strike(judge: Judge, graph: NetworkGraph, at: datetime, failed: Failed) -> None:
    """What is seen of a failure: who does not answer any more, and ports that went down."""
    reached = graph.reach(graph.vantages, failed)
    for device in graph.inventory.devices:
        if device not in reached:
            for probe in range(3):
                judge.observe(Reachability(device, at + timedelta(milliseconds=400 * probe), False))
    for link, ends in graph.ends.items():
        for here in reached.intersection(ends):
            if link in failed.links or failed.devices.intersection(ends):
                port = PortRef(here, f"p{link[1:]}")
                judge.observe(PortStatus(port, at, AdminStatus.UP, OperStatus.DOWN))


def timed(work: Callable[[], object], times: int) -> float:
    """Median of several runs, in milliseconds."""
    found = []
    for _ in range(times):
        gc.collect()
        start = time.perf_counter()
        work()
        found.append((time.perf_counter() - start) * 1000)
    return statistics.median(found)


def one_observation(judge: Judge, graph: NetworkGraph) -> tuple[float, float]:
    """Median and 99th percentile of folding one observation and giving the verdict."""
    rnd = random.Random(2)
    devices = list(graph.inventory.devices)
    found = []
    for n in range(2000):
        at = NOW + timedelta(seconds=1, milliseconds=n)
        seen = Reachability(rnd.choice(devices), at, True)
        start = time.perf_counter()
        judge.observe(seen)
        judge.verdict(at)
        found.append((time.perf_counter() - start) * 1000)
    found.sort()
    return statistics.median(found), found[int(len(found) * 0.99)]


def plain(graph: NetworkGraph, failed: Failed) -> Callable[[], object]:
    """What a monitor without a state of its own would compute: who is reached, and who hangs on one thing."""

    def work() -> object:
        left: nx.MultiGraph[str] = nx.MultiGraph()
        left.add_nodes_from(d for d in graph.inventory.devices if d not in failed.devices)
        for link, (a, b) in graph.ends.items():
            if link not in failed.links and a in left and b in left:
                left.add_edge(a, b)
        reached = nx.node_connected_component(left, "d0")
        flat: nx.Graph[str] = nx.Graph(left.subgraph(reached))
        return reached, list(nx.bridges(flat)), list(nx.articulation_points(flat))

    return work


def plain_spof(graph: NetworkGraph, sample: int) -> float:
    """Milliseconds to remove every link and device in turn and search again, from a sample of them."""
    whole = graph.networkx
    rnd = random.Random(3)
    nodes = rnd.sample(sorted(whole.nodes), sample)
    start = time.perf_counter()
    for d in nodes:
        nx.node_connected_component(nx.restricted_view(whole, [d] if d != "d0" else [], []), "d0")
    each = (time.perf_counter() - start) / sample
    return each * (len(whole) + whole.number_of_edges()) * 1000


def measure(size: int, extra: int, limits: dict[str, float]) -> bool:
    inventory = network(size, extra)
    graph = NetworkGraph(inventory)
    judge = Judge(graph, VerdictSettings())
    all_well(judge, graph, NOW)
    rows: list[tuple[str, float, float | None]] = []
    rows.append(("first verdict, all well", timed(lambda: judge.verdict(NOW), 1), None))
    median, high = one_observation(judge, graph)
    rows += [("one observation and verdict, median", median, None), ("... 99th percentile", high, None)]
    failed = Failed(devices=frozenset({DeviceId(f"d{REGION}")}))
    broken: list[float] = []
    dark = 0
    for _ in range(3):
        again = Judge(graph, VerdictSettings())
        all_well(again, graph, NOW)
        again.verdict(NOW + timedelta(seconds=0.5))
        strike(again, graph, NOW + timedelta(seconds=10), failed)
        gc.collect()
        start = time.perf_counter()
        verdict = again.verdict(NOW + timedelta(seconds=16))
        broken.append((time.perf_counter() - start) * 1000)
        assert [c.id for c in verdict.causes[0].components] == [*failed.devices], verdict.causes[:1]
        dark = sum(v.connectivity is Connectivity.CUT for v in verdict.offices.values())
    reference = timed(plain(graph, failed), 3)
    rows.append((f"verdict with causes, {dark} offices cut", statistics.median(broken), reference))
    spof = timed(lambda: single_points_of_failure(graph), 3)
    rows.append(("spof", spof, plain_spof(graph, 20)))
    fine = True
    print(f"\n{size} devices, {len(inventory.links)} links")
    for name, ms, peer in rows:
        limit = limits.get(name.split(",")[0])
        missed = limit is not None and ms > limit
        fine = fine and not missed
        print(
            f"  {name:<44}{ms:>10.3f} ms"
            + (f"   networkx, recomputed {peer:>10.1f} ms" if peer is not None else "")
            + (f"   limit {limit:g} ms{' MISSED' if missed else ''}" if limit is not None else "")
        )
    return fine


def main() -> int:
    fine = measure(
        1000, 300, {"one observation and verdict": 1.0, "verdict with causes": 50.0, "spof": 200.0}
    )
    peak_small = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  memory of the process at its peak: {peak_small:.0f} MB (limit 100 MB)")
    fine &= measure(10_000, 3_000, {"verdict with causes": 500.0, "spof": 2000.0})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  memory of the process at its peak: {peak:.0f} MB")
    return 0 if fine and peak_small < 100 else 1


if __name__ == "__main__":
    sys.exit(main())
