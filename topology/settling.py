"""Whether a group of symptoms has been asked around enough for its causes to be told, and whom to ask yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from topology.findings import Component, ComponentKind, DeviceCondition, LinkCondition
from topology.graph import Failed, NetworkGraph
from topology.model import DeviceId, LinkId, OfficeId
from topology.settings import VerdictSettings
from topology.sight import Sight
from topology.state import NetworkState

ROW = 2
"""So many settle times a row of repairs may put a verdict off."""
ASKED_MORE = 2
"""Answers that a device must miss beyond silence when nothing else speaks against it."""


@dataclass(slots=True)
class Group:
    """The competing hypotheses about one set of symptoms."""

    key: str
    since: datetime
    symptoms: tuple[Component, ...]
    hypotheses: tuple[tuple[float, tuple[Component, ...]], ...]
    regions: frozenset[int] = frozenset()
    owned: frozenset[int] = frozenset()
    """Regions whose darkness is laid to this group: of several that border one, the newest."""
    awaited: frozenset[DeviceId] = frozenset()
    """Devices whose evidence is older than the first symptom, and would tell."""
    asked: Mapping[Component, datetime] = field(default_factory=dict)
    """Symptoms that outlived others which had been explained with them: since then they are asked for again,
    for what was seen of them before may be over just as well."""
    began: datetime | None = None
    """When the first of the symptoms that are new in it began; None when all were there, and settled."""
    put_off_to: datetime | None = None
    again_at: datetime | None = None
    """When its remaining symptoms are asked once more while it waits."""
    settled: bool = True
    cut: tuple[OfficeId, ...] = ()
    degraded: tuple[OfficeId, ...] = ()
    failed: Failed = field(default_factory=Failed)
    """What of it is known to carry nothing."""

    @property
    def fresh_since(self) -> datetime:
        """Evidence older than this proves nothing for it."""
        return max(self.asked.values(), default=self.began or self.since)

    @property
    def waits_from(self) -> datetime:
        """From when it may wait for answers; a row of repairs may put that off, but not for ever."""
        if not self.asked:
            return self.began or self.since
        return min(max(self.asked.values()), self.put_off_to or self.since)


class Settling:
    """The waiting of one look's groups. `before`: the groups of the look before."""

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
        """`resumed_at`: when this process went on where an earlier one stopped; what is known from before is
        asked again. `in_flight`: devices that are being polled at this moment."""
        self.graph = graph
        self.state = state
        self.sight = sight
        self.settings = settings
        self.now = now
        self._before = before
        self._resumed_at = resumed_at
        self._in_flight = in_flight

    def settle(self, groups: Sequence[Group]) -> list[Group]:
        """The same groups, each with whom it waits for, and whether it is settled."""
        standing = {symptom for group in groups for symptom in group.symptoms}
        if self._resumed_at == self.now:
            asked = [
                replace(g, asked=dict.fromkeys(g.symptoms, self.now), put_off_to=self.now) for g in groups
            ]
        else:
            asked = [self._asked_again(g, standing) for g in groups]
        return [self._settle(group) for group in asked]

    def is_settled(self, group: Group) -> bool:
        return not group.awaited or self.now >= deadline(group, self.settings)

    def _asked_again(self, group: Group, standing: set[Component]) -> Group:
        """What is new has to be asked around for; and when part of what was explained together is over, the
        rest may be over just as well: until it is seen again, what was seen of it before proves nothing."""
        oldest = self.now - timedelta(seconds=self.settings.settle_s)
        asked: dict[Component, datetime] = {}
        new = set(group.symptoms)
        starts: list[datetime] = []
        rows = [self.now + ROW * timedelta(seconds=self.settings.settle_s)]
        repaired = any(not standing.issuperset(earlier.symptoms) for earlier in self._before)
        for earlier in self._before:
            shared = set(earlier.symptoms).intersection(group.symptoms)
            new -= shared
            if shared and earlier.began is not None and not earlier.settled:
                starts.append(earlier.began)
            over = not standing.issuperset(earlier.symptoms)
            over |= repaired and earlier.hypotheses[0][1] != group.hypotheses[0][1]
            for symptom in shared:
                since = self.now if over else earlier.asked.get(symptom)
                if since is not None and since > oldest:
                    asked[symptom] = max(since, asked.get(symptom, since))
                    if earlier.asked and earlier.put_off_to is not None:
                        rows.append(earlier.put_off_to)
        starts += [since_of(self.state, symptom) or self.now for symptom in new]
        if self._resumed_at is not None:
            starts = [max(start, self._resumed_at) for start in starts]
        return replace(group, asked=asked, began=min(starts, default=None), put_off_to=min(rows))

    def _settle(self, group: Group) -> Group:
        if (group.began is None and not group.asked) or self.now >= last_deadline(group, self.settings):
            return group
        fresh = group.fresh_since
        witnesses = self._witnesses(group)
        awaited = frozenset(d for d in witnesses if self._is_awaited(d, fresh))
        awaited |= self._port_witnesses(group, fresh)
        again = None
        if group.asked:
            pause = timedelta(seconds=self.settings.settle_s / 2)
            awaited |= self._unconfirmed(group, max(fresh, self.now - pause))
            again = self.now + pause
        awaited |= frozenset(d for d in self._beyond(group) if d in self.sight.doubtful)
        awaited |= self._own_way(group) | self._alone(group)
        if self.now >= deadline(group, self.settings):
            # Its time is over; but whoever is being asked right now is heard out.
            awaited = awaited.intersection(self._in_flight)
            return replace(group, awaited=awaited, settled=not awaited)
        # What outlives a repair may need a moment to come back: it gets the whole time.
        return replace(group, awaited=awaited, again_at=again, settled=not awaited and not group.asked)

    def _alone(self, group: Group) -> frozenset[DeviceId]:
        """A device that nothing else speaks against may have lost answers by chance: asked some more."""
        if len(group.symptoms) > 1 or group.symptoms[0].kind is not ComponentKind.DEVICE:
            return frozenset()
        device = DeviceId(group.symptoms[0].id)
        enough = self.settings.silent_after_probes + ASKED_MORE
        return frozenset() if self.state.misses(device) >= enough else frozenset({device})

    def _own_way(self, group: Group) -> frozenset[DeviceId]:
        """The monitor's own devices, as long as none of them was heard after the last of it fell silent."""
        fell = [since_of(self.state, s) for s in group.symptoms if s.kind is ComponentKind.DEVICE]
        last = max((at for at in fell if at is not None), default=None)
        own = [v for v in self.graph.vantages if self.graph.inventory.devices[v].monitored]
        heard = (self.state.answered_at(v) for v in own)
        if last is None or any(at is not None and at > last for at in heard):
            return frozenset()
        return frozenset(v for v in own if self.state.devices[v] is not DeviceCondition.SILENT)

    def _port_witnesses(self, group: Group, since: datetime) -> frozenset[DeviceId]:
        """Who has a port on a link in question, and has not said since then how it is: the other end of a
        link seen down, and the other links of a shared thing under suspicion (one fiber, or the duct?)."""
        links = {LinkId(s.id) for s in group.symptoms if s.kind is ComponentKind.LINK}
        for component in self._shared(group):
            links |= self.graph.members(component).links
        found: set[DeviceId] = set()
        for link in links:
            for device in self.graph.ends[link]:
                seen = self.state.link_seen_at(link, device)
                up_at = self.state.up_seen_at(link)  # an end that says so later: is the other one's word old?
                if device in self.sight.lit and seen is not None and seen < max(since, up_at or since):
                    found.add(device)
        return frozenset(found)

    def _shared(self, group: Group) -> set[Component]:
        """The ducts and feeds of its symptoms, also those that look well: that may be old."""
        found: set[Component] = set()
        for s in group.symptoms:
            if s.kind is ComponentKind.LINK:
                found.update(self.graph.shared_by_link(LinkId(s.id)))
            else:
                found.update(self.graph.shared_by_device(DeviceId(s.id)))
        found.update(c for _, components in group.hypotheses for c in components)
        return {c for c in found if c.kind is ComponentKind.RISK_GROUP}

    def _unconfirmed(self, group: Group, since: datetime) -> frozenset[DeviceId]:
        """Who has to say again that a symptom is still there."""
        found: set[DeviceId] = set()
        for symptom in group.symptoms:
            if symptom.kind is ComponentKind.DEVICE:
                device = DeviceId(symptom.id)
                missed = self.state.missed_at(device)
                if missed is None or missed < since:
                    found.add(device)
            elif symptom.kind is ComponentKind.LINK:
                link = LinkId(symptom.id)
                for device in self.graph.ends[link]:
                    seen = self.state.link_seen_at(link, device)
                    if device in self.sight.lit and seen is not None and seen < since:
                        found.add(device)
        return frozenset(found)

    def _is_awaited(self, device: DeviceId, since: datetime) -> bool:
        if not self.graph.inventory.devices[device].monitored:
            return False
        if self.state.devices[device] is DeviceCondition.SILENT:
            return False
        heard = self.state.answered_at(device)
        if heard is None or heard < since:
            return True
        # It answered, but what it said of its ports is older than the symptom, or may come out of its cache.
        since += timedelta(seconds=self.settings.agent_cache_s)
        for link, other in self.graph.neighbours(device):
            if other not in self.sight.silent:
                continue
            seen = self.state.link_seen_at(link, device)
            if seen is None:
                # It was never asked for its ports (we just began), and is being asked now.
                if device in self._in_flight and self.state.has_port(link, device):
                    return True
            elif seen < since and self.state.links[link] is LinkCondition.UP:
                return True
        return False

    def _witnesses(self, group: Group) -> set[DeviceId]:
        """Neighbours of the symptoms, and what else hangs on the shared things that are under suspicion."""
        found: set[DeviceId] = set()
        for symptom in group.symptoms:
            if symptom.kind is ComponentKind.LINK:
                found |= set(self.graph.ends[LinkId(symptom.id)])
            else:
                found |= self.graph.monitored_around(DeviceId(symptom.id))
        shared = {c for _, hits in group.hypotheses for c in hits if c.kind is ComponentKind.PROVIDER}
        for component in self._shared(group) | shared:
            members = self.graph.members(component)
            found |= members.devices
            for link in members.links:
                found |= set(self.graph.ends[link])
        return found

    def _beyond(self, group: Group) -> set[DeviceId]:
        """Devices that only its failure keeps out of reach: they are about to fall silent."""
        if not self.sight.doubtful or not group.failed:
            return set()
        roots = [v for v in self.graph.vantages if v in self.sight.lit]
        blocked = self.sight.impassable
        reached = self.graph.reach(roots, blocked)
        mended = Failed(blocked.links - group.failed.links, blocked.devices - group.failed.devices)
        return self.graph.reach(roots, mended) - reached


def deadline(group: Group, settings: VerdictSettings) -> datetime:
    """Until when it waits for answers."""
    return group.waits_from + timedelta(seconds=settings.settle_s)


def last_deadline(group: Group, settings: VerdictSettings) -> datetime:
    """Until when it waits for a poll that is under way: agents may take seconds."""
    return deadline(group, settings) + timedelta(seconds=settings.settle_s)


def since_of(state: NetworkState, symptom: Component) -> datetime | None:
    """Since when a link has been down, or a device silent."""
    if symptom.kind is ComponentKind.LINK:
        return state.down_since(LinkId(symptom.id))
    return state.silent_since(DeviceId(symptom.id))
