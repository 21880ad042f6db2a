"""`ronda serve`: the whole system in one process."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from ronda import log
from ronda.app import App, StartError
from ronda.clock import SystemClock
from ronda.commands.shared import BAD_INPUT, inventory_or_exit, settings_or_exit, stop_on_bad_input
from ronda.secret_words import secret_words
from ronda.watch_on import watch_on


def serve(
    inventory: Annotated[Path | None, typer.Option("--inventory", "-i", help="Inventory file.")] = None,
    settings: Annotated[Path | None, typer.Option("--settings", "-s", help="Settings file (YAML).")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where databases live.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port of API and board.")] = None,
) -> None:
    """Watch the network: poll, judge, alert, and serve the API and the board.

    Ends cleanly on SIGTERM or Ctrl-C. Started again, it goes on where it was: open incidents stay open, and
    nothing that was told is told again.
    """
    chosen = settings_or_exit(settings, inventory=inventory, data_dir=data_dir, host=host, port=port)
    known = inventory_or_exit(chosen.inventory)
    log.configure(chosen.log_format, chosen.log_level)
    log.hide(secret_words(chosen, known, os.environ))
    with stop_on_bad_input():
        uvloop.run(_until_stopped(lambda: App(chosen, known, SystemClock(), dict(os.environ))))


async def _until_stopped(make: Callable[[], App]) -> None:
    """Run until SIGTERM or SIGINT; exit 2 when it can't start."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    try:
        in_time = await watch_on(make, stopping)
    except StartError as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise typer.Exit(BAD_INPUT) from error
    if not in_time:
        # What could not be finished is in the records: the next start goes on from there.
        typer.secho("not everything stopped in time; leaving anyway", err=True)
