"""`ronda rollout`: offices that are still to be connected, and how it comes along."""

from __future__ import annotations

import getpass
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.page import shown
from reports.rollout import BackwardError, check_step, local_day, rollout_rows, rollout_table, stage_of
from reports.sheet import csv_text
from reports.tables import Cell
from ronda.clock import SystemClock
from ronda.commands.open_records import open_records
from ronda.commands.shared import inventory_or_exit, print_json, settings_or_exit, stop_on_bad_input
from ronda.errors import BadInputError
from storage.records import rollout as register
from topology.model import ConnectionStage, Inventory, Office, OfficeId

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Offices still to be connected, server or not."
)

SettingsOption = Annotated[Path | None, typer.Option("--settings", "-s", help="Settings file.")]
InventoryOption = Annotated[Path | None, typer.Option("--inventory", "-i", help="Inventory file.")]
DataDirOption = Annotated[Path | None, typer.Option(help="Whose records to use.")]


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Connected ones, too.")] = False,
    late: Annotated[bool, typer.Option("--late", help="Only those past their target date.")] = False,
    form: Annotated[
        Literal["table", "json", "csv"], typer.Option("--format", help="table, json, csv.")
    ] = "table",
    inventory: InventoryOption = None,
    settings: SettingsOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Plan, stage, promise and lateness of every office that is not active yet.

    Exit code: 0 done, 2 bad input.
    """
    chosen = settings_or_exit(settings, inventory=inventory, data_dir=data_dir)
    known = inventory_or_exit(chosen.inventory)
    zone, language = ZoneInfo(known.network.timezone), known.network.language
    with stop_on_bad_input(), open_records(chosen.data_dir, chosen.records_url) as records:
        progress = records.read(register.of_offices)
    rows = [
        row
        for row in rollout_rows(known, progress, local_day(SystemClock().now(), zone))
        if (everything or row.connection is not ConnectionStage.ACTIVE) and (row.late or not late)
    ]
    if form == "json":
        print_json([{name: _plain(getattr(row, name)) for name in row.__slots__} for row in rows])
        return
    table = rollout_table(rows, {p.id: p.name for p in known.providers.values()}, language)
    if form == "csv":
        typer.echo(csv_text(table), nl=False)
        return
    places = [n for n, column in enumerate(table.columns) if column.kind is not Cell.MOMENT]
    out = Table(*(table.columns[n].label for n in places))
    for line in table.rows:
        out.add_row(*(Text(shown(line[n], table.columns[n].kind, zone, language)) for n in places))
    Console(width=None if sys.stdout.isatty() else 200).print(out)


@app.command()
def progress(
    office: Annotated[str, typer.Argument(help="The office's id.")],
    stage: Annotated[ConnectionStage | None, typer.Option(help="Left out: as it was.")] = None,
    note: Annotated[str, typer.Option(help="What was done; needed when the stage goes back.")] = "",
    promised: Annotated[str | None, typer.Option(help="Promised date, as 2027-01-31.")] = None,
    link: Annotated[str | None, typer.Option(help="Where a document or picture lies.")] = None,
    who: Annotated[str | None, typer.Option(help="Your name; default: your login.")] = None,
    inventory: InventoryOption = None,
    settings: SettingsOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Note progress of an office's connection. Nothing that stands there is overwritten.

    Exit code: 0 done, 2 bad input.
    """
    chosen = settings_or_exit(settings, inventory=inventory, data_dir=data_dir)
    known = inventory_or_exit(chosen.inventory)
    with stop_on_bad_input():
        found, day = _office(known, office), _day(promised)
        if link is not None and not link.startswith(("http://", "https://")):
            raise BadInputError(f"--link {link!r} is not of the form https://HOST/...")
        if stage is None and not note.strip() and day is None and link is None:
            raise BadInputError("give --stage, --note, --promised or --link")
        with open_records(chosen.data_dir, chosen.records_url) as records:
            before = records.read(lambda c: register.of_offices(c, [found.id])).get(found.id, ())
            try:
                check_step(stage_of(found, before), stage, note)
            except BackwardError as error:
                raise BadInputError(f"--stage: {error}") from error
            now, name = SystemClock().now(), who or getpass.getuser()
            records.write(lambda c: register.add(c, found.id, now, name, stage, note, day, link))
    typer.echo(f"{found.name}: noted")


def _office(known: Inventory, office: str) -> Office:
    found = known.offices.get(OfficeId(office))
    if found is None:
        raise BadInputError(f"no office {office!r} in the inventory")
    return found


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise BadInputError(f"--promised {text!r} is not a date: write it as 2027-01-31") from error


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime) else value
