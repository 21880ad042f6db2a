"""An outage as a row: its times, its cause, and what says so. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from alerts.model import Incident
from reports.availability import DOWN_PARTS, Interval, times_of
from reports.blame import Cause
from reports.evidence import component_row, events_url, evidence_of
from reports.facts import Facts
from reports.model import CauseRow, IntervalRow, OutageRow, WindowRow, seconds_of
from reports.outages import Outage
from reports.spans import Span
from topology.findings import Component


def outage_row(
    facts: Facts,
    subject: Component,
    outage: Outage,
    incidents: Sequence[Incident],
    cause: Cause | None,
    intervals: Iterable[Interval],
    counts_over: timedelta,
    *,
    office: str | None = None,
    circuit: str | None = None,
) -> OutageRow:
    """`incidents`: that explain it, the main one first. `intervals`: of the period."""
    mine = [i for i in intervals if i.part in DOWN_PARTS and any(d.cut(i.span) for d in outage.downs)]
    used = {i.window for i in mine if i.window is not None}
    evidence = evidence_of(incidents, outage.span, facts.log, facts.inventory)
    main = incidents[0] if incidents else None
    return OutageRow(
        office=office,
        circuit=circuit,
        since=outage.since,
        until=outage.until,
        running=outage.running,
        length_s=outage.length.total_seconds(),
        counts=outage.length > counts_over,
        seconds=seconds_of(times_of(mine)),
        incidents=tuple(i.id for i in incidents),
        cause=None if cause is None or main is None else cause_row(cause, main),
        against=() if cause is None else tuple(cause.providers),
        components=() if main is None else tuple(component_row(c, facts.inventory) for c in main.components),
        tickets=tuple(dict.fromkeys(i.ticket for i in incidents if i.ticket)),
        windows=tuple(WindowRow(w.id, w.title) for w in facts.windows if w.id in used),
        evidence=evidence,
        events=tuple(sorted({*outage.events, *(e.event for e in evidence)})),
        events_url=events_url(subject, outage.since, outage.until + timedelta(seconds=1)),
    )


def cause_row(cause: Cause, incident: Incident) -> CauseRow:
    found = cause.found
    return CauseRow(
        kind=cause.kind,
        proof=cause.proof,
        why=incident.why,
        confidence=incident.confidence,
        who=found.who if found else None,
        at=found.at if found else None,
        evidence=found.evidence if found else None,
        note=(found.note or None) if found else None,
    )


def interval_row(interval: Interval) -> IntervalRow:
    return IntervalRow(
        since=interval.span.since,
        until=interval.span.until,
        part=interval.part,
        seconds=interval.span.seconds,
        events=interval.events,
        incident=interval.incident,
        window=interval.window,
        gap=interval.gap,
    )


def touching(outages: Iterable[Outage], period: Span) -> list[Outage]:
    """Those that have a part in the period."""
    return [o for o in outages if any(d.cut(period) for d in o.downs)]


def counted(rows: Iterable[OutageRow]) -> tuple[int, int, int]:
    """How many have counted time, how many were too short, how many are excluded altogether."""
    long = short = excluded = 0
    for row in rows:
        if row.seconds.down_counted_s > 0:
            long += 1
        elif row.seconds.down_short_s > 0:
            short += 1
        else:
            excluded += 1
    return long, short, excluded
