"""Points to InfluxDB line protocol, and names to what every InfluxDB keeps whole.

Line protocol escapes comma, equals sign and space with a backslash, but has no way to write a backslash
before one of these, a backslash at the end, a line break, or other control characters. Such characters are
written as ``%XX`` of their UTF-8 bytes, and so is a ``%`` that would otherwise read as one; `decode_name`
turns them back. Ordinary names, spaces and non-Latin letters included, are stored as they are.

https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference/
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from storage.metrics.points import INT64_MAX, INT64_MIN, Point, Tags

MAX_CACHED = 200_000
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
    """Values that no line can carry (not finite, beyond int64) and points that had no other."""


class LineWriter:
    """Keeps the escaped start of each series' lines, which is most of the work of making one."""

    def __init__(self) -> None:
        self._heads: dict[tuple[str, Tags], str] = {}
        self._keys: dict[str, str] = {}

    def lines(self, points: Iterable[Point]) -> Lines:
        heads, keys = self._heads, self._keys
        made: list[str] = []
        left_out = 0
        oldest_s: int | None = None
        for point in points:
            head = heads.get((point.measurement, point.tags))
            if head is None:
                head = self._head(point.measurement, point.tags)
            fields: list[str] = []
            for name, value in point.fields.items():
                key = keys.get(name)
                if key is None:
                    key = self._key(name)
                if type(value) is float:
                    if value - value == 0.0:  # false for NaN and the infinities
                        fields.append(f"{key}={value!r}")
                        continue
                elif INT64_MIN <= value <= INT64_MAX:
                    fields.append(f"{key}={int(value)}i")
                    continue
                left_out += 1
            if not fields:
                left_out += 1
                continue
            at_s = point.at_s
            made.append(f"{head} {','.join(fields)} {at_s}\n")
            if oldest_s is None or at_s < oldest_s:
                oldest_s = at_s
        return Lines("".join(made).encode(), len(made), oldest_s or 0, left_out)

    def _head(self, measurement: str, tags: Tags) -> str:
        if len(self._heads) >= MAX_CACHED:
            self._heads.clear()
        pairs = (f",{escape_key(k)}={escape_value(v)}" for k, v in sorted(tags) if k and v)
        head = self._heads[measurement, tags] = escape_measurement(measurement) + "".join(pairs)
        return head

    def _key(self, name: str) -> str:
        if len(self._keys) >= MAX_CACHED:
            self._keys.clear()
        key = self._keys[name] = escape_key(name)
        return key
