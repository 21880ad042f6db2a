"""A point, and which values it may hold: pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.metrics import names

Tags = tuple[tuple[str, str], ...]
Fields = dict[str, int | float]

INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)


@dataclass(frozen=True, slots=True)
class Point:
    """One row of one series at one second. The same series and second again overwrites field by field."""

    measurement: str
    tags: Tags
    """Sorted by key; no empty key or value (`tags_of` makes them so)."""
    fields: Fields
    """At least one. Integers stay integers."""
    at_s: int
    """Seconds since 1970 UTC."""


def tags_of(pairs: Mapping[str, str | None]) -> Tags:
    """Sorted pairs, those without a value left out."""
    return tuple(sorted((k, v) for k, v in pairs.items() if k and v))


def seconds(at: datetime) -> int:
    return math.floor(at.timestamp())


def fit(measurement: str, name: str, value: int | float | None) -> int | float | None:
    """The value as every store can hold it, or ``None`` when it can't be held.

    NaN and infinities are left out. Catalogued fields get the type of their catalogue entry. A counter above
    int64 (a Counter64 goes to 2^64-1) is kept modulo 2^63, which reads as one more wrap; any other integer
    beyond int64 is left out.
    """
    return None if value is None else _fit(names.field_of(measurement, name), value)


def _fit(field: names.Field | None, value: int | float) -> int | float | None:
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        if field is None or not field.integer:
            return value
        value = round(value)
    elif isinstance(value, bool):
        value = int(value)
    if field is not None and not field.integer:
        try:
            return float(value)
        except OverflowError:
            return None
    if INT64_MIN <= value <= INT64_MAX:
        return value
    if field is not None and field.kind is names.FieldKind.COUNTER and value > 0:
        return value & INT64_MAX
    return None


def holdable(fields: Fields) -> Fields:
    """The fields without what no store can hold: the same object when that is all of them, the usual case."""
    try:
        if sum(map(abs, fields.values())) <= INT64_MAX:  # not so with a NaN, and nothing cancels out
            return fields
    except (TypeError, OverflowError):
        pass  # not a number, or an integer beyond any float: found one by one below
    held = {
        name: value
        for name, value in fields.items()
        if (type(value) is float and math.isfinite(value))
        or (isinstance(value, int) and INT64_MIN <= value <= INT64_MAX)
    }
    return fields if len(held) == len(fields) else held


def point(
    measurement: str, tags: Tags, at: datetime, values: Mapping[str, int | float | None]
) -> Point | None:
    """A point of the values that can be held; ``None`` when none can."""
    known = names.fields_of(measurement)
    fields: Fields = {}
    for name, value in values.items():
        if value is not None and (fitted := _fit(known.get(name), value)) is not None:
            fields[name] = fitted
    return Point(measurement, tags, fields, seconds(at)) if fields else None
