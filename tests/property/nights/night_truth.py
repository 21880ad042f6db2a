"""Who is really cut off, at every moment of a night: plain reachability, by networkx, from what was broken.

Shares no code with the judge, and of the lab only its record of what is broken, not what it derives from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx

from lab import state as lab_state
from topology.findings import Component, ComponentKind
from topology.model import ConnectionStage, DeviceId, Inventory, OfficeId


@dataclass(frozen=True)
class Moment:
    """From `at_s` on, until the next one."""

    at_s: float
    no_hub: frozenset[OfficeId]
    """Active offices none of whose devices has a way to a device of a hub."""
    unseen: frozenset[OfficeId]
    """Active offices none of whose devices has a way from the vantage."""
    unseen_devices: frozenset[DeviceId]
    broken: frozenset[Component]
    """Cut links, devices that don't run, and groups of which nothing works."""
    blind: bool


class Truth:
    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.moments: list[Moment] = []
        self._offices = [o.id for o in inventory.offices.values() if o.connection is ConnectionStage.ACTIVE]
        self._ends = {link.id: (link.a.device, link.b.device) for link in inventory.links.values()}
        self._devices: dict[OfficeId, list[DeviceId]] = {o: [] for o in self._offices}
        for device in inventory.devices.values():
            if device.office in self._devices:
                self._devices[device.office].append(device.id)

    def note(self, at_s: float, truth: lab_state.Truth, *, uplink_cut: bool) -> None:
        """Compute and remember how it is from `at_s` on."""
        inventory = self.inventory
        running = {d.id for d in inventory.devices.values() if truth.runs(d)}
        graph: nx.Graph[DeviceId] = nx.Graph()
        graph.add_nodes_from(running)
        for link in inventory.links.values():
            if link.id not in truth.cut and {link.a.device, link.b.device} <= running:
                graph.add_edge(link.a.device, link.b.device)
        hubs = {d.id for d in inventory.devices.values() if d.office in inventory.hubs}
        joined, seen = set(), set()
        for part in nx.connected_components(graph):
            joined |= part if part & hubs else set()
            seen |= part if part & set(inventory.vantages) else set()
        if uplink_cut:
            seen = set()
        seen_links = {link for link, ends in self._ends.items() if seen & set(ends)}
        broken = {Component(ComponentKind.LINK, link) for link in truth.cut}
        broken |= {Component(ComponentKind.DEVICE, d) for d in inventory.devices if d not in running}
        for group in inventory.risk_groups:
            links = {link.id for link in inventory.links.values() if group in link.risk_groups}
            devices = {d.id for d in inventory.devices.values() if group in d.risk_groups}
            alive = {k for k in links if set(self._ends[k]) <= running} - truth.cut
            # (When all that hangs on it failed or vanished at once by coincidence, it looks broken as well.)
            if (links or devices) and not alive & seen_links and not devices & seen:
                broken.add(Component(ComponentKind.RISK_GROUP, group))
        for provider in inventory.providers:
            links = {link.id for link in inventory.links.values() if link.provider == provider}
            if links and links <= truth.cut:
                broken.add(Component(ComponentKind.PROVIDER, provider))
        monitored = {d.id for d in inventory.devices.values() if d.monitored}
        self.moments.append(
            Moment(
                at_s,
                frozenset(o for o in self._offices if not joined & set(self._devices[o])),
                frozenset(o for o in self._offices if not seen & set(self._devices[o])),
                frozenset(monitored - seen),
                frozenset(broken),
                uplink_cut or not seen,
            )
        )

    @property
    def now(self) -> Moment:
        return self.moments[-1]

    def during(self, from_s: float, to_s: float) -> list[Moment]:
        """Every moment that held at some time from `from_s` to `to_s`."""
        ends = [m.at_s for m in self.moments[1:]] + [float("inf")]
        return [m for m, end in zip(self.moments, ends, strict=True) if m.at_s <= to_s and end >= from_s]
