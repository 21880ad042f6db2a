"""Tables under headers, by what the headers say: columns may stand in any order and width. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from collector.cli_lines import MOST_ROWS, Row
from collector.profile_ssh import Table

_DASHES = re.compile(r"^[\s\-=+|]*[-=]{2,}[\s\-=+|]*$")
_CHUNK = re.compile(r"\S+(?: \S+)*")
_WORD = re.compile(r"\S+")
_NUMBER = re.compile(r"^(?:[+-]?\d[\d.,]*%?|N/?A)$", re.IGNORECASE)
_UNITS = (
    ("dbm", re.compile(r"dbm")),
    ("mw", re.compile(r"\bmw\b|milliwatt")),
    ("uw", re.compile(r"\b[u\u00b5]w\b|microwatt")),
)
_PROSE = re.compile(r": |\.$")
"""A legend, or a sentence: no heading."""
_HEADER_LINES = 5
_LONGEST_HEADING = 34


@dataclass(frozen=True, slots=True)
class _Column:
    start: int
    end: int
    title: str
    """All its header lines, lower case, with one space between words."""


def rows_of_table(spec: Table, lines: Sequence[str]) -> list[Row]:
    """A row a line of data; `KEY unit` keys say the unit that a header named (KEY being the row's key)."""
    begins = re.compile(spec.row)
    under = None if spec.under is None else re.compile(spec.under)
    belongs: Row = {}
    columns: list[_Column] = []
    keys: list[str | None] = []
    rows: list[Row] = []
    header: list[str] = []
    above: list[str] = []
    """What stood above the last line of nothing but dashes."""
    for raw in lines:
        line = raw.replace("|", " ")
        found = under.search(line) if under is not None else None
        if found is not None:
            belongs = {k: v.strip() for k, v in found.groupdict().items() if v}
            header = above = []
            continue
        if _DASHES.match(line):
            if _is_ruler(line):
                header = [*header, line]
            else:  # a line across: the header is above or below it
                header, above = [], header or above
            continue
        if not line.strip():
            header = above = []
            continue
        if begins.search(line):
            if header or above:
                made = _columns(header or above)
                named = _keys(spec, made)
                if any(named):
                    columns, keys = made, named
            header = above = []
            if columns and len(rows) < MOST_ROWS:
                row = _row(spec, columns, keys, line)
                if row:
                    rows.append({**belongs, **row})
        else:
            header = [*header, line][-_HEADER_LINES:]
    return rows


def _columns(header: Sequence[str]) -> list[_Column]:
    ruler = next(
        (line for line in header if _DASHES.match(line) and len(re.findall(r"[-=]{2,}", line)) > 1), None
    )
    spoken = [line for line in header if not _DASHES.match(line)]
    chunks = [_chunks(line) for line in spoken]
    spoken_chunks = [c for c in chunks if c is not None]
    if not spoken_chunks:
        return []
    if ruler is not None:
        spans = [(m.start(), m.end()) for m in re.finditer(r"[-=]+", ruler)]
    else:
        spans = _clusters([(s, e) for line in spoken_chunks for s, e, _ in line])
    titles: list[list[str]] = [[] for _ in spans]
    if ruler is not None:  # its dashes say where columns are: headings may stand close together
        told = [line for line in spoken if _chunks(line) is not None]
        spoken_chunks = [[(m.start(), m.end(), m.group()) for m in _WORD.finditer(line)] for line in told]
    for line in spoken_chunks:
        for start, end, text in line:
            place = _nearest(spans, start, end)
            titles[place].append(text)
    return [
        _Column(start, end, " ".join(" ".join(words).lower().split()))
        for (start, end), words in zip(spans, titles, strict=True)
    ]


def _is_ruler(line: str) -> bool:
    """Dashes under each column, not across all."""
    return _DASHES.match(line) is not None and len(re.findall(r"[-=]{2,}", line)) > 1


def _chunks(line: str) -> list[tuple[int, int, str]] | None:
    """Texts with their places; None for a line of prose."""
    found = [(m.start(), m.end(), m.group()) for m in _CHUNK.finditer(line)]
    prose = _PROSE.search(line) or any(e - s > _LONGEST_HEADING for s, e, _ in found)
    return None if prose else found


def _clusters(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _nearest(spans: Sequence[tuple[int, int]], start: int, end: int) -> int:
    """The span that overlaps most, else the one that is nearest."""
    return max(range(len(spans)), key=lambda n: min(end, spans[n][1]) - max(start, spans[n][0]))


def _keys(spec: Table, columns: Sequence[_Column]) -> list[str | None]:
    keys: list[str | None] = []
    quantity: str | None = None
    for column in columns:
        key = next((k for k, p in spec.limits.items() if re.search(p, column.title)), None)
        if key is not None:
            keys.append(None if quantity is None else f"{quantity}_{key}")
            continue
        key = next((k for k, p in spec.columns.items() if re.search(p, column.title)), None)
        if key in keys:
            key = None
        keys.append(key)
        quantity = key or quantity
    return keys


def _row(spec: Table, columns: Sequence[_Column], keys: Sequence[str | None], line: str) -> Row:
    row: Row = {}
    for column, key, text in zip(columns, keys, _cells(spec, columns, line), strict=True):
        if key is None or not text:
            continue
        row[key] = text
        unit = next((u for u, p in _UNITS if p.search(column.title)), None)
        if unit is not None:
            row[f"{key} unit"] = unit
    return row


def _cells(spec: Table, columns: Sequence[_Column], line: str) -> list[str]:
    """One text a column: by counting where that works out, else by place."""
    words = [(m.start(), m.end(), m.group()) for m in _WORD.finditer(line)]
    if spec.marks:
        words = [
            w
            for n, w in enumerate(words)
            if not (w[2] in spec.marks and n > 0 and _NUMBER.match(words[n - 1][2]))
        ]
    if len(words) == len(columns):
        return [text for _, _, text in words]
    chunks = [(m.start(), m.end(), m.group()) for m in _CHUNK.finditer(line)]
    if len(chunks) == len(columns) and not spec.marks:
        return [text for _, _, text in chunks]
    spans = [(c.start, c.end) for c in columns]
    cells: list[list[str]] = [[] for _ in columns]
    for start, end, text in words:
        cells[_nearest(spans, start, end)].append(text)
    return [" ".join(texts) for texts in cells]
