"""A report as tables: the rows that the sheet, the printed page and the terminal all show. Pure.

Cells keep their values; how they are written is the renderer's business, by the kind of the column.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from reports.availability import Part
from reports.labels import CAUSES, GAPS, PARTS, PROOFS, SAID, WORDS
from reports.model import CircuitRow, IntervalRow, OfficeRow, OutageRow, SlaReport
from topology.model import Language


class Cell(StrEnum):
    TEXT = "text"
    COUNT = "count"
    PERCENT = "percent"
    SECONDS = "seconds"
    RUPIAH = "rupiah"
    MOMENT = "moment"
    DAY = "day"
    TRUTH = "truth"


Value = str | int | float | bool | datetime | date | None


@dataclass(frozen=True, slots=True)
class Column:
    label: str
    kind: Cell = Cell.TEXT


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]


_TIMES = tuple(Part)


def _seconds(row: OfficeRow | CircuitRow | OutageRow) -> list[Value]:
    return [getattr(row.seconds, f"{part.value}_s") for part in _TIMES]


def _time_columns(language: Language) -> list[Column]:
    return [Column(PARTS[language][part], Cell.SECONDS) for part in _TIMES]


def providers_table(report: SlaReport, language: Language) -> Table:
    w = WORDS[language]
    columns = [
        Column(w["provider"]),
        Column(w["sla"], Cell.PERCENT),
        Column(w["availability"], Cell.PERCENT),
        Column(w["meets"], Cell.TRUTH),
        Column(w["counted"], Cell.COUNT),
        Column(PARTS[language][Part.DOWN_COUNTED], Cell.SECONDS),
        Column(PARTS[language][Part.UNKNOWN], Cell.SECONDS),
        Column(w["fee"], Cell.RUPIAH),
        Column(w["restitution"], Cell.RUPIAH),
    ]
    rows: list[tuple[Value, ...]] = [
        (
            p.name,
            p.sla_percent,
            p.availability_percent,
            p.meets_sla,
            p.outages_counted,
            p.seconds.down_counted_s,
            p.seconds.unknown_s,
            p.fee_idr,
            p.restitution_idr,
        )
        for p in report.providers
    ]
    return Table(w["summary"], tuple(columns), tuple(rows))


def offices_table(report: SlaReport, language: Language) -> Table:
    w = WORDS[language]
    columns = [
        Column(w["office"]),
        Column(w["kecamatan"]),
        Column(w["provider"]),
        Column(w["sla"], Cell.PERCENT),
        Column(w["availability"], Cell.PERCENT),
        Column(w["up_percent"], Cell.PERCENT),
        Column(w["meets"], Cell.TRUTH),
        Column(w["counted"], Cell.COUNT),
        Column(w["short"], Cell.COUNT),
        *_time_columns(language),
        Column(w["total"], Cell.SECONDS),
    ]
    names = {p.provider: p.name for p in report.providers}
    rows = [
        (
            o.name,
            o.kecamatan,
            names.get(o.provider or "", o.provider),
            o.sla_percent,
            o.availability_percent,
            o.up_percent,
            o.meets_sla,
            o.outages_counted,
            o.outages_short,
            *_seconds(o),
            o.seconds.total_s,
        )
        for o in report.offices
    ]
    return Table(w["per_office"], tuple(columns), tuple(rows))


def circuits_table(report: SlaReport, language: Language) -> Table:
    w = WORDS[language]
    columns = [
        Column(w["provider"]),
        Column(w["circuit"]),
        Column(w["circuit_id"]),
        Column(w["availability"], Cell.PERCENT),
        Column(w["meets"], Cell.TRUTH),
        Column(w["counted"], Cell.COUNT),
        *_time_columns(language),
        Column(w["fee"], Cell.RUPIAH),
        Column(w["restitution"], Cell.RUPIAH),
    ]
    rows = [
        (
            p.name,
            c.name,
            c.circuit_id,
            c.availability_percent,
            c.meets_sla,
            c.outages_counted,
            *_seconds(c),
            c.fee_idr,
            c.restitution_idr,
        )
        for p in report.providers
        for c in p.circuits
    ]
    return Table(w["per_circuit"], tuple(columns), tuple(rows))


def outages_table(report: SlaReport, language: Language) -> Table:
    w = WORDS[language]
    columns = [
        Column(w["office"]),
        Column(w["start"], Cell.MOMENT),
        Column(w["end"], Cell.MOMENT),
        Column(w["length"], Cell.SECONDS),
        Column(w["counted_time"], Cell.SECONDS),
        Column(w["cause"]),
        Column(w["proof"]),
        Column(w["blamed"]),
        Column(w["against"]),
        Column(w["incident"]),
        Column(w["ticket"]),
        Column(w["evidence"]),
        Column(w["events"]),
    ]
    names = {p.provider: p.name for p in report.providers}
    rows: list[tuple[Value, ...]] = [
        (
            office.name,
            o.since,
            None if o.running else o.until,
            o.length_s,
            o.seconds.down_counted_s,
            cause_words(o, language),
            None if o.cause is None else PROOFS[language][o.cause.proof],
            ", ".join(c.name for c in o.components),
            ", ".join(names.get(p, p) for p in o.against),
            ", ".join(o.incidents),
            ", ".join(o.tickets),
            "; ".join(evidence_words(o, language)),
            ", ".join(map(str, o.events)),
        )
        for office in report.offices
        for o in office.outages
    ]
    return Table(w["outages"], tuple(columns), tuple(rows))


def exclusions_table(report: SlaReport, language: Language) -> Table:
    """Everything that is neither up nor counted, and why."""
    w = WORDS[language]
    columns = (
        Column(w["office"]),
        Column(w["part"]),
        Column(w["start"], Cell.MOMENT),
        Column(w["end"], Cell.MOMENT),
        Column(w["length"], Cell.SECONDS),
        Column(w["reason"]),
        Column(w["incident"]),
        Column(w["events"]),
    )
    rows: list[tuple[Value, ...]] = [
        (
            office.name,
            PARTS[language][i.part],
            i.since,
            i.until,
            i.seconds,
            reason_words(office, i, language),
            i.incident,
            ", ".join(map(str, i.events)),
        )
        for office in report.offices
        for i in office.intervals
        if i.part not in (Part.UP, Part.DOWN_COUNTED)
    ]
    return Table(w["exclusions"], columns, tuple(rows))


def all_tables(report: SlaReport, language: Language) -> tuple[Table, ...]:
    makers = (providers_table, offices_table, circuits_table, outages_table, exclusions_table)
    return tuple(make(report, language) for make in makers)


def cause_words(outage: OutageRow, language: Language) -> str | None:
    return None if outage.cause is None else CAUSES[language][outage.cause.kind]


def evidence_words(outage: OutageRow, language: Language) -> list[str]:
    """E.g. "serat optik A - B [x] putus (interface:core:sfp1, interface:kuaro-r1:sfp1; #17)"."""
    found = []
    if outage.cause is not None and outage.cause.evidence:
        found.append(outage.cause.evidence)
    for one in outage.evidence:
        rests = ", ".join(one.through)
        inside = f"{rests}; #{one.event}" if rests else f"#{one.event}"
        found.append(f"{one.subject.name} {SAID[language].get(one.said, one.said)} ({inside})")
    return found


def reason_words(office: OfficeRow, interval: IntervalRow, language: Language) -> str:
    """Why the time does not count."""
    if interval.gap is not None:
        return GAPS[language][interval.gap]
    outage = _outage_of(office.outages, interval)
    if interval.window is not None:
        titles = [w.title for w in outage.windows if w.id == interval.window] if outage else []
        return f"{WORDS[language]['window']}: {', '.join(titles) or interval.window} [{interval.window}]"
    if interval.part in (Part.EXCLUDED_POWER, Part.EXCLUDED_MAINTENANCE) and outage and outage.cause:
        words = [PROOFS[language][outage.cause.proof], outage.cause.who, outage.cause.evidence]
        return ", ".join(w for w in words if w)
    return PARTS[language][interval.part]


def _outage_of(outages: Sequence[OutageRow], interval: IntervalRow) -> OutageRow | None:
    found: Iterable[OutageRow] = (o for o in outages if o.since < interval.until and interval.since < o.until)
    return next(iter(found), None)
