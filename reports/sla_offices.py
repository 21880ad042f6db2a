"""The month of each office. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from alerts.model import Incident
from reports.availability import Blamed, Exclusion, Interval, Part, divide, times_of
from reports.blame import Cause
from reports.evidence import events_url
from reports.facts import Facts
from reports.model import OfficeRow, OutageRow, seconds_of
from reports.outages import Outage, outages_of
from reports.rows import counted, interval_row, outage_row, touching
from reports.spans import Span, overlap
from storage.records.outage_causes import CauseKind
from topology.findings import Component, ComponentKind, Connectivity
from topology.model import Inventory, Office, OfficeId, Restitution

EXCUSED = {
    CauseKind.LISTRIK: Part.EXCLUDED_POWER,
    CauseKind.PEMELIHARAAN: Part.EXCLUDED_MAINTENANCE,
}


@dataclass(frozen=True, slots=True)
class Explained:
    """An incident that cut the office off during an outage."""

    incident: Incident
    spans: tuple[Span, ...]
    cause: Cause


def counts_over(inventory: Inventory, office: Office) -> timedelta:
    """The limit of the contract that the office is under."""
    provider = inventory.providers.get(office.provider) if office.provider is not None else None
    terms = provider.restitution if provider is not None else Restitution()
    return timedelta(seconds=terms.counts_over_s)


def office_rows(facts: Facts) -> tuple[OfficeRow, ...]:
    """In the order of the inventory; an office that was not connected all the time is there, too."""
    cutting = _cutting(facts)
    return tuple(
        _row(facts, office, cutting.get(office.id, [])) for office in facts.inventory.offices.values()
    )


def _cutting(facts: Facts) -> dict[OfficeId, list[tuple[Incident, tuple[Span, ...]]]]:
    """By office: incidents that cut it off, and when."""
    found: dict[OfficeId, list[tuple[Incident, tuple[Span, ...]]]] = {}
    for incident in facts.judged:
        spans: dict[OfficeId, list[Span]] = {}
        for affected in incident.offices:
            until = affected.until or facts.frame.until
            if affected.connectivity is Connectivity.CUT and affected.since < until:
                spans.setdefault(affected.office, []).append(Span(affected.since, until))
        for office, of_it in spans.items():
            found.setdefault(office, []).append((incident, tuple(of_it)))
    return found


def _row(facts: Facts, office: Office, cutting: list[tuple[Incident, tuple[Span, ...]]]) -> OfficeRow:
    stood = facts.stood[office.id]
    outages = outages_of(stood)
    limit = counts_over(facts.inventory, office)
    explained = {o: _explained(facts, office.id, o, cutting) for o in outages}
    exclusions = facts.excused_office(office.id, [i for i, _ in cutting])
    blamed: list[Blamed] = []
    for reasons in explained.values():
        for reason in reasons:
            blamed += [Blamed(span, reason.incident.id) for span in reason.spans]
    for outage, reasons in explained.items():
        for reason in reasons:
            part = EXCUSED.get(reason.cause.kind)
            if part is not None:
                exclusions += [Exclusion(down, part, reason.incident.id) for down in outage.downs]
    intervals = divide(facts.period, stood, outages, blamed, exclusions, limit)
    subject = Component(ComponentKind.OFFICE, office.id)
    rows = tuple(
        outage_row(
            facts,
            subject,
            outage,
            [r.incident for r in explained[outage]],
            explained[outage][0].cause if explained[outage] else None,
            intervals,
            limit,
            office=office.id,
        )
        for outage in touching(outages, facts.period)
    )
    return _office_row(facts, office, intervals, rows)


def _office_row(
    facts: Facts, office: Office, intervals: list[Interval], rows: tuple[OutageRow, ...]
) -> OfficeRow:
    times = times_of(intervals)
    provider = facts.inventory.providers.get(office.provider) if office.provider is not None else None
    sla = provider.sla_percent if provider is not None else None
    long, short, excluded = counted(rows)
    return OfficeRow(
        office=office.id,
        name=office.name,
        kecamatan=office.kecamatan,
        provider=office.provider,
        sla_percent=sla,
        seconds=seconds_of(times),
        up_percent=times.up_percent,
        availability_percent=times.contract_percent,
        meets_sla=times.meets(sla),
        outages_counted=long,
        outages_short=short,
        outages_excluded=excluded,
        intervals=tuple(interval_row(i) for i in intervals),
        outages=rows,
        events_url=events_url(
            Component(ComponentKind.OFFICE, office.id), facts.period.since, facts.period.until
        ),
    )


def _explained(
    facts: Facts, office: OfficeId, outage: Outage, cutting: list[tuple[Incident, tuple[Span, ...]]]
) -> list[Explained]:
    """What explains it, the longest first."""
    found = []
    for incident, spans in cutting:
        held = overlap(spans, outage.downs)
        if held:
            cause = facts.blame.of(incident, office, outage.span)
            found.append((held, incident.id, Explained(incident, spans, cause)))
    found.sort(key=lambda row: (row[0], row[1]), reverse=True)
    return [row[2] for row in found]
