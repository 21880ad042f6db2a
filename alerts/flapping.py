"""What comes and goes too often to be told change by change: one story, with the reason. Pure.

A link that flaps takes the device behind it along, and a device that restarts again and again its links: what
is joined is one. Where an incident has told of it already, the flapping is part of that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.findings import Finding
from alerts.model import Fact, IncidentKind
from topology.findings import Component, ComponentKind, Flapping, StateChange, Verdict
from topology.model import DeviceId, Link, LinkId

WITHIN = timedelta(minutes=15)
"""How far back changes are counted."""
_KINDS = (ComponentKind.LINK, ComponentKind.DEVICE)
_KEPT = 200


class FlapCount:
    """How often each thing changed lately: the reason that is given for calling it flapping."""

    def __init__(self) -> None:
        self._changes: dict[Component, deque[datetime]] = {}

    def see(self, changes: Iterable[StateChange]) -> None:
        for change in changes:
            if (
                change.subject.kind in _KINDS
                and change.was not in (None, "unknown")
                and change.now != "unknown"
            ):
                self._changes.setdefault(change.subject, deque(maxlen=_KEPT)).append(change.at)

    def of(self, components: Iterable[Component], now: datetime) -> tuple[int, float]:
        """(changes, seconds between the first of them and now) of the one that changed most."""
        best = (0, 0.0)
        for component in components:
            times = self._changes.get(component, deque())
            while times and now - times[0] > WITHIN:
                times.popleft()
            if times:
                best = max(best, (len(times), (now - times[0]).total_seconds()))
        return best


def flap_facts(flapping: Iterable[Flapping], count: FlapCount, now: datetime) -> tuple[Fact, ...]:
    """`changes` within `over_s`, and the weighted share of changes."""
    flapping = tuple(flapping)
    if not flapping:
        return ()
    changes, over_s = count.of((f.component for f in flapping), now)
    share = max(f.change_ratio for f in flapping)
    return (("changes", changes), ("over_s", float(round(over_s))), ("change_ratio", round(share, 2)))


def reason(facts: Sequence[Fact]) -> str:
    known = dict(facts)
    return f"it flaps: {known['changes']} changes in {known['over_s']:.0f} s"


def with_flapping(
    findings: Sequence[Finding], verdict: Verdict, count: FlapCount, links: Mapping[LinkId, Link]
) -> list[Finding]:
    """The findings, those about something that flaps saying so, and one for whatever links flap besides.

    Of a spare path that flaps, the flapping is the news; where offices are cut, that they are. Of a device
    that comes and goes nobody knows by that alone whether it is the device, the way to it, or lost echoes:
    it keeps an incident open, and makes none.
    """
    if verdict.blind or not verdict.flapping:
        return list(findings)
    found: list[Finding] = []
    spoken: set[Component] = set()
    for finding in findings:
        mine = [f for f in verdict.flapping if f.component in (*finding.components, *finding.explains)]
        if mine and finding.kind in (IncidentKind.OUTAGE, IncidentKind.REDUNDANCY):
            spoken.update(f.component for f in mine)
            cuts = finding.kind is IncidentKind.OUTAGE
            kind = finding.kind if cuts else IncidentKind.FLAPPING
            finding = replace(finding, kind=kind, facts=flap_facts(mine, count, verdict.at))
        found.append(finding)
    for joined in _joined(verdict.flapping, links):
        members = {f.component for f in joined}
        if spoken.isdisjoint(members) and any(c.kind is ComponentKind.LINK for c in members):
            found.append(_finding(joined, verdict, count, links))
    return found


def _joined(flapping: Sequence[Flapping], links: Mapping[LinkId, Link]) -> list[list[Flapping]]:
    """Those that touch each other, together."""
    left = {f.component: f for f in flapping}
    groups = []
    while left:
        queue = [min(left)]
        group = []
        while queue:
            component = queue.pop()
            if (mine := left.pop(component, None)) is None:
                continue
            group.append(mine)
            queue += [c for c in left if _touch(c, component, links) or _touch(component, c, links)]
        groups.append(group)
    return groups


def _touch(link: Component, device: Component, links: Mapping[LinkId, Link]) -> bool:
    if link.kind is not ComponentKind.LINK or device.kind is not ComponentKind.DEVICE:
        return False
    known = links.get(LinkId(link.id))
    return known is not None and any(end.device == DeviceId(device.id) for end in known.ends)


def _finding(
    joined: list[Flapping], verdict: Verdict, count: FlapCount, links: Mapping[LinkId, Link]
) -> Finding:
    """Blamed: a device with several flapping links, else the links."""
    members = tuple(sorted(f.component for f in joined))
    flapping_links = [c for c in members if c.kind is ComponentKind.LINK]
    devices = [c for c in members if c.kind is ComponentKind.DEVICE]
    hubs = [d for d in devices if sum(_touch(c, d, links) for c in flapping_links) > 1]
    blamed = tuple(hubs or flapping_links)
    facts = flap_facts(joined, count, verdict.at)
    return Finding(
        group="flapping/" + ",".join(map(str, blamed)),
        kind=IncidentKind.FLAPPING,
        components=blamed,
        explains=members,
        confidence=1.0,
        why=reason(facts),
        since=min(f.since for f in joined),
        settled=True,
        offices={},
        facts=facts,
        holds=True,
    )
