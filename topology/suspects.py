"""What may be blamed for a symptom, what it costs to blame it, and what fresh evidence clears."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from topology.findings import Component, ComponentKind, LinkCondition
from topology.graph import Failed, NetworkGraph
from topology.model import DeviceId, DeviceRole, LinkId, Medium
from topology.settings import VerdictSettings
from topology.sight import Sight
from topology.state import NetworkState

_SOFT = {Medium.RADIO, Medium.CELLULAR, Medium.SATELLITE, Medium.VPN}
"""Media behind equipment of their own: one port being up tells nothing of the other end."""


def link_component(link: LinkId) -> Component:
    return Component(ComponentKind.LINK, link)


def device_component(device: DeviceId) -> Component:
    return Component(ComponentKind.DEVICE, device)


class Suspects:
    """Candidates of one look; everything they need is fixed when it is made."""

    def __init__(
        self,
        graph: NetworkGraph,
        state: NetworkState,
        sight: Sight,
        settings: VerdictSettings,
        now: datetime,
    ) -> None:
        self.graph = graph
        self.state = state
        self.sight = sight
        self.settings = settings
        self.now = now
        self.region_of = {d: i for i, region in enumerate(sight.regions) for d in region.devices}
        self.frontier = {d for region in sight.regions for _, _, d in region.edges}
        self.weight: dict[Component, float] = {}
        self._cleared: dict[Component, bool] = {}

    def link_candidates(self, link: LinkId) -> set[Component]:
        """The link and what it shares its fate with, as far as nothing clears them."""
        if self.known_up(link):
            return set()
        component = link_component(link)
        if component not in self.weight:
            seen_down = self.state.links[link] is LinkCondition.DOWN
            weight = self.settings.weight("link_seen_down" if seen_down else "link")
            if self.state.links[link] is LinkCondition.UP:
                weight += 0.05  # it was up when last seen, before the device behind it fell silent
            self.weight[component] = weight
        return {component, *self._shared(self.graph.shared_by_link(link))}

    def device_candidates(self, device: DeviceId) -> set[Component]:
        component = device_component(device)
        if component not in self.weight:
            if device not in self.sight.silent:
                # A box that has power and forwards nothing is rarer than two without power behind it; a cloud
                # is a network, which may well fail inside while its port is up.
                cloud = self.graph.inventory.devices[device].role is DeviceRole.CLOUD
                powered = not cloud and self.hangs(device)
                kind = "unmonitored_but_powered" if powered else "unmonitored_device"
            else:
                kind = "device" if device in self.frontier else "device_behind"
            self.weight[component] = self.settings.weight(kind)
        return {component, *self._shared(self.graph.shared_by_device(device))}

    def _shared(self, components: Iterable[Component]) -> Iterable[Component]:
        for component in components:
            if not self.cleared(component):
                kind = "provider" if component.kind is ComponentKind.PROVIDER else "risk_group"
                self.weight[component] = self.settings.weight(kind)
                yield component

    def known_up(self, link: LinkId) -> bool:
        """Whether fresh evidence says that it carries: then it can't be blamed."""
        if link in self.sight.carrying:
            return True
        if self.state.links[link] is not LinkCondition.UP:
            return False
        ends = self.graph.ends[link]
        if self.graph.inventory.links[link].medium in _SOFT and not self.sight.lit.issuperset(ends):
            return False
        dark = [d for d in ends if d in self.sight.silent]
        seen = self.state.up_seen_at(link)
        fell = [at for d in dark if (at := self.state.silent_since(d)) is not None]
        return seen is not None and all(seen >= at for at in fell)

    def hangs(self, device: DeviceId) -> bool:
        """A lit neighbour sees its link to it up: it has power, so it takes no other link down."""
        return any(
            other in self.sight.lit and self.state.links[link] is LinkCondition.UP and self.known_up(link)
            for link, other in self.graph.neighbours(device)
        )

    def cleared(self, component: Component) -> bool:
        """Whether something that would have failed with it is known to work."""
        known = self._cleared.get(component)
        if known is None:
            known = self._cleared[component] = self._is_cleared(component)
        return known

    def _is_cleared(self, component: Component) -> bool:
        members = self.graph.members(component)
        if any(d in self.sight.lit or self.hangs(d) for d in members.devices):
            return True
        for link in members.links:
            if not self.known_up(link):
                continue
            if component.kind is not ComponentKind.PROVIDER or link in self.sight.carrying:
                return True
            if not any(d in self.sight.silent for d in self.graph.ends[link]):
                return True
        unseen = [link for link in members.links if self.state.links[link] is LinkCondition.UNKNOWN]
        return len(unseen) > 1 and self.darkens(members)

    def darkens(self, failed: Failed) -> bool:
        """Whether a lit device would have no way left if all this had failed."""
        roots = [v for v in self.graph.vantages if v in self.sight.lit]
        if not roots:
            return False
        before = self.graph.reach(roots, self.sight.impassable)
        after = self.graph.reach(roots, self.sight.impassable | failed)
        return not (before & self.sight.lit) <= after
