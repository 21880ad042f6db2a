"""`ronda token`: who may use the API and the board."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from dateutil import parser as dates
from rich.console import Console
from rich.table import Table
from rich.text import Text

from alerts.words import moment
from api.credentials import new_token, new_token_id
from api.scope import Role
from ronda.clock import SystemClock
from ronda.commands.open_records import open_records
from ronda.commands.shared import (
    TROUBLE,
    inventory_or_exit,
    print_json,
    settings_or_exit,
    stop_on_bad_input,
)
from ronda.errors import BadInputError
from ronda.settings import Settings
from storage.records import AuditEntry, Records, RecordsError, Token, hash_of

app = typer.Typer(
    help="Tokens for the API and the board: made, listed, revoked. Beside a running server, too.",
    no_args_is_help=True,
    add_completion=False,
)

SettingsOption = Annotated[Path | None, typer.Option("--settings", "-s", help="Settings file.")]
DataOption = Annotated[Path | None, typer.Option(help="Whose records; default: as the settings say.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
_AGE = re.compile(r"(\d{1,5})\s*([hdwy])", re.ASCII)
_UNITS = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "y": timedelta(days=365),
}


@app.command()
def create(
    role: Annotated[Role, typer.Option(help="What it may do (docs/security.md).")],
    provider: Annotated[
        str | None, typer.Option(help="For the role provider: whose; an id of the inventory.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Who or what it is for; stands beside what is done with it.")
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(help='When it ends: an age ("90d", "12h", "1y") or a date (2027-03-31, local).'),
    ] = None,
    inventory: Annotated[Path | None, typer.Option("--inventory", "-i", help="Inventory file.")] = None,
    settings: SettingsOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token and show it once. Only its hash is kept: who loses it needs a new one."""
    chosen = settings_or_exit(settings, inventory=inventory, data_dir=data_dir)
    known = inventory_or_exit(chosen.inventory)
    now = SystemClock().now()
    with stop_on_bad_input():
        if (role is Role.PROVIDER) != (provider is not None):
            raise BadInputError("--role provider and --provider ID go together")
        if provider is not None and provider not in known.providers:
            raise BadInputError(
                f"--provider {provider}: not in {chosen.inventory}; there are {', '.join(known.providers)}"
            )
        name = (label or provider or role.value).strip()
        if not 0 < len(name) <= 100 or not name.isprintable():
            raise BadInputError("--label: 1 to 100 printable characters")
        zone = ZoneInfo(known.network.timezone)
        ends = None if expires is None else _end(expires, now, zone)
        secret = new_token()
        token = Token(new_token_id(), hash_of(secret), name, role.value, provider, now, ends)
        with _records(chosen) as records:
            first = not records.access.tokens()
            detail = {
                "label": name,
                "role": role.value,
                "provider": provider,
                "expires_at": ends.isoformat() if ends is not None else None,
            }
            records.access.add_token(token, _entry(now, "token_create", token.id, detail))
    if as_json:
        print_json({"token": secret, **_row(token)})
        return
    until = "" if ends is None else f", until {moment(ends, zone)}"
    typer.echo(
        f"{token.id}: {role.value} {name!r}{until}, kept in {_place(chosen)}. It is shown this once:",
        err=True,
    )
    typer.echo(secret)
    if first and chosen.api.loopback == "auto":
        typer.echo(
            "It is the first one: from now on this machine needs a token, too (RONDA_TOKEN for commands, "
            "a login for the board), unless api.loopback says otherwise.",
            err=True,
        )


@app.command(name="list")
def list_(settings: SettingsOption = None, data_dir: DataOption = None, as_json: JsonOption = False) -> None:
    """Show all tokens: for whom, until when, and when each was last used. Never the tokens themselves."""
    chosen = settings_or_exit(settings, data_dir=data_dir)
    now = SystemClock().now()
    with stop_on_bad_input(), open_records(chosen.data_dir, chosen.records_url) as records:
        tokens = records.access.tokens()
    if as_json:
        print_json([{**_row(t), "valid": t.valid(now)} for t in tokens])
        return
    table = Table("id", "role", "label", "made", "ends", "last used", "state")
    table.columns[0].no_wrap = True
    for t in tokens:
        state = "revoked" if t.revoked_at else "valid" if t.valid(now) else "expired"
        times = [_shown(at) for at in (t.created_at, t.expires_at, t.last_used_at)]
        style = None if state == "valid" else "dim"
        role = t.role if t.provider is None else f"{t.role}:{t.provider}"
        table.add_row(t.id, Text(role), Text(t.label), *times, state, style=style)
    if tokens:
        Console().print(table)
    else:
        typer.echo(f"no token was made yet in {_place(chosen)}: `ronda token create --role admin`")


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(help="Its id, as t-5f0c9a3e, or the token itself.")],
    settings: SettingsOption = None,
    data_dir: DataOption = None,
) -> None:
    """End a token, its sessions and its open streams; a running server knows within a second or two.

    Exit 1: it was revoked before.
    """
    chosen = settings_or_exit(settings, data_dir=data_dir)
    now = SystemClock().now()
    with stop_on_bad_input(), open_records(chosen.data_dir, chosen.records_url) as records:
        known = {t.id: t for t in records.access.tokens()}
        by_hash = {t.hash: t.id for t in known.values()}
        id_ = by_hash.get(hash_of(token.strip()), token.strip())
        if id_ not in known:
            # Not repeated: it may be the token itself, mistyped.
            raise BadInputError(f"no token in {_place(chosen)} has this id: `ronda token list` shows them")
        done = records.access.revoke_token(
            id_, _entry(now, "token_revoke", id_, {"label": known[id_].label, "role": known[id_].role})
        )
    typer.echo(f"{id_}: {'revoked' if done else 'was revoked before'}")
    if not done:
        raise typer.Exit(TROUBLE)


def _place(settings: Settings) -> str:
    """Whose tokens these are; a database's address may hold a password."""
    return str(settings.data_dir) if settings.records_url is None else "the records' database"


@contextmanager
def _records(settings: Settings) -> Iterator[Records]:
    """Opened beside a running server, or before the first start. Raises BadInputError."""
    records = Records(settings.records_url or f"sqlite:///{settings.data_dir / 'records.sqlite'}")
    try:
        records.start()
        yield records
    except RecordsError as error:
        raise BadInputError(f"{error}. `ronda storage check` says what to do.") from error
    finally:
        records.stop()


def _entry(now: datetime, action: str, id_: str, detail: Mapping[str, object]) -> AuditEntry:
    return AuditEntry(now, _login(), Role.ADMIN.value, "cli", action, id_, detail=detail)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.getuid()}"


def _end(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Raises BadInputError."""
    try:
        if (age := _AGE.fullmatch(text.strip())) is not None:
            ends = now + int(age[1]) * _UNITS[age[2]]
        else:
            parsed = dates.isoparse(text.strip())
            if ":" not in text:
                parsed += timedelta(days=1)  # a date is its whole day
            ends = (parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadInputError(
            f'--expires {text!r}: write an age as "90d", "12h" or "1y", or a date as 2027-03-31'
        ) from error
    if ends <= now:
        raise BadInputError(f"--expires {text!r} is over already")
    return ends


def _row(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "role": token.role,
        "provider": token.provider,
        "label": token.label,
        "created_at": token.created_at.isoformat(),
        "expires_at": token.expires_at and token.expires_at.isoformat(),
        "revoked_at": token.revoked_at and token.revoked_at.isoformat(),
        "last_used_at": token.last_used_at and token.last_used_at.isoformat(),
    }


def _shown(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone():%Y-%m-%d %H:%M}"
