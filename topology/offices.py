"""Whether each office reaches a hub, as far as evidence goes. Missing evidence never cuts an office off."""

from __future__ import annotations

from collections.abc import Iterable

from topology.causes import Explainer
from topology.findings import Connectivity, DeviceCondition, LinkCondition
from topology.graph import NetworkGraph
from topology.hitting import cheapest_hits
from topology.model import DeviceId, LinkId, OfficeId
from topology.sight import Sight
from topology.state import NetworkState

SIMULTANEOUS = 3
"""So many independent failures at once are held possible before an office is called cut."""


class OfficeJudge:
    """Offices by one look; made anew for each."""

    def __init__(
        self, graph: NetworkGraph, state: NetworkState, sight: Sight | None, explainer: Explainer | None
    ) -> None:
        self.graph = graph
        self.state = state
        self.sight = sight
        self.explainer = explainer
        self._alive: dict[DeviceId, bool] = {}

    def reached(self, office: OfficeId) -> Connectivity:
        """Connected, cut or unknown; whether it lost some of its paths is asked elsewhere."""
        state = self.state.devices
        devices = self.graph.office_devices[office]
        asked = [state[d] for d in devices if self.graph.inventory.devices[d].monitored]
        if DeviceCondition.UP in asked:
            return Connectivity.CONNECTED
        if not asked or any(condition is not DeviceCondition.SILENT for condition in asked):
            return Connectivity.UNKNOWN
        return Connectivity.UNKNOWN if self._may_have_path(devices) else Connectivity.CUT

    def _may_have_path(self, devices: Iterable[DeviceId]) -> bool:
        """Whether some way to a hub is left that nothing seen excludes."""
        sight = self.sight
        if sight is None:
            return True
        unclear = [d for d in devices if d not in sight.silent]
        if any(d in sight.lit for d in unclear) or self._touches_light(unclear):
            return True
        dark_hubs = self.graph.hub_devices - sight.lit
        return bool(dark_hubs) and self._reaches_dark_hub(devices, dark_hubs)

    def _touches_light(self, start: Iterable[DeviceId]) -> bool:
        """From devices that are not silent, through such devices only."""
        assert self.sight is not None
        sight, blocked = self.sight, self.sight.impassable
        seen = set(start)
        queue = list(seen)
        while queue:
            for link, other in self.graph.neighbours(queue.pop()):
                if link in blocked.links or other in blocked.devices or other in seen:
                    continue
                if other in sight.lit:
                    return True
                seen.add(other)
                queue.append(other)
        return False

    def _reaches_dark_hub(self, start: Iterable[DeviceId], hubs: frozenset[DeviceId]) -> bool:
        """A hub that can't be seen may be working behind the same cut, and the office with it."""
        assert self.sight is not None
        sight, blocked = self.sight, self.sight.impassable
        seen = set(start)
        queue = list(seen)
        while queue:
            device = queue.pop()
            if device in hubs and self._may_be_alive(device):
                return True
            for link, other in self.graph.neighbours(device):
                if link not in blocked.links and other not in sight.lit and other not in seen:
                    seen.add(other)
                    if other in hubs or self._may_be_alive(other):
                        queue.append(other)
        return False

    def _may_be_alive(self, device: DeviceId) -> bool:
        """Whether few failures could hide a working device: each way to it from the lit part is one."""
        known = self._alive.get(device)
        if known is None:
            known = self._alive[device] = self._isolated_by_few(device)
        return known

    def _isolated_by_few(self, device: DeviceId) -> bool:
        assert self.sight is not None
        assert self.explainer is not None
        ways: list[LinkId] = []
        for link, other in self.graph.neighbours(device):
            if other in self.sight.lit and self.state.links[link] is not LinkCondition.DISABLED:
                if self.explainer.known_up(link):
                    return False
                ways.append(link)
        if len(ways) <= SIMULTANEOUS:
            return True
        sets = []
        for link in ways:
            shared = {c for c in self.graph.shared_by_link(link) if not self.explainer.cleared(c)}
            shared = {c for c in shared if device not in self.graph.members(c).devices}
            sets.append(frozenset({str(link), *map(str, shared)}))
        weight = {c: 1.0 for s in sets for c in s}
        return cheapest_hits(sets, weight, 0.0, 500)[0][0] <= SIMULTANEOUS
