"""The printable report (A4) and its figures in the words of the reader. No script, no inline style."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from reports import formats
from reports.availability import Part
from reports.labels import PARTS, WORDS
from reports.model import SlaReport
from reports.sheet import workbook
from reports.tables import Cell, Table, Value, all_tables
from topology.model import Language

STATIC = Path(__file__).parent / "static"
_PAGES = Environment(
    loader=PackageLoader("reports"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def shown(value: Value, kind: Cell, zone: ZoneInfo, language: Language) -> str:
    """A cell as a person reads it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return WORDS[language]["yes" if value else "no"]
    if isinstance(value, datetime):
        return formats.brief_moment(value, zone)
    if isinstance(value, date):
        return formats.day(value, language)
    if isinstance(value, int | float):
        match kind:
            case Cell.PERCENT:
                return formats.percent(value, language)
            case Cell.SECONDS:
                return formats.length(value)
            case Cell.RUPIAH:
                return formats.rupiah(int(value), language)
            case _:
                return formats.number(value, language)
    return value


def head(report: SlaReport, language: Language) -> list[tuple[Value, ...]]:
    """What the report is of, in two columns."""
    w, zone = WORDS[language], ZoneInfo(report.timezone)
    until = formats.moment(report.until, zone, language)
    return [
        (w["title"],),
        (report.network,),
        (w["period"], formats.month(report.month, language) + _still_running(report, language, until)),
        (w["made_at"], formats.moment(report.made_at, zone, language)),
        (w["limit"], f"{formats.number(report.counts_over_s, language)} {w['seconds']}"),
        (w["offices"], len(report.offices)),
    ]


def _still_running(report: SlaReport, language: Language, until: str) -> str:
    return "" if report.complete else f" ({WORDS[language]['until_now']} {until})"


def sla_workbook(report: SlaReport, language: Language) -> bytes:
    return workbook(all_tables(report, language), head(report, language), ZoneInfo(report.timezone), language)


def sla_page(
    report: SlaReport,
    language: Language,
    *,
    css_href: str | None = None,
    link_events: bool = True,
    query: Iterable[tuple[str, str]] = (),
) -> str:
    """A whole page. `css_href`: where the style is; None: it is put into the page, for a file of its own.

    `link_events`: events become links into the API. `query`: of this page, for the switch of the language.
    """
    zone = ZoneInfo(report.timezone)
    other = Language.EN if language is Language.ID else Language.ID
    style = None if css_href is not None else Markup((STATIC / "sla.css").read_text(encoding="utf-8"))  # noqa: S704  # our own file
    tables = all_tables(report, language)
    return _PAGES.get_template("sla.html.j2").render(
        report=report,
        language=language.value,
        other=other.value,
        other_query=urlencode([*((k, v) for k, v in query if k != "lang"), ("lang", other.value)]),
        has_switch=css_href is not None,
        css_href=css_href,
        style=style,
        w=WORDS[language],
        head=[(row[0], row[1]) for row in head(report, language) if len(row) == 2],
        month=formats.month(report.month, language),
        made_on=formats.day(report.made_at.astimezone(zone).date(), language),
        seat=report.network,
        sections=[_section(table, zone, language) for table in tables],
        links=_links(report) if link_events else {},
        summary=_summary(report, language),
    )


def _section(table: Table, zone: ZoneInfo, language: Language) -> dict[str, object]:
    return {
        "name": table.name,
        "columns": [(c.label, c.kind.value) for c in table.columns],
        "rows": [
            [
                (shown(v, c.kind, zone, language), c.kind.value)
                for v, c in zip(row, table.columns, strict=True)
            ]
            for row in table.rows
        ],
    }


def _links(report: SlaReport) -> dict[str, list[str]]:
    """By the name of the section's rows: where the API has the lines of the log behind each."""
    return {
        "offices": [o.events_url for o in report.offices],
        "outages": [o.events_url for office in report.offices for o in office.outages],
    }


def _summary(report: SlaReport, language: Language) -> list[tuple[str, str]]:
    """All offices together, part by part."""
    return [
        (
            PARTS[language][part],
            formats.length(sum(getattr(o.seconds, f"{part.value}_s") for o in report.offices)),
        )
        for part in Part
    ]
