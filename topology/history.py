"""The event log: what changed between two verdicts, and the verdict of any past moment from the changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from topology.findings import (
    Component,
    ComponentKind,
    Connectivity,
    DeviceCondition,
    LinkCondition,
    OfficeVerdict,
    StateChange,
    Verdict,
)
from topology.model import DeviceId, LinkId, OfficeId

MONITOR = Component(ComponentKind.APPLICATION, "ronda")
"""The monitor itself, as the subject of its own blindness."""
BLIND, SEEING = "blind", "seeing"


def changes(before: Verdict | None, after: Verdict) -> tuple[StateChange, ...]:
    """Offices, devices and links that are not as they were, and the monitor's sight.

    Stamped with the time of the verdict; an office's with the time since when it is so, but never before its
    last change.
    """
    found = []
    reasons = {c.group: c.why for c in after.causes if c.rank == 1}
    for office, verdict in after.offices.items():
        was = before.offices.get(office) if before is not None else None
        if was is None or was.connectivity is not verdict.connectivity:
            why = "; ".join(reasons[g] for g in verdict.causes if g in reasons)
            found.append(
                StateChange(
                    _moment(was, verdict, after),
                    Component(ComponentKind.OFFICE, office),
                    None if was is None else was.connectivity.value,
                    verdict.connectivity.value,
                    why,
                )
            )
    for device, condition in after.devices.items():
        old = before.devices.get(device) if before is not None else None
        if old is not condition:
            subject = Component(ComponentKind.DEVICE, device)
            found.append(StateChange(after.at, subject, None if old is None else old.value, condition.value))
    for link, state in after.links.items():
        earlier = before.links.get(link) if before is not None else None
        if earlier is not state:
            subject = Component(ComponentKind.LINK, link)
            found.append(
                StateChange(after.at, subject, None if earlier is None else earlier.value, state.value)
            )
    if (before is None and after.blind) or (before is not None and before.blind is not after.blind):
        was_sight = None if before is None else BLIND if before.blind else SEEING
        found.append(StateChange(after.at, MONITOR, was_sight, BLIND if after.blind else SEEING))
    return tuple(found)


def _moment(was: OfficeVerdict | None, now: OfficeVerdict, after: Verdict) -> datetime:
    since = now.since or after.at
    if was is not None and was.since is not None:
        since = max(since, was.since)
    return min(since, after.at)


def verdict_at(changes: Iterable[StateChange], at: datetime) -> Verdict:
    """How it stood at `at`, as far as the log tells: states and since-times, without causes and paths.

    `changes` may be in any order; of two about one subject at one moment the later in order counts.
    """
    newest: dict[Component, StateChange] = {}
    for change in changes:
        if change.at <= at:
            known = newest.get(change.subject)
            if known is None or change.at >= known.at:
                newest[change.subject] = change
    offices: dict[OfficeId, OfficeVerdict] = {}
    devices: dict[DeviceId, DeviceCondition] = {}
    links: dict[LinkId, LinkCondition] = {}
    blind = False
    for subject, change in newest.items():
        match subject.kind:
            case ComponentKind.OFFICE:
                office = OfficeId(subject.id)
                offices[office] = OfficeVerdict(office, Connectivity(change.now), change.at, 0, 0)
            case ComponentKind.DEVICE:
                devices[DeviceId(subject.id)] = DeviceCondition(change.now)
            case ComponentKind.LINK:
                links[LinkId(subject.id)] = LinkCondition(change.now)
            case _ if subject == MONITOR:
                blind = change.now == BLIND
    return Verdict(at, offices, devices, links, blind=blind)
