"""Migrations at the start: forwards only, a SQLite file copied first, and one process at a time."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from storage.records.engine import RecordsError, sqlite_file

ADVISORY_LOCK = 0x524F4E4441  # "RONDA": PostgreSQL's lock against two processes that migrate at once


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def revision_of(engine: sa.Engine) -> str | None:
    """The revision that the database is at; ``None`` when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert head is not None, "the package has migrations"
    return head


def migrate(engine: sa.Engine) -> Path | None:
    """Brings the database to the newest revision. Gives the backup's path when one was made.

    Raises RecordsError when the database was written by a later version of Ronda.
    """
    current, newest = revision_of(engine), newest_revision()
    if current == newest:
        return None
    config = alembic_config()
    if current is not None:
        try:
            ScriptDirectory.from_config(config).get_revision(current)
        except CommandError as error:
            raise RecordsError(
                f"records are at revision {current}, which this version doesn't know: "
                "they were written by a later Ronda; install that one, or restore an older backup"
            ) from error
    backup = None
    file = sqlite_file(engine.url)
    if current is not None and file is not None:
        backup = copy_sqlite(file, file.with_name(f"{file.name}.before-{newest}"))
    with engine.connect().execution_options(ronda_writes=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return backup


def copy_sqlite(source: Path, target: Path) -> Path:
    """A consistent copy of a database that may be in use. Replaces `target` only when it is whole."""
    partial = target.with_name(target.name + ".part")
    partial.unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old,
        closing(sqlite3.connect(partial)) as new,
    ):
        old.backup(new)
    partial.replace(target)
    return target
