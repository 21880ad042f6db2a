"""`ronda storage`: make, check, back up and restore what Ronda keeps."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from ronda.build import storage_settings
from ronda.clock import SystemClock
from ronda.commands.shared import BAD_INPUT, TROUBLE, print_json, settings_or_exit
from ronda.lock import DirectoryError, DirectoryLock
from ronda.section import SettingsError
from storage import readiness
from storage.backup import BackupError
from storage.backup import backup as make_backup
from storage.backup import restore as put_back
from storage.metrics.store import StoreError
from storage.records import RecordsError
from storage.settings import StorageSettings

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Make, check, back up and restore what Ronda keeps."
)

SettingsOption = Annotated[
    Path | None, typer.Option("--settings", help="Settings file (default: ronda.yaml).")
]
DataDirOption = Annotated[
    Path | None, typer.Option("--data-dir", help="Data directory instead of the settings'.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


def _storage(settings: Path | None, data_dir: Path | None) -> StorageSettings:
    try:
        return storage_settings(settings_or_exit(settings, data_dir=data_dir), os.environ)
    except (SettingsError, ValueError) as error:
        raise _stop(str(error), BAD_INPUT) from error


def _stop(words: str, code: int = TROUBLE) -> typer.Exit:
    typer.secho(words, err=True, fg=typer.colors.RED)
    return typer.Exit(code)


@app.command()
def init(settings: SettingsOption = None, data_dir: DataDirOption = None) -> None:
    """Make databases, buckets and retention, or bring them up to date. Running it again changes nothing.

    Exit code: 0 done, 1 it could not be done, 2 bad settings.
    """
    try:
        done = asyncio.run(readiness.init(_storage(settings, data_dir)))
    except (StoreError, RecordsError, OSError) as error:
        raise _stop(str(error)) from error
    for line in done or ["everything is there already"]:
        typer.echo(line)


@app.command()
def check(
    settings: SettingsOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False
) -> None:
    """Look at disk, records, metrics store and spool; say what is wrong and what to do.

    Exit code: 0 fine, 1 trouble found, 2 bad settings.
    """
    found = readiness.check(_storage(settings, data_dir), SystemClock().now())
    if as_json:
        print_json([finding.as_dict() for finding in found])
    else:
        for finding in found:
            typer.echo(f"{'ok  ' if finding.ok else 'BAD '} {finding.part}: {finding.words}")
    if not all(finding.ok for finding in found):
        raise typer.Exit(TROUBLE)


@app.command()
def backup(
    directory: Annotated[Path, typer.Argument(help="A directory that does not exist yet.")],
    settings: SettingsOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Copy the databases and the spool, while Ronda runs or not.

    Exit code: 0 done, 1 it could not be done, 2 bad settings.
    """
    try:
        report = make_backup(_storage(settings, data_dir), directory, SystemClock().now())
    except BackupError as error:
        raise _stop(str(error)) from error
    for name, size in report.files.items():
        typer.echo(f"{report.directory / name}: {size / 1e6:.1f} MB")
    for words in report.not_included:
        typer.secho(f"not included: {words}", err=True, fg=typer.colors.YELLOW)


@app.command()
def restore(
    directory: Annotated[Path, typer.Argument(help="A directory that `ronda storage backup` made.")],
    settings: SettingsOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Put a backup in place. Ronda must be stopped. What was there is kept as *.before-restore.

    Exit code: 0 done, 1 it could not be done, 2 bad settings.
    """
    storage = _storage(settings, data_dir)
    lock = DirectoryLock(storage.data_dir)
    try:
        lock.take()  # a Ronda that runs would go on writing into the files that are moved aside
        done = put_back(storage, directory)
    except (BackupError, DirectoryError) as error:
        raise _stop(str(error)) from error
    finally:
        lock.release()
    for path in done:
        typer.echo(f"{path} restored")
