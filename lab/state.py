"""From physical truth to what the network does: which links carry, who is reachable, by which way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import networkx as nx

from lab.optics import Budget
from lab.traffic import Hop
from topology.model import Device, DeviceId, DeviceRole, Inventory, Link, LinkId, Medium, RiskGroupId

HOP_S = 0.000_15
"""What each router adds to a round trip."""
_MEDIUM_RTT_S = {
    Medium.COPPER: 0.000_2,
    Medium.RADIO: 0.005,
    Medium.CELLULAR: 0.045,
    Medium.SATELLITE: 0.040,
    Medium.VPN: 0.015,
}
"""Round trips of common last miles; satellite is a low orbit (Starlink), not a geostationary one."""
FIBER_M_PER_S = 2.0e8


@dataclass(slots=True)
class Truth:
    """What is physically so. Only `lab.network` changes it."""

    cut: set[LinkId] = field(default_factory=set)
    extra_loss_db: dict[LinkId, float] = field(default_factory=dict)
    packet_loss: dict[LinkId, float] = field(default_factory=dict)
    """Share of packets that a link loses, in each direction, whatever its light."""
    switched_off: set[DeviceId] = field(default_factory=set)
    dark_feeds: dict[RiskGroupId, float] = field(default_factory=dict)
    """Feeds without power, with the time each went dark."""
    rebooting: set[DeviceId] = field(default_factory=set)
    snmp_stopped: set[DeviceId] = field(default_factory=set)
    applications_stopped: set[str] = field(default_factory=set)

    def has_power(self, device: Device) -> bool:
        """A UPS lives on its own batteries while its feed is dark."""
        fed = device.role is DeviceRole.UPS or not self.dark_feeds.keys() & set(device.risk_groups)
        return fed and device.id not in self.switched_off

    def runs(self, device: Device) -> bool:
        """Powered and past its boot."""
        return self.has_power(device) and device.id not in self.rebooting


@dataclass(frozen=True, slots=True)
class State:
    """What follows from a truth."""

    running: frozenset[DeviceId]
    links_up: frozenset[LinkId]
    reachable: frozenset[DeviceId]
    """Monitored or not: who has an unbroken path of running devices from the vantage."""
    rtt_s: Mapping[DeviceId, float]
    ways: Mapping[DeviceId, tuple[LinkId, ...]]
    """Links between the vantage and each reachable device."""
    routes: Mapping[DeviceId, tuple[Hop, ...]]
    """From the hub to each device that has a way."""


def link_rtt_s(link: Link) -> float:
    if link.medium is Medium.FIBER:
        return 2.0 * (link.length_m or 2_000.0) / FIBER_M_PER_S + HOP_S
    return _MEDIUM_RTT_S[link.medium] + HOP_S


def lit(truth: Truth, link: Link, budgets: Mapping[LinkId, Budget]) -> bool:
    """Whether the medium itself carries: not cut, and for fiber enough light left."""
    if link.id in truth.cut:
        return False
    budget = budgets.get(link.id)
    return budget is None or budget.holds(truth.extra_loss_db.get(link.id, 0.0))


def derive(inventory: Inventory, truth: Truth, budgets: Mapping[LinkId, Budget]) -> State:
    running = frozenset(d.id for d in inventory.devices.values() if truth.runs(d))
    up = frozenset(
        link.id
        for link in inventory.links.values()
        if link.a.device in running and link.b.device in running and lit(truth, link, budgets)
    )
    graph: nx.Graph[DeviceId] = nx.Graph()
    graph.add_nodes_from(running)
    for link_id in sorted(up):
        link = inventory.links[link_id]
        rtt_s = link_rtt_s(link)
        a, b = link.a.device, link.b.device
        if not graph.has_edge(a, b) or graph[a][b]["rtt_s"] > rtt_s:
            graph.add_edge(a, b, rtt_s=rtt_s, link=link_id)
    roots = {d for d in inventory.vantages if d in running}
    times_s: dict[DeviceId, float] = {}
    from_vantage: dict[DeviceId, list[DeviceId]] = {}
    if roots:
        times_s = nx.multi_source_dijkstra_path_length(graph, roots, weight="rtt_s")
        from_vantage = nx.multi_source_dijkstra_path(graph, roots, weight="rtt_s")
    hubs = {d for d in hub_devices(inventory) if d in running}
    paths = nx.multi_source_dijkstra_path(graph, hubs, weight="rtt_s") if hubs else {}
    return State(
        running=running,
        links_up=up,
        reachable=frozenset(times_s),
        rtt_s=times_s,
        ways={
            device: tuple(hop.link for hop in _hops(inventory, graph, path))
            for device, path in from_vantage.items()
        },
        routes={device: _hops(inventory, graph, path) for device, path in paths.items()},
    )


def hub_devices(inventory: Inventory) -> tuple[DeviceId, ...]:
    """Where the offices' traffic goes: the hubs' core devices, else their devices, else the vantage."""
    at_hubs = [d for d in inventory.devices.values() if d.office in inventory.hubs]
    cores = [d.id for d in at_hubs if d.role is DeviceRole.CORE]
    return tuple(cores or [d.id for d in at_hubs] or inventory.vantages)


def _hops(inventory: Inventory, graph: nx.Graph[DeviceId], path: list[DeviceId]) -> tuple[Hop, ...]:
    hops = []
    for here, there in pairwise(path):
        link = inventory.links[graph[here][there]["link"]]
        hops.append(Hop(link.id, forward=link.a.device == here))
    return tuple(hops)
