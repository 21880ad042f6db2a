"""`ronda doctor`: is everything in place, and what to do where it isn't."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer

from ronda import checkup_machine as machine
from ronda import checkup_setup as setup
from ronda.build import storage_settings
from ronda.checkup import Finding, Health, bad, good, note
from ronda.checkup_copies import configurations
from ronda.clock import SystemClock
from ronda.commands.shared import TROUBLE, print_json, server_url, settings_or_exit
from ronda.section import SettingsError
from ronda.settings import Settings
from storage import readiness
from storage.backup import records_file
from storage.settings import MetricsKind, StorageSettings

FIRST = "ronda storage init, or just start: ronda serve"
_MARKS = {Health.GOOD: ("ok  ", None), Health.NOTE: ("note", "yellow"), Health.BAD: ("BAD ", "red")}


def doctor(
    settings: Annotated[Path | None, typer.Option("--settings", "-s", help="Settings file (YAML).")] = None,
    inventory: Annotated[Path | None, typer.Option("--inventory", "-i", help="Inventory file.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where databases live.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Connect to nobody.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Look at everything Ronda needs: permissions, ports, time, stores, secrets, receivers; say the cure.

    Changes nothing and sends no message. Exit code: 0 fine (notes allowed), 1 trouble found, 2 bad settings.
    """
    chosen = settings_or_exit(settings, inventory=inventory, data_dir=data_dir)
    found = list(examine(chosen, os.environ, online=not offline))
    if as_json:
        print_json([finding.as_dict() for finding in found])
    else:
        for finding in found:
            mark, colour = _MARKS[finding.health]
            typer.secho(f"{mark} {finding.part}: {finding.words}", fg=colour)
            if finding.cure is not None:
                typer.echo(f"       -> {finding.cure}")
        typer.echo(_summary(found))
    if any(finding.health is Health.BAD for finding in found):
        raise typer.Exit(TROUBLE)


def examine(settings: Settings, environ: Mapping[str, str], *, online: bool) -> Iterator[Finding]:
    """Every check, in the order in which a person would mend them."""
    running: bool | None = None
    known, of_inventory = setup.inventory(settings.inventory)
    yield of_inventory
    devices = len(known.devices) if known is not None else 0
    if known is not None:
        yield from setup.secrets(known, environ)
    if online:
        running, of_server = asyncio.run(setup.server(server_url(settings.api)))
        yield of_server
    yield machine.directory(settings.data_dir)
    yield from _storage(settings, environ, running=running)
    if known is not None:
        yield from configurations(settings.backup, settings.data_dir, known.devices.values())
    yield machine.echo(settings.probe.wire)
    api, traps = settings.api, settings.traps
    yield from machine.ports(api.host, api.port, traps.host, traps.port, running=running)
    yield machine.time_sync()
    yield machine.open_files(devices)
    yield from setup.receivers(settings, environ)
    if online:
        yield from asyncio.run(setup.reachable(settings))


def _storage(settings: Settings, environ: Mapping[str, str], *, running: bool | None) -> Iterator[Finding]:
    try:
        storage = storage_settings(settings, environ)
    except SettingsError as error:
        yield bad("storage", str(error), "set the variable that is named")
        return
    try:
        fresh = _fresh(storage)
        if fresh and storage.metrics_kind is MetricsKind.EMBEDDED and records_file(storage) is not None:
            yield note("storage", "nothing is there yet", FIRST)
            return
        found = readiness.check(storage, SystemClock().now())
    except OSError as error:
        cure = "whose is it? `ls -ld` on it, or run this as the user that Ronda runs as"
        yield bad("storage", f"{error.filename or storage.data_dir}: {error.strerror}", cure)
        return
    for one in found:
        if one.ok:
            yield good(one.part, one.words)
        elif running and "migrated at the next start" in one.words:
            yield note(one.part, one.words, "restart Ronda when it suits")
        elif fresh and one.part != "metrics" and " is missing: " in one.words:
            yield note(one.part, one.words.partition(": ")[0], FIRST)
        else:
            yield bad(one.part, one.words, "ronda storage check; docs/storage.md")


def _fresh(storage: StorageSettings) -> bool:
    """Before the first start: no file of Ronda's is there, and that is no fault. Raises OSError."""
    records = records_file(storage)
    return not (records is not None and records.exists()) and not storage.metrics_file.exists()


def _summary(found: list[Finding]) -> str:
    count = {h: sum(f.health is h for f in found) for h in Health}
    return f"{count[Health.GOOD]} good, {count[Health.NOTE]} to note, {count[Health.BAD]} bad"
