"""Reading the embedded store: pure SQL over a connection and its layout."""

# ruff: noqa: S608 - table and column names are numbers from the layout; every value is bound
from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence

from storage.metrics import names
from storage.metrics.point import Fields
from storage.metrics.sqlite_layout import SLOT_S, Layout, rolled_columns
from storage.metrics.store import Aggregate, Resolution, Row, Series, Where

MAX_VARIABLES = 30_000
"""Of one statement (SQLite's own limit is 32,766)."""
SCAN_SHARE = 0.5
"""From this share of a measurement's series on, whole slots are read instead of each series in each slot."""


def read_last(
    db: sqlite3.Connection, layout: Layout, measurement: str, since_s: int, where: Where | None
) -> list[Series]:
    table = layout.table(measurement, Resolution.RAW)
    if table is None:
        return []
    fields = list(layout.fields[measurement].items())
    columns = "".join(f",r.f{number}" for _, number in fields)
    sql = (
        f"SELECT l.series, l.ts{columns} FROM last l JOIN {table} r "
        f"ON r.slot=l.ts/{SLOT_S[Resolution.RAW]} AND r.series=l.series AND r.ts=l.ts "
        "WHERE l.ts>=? AND l.series IN "
    )
    found: dict[int, tuple[Row, ...]] = {}
    for part in _parts(sorted(layout.matching(measurement, where)), MAX_VARIABLES):
        for series, at_s, *values in db.execute(f"{sql}({','.join('?' * len(part))})", (since_s, *part)):
            found[series] = (Row(at_s, _present([name for name, _ in fields], values)),)
    return _by_tags(layout, found)


def read_range(
    db: sqlite3.Connection,
    layout: Layout,
    measurement: str,
    fields: Sequence[str],
    start_s: int,
    end_s: int,
    where: Where | None,
    every_s: int | None,
    aggregate: Aggregate,
    resolution: Resolution,
) -> list[Series]:
    table = layout.table(measurement, resolution)
    wanted = [name for name in dict.fromkeys(fields) if name in layout.fields.get(measurement, {})]
    series = sorted(layout.matching(measurement, where))
    if table is None or not wanted or not series or end_s <= start_s:
        return []
    columns = {name: _column(layout, measurement, name, aggregate, resolution) for name in wanted}
    rows: defaultdict[tuple[int, int], Fields] = defaultdict(dict)
    selections = _selections(layout, measurement, series, start_s, end_s, resolution)
    for condition, parameters in selections:
        if every_s is None:
            selected = ",".join(columns.values())
            for number, at_s, *values in db.execute(
                f"SELECT series, ts, {selected} FROM {table} WHERE {condition}", parameters
            ):
                if present := _present(wanted, values):
                    rows[number, at_s] = present
        elif aggregate is Aggregate.LAST:
            for name, column in columns.items():
                for number, at_s, value, _ in db.execute(
                    f"SELECT series, ts/{every_s}*{every_s}, {column}, max(ts) FROM {table} "
                    f"WHERE {condition} AND {column} IS NOT NULL GROUP BY series, ts/{every_s}",
                    parameters,
                ):
                    rows[number, at_s][name] = value
        else:
            function = {Aggregate.MEAN: "avg", Aggregate.MIN: "min", Aggregate.MAX: "max"}[aggregate]
            selected = ",".join(f"{function}({column})" for column in columns.values())
            for number, at_s, *values in db.execute(
                f"SELECT series, ts/{every_s}*{every_s}, {selected} FROM {table} "
                f"WHERE {condition} GROUP BY series, ts/{every_s}",
                parameters,
            ):
                if present := _present(wanted, values):
                    rows[number, at_s] = present
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for (number, at_s), values in sorted(rows.items()):
        found[number].append(Row(at_s, values))
    return _by_tags(layout, {number: tuple(of) for number, of in found.items()})


def _column(layout: Layout, measurement: str, name: str, aggregate: Aggregate, resolution: Resolution) -> str:
    """Where a rolled-up table keeps what this aggregate needs."""
    column = f"f{layout.fields[measurement][name]}"
    if resolution is Resolution.RAW or len(rolled_columns(measurement, name)) == 1:
        return column
    return column + {Aggregate.MIN: names.MIN_SUFFIX, Aggregate.MAX: names.MAX_SUFFIX}.get(aggregate, "")


def _selections(
    layout: Layout, measurement: str, series: Sequence[int], start_s: int, end_s: int, resolution: Resolution
) -> Iterable[tuple[str, tuple[int, ...]]]:
    """Conditions (each with its parameters) that together select the wanted series and times, none of them
    twice.

    Few series: each named in each slot, so that only their rows are touched. Many: whole slots are read.
    """
    slot_s = SLOT_S[resolution]
    first, last = start_s // slot_s, (end_s - 1) // slot_s
    everyone = len(layout.matching(measurement, None))
    if len(series) >= SCAN_SHARE * everyone:
        condition = "slot BETWEEN ? AND ? AND ts>=? AND ts<?"
        if len(series) == everyone:
            yield condition, (first, last, start_s, end_s)
            return
        for part in _parts(series, MAX_VARIABLES):
            yield (
                f"{condition} AND +series IN ({','.join('?' * len(part))})",
                (first, last, start_s, end_s, *part),
            )
        return
    for slots in _parts(range(first, last + 1), MAX_VARIABLES // 3):
        for part in _parts(series, MAX_VARIABLES // 3):
            yield (
                f"slot IN ({','.join('?' * len(slots))}) AND series IN ({','.join('?' * len(part))}) "
                "AND ts>=? AND ts<?",
                (*slots, *part, start_s, end_s),
            )


def _parts(numbers: Sequence[int], size: int) -> Iterable[Sequence[int]]:
    return (numbers[i : i + size] for i in range(0, len(numbers), size))


def _present(wanted: Sequence[str], values: Sequence[int | float | None]) -> Fields:
    return {name: value for name, value in zip(wanted, values, strict=True) if value is not None}


def _by_tags(layout: Layout, found: dict[int, tuple[Row, ...]]) -> list[Series]:
    made = [(layout.tags[number], rows) for number, rows in found.items()]
    return [Series(dict(tags), rows) for tags, rows in sorted(made, key=lambda one: one[0])]
