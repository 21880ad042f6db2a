"""Points to InfluxDB line protocol, and names to what every InfluxDB keeps whole.

Line protocol escapes comma, equals sign and space with a backslash, but has no way to write a backslash
before one of these, a backslash at the end, a line break, or other control characters. Such characters are
written as ``%XX`` of their UTF-8 bytes, and so is a ``%`` that would otherwise read as one; `decode_name`
turns them back. Ordinary names, spaces and non-Latin letters included, are stored as they are.

https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference/
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from storage.metrics.names import field_of
from storage.metrics.point import Point, Tags, holdable

MAX_CACHED = 100_000
SURE = 2**62
FORMATTED_AT_ONCE = 100
"""Points. One by one costs a fifth more; of thousands, the memory for so much text at once costs the same."""
_PLAIN = re.compile(r"[A-Za-z0-9_.:/()\[\]+@-]*\Z").match
_ENCODED = re.compile(r"(?:%[0-9A-F]{2})+")
_LOOKS_ENCODED = re.compile(r"%(?=[0-9A-F]{2})")
RESERVED_KEYS = frozenset(
    {"time", "_time", "_field", "_measurement", "_start", "_stop", "_tagKey", "_tagValue"}
)
"""Keys that one version or another takes for itself: their first letter is written as %XX."""


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def encode_name(name: str, *, key: bool = False) -> str:
    """What is stored for a name (before escaping). Reversible by `decode_name`."""
    if key and name in RESERVED_KEYS:
        return _percent(name[0]) + name[1:]
    if _PLAIN(name):
        return name
    name = _LOOKS_ENCODED.sub("%25", name)
    return "".join(c if c.isprintable() and c not in "\\\ufffd" else _percent(c) for c in name)


def decode_name(stored: str) -> str:
    """The name that `encode_name` was given. What isn't valid UTF-8 was not written by us and stays as it
    is."""
    if "%" not in stored:
        return stored

    def back(match: re.Match[str]) -> str:
        try:
            return bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return match[0]

    return _ENCODED.sub(back, stored)


def _escape(stored: str) -> str:
    return stored.replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ")


def escape_measurement(name: str) -> str:
    stored = encode_name(name)
    if stored.startswith("#"):  # would be a comment
        stored = "%23" + stored[1:]
    return stored.replace(",", "\\,").replace(" ", "\\ ")


def escape_key(name: str) -> str:
    return _escape(encode_name(name, key=True))


def escape_value(value: str) -> str:
    return _escape(encode_name(value))


@dataclass(frozen=True, slots=True)
class Lines:
    """Line protocol ready to be sent, precision seconds."""

    body: bytes
    """Each line ends with a line feed."""
    count: int
    oldest_s: int
    left_out: int = 0
    """Values that no line can carry: not finite, beyond int64."""


@dataclass(frozen=True, slots=True)
class _Form:
    """How one series' lines with one set of fields are written."""

    tags: Tags
    measurement: str
    fields: list[str]
    template: str
    """Takes the values and the time."""


class LineWriter:
    """Keeps what is the same in every line of a series: what is left is one formatting.

    The form of a series' last line is found by the identity of its tags, which a `PointMaker` reuses; hashing
    them would cost more than all the rest.
    """

    def __init__(self, *, raw: bool = True) -> None:
        self._raw = raw
        """False for roll-ups, where the mean of an integer is a float: their values' own types count."""
        self._last: dict[int, _Form] = {}
        self._forms: dict[tuple[str, Tags, tuple[str, ...]], _Form] = {}

    def lines(self, points: Sequence[Point]) -> Lines:
        bodies: list[bytes] = []
        times: list[int] = []
        left_out = 0
        for first in range(0, len(points), FORMATTED_AT_ONCE):
            some = points[first : first + FORMATTED_AT_ONCE]
            templates, values = self._gather(some)
            if not _surely_held(values):
                some, without = _only_held(some)
                left_out += without
                templates, values = self._gather(some)
            bodies.append(("".join(templates) % tuple(values)).encode())
            times += [point.at_s for point in some]
        return Lines(b"".join(bodies), len(times), min(times, default=0), left_out)

    def _gather(self, points: Sequence[Point]) -> tuple[list[str], list[int | float]]:
        """Each point's template, and what all of them take, in order."""
        last = self._last
        templates: list[str] = []
        values: list[int | float] = []
        for point in points:
            tags, fields = point.tags, point.fields
            form = last.get(id(tags))
            if (
                form is None
                or form.fields != [*fields]
                or form.tags is not tags
                or form.measurement != point.measurement
            ):
                form = self._form(point)
            templates.append(form.template)
            values += fields.values()
            values.append(point.at_s)
        return templates, values

    def _form(self, point: Point) -> _Form:
        key = (point.measurement, point.tags, tuple(point.fields))
        form = self._forms.get(key)
        if form is None:
            form = _Form(point.tags, point.measurement, [*point.fields], _template(point, raw=self._raw))
            if holdable(point.fields) is not point.fields:
                return form  # not kept: its types may come from values that are left out
            if len(self._forms) >= MAX_CACHED:
                self._forms.clear()
                self._last.clear()
            self._forms[key] = form
        elif form.tags is not point.tags:
            # Equal tags in a new object: the old one is forgotten, so that the cache stays as large as the
            # series.
            self._last.pop(id(form.tags), None)
            form = self._forms[key] = replace(form, tags=point.tags)
        self._last[id(point.tags)] = form  # the form keeps the tags alive: no other object gets their id
        return form


def _template(point: Point, *, raw: bool) -> str:
    """The fields' types are the catalogue's, and for names it doesn't know those that were seen first:
    InfluxDB holds a field to its first type. An integer where floats are wanted is written as a float; a
    float where integers are wanted can't be one, and the server will say so."""
    head = escape_measurement(point.measurement)
    head += "".join(f",{escape_key(k)}={escape_value(v)}" for k, v in sorted(point.tags) if k and v)
    parts = []
    for name, value in point.fields.items():
        known = field_of(point.measurement, name) if raw else None
        integer = type(value) is not float if known is None else known.integer
        parts.append(escape_key(name).replace("%", "%%") + ("=%si" if integer else "=%s"))
    return f"{head.replace('%', '%%')} {','.join(parts)} %s\n"


def _surely_held(values: list[int | float]) -> bool:
    """One sum tells that all values are finite and within int64, but for huge ones that cancel out: a line
    with those is refused by the server, and set aside. False: each has to be looked at."""
    try:
        return -SURE < sum(values) < SURE
    except (TypeError, OverflowError):
        return False


def _only_held(points: Sequence[Point]) -> tuple[list[Point], int]:
    """The points with the values that a line can carry, and how many values that leaves out."""
    kept: list[Point] = []
    left_out = 0
    for point in points:
        fields = holdable(point.fields)
        left_out += len(point.fields) - len(fields)
        if fields:
            kept.append(point if fields is point.fields else replace(point, fields=fields))
    return kept, left_out
