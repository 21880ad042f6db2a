"""The month of each provider's circuits, and what is owed back. Pure.

A circuit was down while an incident that is put down to it cost an office its connection or a spare path: a
circuit's contract does not ask whether the office lived on another one. While an office at its end was cut
off by something else, or nothing is known of that office, the circuit can't be judged: unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from alerts.model import AffectedOffice, Incident
from reports.availability import Blamed, Exclusion, Times, divide, times_of, together
from reports.blame import Cause
from reports.evidence import component_row
from reports.facts import Facts
from reports.model import CircuitRow, OutageRow, ProviderRow, TermsRow, seconds_of
from reports.outages import Outage, outages_of
from reports.rows import counted, outage_row, touching
from reports.sla_offices import EXCUSED
from reports.spans import Span, edges, overlap, union, within
from reports.standing import Gap, Standing, Stretch
from reports.terms import fee_idr, restitution_idr
from topology.findings import Component, ComponentKind, Connectivity, LinkCondition
from topology.model import Inventory, Link, LinkId, OfficeId, Provider

_LOSSES = (Connectivity.CUT, Connectivity.DEGRADED)


@dataclass(slots=True)
class _Fault:
    """An incident that is put down to a circuit, and when it cost somebody something."""

    incident: Incident
    cause: Cause
    spans: list[Span] = field(default_factory=list)


_Faults = dict[LinkId, dict[str, _Fault]]


def provider_rows(facts: Facts, month: timedelta) -> tuple[ProviderRow, ...]:
    """In the order of the inventory. `month`: the length of the whole calendar month, for the fee."""
    faults = _faults(facts)
    return tuple(_provider_row(facts, p, faults, month) for p in facts.inventory.providers.values())


def _provider_row(facts: Facts, provider: Provider, faults: _Faults, month: timedelta) -> ProviderRow:
    links = [link for link in facts.inventory.links.values() if link.provider == provider.id]
    found = [_circuit(facts, provider, link, faults.get(link.id, {}), month) for link in links]
    circuits = tuple(row for row, _ in found)
    times = together(of_one for _, of_one in found)
    agreed = provider.monthly_fee_idr is not None
    terms = provider.restitution
    return ProviderRow(
        provider=provider.id,
        name=provider.name,
        sla_percent=provider.sla_percent,
        monthly_fee_idr=provider.monthly_fee_idr,
        terms=TermsRow(
            terms.kind,
            terms.counts_over_s,
            terms.only_below_sla,
            tuple((s.below_percent, s.fee_percent) for s in terms.steps),
        ),
        seconds=seconds_of(times),
        availability_percent=times.contract_percent,
        meets_sla=times.meets(provider.sla_percent),
        outages_counted=sum(row.outages_counted for row in circuits),
        fee_idr=sum(row.fee_idr or 0 for row in circuits) if agreed else None,
        restitution_idr=sum(row.restitution_idr or 0 for row in circuits) if agreed else None,
        circuits=circuits,
    )


def _circuit(
    facts: Facts, provider: Provider, link: Link, faults: dict[str, _Fault], month: timedelta
) -> tuple[CircuitRow, Times]:
    offices = offices_at(link, facts.inventory)
    downs = union(s for fault in faults.values() for s in fault.spans)
    stood = _stretches(facts, [facts.stood[o] for o in offices], downs)
    outages = outages_of(stood)
    component = Component(ComponentKind.LINK, link.id)
    limit = timedelta(seconds=provider.restitution.counts_over_s)
    blamed = [Blamed(s, f.incident.id) for f in faults.values() for s in union(f.spans)]
    exclusions: list[Exclusion] = []
    for fault in faults.values():
        exclusions += facts.excused_components([component], fault.incident)
        if (part := EXCUSED.get(fault.cause.kind)) is not None:
            exclusions += [Exclusion(s, part, fault.incident.id) for s in union(fault.spans)]
    intervals = divide(facts.period, stood, outages, blamed, exclusions, limit)
    rows = []
    for outage in touching(outages, facts.period):
        mine = _of_outage(outage, faults)
        cause = mine[0].cause if mine else None
        incidents = [f.incident for f in mine]
        rows.append(outage_row(facts, component, outage, incidents, cause, intervals, limit, circuit=link.id))
    times = times_of(intervals)
    return _row(facts, provider, link, offices, rows, times, month), times


def _row(
    facts: Facts,
    provider: Provider,
    link: Link,
    offices: Sequence[OfficeId],
    outages: Sequence[OutageRow],
    times: Times,
    month: timedelta,
) -> CircuitRow:
    monthly = provider.monthly_fee_idr
    long, short, excluded = counted(outages)
    owed = None
    if monthly is not None:
        owed = restitution_idr(provider.restitution, monthly, times, month, provider.sla_percent)
    return CircuitRow(
        link=link.id,
        name=component_row(Component(ComponentKind.LINK, link.id), facts.inventory).name,
        circuit_id=link.circuit_id,
        provider=provider.id,
        offices=tuple(offices),
        seconds=seconds_of(times),
        availability_percent=times.contract_percent,
        meets_sla=times.meets(provider.sla_percent),
        outages_counted=long,
        outages_short=short,
        outages_excluded=excluded,
        outages=tuple(outages),
        fee_idr=None if monthly is None else fee_idr(monthly, times, month),
        restitution_idr=owed,
    )


def offices_at(link: Link, inventory: Inventory) -> tuple[OfficeId, ...]:
    """At its ends, without the hub where there is another one."""
    ends = (inventory.devices[end.device].office for end in link.ends)
    found = tuple(dict.fromkeys(o for o in ends if o is not None))
    return tuple(o for o in found if o not in inventory.hubs) or found


def _faults(facts: Facts) -> _Faults:
    found: _Faults = {}
    for incident in facts.judged:
        hit = [a for a in incident.offices if a.connectivity in _LOSSES]
        for affected in hit:
            _note(found, facts, incident, affected)
        if not hit:
            _note_links(found, facts, incident)
    return found


def _note(found: _Faults, facts: Facts, incident: Incident, affected: AffectedOffice) -> None:
    until = affected.until or facts.frame.until
    if affected.office not in facts.inventory.offices or affected.since >= until:
        return
    whole = Span(affected.since, until)
    cause = facts.blame.of(incident, affected.office, whole)
    spans = within(_known(facts.stood[affected.office]), whole)
    hit = {a.office for a in incident.offices if a.connectivity in _LOSSES}
    for circuit in cause.circuits:
        ends_at = set(offices_at(facts.inventory.links[circuit], facts.inventory))
        if affected.office in ends_at or not ends_at & hit:
            fault = found.setdefault(circuit, {}).setdefault(incident.id, _Fault(incident, cause))
            fault.spans += spans


def _note_links(found: _Faults, facts: Facts, incident: Incident) -> None:
    """Nobody lost anything, or it comes and goes too fast to say who did: when the link itself was down."""
    ends = incident.resolved_at or facts.frame.until
    if incident.began_at >= ends:
        return
    whole = Span(incident.began_at, ends)
    for circuit in facts.blame.circuits(incident):
        spans = within(_downs(facts, circuit), whole)
        offices = offices_at(facts.inventory.links[circuit], facts.inventory)
        if spans and offices:
            cause = facts.blame.of(incident, offices[0], whole)
            if circuit in cause.circuits:
                fault = found.setdefault(circuit, {}).setdefault(incident.id, _Fault(incident, cause))
                fault.spans += spans


def _downs(facts: Facts, link: LinkId) -> list[Span]:
    """When the log calls it down."""
    lines = [r.change for r in facts.log.get(Component(ComponentKind.LINK, link), ())]
    ends = [*(line.at for line in lines), facts.frame.until][1:]
    return union(
        Span(line.at, end)
        for line, end in zip(lines, ends, strict=True)
        if line.now == LinkCondition.DOWN and line.at < end
    )


def _known(stood: Sequence[Stretch]) -> list[Span]:
    return [s.span for s in stood if s.standing in (Standing.UP, Standing.DOWN)]


def _of_outage(outage: Outage, faults: dict[str, _Fault]) -> list[_Fault]:
    """The longest first."""
    held = [(overlap(union(f.spans), outage.downs), id_, f) for id_, f in faults.items()]
    held.sort(key=lambda row: (row[0], row[1]), reverse=True)
    return [f for length, _, f in held if length]


def _stretches(facts: Facts, offices: Sequence[Sequence[Stretch]], downs: Sequence[Span]) -> list[Stretch]:
    """How the circuit stood, all of the frame."""
    frame = facts.frame
    moments = edges(frame, facts.seeing, facts.blind, downs, *((s.span for s in o) for o in offices))
    found: list[Stretch] = []
    for since, until in pairwise(moments):
        ends = [_at(stood, since) for stood in offices]
        standing, gap = _standing(facts, ends, since, downs)
        found.append(Stretch(Span(since, until), standing, None, gap))
    return found


def _at(stood: Sequence[Stretch], at: datetime) -> Stretch:
    return next(s for s in stood if s.span.since <= at < s.span.until)


def _standing(
    facts: Facts, ends: Sequence[Stretch], at: datetime, downs: Sequence[Span]
) -> tuple[Standing, Gap | None]:
    stood = {s.standing for s in ends}
    if Standing.ABSENT in stood:
        return Standing.ABSENT, None
    if not any(s.holds(at) for s in facts.seeing):
        return Standing.UNKNOWN, Gap.NOT_WATCHED
    if any(s.holds(at) for s in facts.blind):
        return Standing.UNKNOWN, Gap.BLIND
    if any(s.holds(at) for s in downs):
        return Standing.DOWN, None
    if Standing.UNKNOWN in stood:
        return Standing.UNKNOWN, Gap.NO_EVIDENCE
    if Standing.DOWN in stood:
        return Standing.UNKNOWN, Gap.BEHIND_ANOTHER_FAULT
    return Standing.UP, None
