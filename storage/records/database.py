"""The database of the records: opened, brought to this version's form, and used in transactions.

Threading: every method is synchronous and one transaction, and may be called from any thread, several at once
(each takes a connection of its own from the pool). It blocks: from the event loop, call it through one worker
thread (``await asyncio.to_thread(records.save, ...)``). On SQLite writers take turns, waiting up to 10 s.

Errors: `RecordsError` for a database that can't be opened or used; its message never holds the URL's
password.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError

from storage.records.engine import RecordsError, make_engine, sqlite_file
from storage.records.migrate import migrate

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Database:
    """Inert until `start`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: sa.Engine | None = None
        self._counters = {"records_transactions": 0, "records_failures": 0}

    def start(self) -> Path | None:
        """Opens the database and brings it to this version's form, a SQLite file being copied first.

        Gives that copy's path when one was made. Raises RecordsError.
        """
        engine = make_engine(self._url)
        file = sqlite_file(engine.url)
        try:
            if file is not None:
                file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            backup = migrate(engine)
        except (DBAPIError, OSError) as error:
            engine.dispose()
            raise RecordsError(f"records in {_safe(engine)}: {_cause(error)}") from error
        except RecordsError:
            engine.dispose()
            raise
        if backup is not None:
            log.info("records migrated; the file before is kept", backup=str(backup))
        self._engine = engine
        return backup

    def stop(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def counters(self) -> dict[str, int | float]:
        return dict(self._counters)

    def read(self, function: Callable[[sa.Connection], T]) -> T:
        """One consistent look at the records. Raises RecordsError."""
        with self._reading() as connection:
            return function(connection)

    def write(self, function: Callable[[sa.Connection], T]) -> T:
        """One transaction: all of it or nothing. Raises RecordsError."""
        with self._writing() as connection:
            return function(connection)

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self._transaction(writes=False) as connection:
            yield connection

    @contextmanager
    def _writing(self, *, soon: bool = False) -> Iterator[sa.Connection]:
        """`soon`: safe from any end of the process at once, from a power failure with the next commit that
        is not."""
        with self._transaction(writes=True, soon=soon) as connection:
            yield connection

    @contextmanager
    def _transaction(self, *, writes: bool, soon: bool = False) -> Iterator[sa.Connection]:
        if self._engine is None:
            raise RecordsError("the records are not started")
        try:
            with (
                self._engine.connect().execution_options(ronda_writes=writes, ronda_soon=soon) as connection,
                connection.begin(),
            ):
                yield connection
        except DBAPIError as error:
            self._counters["records_failures"] += 1
            raise RecordsError(f"records in {_safe(self._engine)}: {_cause(error)}") from error
        self._counters["records_transactions"] += 1


def _safe(engine: sa.Engine) -> str:
    """The URL without its password."""
    return engine.url.render_as_string(hide_password=True)


def _cause(error: Exception) -> str:
    """The database's own words, without the statement and its values."""
    return str(error.orig).strip() if isinstance(error, DBAPIError) and error.orig is not None else str(error)
