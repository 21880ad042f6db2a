"""From explanations to causes: what each explains, since when, how sure. The waiting: `topology.settling`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from math import exp

from topology.causes import Explained
from topology.findings import Cause, Component, ComponentKind, LinkCondition
from topology.graph import Failed, NetworkGraph
from topology.model import DeviceId, LinkId
from topology.settings import VerdictSettings
from topology.settling import Group, Settling, since_of
from topology.sight import Sight
from topology.state import NetworkState
from topology.suspects import device_component, link_component
from topology.why import why

BLIND = "blind"


class Blame:
    """Explanations of one look, made into groups and causes."""

    def __init__(
        self,
        graph: NetworkGraph,
        state: NetworkState,
        sight: Sight,
        settings: VerdictSettings,
        now: datetime,
        before: Sequence[Group] = (),
        resumed_at: datetime | None = None,
        in_flight: Collection[DeviceId] = (),
    ) -> None:
        """`before`, `resumed_at`, `in_flight`: see Settling."""
        self.graph = graph
        self.state = state
        self.sight = sight
        self.settings = settings
        self.now = now
        self.waiting = Settling(graph, state, sight, settings, now, before, resumed_at, in_flight)

    def groups(self, explained: list[Explained]) -> list[Group]:
        owner: dict[int, int] = {}
        began = [self._began([s.what for s in e.symptoms]) or self.now for e in explained]
        for n, e in enumerate(explained):
            for region in e.regions:
                other = owner.get(region)
                if other is None or (began[n], n) > (began[other], other):
                    owner[region] = n
        theirs = {s.what for e in explained for s in e.symptoms}
        found = []
        for n, e in enumerate(explained):
            owned = frozenset(r for r, who in owner.items() if who == n)
            symptoms = {device_component(d) for r in owned for d in self.sight.regions[r].silent}
            symptoms -= theirs  # what is the very symptom of another group is not only behind this one
            symptoms |= {s.what for s in e.symptoms}
            found.append(self._group(tuple(sorted(symptoms)), e.hypotheses, e.regions, owned))
        return self.waiting.settle(found)

    def blind(self) -> Group:
        """One cause for all darkness: the monitor's own device or its way out."""
        vantages = set(self.graph.vantages)
        own = device_component(self.graph.vantages[0])
        uplinks = sorted(
            {link for v in vantages for link, other in self.graph.neighbours(v) if other not in vantages}
            - self.sight.disabled
        )
        cost = self.settings.weight
        hypotheses: list[tuple[float, tuple[Component, ...]]] = []
        if vantages <= self.sight.silent or not uplinks:
            hypotheses.append((cost("device"), (own,)))
        elif len(uplinks) == 1:
            seen = self.state.links[uplinks[0]] is LinkCondition.DOWN
            hypotheses.append((cost("link_seen_down" if seen else "link"), (link_component(uplinks[0]),)))
            far = next(d for d in self.graph.ends[uplinks[0]] if d not in vantages)
            hypotheses.append((cost("device" if not seen else "device_behind"), (device_component(far),)))
            hypotheses.append((cost("unmonitored_device"), (own,)))
        else:
            hypotheses.append((cost("device"), (own,)))
            for shared in self.graph.shared:
                if set(uplinks) <= self.graph.members(shared).links:
                    kind = "provider" if shared.kind is ComponentKind.PROVIDER else "risk_group"
                    hypotheses.append((cost(kind), (shared,)))
            every = sum(cost("link_seen_down") for _ in uplinks)
            hypotheses.append((every, tuple(map(link_component, uplinks))))
        hypotheses.sort()
        symptoms = {device_component(d) for d in self.sight.silent}
        symptoms |= {link_component(link) for link in self.sight.down}
        regions = frozenset(range(len(self.sight.regions)))
        group = self._group(tuple(sorted(symptoms)), tuple(hypotheses), regions, regions)
        group.key = BLIND
        group.awaited = frozenset(d for d in self.sight.doubtful if d not in vantages)
        group.settled = self.waiting.is_settled(group)
        return group

    def causes(self, group: Group, why_first: str = "") -> list[Cause]:
        """Every hypothesis of it, ranked; confidences add up to less than 1: something else is possible."""
        best = group.hypotheses[0][0]
        shown = group.hypotheses[: self.settings.hypotheses]
        odds = [exp(-self.settings.doubt * (cost - best)) for cost, _ in group.hypotheses]
        total = sum(odds) + exp(-self.settings.doubt)
        found = []
        for rank, (_, components) in enumerate(shown, start=1):
            seen_failed = {c for c in components if self._seen_failed(c)}
            explains = tuple(sorted({*group.symptoms, *seen_failed}))
            words = why(self.graph, self.state, components, explains, self.now)
            found.append(
                Cause(
                    group=group.key,
                    rank=rank,
                    components=components,
                    explains=explains,
                    confidence=round(odds[rank - 1] / total, 3),
                    why=f"{why_first}{words}",
                    since=group.since,
                    settled=group.settled,
                    cut=group.cut,
                    degraded=group.degraded,
                )
            )
        return found

    # --- parts ---

    def _group(
        self,
        symptoms: tuple[Component, ...],
        hypotheses: tuple[tuple[float, tuple[Component, ...]], ...],
        regions: frozenset[int],
        owned: frozenset[int],
    ) -> Group:
        times = sorted((at, c) for c in symptoms if (at := since_of(self.state, c)) is not None)
        since, first = times[0] if times else (self.now, symptoms[0])
        failed = Failed(
            frozenset(LinkId(c.id) for c in symptoms if c.kind is ComponentKind.LINK),
            frozenset(DeviceId(c.id) for c in symptoms if c.kind is ComponentKind.DEVICE),
        )
        # Named after its first symptom, which stays the first while the outage lasts.
        key = f"{first}@{since:%Y%m%dT%H%M%S}.{since.microsecond // 1000:03d}"
        return Group(key, since, symptoms, hypotheses, regions, owned, failed=failed)

    def _began(self, symptoms: list[Component]) -> datetime | None:
        return min((at for c in symptoms if (at := since_of(self.state, c)) is not None), default=None)

    def _seen_failed(self, component: Component) -> bool:
        if component.kind is ComponentKind.LINK:
            return self.state.links[LinkId(component.id)] is LinkCondition.DOWN
        if component.kind is ComponentKind.DEVICE:
            return DeviceId(component.id) in self.sight.silent
        return False
