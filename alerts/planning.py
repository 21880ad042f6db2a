"""Maintenance as a person asks for it, checked and made a window. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from alerts.maintenance import SUBJECT_KINDS, Window, WindowId, span_at
from alerts.recurrence import RecurrenceError, check_rule, starts_between
from topology.findings import Component, ComponentKind
from topology.inventory_problems import did_you_mean
from topology.model import Inventory

LONGEST = timedelta(days=31)
AHEAD = timedelta(days=800)
_SHORT = {"risk": "risk_group"}


class PlanError(ValueError):
    """It can't be planned so. `problems`: each says which part, and what to write instead."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class WindowState(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    OVER = "over"
    CANCELLED = "cancelled"


def state_of(window: Window, now: datetime, zone: tzinfo) -> WindowState:
    if window.cancelled_at is not None and window.cancelled_at <= now:
        return WindowState.CANCELLED
    if span_at(window, now, zone) is not None:
        return WindowState.RUNNING
    return WindowState.OVER if next_span(window, now, zone) is None else WindowState.PLANNED


def next_span(window: Window, now: datetime, zone: tzinfo) -> tuple[datetime, datetime] | None:
    """The next time that has not begun yet, within some two years."""
    if window.cancelled_at is not None:
        return None
    just_after = now + timedelta(microseconds=1)
    starts = starts_between(window.rrule, window.starts_at, just_after, now + AHEAD, zone)
    start = next(starts, None)
    return None if start is None else (start, start + window.length)


def new_window_id(known: Iterable[Window], now: datetime, zone: tzinfo) -> WindowId:
    """W-261121-003 is the third that was planned on 21 November 2026, local time."""
    day = f"W-{now.astimezone(zone):%y%m%d}-"
    used = [int(w.id[len(day) :]) for w in known if w.id.startswith(day) and w.id[len(day) :].isdigit()]
    return WindowId(f"{day}{max(used, default=0) + 1:03d}")


def plan_window(
    id_: WindowId,
    title: str,
    subjects: Sequence[str],
    starts_at: datetime,
    ends_at: datetime,
    rrule: str | None,
    who: str,
    note: str,
    *,
    inventory: Inventory,
    now: datetime,
    zone: tzinfo,
) -> Window:
    """`subjects` as KIND:ID. Raises PlanError with every problem."""
    problems: list[str] = []
    found: list[Component] = []
    for text in subjects:
        try:
            found.append(subject_of(text, inventory))
        except ValueError as error:
            problems.append(f"subjects: {error}")
    if not subjects:
        problems.append("subjects: name at least one, as link:ID or office:ID")
    if not title.strip():
        problems.append("title: say what is done")
    if ends_at <= starts_at:
        problems.append(f"ends_at: {ends_at.astimezone(zone):%d-%m-%Y %H:%M} is not after starts_at")
    elif ends_at - starts_at > LONGEST:
        problems.append(f"ends_at: longer than {LONGEST.days} days: nobody would hear of what breaks there")
    elif rrule is not None:
        try:
            check_rule(rrule, starts_at, ends_at - starts_at, zone)
        except RecurrenceError as error:
            problems.append(f"rrule: {error}")
    elif ends_at <= now:
        problems.append("ends_at: it is over already; what was told can't be taken back")
    if problems:
        raise PlanError(problems)
    components = tuple(dict.fromkeys(found))
    return Window(id_, title.strip(), components, starts_at, ends_at, rrule, who, now, note=note.strip())


def subject_of(text: str, inventory: Inventory) -> Component:
    """Raises ValueError, with what was perhaps meant."""
    kind, _, id_ = text.partition(":")
    kind = _SHORT.get(kind, kind)
    known: dict[str, Iterable[str]] = {
        ComponentKind.OFFICE: inventory.offices,
        ComponentKind.DEVICE: inventory.devices,
        ComponentKind.LINK: inventory.links,
        ComponentKind.RISK_GROUP: inventory.risk_groups,
        ComponentKind.PROVIDER: inventory.providers,
    }
    if kind not in known:
        raise ValueError(f"{text!r}: write KIND:ID, KIND being one of {', '.join(SUBJECT_KINDS)}")
    if id_ not in known[kind]:
        hint = did_you_mean(id_, known[kind])
        raise ValueError(f"no {kind.replace('_', ' ')} {id_!r}" + (f" ({hint})" if hint else ""))
    return Component(ComponentKind(kind), id_)
