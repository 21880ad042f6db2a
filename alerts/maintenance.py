"""Planned work: when it is, and what it explains. Pure.

A window never stops the watch. It says beforehand what will be out of order, so that nobody is paged for it,
and nothing more: a failure that lies outside it is told, even of an office that is under maintenance itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import NewType

from alerts.recurrence import starts_between
from topology.findings import Component, ComponentKind
from topology.graph import Failed
from topology.model import ApplicationId, DeviceId, DeviceRole, Inventory, LinkId

WindowId = NewType("WindowId", str)

SUBJECT_KINDS = (
    ComponentKind.OFFICE,
    ComponentKind.DEVICE,
    ComponentKind.LINK,
    ComponentKind.RISK_GROUP,
    ComponentKind.PROVIDER,
)
AHEAD = timedelta(days=800)
"""How far ahead the next occurrence of a window is looked for."""


@dataclass(frozen=True, slots=True)
class Window:
    """Planned work on some components, once or again and again."""

    id: WindowId
    title: str
    subjects: tuple[Component, ...]
    """Offices, devices, links, risk groups, providers."""
    starts_at: datetime
    """Of the first time."""
    ends_at: datetime
    rrule: str | None
    """RFC 5545, without DTSTART, on the wall clock of the network's zone; None: once."""
    created_by: str
    created_at: datetime
    cancelled_at: datetime | None = None
    """From then on it explains nothing; what was before stays maintenance."""
    note: str = ""

    @property
    def length(self) -> timedelta:
        return self.ends_at - self.starts_at


def occurrences(
    window: Window, since: datetime, until: datetime, zone: tzinfo
) -> Iterator[tuple[datetime, datetime]]:
    """Spans (start, end) of the window that overlap since <= t < until, oldest first, not cut to it.

    A cancelled window ends when it was cancelled. Raises RecurrenceError for a bad rule.
    """
    for start in starts_between(window.rrule, window.starts_at, since - window.length, until, zone):
        end = start + window.length
        if window.cancelled_at is not None:
            if start >= window.cancelled_at:
                return
            end = min(end, window.cancelled_at)
        if end > since:
            yield start, end


def active(windows: Iterable[Window], now: datetime, zone: tzinfo) -> tuple[Window, ...]:
    """Those in progress: start <= now < end."""
    return tuple(w for w in windows if span_at(w, now, zone) is not None)


def span_at(window: Window, now: datetime, zone: tzinfo) -> tuple[datetime, datetime] | None:
    """The occurrence in progress."""
    just_after = now + timedelta(microseconds=1)
    return next(occurrences(window, now, just_after, zone), None)


def next_change(windows: Iterable[Window], now: datetime, zone: tzinfo) -> datetime | None:
    """When the next window begins or ends."""
    moments: list[datetime] = []
    for window in windows:
        running = span_at(window, now, zone)
        if running is not None:
            moments.append(running[1])
        coming = (s for s, _ in occurrences(window, now, now + AHEAD, zone) if s > now)
        moments.extend(at for at in (next(coming, None),) if at is not None)
    return min(moments, default=None)


def members(subjects: Iterable[Component], inventory: Inventory) -> Failed:
    """What may be out of order while these are worked on; nothing for what the inventory no longer has.

    An office's are its devices; a risk group's its links and devices; a provider's its circuits and clouds.
    """
    chosen = set(subjects)
    links = {
        link.id
        for link in inventory.links.values()
        if Component(ComponentKind.LINK, link.id) in chosen
        or (link.provider is not None and Component(ComponentKind.PROVIDER, link.provider) in chosen)
        or any(Component(ComponentKind.RISK_GROUP, g) in chosen for g in link.risk_groups)
    }
    devices = {
        device.id
        for device in inventory.devices.values()
        if Component(ComponentKind.DEVICE, device.id) in chosen
        or (device.office is not None and Component(ComponentKind.OFFICE, device.office) in chosen)
        or any(Component(ComponentKind.RISK_GROUP, g) in chosen for g in device.risk_groups)
        or (
            device.role is DeviceRole.CLOUD
            and device.provider is not None
            and Component(ComponentKind.PROVIDER, device.provider) in chosen
        )
    }
    return Failed(frozenset(links), frozenset(devices))


def covers(window: Window, components: Sequence[Component], inventory: Inventory) -> bool:
    """Whether the work accounts for the failure of every one of these. Of nothing it accounts for nothing.

    A link counts when it is worked on, or a device at one of its ends is: a router that is switched off takes
    its links down with it. A risk group or a provider counts when it is named or all its members are covered.
    """
    return covered_by([window], components, inventory)


def covered_by(windows: Sequence[Window], components: Sequence[Component], inventory: Inventory) -> bool:
    """`covers`, by several windows at once."""
    subjects = {s for w in windows for s in w.subjects}
    reach = members(subjects, inventory)
    return bool(components) and all(c in subjects or _covered(c, reach, inventory) for c in components)


def _covered(component: Component, reach: Failed, inventory: Inventory) -> bool:
    match component.kind:
        case ComponentKind.LINK:
            return link_covered(LinkId(component.id), reach, inventory)
        case ComponentKind.DEVICE:
            return component.id in reach.devices
        case ComponentKind.APPLICATION:
            application = inventory.applications.get(ApplicationId(component.id))
            return application is not None and application.hosted_at in reach.devices
        case ComponentKind.OFFICE | ComponentKind.RISK_GROUP | ComponentKind.PROVIDER:
            own = members([component], inventory)
            return bool(own) and own.devices <= reach.devices and own.links <= reach.links
    raise AssertionError(component.kind)


def link_covered(link: LinkId, reach: Failed, inventory: Inventory) -> bool:
    """Whether work on these may take the link down."""
    if link in reach.links:
        return True
    known = inventory.links.get(link)
    return known is not None and any(DeviceId(end.device) in reach.devices for end in known.ends)
