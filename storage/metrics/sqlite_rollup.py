"""Roll-ups and deletion by age, in the embedded store's database. Called in its writing thread, in small
transactions.

Both roll-ups are made of raw rows, so that an hour's mean is the mean of its points. How far each has come is
a mark in the database; a point that arrives late moves the marks back to its hour, and the hour is made
again.
"""

# ruff: noqa: S608 - table and column names are numbers from the layout; every value is bound
from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from storage.metrics import names
from storage.metrics.sqlite_layout import PREFIX, SLOT_S, Layout, rolled_columns
from storage.metrics.store import ROLL_UP_GRACE_S, Resolution

CHUNK_S = 3600
"""Time that one transaction rolls up: other writers wait no longer than that takes."""


def marks(db: sqlite3.Connection) -> dict[str, int]:
    return dict(db.execute("SELECT name, ts FROM mark").fetchall())


def move_back(db: sqlite3.Connection, at_s: int) -> None:
    """A row was written at `at_s`, before a mark: its hour is to be made again. Needs an open transaction."""
    db.execute("UPDATE mark SET ts=? WHERE ts>?", (at_s - at_s % CHUNK_S, at_s))


def oldest_raw_s(db: sqlite3.Connection, layout: Layout) -> int | None:
    found = [
        row[0]
        for number in layout.measurements.values()
        for row in db.execute(
            f"SELECT min(ts) FROM raw_{number} WHERE slot=(SELECT min(slot) FROM raw_{number})"
        )
        if row[0] is not None
    ]
    return min(found, default=None)


def roll_up(db: sqlite3.Connection, layout: Layout, resolution: Resolution, now_s: int) -> Iterator[int]:
    """Makes what is due, one chunk each time it is asked; yields how many rows it wrote."""
    step_s = resolution.step_s
    end_s = (now_s - ROLL_UP_GRACE_S) // step_s * step_s
    start_s = marks(db).get(resolution.value)
    if start_s is None:
        start_s = oldest_raw_s(db, layout)
        if start_s is None:
            return
    start_s -= start_s % step_s
    while start_s < end_s:
        until_s = min(end_s, start_s - start_s % CHUNK_S + CHUNK_S)
        wrote = 0
        db.execute("BEGIN IMMEDIATE")
        try:
            for measurement in layout.measurements:
                wrote += _roll_measurement(db, layout, measurement, resolution, start_s, until_s)
            db.execute(
                "INSERT INTO mark(name, ts) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET ts=excluded.ts",
                (resolution.value, until_s),
            )
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        yield wrote
        start_s = until_s


def _roll_measurement(
    db: sqlite3.Connection,
    layout: Layout,
    measurement: str,
    resolution: Resolution,
    start_s: int,
    until_s: int,
) -> int:
    number = layout.measurements[measurement]
    table = f"{PREFIX[resolution]}_{number}"
    step_s, slot_s, raw_slot_s = resolution.step_s, SLOT_S[resolution], SLOT_S[Resolution.RAW]
    means: list[tuple[str, str]] = []
    lasts: list[str] = []
    for name, field in layout.fields[measurement].items():
        column = f"f{field}"
        kind = names.FieldKind.GAUGE
        if (known := names.field_of(measurement, name)) is not None:
            kind = known.kind
        if kind is names.FieldKind.GAUGE:
            means.append((column, f"avg({column})"))
        else:
            lasts.append(column)
        if len(rolled_columns(measurement, name)) > 1:
            means.append((column + names.MIN_SUFFIX, f"min({column})"))
            means.append((column + names.MAX_SUFFIX, f"max({column})"))
    bounds = (start_s // raw_slot_s, (until_s - 1) // raw_slot_s, start_s, until_s)
    source = f"FROM raw_{number} WHERE slot BETWEEN ? AND ? AND ts>=? AND ts<?"
    period = f"ts/{step_s}*{step_s}"
    wrote = 0
    if means:
        columns = ",".join(c for c, _ in means)
        values = ",".join(v for _, v in means)
        updates = ",".join(f"{c}=excluded.{c}" for c, _ in means)
        cursor = db.execute(
            f"INSERT INTO {table}(slot,series,ts,{columns}) "
            f"SELECT {period}/{slot_s}, series, {period}, {values} {source} "
            f"GROUP BY series, ts/{step_s} ON CONFLICT(slot,series,ts) DO UPDATE SET {updates}",
            bounds,
        )
        wrote = cursor.rowcount
    for column in lasts:
        # With max() as the only aggregate, SQLite takes the bare column from the row that has it: the newest.
        cursor = db.execute(
            f"INSERT INTO {table}(slot,series,ts,{column}) SELECT slot_, series, ts_, value FROM ("
            f"SELECT {period}/{slot_s} slot_, series, {period} ts_, {column} value, max(ts) "
            f"{source} AND {column} IS NOT NULL GROUP BY series, ts/{step_s}) WHERE true "
            f"ON CONFLICT(slot,series,ts) DO UPDATE SET {column}=excluded.{column}",
            bounds,
        )
        wrote = max(wrote, cursor.rowcount)
    return wrote


def delete_slots(
    db: sqlite3.Connection, layout: Layout, resolution: Resolution, before_s: int
) -> Iterator[int]:
    """Deletes the slots that end before `before_s`, one a transaction; yields how many rows each had."""
    slot = before_s // SLOT_S[resolution]
    for number in layout.measurements.values():
        table = f"{PREFIX[resolution]}_{number}"
        while True:
            (oldest,) = db.execute(f"SELECT min(slot) FROM {table}").fetchone()
            if oldest is None or oldest >= slot:
                break
            yield db.execute(f"DELETE FROM {table} WHERE slot=?", (oldest,)).rowcount


def forget_dead_series(db: sqlite3.Connection, layout: Layout, before_s: int) -> int:
    """Drops series without a row since `before_s`, the age of the oldest roll-up: nothing of them is left."""
    dead = [row[0] for row in db.execute("SELECT series FROM last WHERE ts<?", (before_s,))]
    if dead:
        db.execute("BEGIN IMMEDIATE")
        try:
            layout.drop_series(dead)
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        layout.load()
    return len(dead)


def shrink(db: sqlite3.Connection) -> None:
    """Gives free pages back to the file system. `execute` would free one page a call."""
    db.executescript("PRAGMA incremental_vacuum")
