"""The embedded store's tables, and who is who in them: measurements, fields and series have small numbers.

One wide row a (series, second). Each resolution of each measurement is one table

    <resolution>_<measurement number>(slot, series, ts, f<field number> ..., PRIMARY KEY(slot, series, ts))

without a rowid. `slot` is ts divided by a block of time, so that a batch of fresh rows lands beside each
other at the end of the tree, whatever the number of series (with (series, ts) as the key, each row lands on a
page of its own, and a batch takes several times as long). `last` holds each series' newest second.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from storage.metrics import names
from storage.metrics.point import Tags
from storage.metrics.store import Resolution, Where

SCHEMA_VERSION = 1
SLOT_S: Mapping[Resolution, int] = {
    Resolution.RAW: 900,
    Resolution.FIVE_MINUTES: 21_600,
    Resolution.HOURLY: 604_800,
}
PREFIX: Mapping[Resolution, str] = {
    Resolution.RAW: "raw",
    Resolution.FIVE_MINUTES: "five_minutes",
    Resolution.HOURLY: "hourly",
}
BUSY_TIMEOUT_S = 10.0

_SCHEMA = """
CREATE TABLE measurement(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE field(
    id INTEGER PRIMARY KEY, measurement INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE(measurement, name));
CREATE TABLE series(
    id INTEGER PRIMARY KEY, measurement INTEGER NOT NULL, tags TEXT NOT NULL, UNIQUE(measurement, tags));
CREATE TABLE last(series INTEGER PRIMARY KEY, ts INTEGER NOT NULL);
CREATE TABLE mark(name TEXT PRIMARY KEY, ts INTEGER NOT NULL) WITHOUT ROWID;
"""


class NewerSchemaError(Exception):
    """The file was written by a later version of Ronda."""


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """A connection in autocommit mode, made for the one thread that will use it."""
    mode = "ro" if read_only else "rwc"
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=BUSY_TIMEOUT_S,
        check_same_thread=False,
        cached_statements=512,
    )
    db.execute("PRAGMA cache_size=-32768")
    return db


def prepare(db: sqlite3.Connection) -> None:
    """Makes the tables of an empty file. Raises NewerSchemaError."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise NewerSchemaError(
            f"metrics file has layout {version}, this Ronda knows up to {SCHEMA_VERSION}: upgrade it"
        )
    if version == 0:
        db.execute("PRAGMA page_size=8192")
        db.execute("PRAGMA auto_vacuum=INCREMENTAL")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    if version == 0:
        db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")


def rolled_columns(measurement: str, name: str) -> tuple[str, ...]:
    """Suffixes of the columns that a field has in a rolled-up table."""
    field = names.field_of(measurement, name)
    if field is not None and field.kind is names.FieldKind.COUNTER:
        return ("",)
    return ("", names.MIN_SUFFIX, names.MAX_SUFFIX)


def column_type(measurement: str, name: str) -> str:
    """REAL for catalogued fractions: SQLite keeps a whole one (an error rate of 0.0) in a byte or two then,
    and gives a float back all the same. Without a type it keeps an integer an integer and a float a float."""
    field = names.field_of(measurement, name)
    return " REAL" if field is not None and not field.integer else ""


class Layout:
    """Numbers and columns as the database has them. Belongs to one connection, and so to one thread."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.measurements: dict[str, int] = {}
        self.fields: dict[str, dict[str, int]] = {}
        self.series: dict[tuple[str, Tags], int] = {}
        self.tags: dict[int, Tags] = {}
        self._by_tag: defaultdict[tuple[str, str, str], set[int]] = defaultdict(set)
        self._of: defaultdict[str, set[int]] = defaultdict(set)
        self._inserts: dict[tuple[str, tuple[str, ...]], str] = {}
        self._newest_series = 0

    def load(self) -> None:
        """Forgets everything and reads it again: at the start, and after a rollback."""
        self.measurements.clear()
        self.fields.clear()
        self.series.clear()
        self.tags.clear()
        self._by_tag.clear()
        self._of.clear()
        self._inserts.clear()
        self._newest_series = 0
        self.refresh()

    def refresh(self) -> None:
        """Reads what another connection has added."""
        for number, name in self._db.execute("SELECT id, name FROM measurement"):
            self.measurements[name] = number
            self.fields.setdefault(name, {})
        by_number = {number: name for name, number in self.measurements.items()}
        for number, measurement, name in self._db.execute("SELECT id, measurement, name FROM field"):
            self.fields[by_number[measurement]][json.loads(name)] = number
        rows = self._db.execute(
            "SELECT id, measurement, tags FROM series WHERE id > ? ORDER BY id", (self._newest_series,)
        )
        for number, measurement, tags in rows:
            self._remember(number, by_number[measurement], tuple((k, v) for k, v in json.loads(tags)))

    def _remember(self, number: int, measurement: str, tags: Tags) -> None:
        self.series[measurement, tags] = number
        self.tags[number] = tags
        self._of[measurement].add(number)
        for key, value in tags:
            self._by_tag[measurement, key, value].add(number)
        self._newest_series = max(self._newest_series, number)

    # Names are kept as JSON: it carries any character that Python's strings can hold, lone surrogates
    # included.

    def series_number(self, measurement: str, tags: Tags) -> int:
        """Its number, made on first sight. Needs an open write transaction."""
        number = self.series.get((measurement, tags))
        if number is None:
            row = self._db.execute(
                "INSERT INTO series(measurement, tags) VALUES(?, ?) RETURNING id",
                (self.measurement_number(measurement), json.dumps(tags)),
            ).fetchone()
            number = int(row[0])
            self._remember(number, measurement, tags)
        return number

    def measurement_number(self, measurement: str) -> int:
        number = self.measurements.get(measurement)
        if number is None:
            row = self._db.execute(
                "INSERT INTO measurement(name) VALUES(?) RETURNING id", (measurement,)
            ).fetchone()
            number = int(row[0])
            for prefix in PREFIX.values():
                self._db.execute(
                    f"CREATE TABLE {prefix}_{number}(slot INTEGER NOT NULL, series INTEGER NOT NULL, "
                    "ts INTEGER NOT NULL, PRIMARY KEY(slot, series, ts)) WITHOUT ROWID"
                )
            self.measurements[measurement] = number
            self.fields[measurement] = {}
        return number

    def field_number(self, measurement: str, name: str) -> int:
        table = self.measurement_number(measurement)
        number = self.fields[measurement].get(name)
        if number is None:
            row = self._db.execute(
                "INSERT INTO field(measurement, name) VALUES(?, ?) RETURNING id", (table, json.dumps(name))
            ).fetchone()
            number = int(row[0])
            real = column_type(measurement, name)
            self._db.execute(f"ALTER TABLE raw_{table} ADD COLUMN f{number}{real}")
            for resolution in (Resolution.FIVE_MINUTES, Resolution.HOURLY):
                for suffix in rolled_columns(measurement, name):
                    self._db.execute(
                        f"ALTER TABLE {PREFIX[resolution]}_{table} ADD COLUMN f{number}{suffix}{real}"
                    )
            self.fields[measurement][name] = number
        return number

    def insert_sql(self, measurement: str, fields: tuple[str, ...]) -> str:
        """The statement that writes these fields of a row and leaves the row's others as they are."""
        sql = self._inserts.get((measurement, fields))
        if sql is None:
            columns = [f"f{self.field_number(measurement, name)}" for name in fields]
            updates = ",".join(f"{c}=excluded.{c}" for c in columns)
            sql = (
                f"INSERT INTO raw_{self.measurement_number(measurement)}(slot,series,ts,{','.join(columns)}) "
                f"VALUES({','.join('?' * (3 + len(columns)))}) "
                f"ON CONFLICT(slot,series,ts) DO UPDATE SET {updates}"
            )
            self._inserts[measurement, fields] = sql
        return sql

    def table(self, measurement: str, resolution: Resolution) -> str | None:
        number = self.measurements.get(measurement)
        return None if number is None else f"{PREFIX[resolution]}_{number}"

    def matching(self, measurement: str, where: Where | None) -> set[int]:
        """Numbers of the series that have all the wanted tags."""
        found: set[int] | None = None
        for key, wanted in (where or {}).items():
            values: Collection[str] = (wanted,) if isinstance(wanted, str) else wanted
            having: set[int] = set()
            for value in values:
                having |= self._by_tag.get((measurement, key, value), set())
            found = having if found is None else found & having
        return set(self._of.get(measurement, ())) if found is None else found

    def drop_series(self, numbers: Iterable[int]) -> None:
        """Forgets series that have no row left. Needs an open write transaction."""
        gone = [(n,) for n in numbers]
        self._db.executemany("DELETE FROM series WHERE id=?", gone)
        self._db.executemany("DELETE FROM last WHERE series=?", gone)
