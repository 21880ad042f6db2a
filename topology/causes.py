"""The smallest weighted sets of failed components that explain what is dark and what is down.

Every symptom is a set of candidates, one of which must have failed; candidates that fresh evidence clears
are left out; what shares no candidate is solved apart. The method is the shared-risk hitting set of
SCORE (Kompella et al., NSDI 2005) with weights in place of Shrink's probabilities (Kandula et al., 2005).
docs/verdict.md has pictures.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from topology.findings import Component, ComponentKind, LinkCondition
from topology.hitting import cheapest_hits, joined
from topology.model import DeviceId, LinkId
from topology.sight import Dark
from topology.suspects import Suspects, device_component, link_component

_EVER_S = 1e9
_SINGLE = {ComponentKind.LINK, ComponentKind.DEVICE}


@dataclass(frozen=True, slots=True)
class Symptom:
    """Something that has to be explained by one of its candidates."""

    what: Component
    since: datetime | None
    candidates: frozenset[Component]
    region: int | None
    """The dark region that it borders, if any."""
    blocks: frozenset[int] = frozenset()
    """The dark regions that are dark because of it."""


@dataclass(frozen=True, slots=True)
class Explained:
    """Symptoms that belong together, and what explains them, the best first."""

    symptoms: tuple[Symptom, ...]
    hypotheses: tuple[tuple[float, tuple[Component, ...]], ...]
    regions: frozenset[int]


class Explainer(Suspects):
    """One look for causes; everything it needs is fixed when it is made."""

    def explain(self) -> list[Explained]:
        symptoms = self._narrowed([*self._links_down(), *self._edges(), *self._cut_by_nothing_seen()])
        unclear = [i for i, region in enumerate(self.sight.regions) if region.unclear and region.edges]
        pools: list[set[object]] = [set(s.candidates) for s in symptoms]
        for pool, symptom in zip(pools, symptoms, strict=True):
            if symptom.region in unclear:
                pool.add(symptom.region)
        for i in unclear:
            shared = {c for c in self._region_pool(self.sight.regions[i]) if c.kind not in _SINGLE}
            pools.append({i, *shared})
        groups: dict[int, list[int]] = {}
        for n, number in enumerate(joined(pools)):
            groups.setdefault(number, []).append(n)
        found = []
        for members in groups.values():
            own = tuple(symptoms[n] for n in members if n < len(symptoms))
            open_regions = [unclear[n - len(symptoms)] for n in members if n >= len(symptoms)]
            explained = self._solve(own, open_regions)
            if explained is not None:
                found.append(explained)
        return found

    # --- symptoms ---

    def _links_down(self) -> Iterable[Symptom]:
        for link in sorted(self.sight.down):
            since = self.state.down_since(link)
            candidates = {*self.link_candidates(link)}
            regions = set()
            for device in self.graph.ends[link]:
                region = self.region_of.get(device)
                if region is not None:
                    regions.add(region)
                heard = self.state.answered_at(device)
                was_alive = heard is not None and since is not None and heard > since
                if device not in self.sight.lit and not was_alive and not self.hangs(device):
                    candidates |= self.device_candidates(device)
            border = regions if len({self.region_of.get(d) for d in self.graph.ends[link]}) > 1 else set()
            if len(border) > 1:  # between two dark regions: it keeps the farther one dark
                far = max(self.graph.depth.get(d, 0) for d in self.graph.ends[link])
                border = {
                    self.region_of[d] for d in self.graph.ends[link] if self.graph.depth.get(d, 0) == far
                }
            yield Symptom(
                link_component(link),
                since,
                frozenset(candidates),
                min(regions, default=None),
                frozenset(border),
            )

    def _edges(self) -> Iterable[Symptom]:
        """Silent devices next to lit ones, over links that are not known to be down."""
        for number, region in enumerate(self.sight.regions):
            for _, link, device in region.edges:
                if device in self.sight.silent:
                    yield Symptom(
                        device_component(device),
                        self.state.silent_since(device),
                        frozenset({*self.link_candidates(link), *self.device_candidates(device)}),
                        number,
                        frozenset({number}),
                    )

    def _cut_by_nothing_seen(self) -> Iterable[Symptom]:
        """Regions without any edge: behind links that somebody shut, or on no declared path at all."""
        for number, region in enumerate(self.sight.regions):
            if region.edges or region.down:
                continue
            first = min(region.silent, key=lambda d: (self.graph.depth.get(d, 0), d))
            if region.disabled:
                candidates = {link_component(link) for link in region.disabled}
                for candidate in candidates:
                    self.weight[candidate] = self.settings.weight("link_seen_down")
            else:
                candidates = {c for d in region.silent for c in self.device_candidates(d)}
            yield Symptom(
                device_component(first),
                self.state.silent_since(first),
                frozenset(candidates),
                number,
                frozenset({number}),
            )

    def _narrowed(self, symptoms: list[Symptom]) -> list[Symptom]:
        """What is shared explains only symptoms that began together: the largest such set of them."""
        apart = timedelta(seconds=min(self.settings.together_s, _EVER_S))
        times: dict[Component, list[datetime]] = {}
        for symptom in symptoms:
            for candidate in symptom.candidates:
                if candidate.kind not in _SINGLE and symptom.since is not None:
                    times.setdefault(candidate, []).append(symptom.since)
        windows: dict[Component, tuple[datetime, datetime]] = {}
        for candidate, found in times.items():
            found.sort()
            if found[-1] - found[0] > apart:
                best = max(found, key=lambda t: (sum(t <= u <= t + apart for u in found), t))
                windows[candidate] = (best, best + apart)
        if not windows:
            return symptoms
        return [
            Symptom(
                s.what,
                s.since,
                frozenset(
                    c
                    for c in s.candidates
                    if c not in windows or (s.since is not None and windows[c][0] <= s.since <= windows[c][1])
                ),
                s.region,
                s.blocks,
            )
            for s in symptoms
        ]

    # --- solving ---

    def _solve(self, symptoms: tuple[Symptom, ...], open_regions: list[int]) -> Explained | None:
        regions = [self.sight.regions[i] for i in open_regions]
        further = (lambda hits: self._way_in(regions, hits)) if regions else None
        found = cheapest_hits(
            [s.candidates for s in symptoms],
            self.weight,
            self.settings.slack,
            self.settings.search,
            further,
            lambda c: (c.kind.value, c.id),
        )
        if not found:
            return None
        if regions:
            found = [f for f in found if not self.darkens(self.graph.failed(f[1]))] or found
        hypotheses = tuple((cost, tuple(sorted(hits))) for cost, hits in found if hits)
        if not hypotheses:
            return None
        blocked = {i for s in symptoms for i in s.blocks} | set(open_regions)
        return Explained(symptoms, hypotheses, frozenset(blocked))

    def _way_in(self, regions: list[Dark], hits: frozenset[Component]) -> frozenset[Component] | None:
        """Candidates along a way from the lit part to a silent device that `hits` leaves open."""
        failed = self.graph.failed(hits)
        silent, impassable = self.sight.silent, self.sight.impassable.links
        for region in regions:
            came: dict[DeviceId, tuple[LinkId, DeviceId | None]] = {}
            queue: list[DeviceId] = []
            for _, link, device in region.edges:
                if link not in failed.links and device not in failed.devices and device not in came:
                    came[device] = (link, None)
                    queue.append(device)
            for device in queue:  # grows while it is read: breadth first
                if device in silent:
                    return self._along(device, came)
                for link, other in self.graph.neighbours(device):
                    if other in region.devices and other not in came and link not in failed.links:
                        if link in impassable or other in failed.devices:
                            continue
                        came[other] = (link, device)
                        queue.append(other)
        return None

    def _along(
        self, device: DeviceId, came: dict[DeviceId, tuple[LinkId, DeviceId | None]]
    ) -> frozenset[Component]:
        found: set[Component] = set()
        here: DeviceId | None = device
        while here is not None:
            found |= self.device_candidates(here)
            link, here = came[here]
            found |= self.link_candidates(link)
        return frozenset(found)

    def _region_pool(self, region: Dark) -> set[Component]:
        """Everything that could be blamed for a region's darkness."""
        pool: set[Component] = set()
        for device in region.devices:
            pool |= self.device_candidates(device)
            for link, _ in self.graph.neighbours(device):
                if self.state.links[link] is not LinkCondition.DISABLED:
                    pool |= self.link_candidates(link)
        return pool
