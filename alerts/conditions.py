"""Conditions that are not outages: what is wrong, with what, since when and by which figures. Pure.

The engine (`alerts.condition_engine`) makes them of observations; others (a changed configuration, a
neighbour that isn't declared, the monitor itself) are put in from outside with the functions below.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from alerts.model import ConditionKind, Fact, Severity
from topology.findings import Component, ComponentKind
from topology.model import DeviceId, OfficeId


@dataclass(frozen=True, slots=True)
class Condition:
    """One cause. `key` names it for ever: the same key is the same incident, whatever it grows into."""

    key: str
    kind: ConditionKind
    components: tuple[Component, ...]
    severity: Severity
    standing: bool | None
    """True: it is so. False: positively over. None: nobody knows, and so nothing changes."""
    since: datetime
    why: str = ""
    """One line in English, for the timeline. Messages are written from the facts."""
    facts: tuple[Fact, ...] = ()
    offices: tuple[OfficeId, ...] = ()
    """Offices that it concerns; none is cut off by it."""
    lasts_s: float | None = None
    """For a notice (it happened; it is no state): how long it is shown. It ends without a message."""


def monitor_unwell(part: str, standing: bool | None, since: datetime, why: str, *facts: Fact) -> Condition:
    """Of the monitor itself `part` (polls, spool, clock, disk, records, outbox, rounds) is not well."""
    return Condition(
        key=f"monitor:{part}",
        kind=ConditionKind.MONITOR_UNWELL,
        components=(Component(ComponentKind.MONITOR, part),),
        severity=Severity.MAJOR,
        standing=standing,
        since=since,
        why=why,
        facts=(("part", part), *facts),
    )


def config_changed(
    device: DeviceId,
    at: datetime,
    *,
    added: int,
    removed: int,
    who: str | None = None,
    office: OfficeId | None = None,
    lasts_s: float = 3600.0,
) -> Condition:
    """A notice: the device's saved configuration is another one than before. `added`, `removed`: lines."""
    by = f" by {who}" if who else ""
    facts: list[Fact] = [("lines_added", added), ("lines_removed", removed)]
    return Condition(
        # Each change is a notice of its own.
        key=f"config:device:{device}:{at.isoformat()}",
        kind=ConditionKind.CONFIG_CHANGED,
        components=(Component(ComponentKind.DEVICE, device),),
        severity=Severity.INFO,
        standing=True,
        since=at,
        why=f"configuration changed{by}: {added} lines added, {removed} removed",
        facts=(*facts, ("who", who)) if who else tuple(facts),
        offices=(office,) if office is not None else (),
        lasts_s=lasts_s,
    )


def discovery_mismatch(
    components: Iterable[Component], standing: bool | None, since: datetime, why: str, *facts: Fact
) -> Condition:
    """What neighbours say of themselves is not what the inventory declares of these components."""
    blamed = tuple(sorted(components))
    return Condition(
        key="discovery:" + ",".join(map(str, blamed)),
        kind=ConditionKind.DISCOVERY_MISMATCH,
        components=blamed,
        severity=Severity.INFO,
        standing=standing,
        since=since,
        why=why,
        facts=facts,
    )
