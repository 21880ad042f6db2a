"""How every office stands, since when and because of what; remembered, so that little is worked out anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from topology.causes import Explainer
from topology.findings import ComponentKind, Connectivity, DeviceCondition, OfficeVerdict, StateChange
from topology.graph import Failed, NetworkGraph
from topology.model import ConnectionStage, DeviceId, OfficeId
from topology.offices import OfficeJudge
from topology.paths import Paths
from topology.settling import Group
from topology.sight import Sight
from topology.state import NetworkState

_ON = (Connectivity.CONNECTED, Connectivity.DEGRADED)


class Standing:
    """The offices from look to look."""

    def __init__(self, graph: NetworkGraph, state: NetworkState) -> None:
        self.graph = graph
        self.state = state
        self.paths = Paths(graph)
        self._since: dict[OfficeId, tuple[Connectivity, datetime | None]] = {}
        self._found: dict[OfficeId, OfficeVerdict] = {}
        self._at_ease: set[OfficeId] = set()
        """Connected with every path: nothing can change that but its own devices, a path, or blindness."""

    def recall(self, changes: Iterable[StateChange]) -> None:
        """Take since-times from the newest change of every office."""
        newest: dict[str, StateChange] = {}
        for change in changes:
            if change.subject.kind is ComponentKind.OFFICE:
                known = newest.get(change.subject.id)
                if known is None or change.at >= known.at:
                    newest[change.subject.id] = change
        for office, change in newest.items():
            if change.now in set(Connectivity):
                self._since[OfficeId(office)] = (Connectivity(change.now), change.at)

    def look(
        self,
        now: datetime,
        touched: Iterable[DeviceId],
        impassable: Failed,
        sight: Sight | None,
        explainer: Explainer | None,
        groups: list[Group],
    ) -> Mapping[OfficeId, OfficeVerdict]:
        """All offices. `touched`: devices whose condition is new. Sight without an explainer is blindness."""
        blind = sight is not None and explainer is None
        judge = OfficeJudge(self.graph, self.state, sight, explainer)
        designed = self.paths.designed
        left = designed if blind else self.paths.left(impassable)
        self._at_ease -= set(self.graph.offices_of(touched))
        if blind:
            self._at_ease.clear()
        states: dict[OfficeId, Connectivity] = {}
        lost = []
        for office in self.graph.judged:
            if office not in self._at_ease:
                states[office] = Connectivity.UNKNOWN if blind else judge.reached(office)
                on = states[office] is Connectivity.CONNECTED
            else:
                on = left is not designed
            if on and left[office] < designed[office]:
                states[office] = Connectivity.DEGRADED
                lost.append(office)
        blamed: dict[OfficeId, list[Group]] = {}
        withheld: set[OfficeId] = set()
        if sight is not None and not blind:
            self._lay_cuts(sight, states, groups, blamed)
            withheld = self._withhold(states, blamed)
            self._lay_losses(lost, groups, blamed)
        found = dict(self._found) if self._found else self._not_judged()
        for office, state in states.items():
            mine = blamed.get(office, ())
            paths = left.get(office, 0) if state in _ON else 0
            since = self._moved(office, state, mine, now)
            keys = tuple(g.key for g in mine)
            found[office] = OfficeVerdict(office, state, since, paths, designed.get(office, 0), keys)
            at_ease = state is Connectivity.CONNECTED and office not in withheld
            (self._at_ease.add if at_ease else self._at_ease.discard)(office)
        self._found = found
        return dict(found)

    def _not_judged(self) -> dict[OfficeId, OfficeVerdict]:
        found = {}
        for office in self.graph.inventory.offices.values():
            state = Connectivity.UNKNOWN
            if office.connection is not ConnectionStage.ACTIVE:
                state = Connectivity.NOT_CONNECTED
            found[office.id] = OfficeVerdict(office.id, state, None, 0, 0)
        return found

    def _lay_cuts(
        self,
        sight: Sight,
        states: Mapping[OfficeId, Connectivity],
        groups: list[Group],
        blamed: dict[OfficeId, list[Group]],
    ) -> None:
        """Every cut office to the group that owns its darkness; what else borders it took a path from it."""
        region_of = {d: n for n, region in enumerate(sight.regions) for d in region.devices}
        cut: dict[str, list[OfficeId]] = {}
        degraded: dict[str, list[OfficeId]] = {}
        for office, state in states.items():
            if state is not Connectivity.CUT:
                continue
            regions = {region_of[d] for d in self.graph.office_devices[office] if d in region_of}
            owners = [g for g in groups if g.owned & regions]
            if not owners:
                continue
            owner = max(owners, key=lambda g: (g.since, g.key))
            others = [g for g in groups if g is not owner and g.regions & regions]
            cut.setdefault(owner.key, []).append(office)
            for g in others:
                degraded.setdefault(g.key, []).append(office)
            blamed[office] = [owner, *others]
        for g in groups:
            g.cut = tuple(sorted(cut.get(g.key, ())))
            g.degraded = tuple(sorted(degraded.get(g.key, ())))

    def _withhold(
        self, states: dict[OfficeId, Connectivity], blamed: Mapping[OfficeId, list[Group]]
    ) -> set[OfficeId]:
        """While ancestors and neighbours are being asked, an office stands as it stood: not cut yet."""
        held = {o for o, gs in blamed.items() if states[o] is Connectivity.CUT and not gs[0].settled}
        for office in held:
            states[office] = self._since.get(office, (Connectivity.UNKNOWN, None))[0]
        return held

    def _lay_losses(
        self, lost: list[OfficeId], groups: list[Group], blamed: dict[OfficeId, list[Group]]
    ) -> None:
        """Every degraded office to the groups that alone take a path from it; to all when only together."""
        if not lost:
            return
        able = [g for g in groups if self.paths.relevant(g.failed)]
        unlaid = set(lost)
        for group in able:
            mine = lost
            if len(able) > 1:
                left = self.paths.left(group.failed)
                mine = [o for o in lost if left[o] < self.paths.designed[o]]
            self._lay(mine, group, blamed)
            unlaid.difference_update(mine)
        if unlaid:
            for group in able or groups:
                self._lay(sorted(unlaid), group, blamed)

    @staticmethod
    def _lay(offices: list[OfficeId], group: Group, blamed: dict[OfficeId, list[Group]]) -> None:
        group.degraded = tuple(sorted({*group.degraded, *offices}))
        for office in offices:
            blamed.setdefault(office, []).append(group)

    def _moved(
        self, office: OfficeId, state: Connectivity, groups: Iterable[Group], now: datetime
    ) -> datetime | None:
        """Since when it is so: by the evidence, never before its last change."""
        known = self._since.get(office)
        if known is not None and known[0] is state:
            return known[1]
        devices = self.graph.office_devices[office]
        times: list[datetime | None] = []
        if state is Connectivity.CUT:
            times = [max((at for d in devices if (at := self.state.silent_since(d))), default=None)]
        elif state is Connectivity.DEGRADED:
            times = [g.since for g in groups]
        elif state is Connectivity.CONNECTED and (known is None or known[0] is not Connectivity.DEGRADED):
            up = (d for d in devices if self.state.devices[d] is DeviceCondition.UP)
            times = [self.state.up_since(d) for d in up]
        since = min((at for at in times if at is not None), default=now)
        if known is not None and known[1] is not None:
            since = max(since, known[1])
        self._since[office] = (state, min(since, now))
        return self._since[office][1]
