"""`ronda ack`: say that somebody is on an incident."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import httpx
import typer

from ronda.commands.shared import (
    TokenFileOption,
    server_url,
    settings_or_exit,
    stop_on_bad_input,
    token_headers,
)
from ronda.errors import BadInputError


def ack(
    incident: Annotated[str, typer.Argument(help="The incident's id, as R-261121-001.")],
    note: Annotated[str, typer.Option(help="What is being done.")] = "",
    who: Annotated[str | None, typer.Option(help="Your name; default: your login.")] = None,
    url: Annotated[str | None, typer.Option(help="The server; default: where the settings say.")] = None,
    settings: Annotated[Path | None, typer.Option("--settings", "-s", help="Settings file.")] = None,
    token_file: TokenFileOption = None,
) -> None:
    """Take an incident on: the others are told who is on it."""
    chosen = settings_or_exit(settings)
    base = url or server_url(chosen.api)
    with stop_on_bad_input():
        try:
            response = httpx.post(
                f"{base}/api/v1/incidents/{quote(incident, safe='')}/acknowledge",
                json={"who": who or getpass.getuser(), "note": note},
                headers=token_headers(token_file),
                timeout=5.0,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise BadInputError(f"no answer from {base}: {error}. Is `ronda serve` running?") from error
        if not response.is_success:
            problem = response.json() if response.headers.get("content-type", "").endswith("json") else {}
            raise BadInputError(f"{incident}: {problem.get('detail', response.reason_phrase)}")
    typer.echo(f"{incident}: acknowledged by {who or getpass.getuser()}")
