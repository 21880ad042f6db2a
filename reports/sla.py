"""The report of a month: offices, providers, circuits, and what is owed back. Pure.

How it is counted is written in docs/sla.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from alerts.maintenance import Window
from reports.evidence import witnesses
from reports.facts import AROUND, Facts
from reports.model import SlaReport
from reports.month import Month, passed
from reports.sla_circuits import provider_rows
from reports.sla_offices import office_rows
from reports.spans import Span
from storage.records import Records
from storage.records.history import of_subjects, watched
from storage.records.incidents import between
from storage.records.maintenance import select as windows_since
from storage.records.outage_causes import of_incidents
from topology.findings import Component, ComponentKind
from topology.history import MONITOR
from topology.model import Inventory, Restitution

ENTRIES_EVERY = timedelta(seconds=15)
"""A running Ronda notes that it watches at least so often."""


def build_report(facts: Facts, month: Month, made_at: datetime) -> SlaReport:
    network = facts.inventory.network
    whole = month.span(ZoneInfo(network.timezone))
    return SlaReport(
        network=network.name,
        month=str(month),
        timezone=network.timezone,
        since=facts.period.since,
        until=facts.period.until,
        complete=facts.period.until == whole.until,
        made_at=made_at,
        counts_over_s=Restitution().counts_over_s,
        offices=office_rows(facts),
        providers=provider_rows(facts, whole.length),
    )


def gather(records: Records, inventory: Inventory, month: Month, now: datetime) -> Facts:
    """What the records hold of a month. Blocks. Raises RecordsError, and MonthError for one to come."""
    zone = ZoneInfo(inventory.network.timezone)
    period = passed(month, zone, now)
    frame = Span(period.since - AROUND, min(period.until + AROUND, max(now, period.until)))
    return records.read(_reader(inventory, period, frame, now))


def _watched(stretches: Iterable[tuple[datetime, datetime]], now: datetime) -> list[Span]:
    """The one that still runs is on disk up to its last entry: it reaches to `now`."""
    return [Span(since, now if until < now <= until + ENTRIES_EVERY else until) for since, until in stretches]


def _reader(
    inventory: Inventory, period: Span, frame: Span, now: datetime
) -> Callable[[sa.Connection], Facts]:
    def read(connection: sa.Connection) -> Facts:
        incidents = between(connection, frame.since, frame.until)
        subjects = [Component(ComponentKind.OFFICE, o) for o in inventory.offices]
        subjects += [MONITOR, *sorted(witnesses(i for i in incidents if i.told))]
        windows: list[Window] = windows_since(connection, frame.since)
        return Facts(
            inventory=inventory,
            period=period,
            frame=frame,
            log=of_subjects(connection, subjects, frame.since, frame.until),
            incidents=incidents,
            watched=_watched(watched(connection, frame.since, frame.until), now),
            windows=windows,
            words=of_incidents(connection, [i.id for i in incidents]),
        )

    return read


def sla_report(records: Records, inventory: Inventory, month: Month, now: datetime) -> SlaReport:
    """Blocks: call it in a thread. Raises RecordsError, and MonthError for a month to come."""
    return build_report(gather(records, inventory, month, now), month, now)


def only(report: SlaReport, *, provider: str | None = None, office: str | None = None) -> SlaReport:
    """The part of it about one provider (its circuits, and the offices under its contract), or one office."""
    offices = report.offices
    providers = report.providers
    if provider is not None:
        providers = tuple(p for p in providers if p.provider == provider)
        theirs = {o for p in providers for c in p.circuits for o in c.offices}
        offices = tuple(o for o in offices if o.provider == provider or o.office in theirs)
    if office is not None:
        offices = tuple(o for o in offices if o.office == office)
        kept = []
        for row in providers:
            circuits = tuple(c for c in row.circuits if office in c.offices)
            if circuits:
                kept.append(replace(row, circuits=circuits))
        providers = tuple(kept)
    return replace(report, offices=offices, providers=providers)
