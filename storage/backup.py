"""Copies of what is on this machine, made while Ronda runs; and back again, while it doesn't.

A backup is a directory: `manifest.json` with the SHA-256 of each file, `records.sqlite`, `metrics.sqlite`
(embedded store), `spool/` (InfluxDB: lines that wait). What lies in InfluxDB or PostgreSQL is backed up by
their own tools.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from storage.records.engine import sqlite_file
from storage.records.migrate import copy_sqlite
from storage.settings import MetricsKind, StorageSettings

MANIFEST = "manifest.json"
FORMAT = 1


class BackupError(Exception):
    """It can't be done; the message says why."""


@dataclass(frozen=True, slots=True)
class BackupReport:
    directory: Path
    files: dict[str, int]
    """Name to bytes."""
    not_included: tuple[str, ...]
    """What has to be backed up elsewhere, in words."""


def records_file(settings: StorageSettings) -> Path | None:
    """``None``: PostgreSQL."""
    return sqlite_file(make_url(settings.records))


def backup(settings: StorageSettings, directory: Path, now: datetime) -> BackupReport:
    """Makes `directory`, whole or not at all. Raises BackupError when it exists, or nothing is there to
    copy."""
    if directory.exists():
        raise BackupError(f"{directory} exists already: name a new directory")
    partial = directory.with_name(directory.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True, mode=0o700)
        elsewhere: list[str] = []
        records = records_file(settings)
        if records is None:
            elsewhere.append("records are in PostgreSQL: use pg_dump")
        elif records.exists():
            copy_sqlite(records, partial / "records.sqlite")
        if settings.metrics_kind is MetricsKind.EMBEDDED:
            if settings.metrics_file.exists():
                copy_sqlite(settings.metrics_file, partial / "metrics.sqlite")
        else:
            elsewhere.append("metrics are in InfluxDB: use influxd backup (1.x) or influx backup (2.x)")
            if settings.spool_dir.exists():
                # Append-only: a record that is being written is cut off when the copy is opened.
                shutil.copytree(settings.spool_dir, partial / "spool")
        files = {
            str(path.relative_to(partial)): {"bytes": path.stat().st_size, "sha256": _sha256(path)}
            for path in sorted(partial.rglob("*"))
            if path.is_file()
        }
        if not files:
            raise BackupError(f"nothing to back up in {settings.data_dir}")
        manifest = {"format": FORMAT, "made_at": now.isoformat(), "files": files, "not_included": elsewhere}
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1))
        partial.rename(directory)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"backup to {directory}: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    sizes = {name: (directory / name).stat().st_size for name in files}
    return BackupReport(directory, sizes, tuple(elsewhere))


def restore(settings: StorageSettings, directory: Path) -> list[Path]:
    """Puts a backup in place; what was there is kept beside it as `*.before-restore`. The files put in place.

    Nothing is touched before the whole backup was found sound and no process has a database open. Raises
    BackupError.
    """
    files = verify(directory)
    targets: dict[Path, Path] = {}
    records = records_file(settings)
    for name in files:
        source = directory / name
        if name == "records.sqlite":
            if records is None:
                raise BackupError(
                    "the settings put the records into PostgreSQL, and the backup holds a SQLite file"
                )
            targets[source] = records
        elif name == "metrics.sqlite":
            targets[source] = settings.metrics_file
        else:
            targets[source] = settings.data_dir / name
    for target in targets.values():
        if target.suffix == ".sqlite" and target.exists() and in_use(target):
            raise BackupError(f"{target} is in use: stop Ronda first")
    done: list[Path] = []
    try:
        if settings.spool_dir.exists() and any(name.startswith("spool/") for name in files):
            _set_aside(settings.spool_dir)
        for source, target in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = target.with_name(target.name + ".restoring")
            shutil.copyfile(source, fresh)
            fresh.chmod(0o600)
            if target.exists():
                _set_aside(target)
            fresh.replace(target)
            done.append(target)
    except OSError as error:
        raise BackupError(
            f"restore of {directory}: {error}; what was there is beside it as *.before-restore"
        ) from error
    return done


def verify(directory: Path) -> list[str]:
    """The names of a sound backup's files. Raises BackupError."""
    try:
        manifest = json.loads((directory / MANIFEST).read_text())
        listed: dict[str, dict[str, object]] = manifest["files"]
        written = manifest["format"]
    except FileNotFoundError as error:
        raise BackupError(f"{directory} is no backup: it has no {MANIFEST}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{directory / MANIFEST} can't be read: {error}") from error
    if written != FORMAT:
        raise BackupError(f"{directory} has format {written}, this version knows {FORMAT}")
    for name, expected in listed.items():
        path = directory / name
        if not path.resolve().is_relative_to(directory.resolve()):
            raise BackupError(f"{directory} lists a file outside itself: {name}")
        if not path.is_file():
            raise BackupError(f"{path} is missing")
        if _sha256(path) != expected.get("sha256"):
            raise BackupError(f"{path} is not what was backed up: its SHA-256 differs")
        if path.suffix == ".sqlite" and (words := integrity(path)):
            raise BackupError(f"{path} is damaged: {words}")
    return list(listed)


def integrity(file: Path) -> str | None:
    """What is wrong with a SQLite file; ``None`` when it is sound."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
            (words,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return str(error)
    return None if words == "ok" else str(words)


def in_use(file: Path) -> bool:
    """Whether another connection has the database open: then it can't leave WAL mode."""
    try:
        with closing(sqlite3.connect(file, timeout=0.2)) as db:
            (mode,) = db.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.DatabaseError as error:
        return "locked" in str(error) or "busy" in str(error)
    return bool(mode == "wal")


def _set_aside(path: Path) -> None:
    aside = path.with_name(path.name + ".before-restore")
    if aside.is_dir():
        shutil.rmtree(aside)
    path.replace(aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
