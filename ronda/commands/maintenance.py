"""`ronda maintenance`: plan work so that nobody is paged for it."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import httpx
import typer
from dateutil import parser as dates

from alerts.words import moment
from ronda.clock import SystemClock
from ronda.commands.shared import (
    TROUBLE,
    TokenFileOption,
    inventory_or_exit,
    print_json,
    server_url,
    settings_or_exit,
    stop_on_bad_input,
    token_headers,
)
from ronda.errors import BadInputError
from ronda.maintenance_desk import Desk, RecordsDesk, ServerDesk
from ronda.settings import Settings
from topology.model import Inventory

app = typer.Typer(
    help="Maintenance windows: monitoring goes on, what the work explains pages nobody.",
    no_args_is_help=True,
    add_completion=False,
)

SettingsOption = Annotated[Path | None, typer.Option("--settings", "-s", help="Settings file.")]
UrlOption = Annotated[str | None, typer.Option(help="The server; default: where the settings say.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


@app.command()
def add(
    subjects: Annotated[
        list[str],
        typer.Argument(help="What is worked on: link:ID, device:ID, office:ID, risk:ID, provider:ID."),
    ],
    title: Annotated[str, typer.Option("--title", "-t", help="What is done.")],
    start: Annotated[
        str,
        typer.Option("--from", help="When it begins: `now`, or as 2026-11-22 01:00, in the network's time."),
    ] = "now",
    until: Annotated[str | None, typer.Option(help="When it ends: a time of day, or with a date.")] = None,
    minutes: Annotated[float | None, typer.Option("--for-min", help="Or: how many minutes it lasts.")] = None,
    rrule: Annotated[
        str | None, typer.Option(help="Again and again: an RFC 5545 rule, as FREQ=WEEKLY;BYDAY=SU.")
    ] = None,
    note: Annotated[str, typer.Option(help="For your colleagues.")] = "",
    who: Annotated[str | None, typer.Option(help="Your name; default: your login.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask, though offices are cut off.")] = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
    settings: SettingsOption = None,
    token_file: TokenFileOption = None,
) -> None:
    """Plan work. First it says which offices would be cut off, and asks."""
    chosen = settings_or_exit(settings)
    inventory = inventory_or_exit(chosen.inventory)
    zone = ZoneInfo(inventory.network.timezone)
    now = SystemClock().now()
    with stop_on_bad_input():
        begins = _time(start, now, zone, "--from")
        ends = _end(begins, until, minutes, zone)
        wanted: dict[str, Any] = {
            "title": title,
            "subjects": [
                s.replace("risk:", "risk_group:", 1) if s.startswith("risk:") else s for s in subjects
            ],
            "starts_at": begins.isoformat(),
            "ends_at": ends.isoformat(),
            "rrule": rrule,
            "note": note,
            "who": who or getpass.getuser(),
        }
        with _desk(chosen, inventory, url, token_file) as desk:
            lost = desk.preview(wanted)
            if not as_json:
                _say(lost, inventory)
            if lost["cut"] and not yes and not _agreed(as_json):
                typer.echo("nothing was planned", err=True)
                raise typer.Exit(TROUBLE)
            made = desk.plan({**wanted, "accept_cut": True})
    if as_json:
        print_json({"window": made, "preview": lost})
    else:
        span = f"{moment(begins, zone)} - {moment(ends, zone)}"
        typer.echo(f"{made['id']}: {title}, {span}" + (f", {rrule}" if rrule else ""))


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Those that are over or cancelled, too.")] = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
    settings: SettingsOption = None,
    token_file: TokenFileOption = None,
) -> None:
    """What runs and what is to come."""
    chosen = settings_or_exit(settings)
    inventory = inventory_or_exit(chosen.inventory)
    zone = ZoneInfo(inventory.network.timezone)
    with stop_on_bad_input(), _desk(chosen, inventory, url, token_file) as desk:
        rows = desk.list(everything)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        shown = row["next"] if row["state"] == "planned" and row["next"] else row
        span = f"{_shown(shown['starts_at'], zone)} - {_shown(shown['ends_at'], zone)}"
        subjects = ", ".join(f"{s['kind']}:{s['id']}" for s in row["subjects"])
        rule = f" [{row['rrule']}]" if row["rrule"] else ""
        typer.echo(f"{row['id']}  {row['state']:<9}  {span}{rule}  {row['title']}: {subjects}")
    if not rows:
        typer.echo("no maintenance is planned")


@app.command()
def cancel(
    window: Annotated[str, typer.Argument(help="Its id, as W-261121-001.")],
    url: UrlOption = None,
    settings: SettingsOption = None,
    token_file: TokenFileOption = None,
) -> None:
    """Cancel maintenance, or end it now: what still stands is told at once."""
    chosen = settings_or_exit(settings)
    inventory = inventory_or_exit(chosen.inventory)
    with stop_on_bad_input(), _desk(chosen, inventory, url, token_file) as desk:
        desk.cancel(window)
    typer.echo(f"{window}: cancelled")


def _desk(settings: Settings, inventory: Inventory, url: str | None, token_file: Path | None) -> Desk:
    """The running server's; the records themselves when none runs here. Raises BadInputError."""
    base = url or server_url(settings.api)
    http = httpx.Client(base_url=base, headers=token_headers(token_file), timeout=10.0)
    try:
        http.get("/healthz")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        http.close()
        if url is not None:
            raise BadInputError(f"no answer from {base}: {error}. Is `ronda serve` running there?") from error
        return RecordsDesk(settings, inventory, SystemClock())
    return ServerDesk(http)


def _say(lost: dict[str, Any], inventory: Inventory) -> None:
    names = {str(i): office.name for i, office in inventory.offices.items()}
    for key, words in (("cut", "would be cut off"), ("degraded", "would lose their spare path")):
        if lost[key]:
            offices = ", ".join(f"{names.get(o, o)} [{o}]" for o in lost[key])
            typer.echo(f"{len(lost[key])} {words}: {offices}")
    for application in lost["applications"]:
        typer.echo(f"{application['id']} would be out of reach for: {', '.join(application['lost_by'])}")
    if not (lost["cut"] or lost["degraded"] or lost["applications"]):
        typer.echo("nobody would notice")
    if lost["overlaps"]:
        typer.echo(f"meanwhile: {', '.join(lost['overlaps'])}")


def _agreed(as_json: bool) -> bool:
    if as_json:
        typer.echo("offices would be cut off: say --yes", err=True)
        return False
    try:
        return typer.confirm("Plan it all the same?")
    except typer.Abort:  # nobody there to ask
        typer.echo("", err=True)
        return False


def _end(begins: datetime, until: str | None, minutes: float | None, zone: ZoneInfo) -> datetime:
    if (until is None) == (minutes is None):
        raise BadInputError("say when it ends: --until or --for-min, one of them")
    if minutes is not None:
        if not 0 < minutes <= 31 * 1440:
            raise BadInputError(f"--for-min {minutes:g}: more than 0, at most 31 days")
        return begins + timedelta(minutes=minutes)
    assert until is not None
    ends = _time(until, begins, zone, "--until")
    if ends <= begins and len(until.strip()) <= 5:  # a time of day: on the next one
        ends += timedelta(days=1)
    return ends


def _time(text: str, base: datetime, zone: ZoneInfo, option: str) -> datetime:
    """What is not said is taken from `base`, in the network's time. Raises BadInputError."""
    if text.strip().lower() == "now":
        return base.replace(microsecond=0)
    local = base.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        at = dates.parse(text, default=local, dayfirst="." in text or "/" in text)
        return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadInputError(f"{option} {text!r}: write it like '2026-11-22 01:00' or '01:00'") from error


def _shown(text: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(text).astimezone(zone):%d-%m-%Y %H:%M}"
