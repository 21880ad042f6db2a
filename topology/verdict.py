"""The verdict: evidence in, connectivity of every office and ranked causes out. Pure; time is an argument.

Invariant: no office is called cut while evidence leaves it a way to a hub. The rules are in docs/verdict.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from topology.blame import Blame, Group
from topology.causes import Explainer
from topology.findings import (
    ApplicationVerdict,
    Cause,
    ComponentKind,
    Connectivity,
    DeviceCondition,
    Flapping,
    LinkCondition,
    OfficeVerdict,
    StateChange,
    Verdict,
)
from topology.graph import Failed, NetworkGraph
from topology.model import ApplicationId, ConnectionStage, DeviceId, LinkId, OfficeId
from topology.observations import Observation
from topology.offices import OfficeJudge
from topology.paths import Paths
from topology.settings import VerdictSettings
from topology.sight import Sight, look
from topology.state import NetworkState

__all__ = ["Judge", "VerdictSettings"]


class Judge:
    """Folds observations and gives verdicts. `now` must not run backwards from verdict to verdict."""

    def __init__(self, graph: NetworkGraph, settings: VerdictSettings | None = None) -> None:
        self.graph = graph
        self.settings = settings or VerdictSettings()
        self.state = NetworkState(graph, self.settings)
        self.paths = Paths(graph)
        inventory = graph.inventory
        planned = {o.id for o in inventory.offices.values() if o.connection is not ConnectionStage.ACTIVE}
        self._planned = planned
        self._expected = {d.id for d in inventory.devices.values() if d.office not in planned}
        self._silent: set[DeviceId] = set()
        self._down: set[LinkId] = set()
        self._disabled: set[LinkId] = set()
        self._since: dict[OfficeId, tuple[Connectivity, datetime | None]] = {}
        self._last: Verdict | None = None
        self._groups: list[Group] = []
        self._edge: frozenset[DeviceId] = frozenset()
        """Devices beside what is dark: what they say, and when, matters though their condition stays."""

    @property
    def counters(self) -> Counter[str]:
        """Observations taken in, and those that were about nothing in the inventory."""
        return self.state.counters

    def observe(self, observation: Observation) -> None:
        """Take in one observation, in any order. One about an unknown device is counted, not raised."""
        self.state.observe(observation)

    def evidence(self) -> tuple[Observation, ...]:
        """What is retained. Observed by a fresh judge, it makes the same state."""
        return tuple(self.state.evidence())

    def recall(self, changes: Iterable[StateChange]) -> None:
        """Take since-times from the newest change of every office, as the event log has it."""
        newest: dict[str, StateChange] = {}
        for change in changes:
            if change.subject.kind is ComponentKind.OFFICE:
                known = newest.get(change.subject.id)
                if known is None or change.at >= known.at:
                    newest[change.subject.id] = change
        for office, change in newest.items():
            if change.now in set(Connectivity):
                self._since[OfficeId(office)] = (Connectivity(change.now), change.at)

    def verdict(self, now: datetime) -> Verdict:
        """The whole network at `now` (aware UTC)."""
        refreshed = self.state.refresh(now)
        for device in refreshed.devices:
            self._note(device)
        for link in refreshed.links:
            self._note_link(link)
        if (
            self._last is None
            or refreshed.devices
            or refreshed.links
            or self._must_look(now, refreshed.touched)
        ):
            self._last = self._look(now)
        else:
            self._last = replace(
                self._last,
                at=now,
                flapping=self._flapping(),
                look_again_at=self._again(now),
                wanted=self._wanted(self._groups),
            )
        return self._last

    def _note(self, device: DeviceId) -> None:
        silent = self.state.devices[device] is DeviceCondition.SILENT and device in self._expected
        (self._silent.add if silent else self._silent.discard)(device)

    def _note_link(self, link: LinkId) -> None:
        condition = self.state.links[link]
        expected = all(d in self._expected for d in self.graph.ends[link])
        (self._down.add if condition is LinkCondition.DOWN and expected else self._down.discard)(link)
        shut = condition is LinkCondition.DISABLED or (condition is LinkCondition.DOWN and not expected)
        (self._disabled.add if shut else self._disabled.discard)(link)

    def _must_look(self, now: datetime, touched: frozenset[DeviceId]) -> bool:
        """Whether something undecided may be decided by now though no condition changed."""
        if self._last is not None and any(c not in self._last.applications for c in self.state.checks):
            return True
        if touched & self._edge:
            return True
        return any(not g.settled and (g.awaited & touched or now >= self._deadline(g)) for g in self._groups)

    def _deadline(self, group: Group) -> datetime:
        return (group.asked_since or group.since) + timedelta(seconds=self.settings.settle_s)

    def _again(self, now: datetime) -> datetime | None:
        times = [self._deadline(g) for g in self._groups if not g.settled]
        if self.state.next_change_at is not None:
            times.append(self.state.next_change_at)
        return min((at for at in times if at > now), default=None)

    def _wanted(self, groups: Iterable[Group]) -> tuple[DeviceId, ...]:
        """Whose word would settle what is open; and already at the first missed answer the neighbours of
        who missed it, so that by the time it is called silent they have been asked."""
        wanted = {d for g in groups if not g.settled for d in g.awaited}
        for suspect, since in self.state.suspects.items():
            for _, other in self.graph.neighbours(suspect):
                if self.state.devices[other] is DeviceCondition.UP and self.state.asked_before(other, since):
                    wanted.add(other)
        return tuple(sorted(wanted))

    # --- one look ---

    def _look(self, now: datetime) -> Verdict:
        sight: Sight | None = None
        explainer: Explainer | None = None
        groups: list[Group] = []
        blind = False
        if self._silent or self._down:
            sight = look(self.graph, self.state, self._silent, self._down, self._disabled)
            blame = Blame(self.graph, self.state, sight, self.settings, now, self._groups)
            blind = self._is_blind(sight)
            if blind:
                groups = [blame.blind()]
            else:
                explainer = Explainer(self.graph, self.state, sight, self.settings, now)
                groups = blame.groups(explainer.explain())
        offices = self._offices(now, sight, explainer, groups, blind=blind)
        self._groups = groups
        self._edge = frozenset() if sight is None else self._at_the_edge(sight)
        causes: list[Cause] = []
        if sight is not None:
            groups.sort(key=lambda g: (-len(g.cut), -len(g.degraded), -len(g.symptoms), g.since, g.key))
            first = "the monitor is blind: " if blind else ""
            causes = [c for g in groups for c in blame.causes(g, first)]
        return Verdict(
            at=now,
            offices=offices,
            devices=self._devices(sight, groups),
            links=dict(self.state.links),
            causes=tuple(causes),
            blind=blind,
            applications=self._applications(now, offices, sight),
            flapping=self._flapping(),
            management_faults=tuple(sorted(self.state.management_faults)),
            wanted=self._wanted(groups),
            look_again_at=self._again(now),
        )

    def _at_the_edge(self, sight: Sight) -> frozenset[DeviceId]:
        found = {d for region in sight.regions for d in region.devices} | sight.doubtful
        found |= {d for link in sight.down for d in self.graph.ends[link]}
        found |= {lit for region in sight.regions for lit, _, _ in region.edges}
        return frozenset(found - sight.silent)

    def _is_blind(self, sight: Sight) -> bool:
        """Nearly everything silent, and nothing answers that is next to the monitor's own device."""
        vantages = set(self.graph.vantages)
        silent = len(sight.silent - vantages)
        up = {d for d, c in self.state.devices.items() if c is DeviceCondition.UP}
        answering = len(up - sight.doubtful - vantages)
        own_silent = vantages <= sight.silent
        if own_silent and not silent and not answering:
            return True
        if any(o in sight.lit - vantages for v in vantages for _, o in self.graph.neighbours(v)):
            return False
        if silent < (1 if own_silent else self.settings.blind_least):
            return False
        return silent >= self.settings.blind_share * (silent + answering)

    def _devices(self, sight: Sight | None, groups: list[Group]) -> dict[DeviceId, DeviceCondition]:
        found = dict(self.state.devices)
        if sight is None:
            return found
        blamed = {c.id for g in groups for c in g.hypotheses[0][1] if c.kind is ComponentKind.DEVICE}
        for region in sight.regions:
            front = {d for _, _, d in region.edges}
            queue = [d for d in front if d not in sight.silent]
            for device in queue:  # grows while it is read
                for link, other in self.graph.neighbours(device):
                    if other in region.devices and other not in front and link not in sight.impassable.links:
                        front.add(other)
                        if other not in sight.silent:
                            queue.append(other)
            for device in region.silent:
                if device not in front and device not in blamed:
                    found[device] = DeviceCondition.SHADOW
        return found

    def _offices(
        self,
        now: datetime,
        sight: Sight | None,
        explainer: Explainer | None,
        groups: list[Group],
        *,
        blind: bool,
    ) -> Mapping[OfficeId, OfficeVerdict]:
        judge = OfficeJudge(self.graph, self.state, sight, explainer)
        states: dict[OfficeId, Connectivity] = {}
        for office in self.graph.judged:
            states[office] = Connectivity.UNKNOWN if blind else judge.reached(office)
        blamed: dict[OfficeId, list[Group]] = {}
        designed = self.paths.designed
        impassable = Failed(frozenset(self._down | self._disabled), frozenset(self._silent))
        left = designed if blind else self.paths.left(impassable)
        lost = [o for o, s in states.items() if s is Connectivity.CONNECTED and left[o] < designed[o]]
        for office in lost:
            states[office] = Connectivity.DEGRADED
        if not blind and sight is not None:
            self._lay_cuts(sight, states, groups, blamed)
            self._lay_losses(lost, groups, blamed)
        found: dict[OfficeId, OfficeVerdict] = {}
        for office in self.graph.inventory.offices:
            state = Connectivity.NOT_CONNECTED if office in self._planned else states[office]
            causes = tuple(g.key for g in blamed.get(office, ()))
            paths = left.get(office, 0) if state in (Connectivity.CONNECTED, Connectivity.DEGRADED) else 0
            since = self._moved(office, state, blamed.get(office, ()), now)
            found[office] = OfficeVerdict(office, state, since, paths, designed.get(office, 0), causes)
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

    def _lay_losses(
        self, lost: list[OfficeId], groups: list[Group], blamed: dict[OfficeId, list[Group]]
    ) -> None:
        """Every degraded office to the groups that alone take a path from it."""
        if not lost:
            return
        able = [g for g in groups if self.paths.relevant(g.failed)]
        for group in able:
            if len(able) == 1:
                mine = lost
            else:
                left = self.paths.left(group.failed)
                mine = [o for o in lost if left[o] < self.paths.designed[o]]
            group.degraded = tuple(sorted({*group.degraded, *mine}))
            for office in mine:
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

    def _flapping(self) -> tuple[Flapping, ...]:
        return tuple(self.state.flapping[c] for c in sorted(self.state.flapping))

    def _applications(
        self, now: datetime, offices: Mapping[OfficeId, OfficeVerdict], sight: Sight | None
    ) -> dict[ApplicationId, ApplicationVerdict]:
        found = {}
        for application in self.graph.inventory.applications.values():
            check = self.state.checks.get(application.id)
            stale = check is None or (now - check.at).total_seconds() > self.settings.application_stale_s
            users = application.used_by if application.used_by is not None else self.graph.judged
            host_dark = sight is not None and application.hosted_at in sight.silent
            near: set[OfficeId] = set()
            if host_dark and sight is not None:
                region = next(r for r in sight.regions if application.hosted_at in r.devices)
                near = set(self.graph.offices_of(region.devices))
            lost = []
            for office in users:
                verdict = offices.get(office)
                if verdict is None:
                    continue
                reached = verdict.connectivity in (Connectivity.CONNECTED, Connectivity.DEGRADED)
                if (verdict.connectivity is Connectivity.CUT and office not in near) or (
                    reached and host_dark
                ):
                    lost.append(office)
            up = None if stale or check is None else check.up
            found[application.id] = ApplicationVerdict(application.id, up, tuple(sorted(lost)))
        return found
