"""InfluxQL texts, and series from its answers: pure. All versions speak it.

https://docs.influxdata.com/influxdb/v1/query_language/spec/
"""

# ruff: noqa: S608 - identifiers and strings are quoted here; InfluxQL has no parameters for the first
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from storage.metrics import names
from storage.metrics.line import decode_name, encode_name
from storage.metrics.point import Fields
from storage.metrics.store import Aggregate, Resolution, Row, Series, Where


def identifier(stored: str) -> str:
    return '"' + stored.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def string(stored: str) -> str:
    return "'" + stored.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def measurement(name: str) -> str:
    stored = encode_name(name)
    return identifier("%23" + stored[1:] if stored.startswith("#") else stored)


def key(name: str) -> str:
    return identifier(encode_name(name, key=True))


def value(text: str) -> str:
    return string(encode_name(text))


def condition(where: Where | None, start_s: int | None, end_s: int | None) -> str:
    """A WHERE clause with its word, or nothing."""
    parts: list[str] = []
    if start_s is not None:
        parts.append(f"time >= {start_s}s")
    if end_s is not None:
        parts.append(f"time < {end_s}s")
    for name, wanted in (where or {}).items():
        values: Collection[str] = (wanted,) if isinstance(wanted, str) else wanted
        parts.append("(" + " OR ".join(f"{key(name)} = {value(v)}" for v in sorted(values)) + ")")
    return " WHERE " + " AND ".join(parts) if parts else ""


def last_query(name: str, since_s: int, where: Where | None) -> str:
    source = f"{measurement(name)}{condition(where, since_s, None)}"
    return f"SELECT * FROM {source} GROUP BY * ORDER BY time DESC LIMIT 1"


def oldest_query(name: str) -> str:
    return f"SELECT * FROM {measurement(name)} ORDER BY time ASC LIMIT 1"


def range_query(
    name: str,
    fields: Sequence[str],
    start_s: int,
    end_s: int,
    where: Where | None,
    every_s: int | None,
    aggregate: Aggregate,
    resolution: Resolution,
) -> str:
    selected: list[str] = []
    for field in dict.fromkeys(fields):
        stored = key(rolled_name(name, field, aggregate, resolution))
        if every_s is None:
            selected.append(stored if stored == key(field) else f"{stored} AS {key(field)}")
        else:
            selected.append(f"{aggregate.value}({stored}) AS {key(field)}")
    periods = "" if every_s is None else f"time({every_s}s), "
    fill = "" if every_s is None else " fill(none)"
    return (
        f"SELECT {', '.join(selected)} FROM {measurement(name)}{condition(where, start_s, end_s)} "
        f"GROUP BY {periods}*{fill}"
    )


def rolled_name(name: str, field: str, aggregate: Aggregate, resolution: Resolution) -> str:
    """Which field of a rolled-up measurement holds what this aggregate needs."""
    if resolution is Resolution.RAW:
        return field
    known = names.field_of(name, field)
    if known is not None and known.kind is names.FieldKind.COUNTER:
        return field
    return field + {Aggregate.MIN: names.MIN_SUFFIX, Aggregate.MAX: names.MAX_SUFFIX}.get(aggregate, "")


def roll_up_query(of: names.Measurement, start_s: int, end_s: int, step_s: int) -> str:
    selected: list[str] = []
    for field in of.fields.values():
        stored = key(field.name)
        if field.kind is names.FieldKind.GAUGE:
            selected.append(f"mean({stored}) AS {stored}")
        else:
            selected.append(f"last({stored}) AS {stored}")
        if field.kind is not names.FieldKind.COUNTER:
            selected.append(f"min({stored}) AS {key(field.name + names.MIN_SUFFIX)}")
            selected.append(f"max({stored}) AS {key(field.name + names.MAX_SUFFIX)}")
    return (
        f"SELECT {', '.join(selected)} FROM {measurement(of.name)}{condition(None, start_s, end_s)} "
        f"GROUP BY time({step_s}s), * fill(none)"
    )


def series_of(answer: Iterable[Mapping[str, Any]]) -> list[Series]:
    """Series of an answer grouped by all tags, by tags; those without any value left out."""
    found: list[Series] = []
    for one in answer:
        tags = {decode_name(k): decode_name(v) for k, v in one.get("tags", {}).items() if v != ""}
        columns = [decode_name(c) for c in one["columns"]]
        rows = []
        for at_s, *values in one["values"]:
            fields: Fields = {c: v for c, v in zip(columns[1:], values, strict=True) if v is not None}
            if fields:
                rows.append(Row(int(at_s), fields))
        if rows:
            rows.sort(key=lambda row: row.at_s)
            found.append(Series(tags, tuple(rows)))
    found.sort(key=lambda series: tuple(sorted(series.tags.items())))
    return found
