"""What of a verdict deserves an incident: the best hypothesis of every group, and some more. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from alerts.conditions import Condition
from alerts.model import ConditionKind, Fact, Hypothesis, IncidentKind, Severity
from topology.findings import Cause, Component, ComponentKind, Connectivity, Verdict
from topology.model import OfficeId


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong now."""

    group: str
    kind: IncidentKind
    components: tuple[Component, ...]
    explains: tuple[Component, ...]
    confidence: float
    why: str
    since: datetime
    settled: bool
    offices: Mapping[OfficeId, Connectivity]
    alternatives: tuple[Hypothesis, ...] = field(default=())
    condition: ConditionKind | None = None
    severity: Severity | None = None
    """None: what the offices make of it."""
    facts: tuple[Fact, ...] = ()
    lasts_s: float | None = None
    holds: bool = False
    """It flaps and is up at the moment: what was found of it before stands."""


def findings_of(verdict: Verdict) -> list[Finding]:
    """Shape: one finding a group of causes, then at most one about management."""
    found = [
        _of_cause(list(group), verdict)
        for _, group in groupby(sorted(verdict.causes, key=lambda c: (c.group, c.rank)), lambda c: c.group)
    ]
    found.sort(key=lambda f: (f.since, f.group))
    if verdict.management_faults and not verdict.blind:
        found.append(_management(verdict))
    return found


def _of_cause(hypotheses: list[Cause], verdict: Verdict) -> Finding:
    best, others = hypotheses[0], hypotheses[1:]
    offices = dict.fromkeys(best.degraded, Connectivity.DEGRADED)
    offices |= dict.fromkeys(best.cut, Connectivity.CUT)
    if verdict.blind:
        kind = IncidentKind.BLIND
    elif best.cut:
        kind = IncidentKind.OUTAGE
    else:
        kind = IncidentKind.REDUNDANCY
    return Finding(
        group=best.group,
        kind=kind,
        components=tuple(sorted(best.components)),
        explains=tuple(sorted(best.explains)),
        confidence=best.confidence,
        why=best.why,
        since=best.since,
        settled=best.settled,
        offices=offices,
        alternatives=tuple(Hypothesis(tuple(sorted(c.components)), c.confidence, c.why) for c in others),
    )


def _management(verdict: Verdict) -> Finding:
    """One finding for all devices that answer echo but not SNMP: a changed secret hits many at once."""
    devices = tuple(Component(ComponentKind.DEVICE, d) for d in sorted(verdict.management_faults))
    return Finding(
        group="management",
        kind=IncidentKind.MANAGEMENT,
        components=devices,
        explains=devices,
        confidence=1.0,
        why="SNMP is silent while ICMP answers",
        since=verdict.at,
        settled=True,
        offices={},
    )


def of_condition(condition: Condition) -> Finding:
    """It explains no symptom: nothing is down because of it."""
    return Finding(
        group=condition.key,
        kind=IncidentKind.CONDITION,
        components=condition.components,
        explains=(),
        confidence=1.0,
        why=condition.why,
        since=condition.since,
        settled=True,
        offices=dict.fromkeys(condition.offices, Connectivity.CONNECTED),
        condition=condition.kind,
        severity=condition.severity,
        facts=condition.facts,
        lasts_s=condition.lasts_s,
    )
