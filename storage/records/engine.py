"""The database behind the records: one engine for SQLite or PostgreSQL, set up so that both behave the
same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

BUSY_TIMEOUT_MS = 10_000


class RecordsError(Exception):
    """The records can't be opened or used. The message says what to do where that is known."""


def sqlite_file(url: URL) -> Path | None:
    """The file of a SQLite URL; ``None`` for PostgreSQL and for a database in memory."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


def make_engine(url: str) -> sa.Engine:
    """Raises RecordsError for a URL that is neither SQLite (a file) nor PostgreSQL."""
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError as error:
        raise RecordsError(
            "records URL: not of the form sqlite:///FILE or postgresql://USER@HOST/DATABASE"
        ) from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if sqlite_file(parsed) is None:
            raise RecordsError("records URL: SQLite needs a file, the records would be lost with the process")
        engine = sa.create_engine(parsed)
        sa.event.listen(engine, "connect", _set_up_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine
    if backend == "postgresql":
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        try:
            engine = sa.create_engine(parsed, pool_pre_ping=True)
        except ModuleNotFoundError as error:
            raise RecordsError("PostgreSQL needs its driver: pip install 'ronda[postgres]'") from error
        sa.event.listen(engine, "begin", _begin_postgresql)
        return engine
    raise RecordsError(f"records URL: {backend} is not supported, only sqlite and postgresql")


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # the driver opens no transaction by itself: `_begin_sqlite` does
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # a notification that was promised survives a power failure too
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_postgresql(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("ronda_soon", False):
        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")


def _begin_sqlite(connection: sa.Connection) -> None:
    # A transaction that starts as a reader can't always become a writer (SQLITE_BUSY at once, whatever the
    # timeout); one that says at its start that it will write waits for its turn.
    options = connection.get_execution_options()
    writes = options.get("ronda_writes", False)
    # In WAL mode NORMAL survives any end of the process, and the next FULL commit carries it to the disk.
    level = "NORMAL" if options.get("ronda_soon", False) else "FULL"
    connection.exec_driver_sql(f"PRAGMA synchronous={level}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
