"""What every command does alike: JSON on stdout, messages on stderr, exit 2 for bad input."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from ronda.errors import BadInputError
from ronda.section import SettingsError
from ronda.settings import ApiSettings, Settings, load_settings
from topology.inventory import InventoryError, load_inventory
from topology.model import Inventory

FINE, TROUBLE, BAD_INPUT = 0, 1, 2


@contextmanager
def stop_on_bad_input() -> Iterator[None]:
    """Print the reason on stderr and exit 2, without a traceback."""
    try:
        yield
    except (BadInputError, InventoryError, SettingsError) as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise typer.Exit(BAD_INPUT) from error


def print_json(value: Any) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


def server_url(api: ApiSettings) -> str:
    """Where a command on this machine reaches the server that these settings start."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(api.host, api.host)
    return f"http://[{host}]:{api.port}" if ":" in host else f"http://{host}:{api.port}"


TOKEN_ENV = "RONDA_TOKEN"  # noqa: S105  # the variable's name, not a token
TokenFileOption = Annotated[
    Path | None,
    typer.Option("--token-file", help=f"File with the API's token; default: the variable {TOKEN_ENV}."),
]


def token_headers(token_file: Path | None) -> dict[str, str]:
    """By which the API knows who asks; empty when there is no token. Raises BadInputError."""
    if token_file is None:
        token = os.environ.get(TOKEN_ENV, "")
        where = TOKEN_ENV
    else:
        where = str(token_file)
        try:
            token = token_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInputError(f"--token-file {token_file}: {error}") from error
    token = token.strip()
    if not token:
        if token_file is not None:
            raise BadInputError(f"--token-file {token_file}: empty")
        return {}
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise BadInputError(f"{where}: this is no token; one begins with rnd_ and has no spaces")
    return {"Authorization": f"Bearer {token}"}


def inventory_or_exit(path: Path) -> Inventory:
    with stop_on_bad_input():
        return load_inventory(path)


def settings_or_exit(
    path: Path | None,
    *,
    inventory: Path | None = None,
    data_dir: Path | None = None,
    host: str | None = None,
    port: int | None = None,
) -> Settings:
    """The settings with a command's own options over them; bad ones end the command."""
    with stop_on_bad_input():
        settings = load_settings(path)
    api = {k: v for k, v in (("host", host), ("port", port)) if v is not None}
    over = {k: v for k, v in (("inventory", inventory), ("data_dir", data_dir)) if v is not None}
    return settings.model_copy(update={**over, "api": settings.api.model_copy(update=api)})
