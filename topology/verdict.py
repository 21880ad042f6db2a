"""The verdict: evidence in, connectivity of every office and ranked causes out. Pure; time is an argument.

Invariant: no office is called cut while evidence leaves it a way to a hub. The rules are in docs/verdict.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from topology.blame import Blame
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
from topology.settings import VerdictSettings
from topology.settling import Group, deadline, last_deadline
from topology.sight import Sight, look
from topology.standing import Standing
from topology.state import NetworkState
from topology.why import BLIND

__all__ = ["Judge", "VerdictSettings"]


class Judge:
    """Folds observations and gives verdicts. `now` must not run backwards from verdict to verdict."""

    def __init__(self, graph: NetworkGraph, settings: VerdictSettings | None = None) -> None:
        self.graph = graph
        self.settings = settings or VerdictSettings()
        self.state = NetworkState(graph, self.settings)
        self.standing = Standing(graph, self.state)
        inventory = graph.inventory
        planned = {o.id for o in inventory.offices.values() if o.connection is not ConnectionStage.ACTIVE}
        self._planned = planned
        self._expected = {d.id for d in inventory.devices.values() if d.office not in planned}
        self._silent: set[DeviceId] = set()
        self._down: set[LinkId] = set()
        self._disabled: set[LinkId] = set()
        self._last: Verdict | None = None
        self._groups: list[Group] = []
        self._recalled = False
        self._resumed_at: datetime | None = None
        """When this process went on where an earlier one stopped."""
        self._in_flight: Collection[DeviceId] = ()
        self._mute_since: datetime | None = None
        """Since when the monitor's own device has been found silent."""
        vantages = set(graph.vantages)
        self._others = [d.id for d in inventory.devices.values() if d.monitored and d.id not in vantages]
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
        self.standing.recall(changes)
        self._recalled = True

    def verdict(self, now: datetime, in_flight: Collection[DeviceId] = ()) -> Verdict:
        """The whole network at `now` (aware UTC). `in_flight`: devices that are being polled at this moment;
        whose word would settle what is open is heard out, for one settle time more."""
        self._in_flight = in_flight
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
            self._last = self._look(now, refreshed.devices)
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
        return any(not g.settled and self._may_settle(g, now, touched) for g in self._groups)

    def _may_settle(self, group: Group, now: datetime, touched: frozenset[DeviceId]) -> bool:
        if group.awaited & touched or (group.again_at is not None and now >= group.again_at):
            return True
        if now < deadline(group, self.settings):
            return False
        in_flight = group.awaited.intersection(self._in_flight)
        return in_flight != group.awaited or now >= last_deadline(group, self.settings)

    def _again(self, now: datetime) -> datetime | None:
        open_ = [g for g in self._groups if not g.settled]
        times = [deadline(g, self.settings) for g in open_] + [last_deadline(g, self.settings) for g in open_]
        times += [g.again_at for g in self._groups if not g.settled and g.again_at is not None]
        if self._mute_since is not None:
            times.append(self._mute_since + timedelta(seconds=self.settings.settle_s))
        if self.state.next_change_at is not None:
            times.append(self.state.next_change_at)
        return min((at for at in times if at > now), default=None)

    def _wanted(self, groups: Iterable[Group]) -> tuple[DeviceId, ...]:
        """Whose word would settle what is open; and already at the first missed answer the neighbours of
        who missed it, so that by the time it is called silent they have been asked."""
        wanted = {d for g in groups if not g.settled for d in g.awaited} | self.state.unsure
        for suspect, since in self.state.suspects.items():
            for link, other in self.graph.neighbours(suspect):
                if self.state.devices[other] is not DeviceCondition.UP:
                    continue
                untold = self.state.has_port(link, other) and self.state.link_seen_at(link, other) is None
                if untold or self.state.asked_before(other, since):
                    wanted.add(other)
        return tuple(sorted(wanted))

    # --- one look ---

    def _look(self, now: datetime, touched: Iterable[DeviceId]) -> Verdict:
        if self._recalled and self._resumed_at is None:
            self._resumed_at = now
        sight: Sight | None = None
        explainer: Explainer | None = None
        groups: list[Group] = []
        blind = False
        if self._silent or self._down:
            sight = look(self.graph, self.state, self._silent, self._down, self._disabled)
            blame = Blame(
                self.graph,
                self.state,
                sight,
                self.settings,
                now,
                self._groups,
                self._resumed_at,
                self._in_flight,
            )
            own_silent = sight.silent.issuperset(self.graph.vantages)
            found = [self.state.found_silent_at(v) for v in self.graph.vantages] if own_silent else []
            self._mute_since = max((at for at in found if at is not None), default=None)
            blind = self._is_blind(sight)
            if blind:
                groups = [blame.blind()]
            else:
                explainer = Explainer(self.graph, self.state, sight, self.settings, now)
                groups = blame.groups(explainer.explain())
                if self._asks_for_itself(now):
                    around = {d for v in self.graph.vantages for d in self.graph.monitored_around(v)}
                    groups = [replace(g, settled=False, awaited=g.awaited | around) for g in groups]
        else:
            self._mute_since = None
        impassable = Failed(frozenset(self._down | self._disabled), frozenset(self._silent))
        offices = self.standing.look(now, touched, impassable, sight, explainer, groups)
        self._groups = groups
        self._edge = frozenset() if sight is None else self._at_the_edge(sight)
        causes: list[Cause] = []
        if sight is not None:
            groups.sort(key=lambda g: (-len(g.cut), -len(g.degraded), -len(g.symptoms), g.since, g.key))
            first = BLIND[self.graph.inventory.network.language] if blind else ""
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
            manageable=frozenset(self.state.manageable),
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
        mute = self._mute_since
        if mute is not None and self._heard_nobody():
            missed = (self.state.missed_at(d) for d in self._others)
            if not self._others or any(at is not None and at > mute for at in missed):
                return True
        if any(o in sight.lit - vantages for v in vantages for _, o in self.graph.neighbours(v)):
            return False
        if silent < (1 if own_silent else self.settings.blind_least):
            return False
        return silent >= self.settings.blind_share * (silent + answering)

    def _heard_nobody(self) -> bool:
        """Since the monitor's own device was found silent nobody else was heard."""
        mute = self._mute_since
        return mute is not None and not any(
            (at := self.state.answered_at(d)) is not None and at > mute for d in self._others
        )

    def _asks_for_itself(self, now: datetime) -> bool:
        """Its own device is silent: until another one was heard, or missed, it may be the monitor itself."""
        if self._mute_since is None or now >= self._mute_since + timedelta(seconds=self.settings.settle_s):
            return False
        return self._heard_nobody()

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
