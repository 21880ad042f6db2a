"""`ronda report`: service levels of a month, and how many offices are connected."""

from __future__ import annotations

import io
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer
from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table as Shown
from rich.text import Text

from reports.availability import Part
from reports.labels import PARTS, WORDS
from reports.model import SlaReport
from reports.month import MonthError, month_of, parse_month
from reports.page import head, shown, sla_page, sla_workbook
from reports.rollout import GroupShare, RolloutSummary, rollout_summary
from reports.sla import only, sla_report
from reports.tables import Cell, Table, offices_table, outages_table, providers_table
from ronda.clock import SystemClock
from ronda.commands.open_records import open_records
from ronda.commands.shared import inventory_or_exit, settings_or_exit, stop_on_bad_input
from ronda.errors import BadInputError
from storage.records.history import joinings
from topology.model import Inventory, Language, ProviderId

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Reports from the records, server or not.")

SettingsOption = Annotated[Path | None, typer.Option("--settings", "-s", help="Settings file.")]
InventoryOption = Annotated[Path | None, typer.Option("--inventory", "-i", help="Inventory file.")]
DataDirOption = Annotated[Path | None, typer.Option(help="Whose records to read.")]
LanguageOption = Annotated[
    Literal["id", "en"] | None, typer.Option("--lang", help="id or en; default: the network's.")
]
_JSON = TypeAdapter(SlaReport)
PIPED_WIDTH = 160


@app.command()
def sla(
    month: Annotated[str | None, typer.Option(help="As 2026-11; default: the running one.")] = None,
    provider: Annotated[str | None, typer.Option(help="Only this provider's circuits and offices.")] = None,
    form: Annotated[
        Literal["table", "json", "xlsx", "html"],
        typer.Option("--format", help="table (to read here), json, xlsx, or html (to print and sign)."),
    ] = "table",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File; default: stdout.")] = None,
    lang: LanguageOption = None,
    inventory: InventoryOption = None,
    settings: SettingsOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Availability and restitution of a month, by office, circuit and provider.

    Exit code: 0 done, 2 bad input.
    """
    chosen = settings_or_exit(settings, inventory=inventory, data_dir=data_dir)
    known = inventory_or_exit(chosen.inventory)
    now = SystemClock().now()
    language = Language(lang) if lang else known.network.language
    with stop_on_bad_input():
        if form == "xlsx" and output is None and sys.stdout.isatty():
            raise BadInputError("a sheet is not for the terminal: give a file with -o sla.xlsx")
        report = _sla(known, month, provider, now, chosen.data_dir, chosen.records_url)
        if form == "table" and output is None:
            _show(report, language)
        else:
            _write(_content(report, form, language), output)


def _sla(
    known: Inventory,
    month: str | None,
    provider: str | None,
    now: datetime,
    data_dir: Path,
    records_url: str | None,
) -> SlaReport:
    if provider is not None and ProviderId(provider) not in known.providers:
        raise BadInputError(
            f"--provider {provider!r} is not in the inventory (there are: {', '.join(known.providers)})"
        )
    zone = ZoneInfo(known.network.timezone)
    try:
        chosen = month_of(now, zone) if month is None else parse_month(month)
        with open_records(data_dir, records_url) as records:
            return only(sla_report(records, known, chosen, now), provider=provider)
    except MonthError as error:
        raise BadInputError(f"--month: {error}") from error


def _content(report: SlaReport, form: str, language: Language) -> bytes:
    match form:
        case "json":
            return _JSON.dump_json(report, indent=1) + b"\n"
        case "xlsx":
            return sla_workbook(report, language)
        case "html":
            return sla_page(report, language, link_events=False).encode()
        case _:
            text = io.StringIO()
            _print(Console(file=text, width=PIPED_WIDTH), report, language)
            return text.getvalue().encode()


def _write(content: bytes, output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.write(content)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise BadInputError(f"{output}: {error.strerror}") from error
    typer.echo(f"{output} written", err=True)


def _show(report: SlaReport, language: Language) -> None:
    _print(Console(width=None if sys.stdout.isatty() else PIPED_WIDTH), report, language)


def _print(console: Console, report: SlaReport, language: Language) -> None:
    for row in head(report, language):
        console.print(Text(": ".join(str(v) for v in row)))
    w, parts = WORDS[language], PARTS[language]
    wanted = {
        providers_table: None,
        offices_table: {
            *(w[word] for word in ("office", "provider", "availability", "meets", "counted", "short")),
            *(parts[part] for part in (Part.DOWN_COUNTED, Part.UNKNOWN)),
        },
        outages_table: {
            w[word] for word in ("office", "start", "end", "length", "cause", "against", "incident")
        },
    }
    for make, columns in wanted.items():
        table = make(report, language)
        if table.rows:
            console.print(_shown(table, ZoneInfo(report.timezone), language, columns))


def _shown(table: Table, zone: ZoneInfo, language: Language, only_these: set[str] | None) -> Shown:
    """A terminal is narrow: the sheet and the page have all columns."""
    out = Shown(title=table.name, title_justify="left")
    places = [n for n, c in enumerate(table.columns) if only_these is None or c.label in only_these]
    for column in (table.columns[n] for n in places):
        out.add_column(column.label, justify="left" if column.kind in (Cell.TEXT, Cell.MOMENT) else "right")
    for row in table.rows:
        out.add_row(*(Text(shown(row[n], table.columns[n].kind, zone, language)) for n in places))
    return out


@app.command()
def connected(
    months: Annotated[int, typer.Option(min=1, max=36, help="How many, the running one included.")] = 12,
    inventory: InventoryOption = None,
    settings: SettingsOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """How many offices are connected by the plan: by kecamatan, kind and provider, month by month.

    Exit code: 0 done, 2 bad input.
    """
    chosen = settings_or_exit(settings, inventory=inventory, data_dir=data_dir)
    known = inventory_or_exit(chosen.inventory)
    offices = list(known.offices.values())
    with stop_on_bad_input(), open_records(chosen.data_dir, chosen.records_url) as records:
        found = records.read(lambda c: joinings(c, [o.id for o in offices]))
    zone = ZoneInfo(known.network.timezone)
    summary = rollout_summary(offices, found, zone, SystemClock().now(), months)
    known_from = next((n for n, s in enumerate(summary.all.months) if s is not None), len(summary.months) - 1)
    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
    fits = max(1, (console.width - _GROUP_WIDE) // _MONTH_WIDE)
    first = max(known_from, len(summary.months) - fits)
    console.print(_growth(summary, first))
    if first:
        why = "nothing is on record" if first == known_from else "this terminal is too narrow"
        typer.echo(f"{first} months before {summary.months[first]} are not shown: {why}", err=True)


_GROUP_WIDE, _MONTH_WIDE = 24, 16


def _growth(summary: RolloutSummary, first: int) -> Shown:
    out = Shown("")
    for month in summary.months[first:]:
        out.add_column(month, no_wrap=True)

    def add(name: str, group: GroupShare) -> None:
        shares = group.months[first:]
        cells = (f"{s.connected}/{s.total} ({s.percent}%)" if s is not None else "–" for s in shares)
        out.add_row(Text(name), *cells)

    add(" ", summary.all)
    for groups in (summary.by_kecamatan, summary.by_kind, summary.by_provider):
        out.add_section()
        for group in groups:
            add(group.group or "-", group)
    return out
