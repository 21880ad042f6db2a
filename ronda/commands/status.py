"""`ronda status`: how the offices are, now or at a past moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import httpx
import typer
from dateutil import parser as dates
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from alerts.words import duration
from ronda.clock import SystemClock
from ronda.commands.shared import (
    FINE,
    TOKEN_ENV,
    TROUBLE,
    TokenFileOption,
    inventory_or_exit,
    print_json,
    server_url,
    settings_or_exit,
    stop_on_bad_input,
    token_headers,
)
from ronda.commands.status_notes import Notes, notes_of
from ronda.errors import BadInputError
from ronda.settings import Settings
from storage.records import Records, RecordsError
from topology.findings import Connectivity
from topology.history import verdict_at
from topology.model import Inventory, Language, OfficeId

_STYLES = {
    Connectivity.CONNECTED: "green",
    Connectivity.DEGRADED: "yellow",
    Connectivity.CUT: "bold red",
    Connectivity.UNKNOWN: "magenta",
    Connectivity.NOT_CONNECTED: "dim",
}
_WORDS = {
    Language.ID: {
        Connectivity.CONNECTED: "terhubung",
        Connectivity.DEGRADED: "terdegradasi",
        Connectivity.CUT: "putus",
        Connectivity.UNKNOWN: "tidak diketahui",
        Connectivity.NOT_CONNECTED: "belum terkoneksi",
    },
    Language.EN: {c: c.value.replace("_", " ") for c in Connectivity},
}


@dataclass(frozen=True, slots=True)
class OfficeLine:
    office: OfficeId
    connectivity: Connectivity
    since: datetime | None


def status(
    at: Annotated[str | None, typer.Option(help='A past moment, as "2026-11-20 14:00" (local time).')] = None,
    tree: Annotated[bool, typer.Option("--tree", help="By kecamatan.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
    url: Annotated[str | None, typer.Option(help="The server; default: where the settings say.")] = None,
    inventory: Annotated[Path | None, typer.Option("--inventory", "-i", help="Inventory file.")] = None,
    settings: Annotated[Path | None, typer.Option("--settings", "-s", help="Settings file.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="With --at: whose records to read.")] = None,
    token_file: TokenFileOption = None,
) -> None:
    """Show every office and whether it is connected, and which applications can't be used, with the reason.
    Exit 1 when an office is cut.

    Now: asks the running server. With --at: rebuilds that moment from the event log, server or not.
    """
    chosen = settings_or_exit(settings, inventory=inventory, data_dir=data_dir)
    known = inventory_or_exit(chosen.inventory)
    zone = ZoneInfo(known.network.timezone)
    beside = Notes()
    with stop_on_bad_input():
        if at is None:
            headers = token_headers(token_file)
            where = url or server_url(chosen.api)
            lines, moment = _now(where, headers), SystemClock().now()
            beside = notes_of(where, headers)
        else:
            moment = _moment(at, zone)
            if moment > SystemClock().now():
                raise BadInputError(f"--at {at!r} is still to come; what is now is shown without --at")
            lines = _then(chosen, known, moment)
    if as_json:
        print_json(
            {
                "at": moment.isoformat(),
                "offices": [
                    {
                        "id": line.office,
                        "connectivity": line.connectivity.value,
                        "since": line.since and line.since.isoformat(),
                    }
                    for line in lines
                ],
                **beside.as_json(),
            }
        )
    else:
        console = Console()
        console.print(_tree(lines, known, moment) if tree else _table(lines, known, moment, zone))
        counts = Counter(line.connectivity for line in lines)
        words = _WORDS[known.network.language]
        console.print(
            "  ".join(f"[{_STYLES[c]}]{words[c]} {counts[c]}[/]" for c in Connectivity if counts[c])
        )
        for line in beside.lines(known):
            console.print(Text(line, "dim"))
    cut = any(line.connectivity is Connectivity.CUT for line in lines)
    raise typer.Exit(TROUBLE if cut else FINE)


def _now(url: str, headers: Mapping[str, str]) -> list[OfficeLine]:
    try:
        lines: list[OfficeLine] = []
        page: dict[str, Any] | None = None
        with httpx.Client(base_url=url, timeout=5.0, headers=headers) as client:
            cursor: str | None = ""
            while cursor is not None:
                params = {"limit": "500", **({"cursor": cursor} if cursor else {})}
                response = client.get("/api/v1/offices", params=params)
                if response.status_code in (401, 403, 429):
                    raise BadInputError(f"{url}: {_detail(response)}")
                response.raise_for_status()
                page = response.json()
                lines += [_line(row) for row in page["items"]]
                cursor = page.get("next_cursor")
        return lines
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise BadInputError(f"no answer from {url}: {error}. Is `ronda serve` running?") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadInputError(f"{url} answers, but not as Ronda does: is it the right address?") from error


def _detail(response: httpx.Response) -> str:
    """Why we were not let in, in the server's words."""
    problem = response.json() if response.headers.get("content-type", "").endswith("json") else {}
    detail = str(problem.get("detail", response.reason_phrase))
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return detail
    return f"{detail}; give one by the variable {TOKEN_ENV} or --token-file (docs/security.md)"


def _line(row: Mapping[str, Any]) -> OfficeLine:
    since = row.get("since")
    return OfficeLine(
        OfficeId(row["id"]),
        Connectivity(row["connectivity"]),
        datetime.fromisoformat(since) if since else None,
    )


def _then(settings: Settings, inventory: Inventory, moment: datetime) -> list[OfficeLine]:
    file = settings.data_dir / "records.sqlite"
    if settings.records_url is None and not file.exists():
        raise BadInputError(f"no records in {settings.data_dir}: give --data-dir (the demo's: var/demo/data)")
    records = Records(settings.records_url or f"sqlite:///{file}")
    try:
        records.start()
    except RecordsError as error:
        raise BadInputError(f"{error}. `ronda storage check` says what to do.") from error
    try:
        verdict = verdict_at(records.changes_until(moment), moment)
    finally:
        records.stop()
    lines = []
    for office in inventory.offices:
        judged = verdict.offices.get(office)
        lines.append(
            OfficeLine(
                office,
                judged.connectivity if judged else Connectivity.UNKNOWN,
                judged.since if judged else None,
            )
        )
    return lines


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        parsed = dates.parse(text)
    except (ValueError, OverflowError) as error:
        raise BadInputError(f'--at {text!r} is not a moment: write it as "2026-11-20 14:00"') from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)


def _ordered(lines: list[OfficeLine], known: Inventory) -> list[OfficeLine]:
    """What needs attention first."""
    order = [
        Connectivity.CUT,
        Connectivity.DEGRADED,
        Connectivity.UNKNOWN,
        Connectivity.CONNECTED,
        Connectivity.NOT_CONNECTED,
    ]

    def key(line: OfficeLine) -> tuple[int, int, str]:
        office = known.offices[line.office]
        return order.index(line.connectivity), office.priority, office.name

    return sorted((line for line in lines if line.office in known.offices), key=key)


def _table(lines: list[OfficeLine], known: Inventory, moment: datetime, zone: ZoneInfo) -> Table:
    language = known.network.language
    indonesian = ("SKPD", "Kecamatan", "Status", "Selama")
    headings = indonesian if language is Language.ID else ("Office", "Kecamatan", "State", "For")
    title = f"{known.network.name}, {moment.astimezone(zone):%d-%m-%Y %H:%M:%S}"
    table = Table(*headings, title=title, title_justify="left")
    for line in _ordered(lines, known):
        office = known.offices[line.office]
        state = Text(_WORDS[language][line.connectivity], _STYLES[line.connectivity])
        table.add_row(Text(office.name), Text(office.kecamatan or ""), state, _age(line, known, moment))
    return table


def _tree(lines: list[OfficeLine], known: Inventory, moment: datetime) -> Tree:
    root = Tree(Text(known.network.name, "bold"))
    by_kecamatan: dict[str, list[OfficeLine]] = {}
    for line in _ordered(lines, known):
        by_kecamatan.setdefault(known.offices[line.office].kecamatan or "-", []).append(line)
    for kecamatan in sorted(by_kecamatan):
        branch = root.add(Text(kecamatan, "bold"))
        for line in by_kecamatan[kecamatan]:
            words = f"{_WORDS[known.network.language][line.connectivity]} {_age(line, known, moment)}"
            branch.add(
                Text.assemble(
                    ("● ", _STYLES[line.connectivity]),
                    known.offices[line.office].name,
                    (f"  {words.strip()}", "dim"),
                )
            )
    return root


def _age(line: OfficeLine, known: Inventory, moment: datetime) -> str:
    if line.since is None or line.connectivity is Connectivity.NOT_CONNECTED:
        return ""
    return duration((moment - line.since).total_seconds(), known.network.language)
