"""What one agent can be asked: rows in lexicographic order, values fixed or read at the time of asking."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping

from lab import codec
from lab.codec import Oid

Value = bytes | Callable[[float], bytes]
"""Encoded once, or a reading that depends on the time."""


class Rows:
    """Collects rows in any order; `view` sorts them."""

    def __init__(self) -> None:
        self._rows: dict[Oid, Value] = {}

    def scalar(self, base: Oid, value: Value) -> None:
        self._rows[(*base, 0)] = value

    def cell(self, column: Oid, instance: Oid, value: Value) -> None:
        self._rows[(*column, *instance)] = value

    def view(self) -> View:
        return View(self._rows)


class View:
    def __init__(self, rows: Mapping[Oid, Value]) -> None:
        self._names = sorted(rows)
        self._values = [rows[name] for name in self._names]

    def __len__(self) -> int:
        return len(self._names)

    def get(self, name: Oid, at_s: float) -> bytes:
        """The value, or noSuchObject/noSuchInstance as RFC 3416 4.2.1 tells them apart."""
        i = bisect_left(self._names, name)
        if i < len(self._names) and self._names[i] == name:
            return self._read(i, at_s)
        column = name[:-1]
        near = self._names[max(0, i - 1) : i + 1]
        known = any(found[: len(column)] == column for found in near)
        return codec.NO_SUCH_INSTANCE if known else codec.NO_SUCH_OBJECT

    def after(self, name: Oid, at_s: float, *, skip_counter64: bool = False) -> tuple[Oid, bytes] | None:
        """The next row, or None at the end."""
        i = bisect_right(self._names, name)
        while i < len(self._names):
            value = self._read(i, at_s)
            if not (skip_counter64 and codec.is_counter64(value)):
                return self._names[i], value
            i += 1
        return None

    def _read(self, i: int, at_s: float) -> bytes:
        value = self._values[i]
        return value if isinstance(value, bytes) else value(at_s)
