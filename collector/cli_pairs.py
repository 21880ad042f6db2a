"""RouterOS' two forms, pure: `print detail` (numbered key=value), `monitor` (a line a property)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from collector.cli_lines import MOST_ROWS, Row
from collector.profile_ssh import Columns, Pairs

_PAIR = re.compile(r'([a-zA-Z][\w.-]*)=("(?:[^"\\]|\\.)*"|\S*)')
_FLAGS = re.compile(r"^\s*\d+\s+((?:[A-Za-z*]+\s+)*?)(?=;;;|[a-zA-Z][\w.-]*=|$)")
_OPENS = re.compile(
    r"^\s*\d+\s+(?:(?:[A-Za-z*]{1,6}\s+){0,4}(?:;;;|[a-zA-Z][\w.-]*=)|(?:[A-Z*]{1,4}\s*){0,4}$)"
)
_PROPERTY = re.compile(r"^\s*([a-zA-Z][\w.-]*):(?:\s+(.*))?$")


def rows_of_pairs(spec: Pairs, lines: Sequence[str]) -> list[Row]:
    """Keys as printed; `flags` has the letters and `comment` what stands behind `;;;`."""
    begin = re.compile(spec.begin)
    records: list[list[str]] = []
    for line in lines:
        # A wrapped line may begin with a number, too; a record's has flags, pairs or a comment behind it.
        if begin.search(line) and _OPENS.match(line):
            if len(records) >= MOST_ROWS:
                break
            records.append([line])
        elif records:
            records[-1].append(line)
    return [_record(record) for record in records]


def _record(lines: Sequence[str]) -> Row:
    stripped = [line.strip() for line in lines]
    flags = _FLAGS.match(f"{stripped[0]} ")
    row: Row = {"flags": "" if flags is None else flags.group(1).replace(" ", "")}
    if ";;;" in stripped[0]:
        comment = stripped[0].split(";;;", 1)[1]
        begun = next((n for n, line in enumerate(stripped) if n > 0 and _PAIR.match(line)), None)
        end = len(stripped) if begun is None else begun
        # A comment has its lines for itself: what people write there is no value.
        row["comment"] = " ".join([comment, *stripped[1:end]]).strip()
        stripped = stripped[end:]
    for key, value in _PAIR.findall(" ".join(stripped)):
        if value.startswith('"') and not (len(value) > 1 and value.endswith('"')):
            continue
        text = value[1:-1].replace('\\"', '"') if value.startswith('"') else value
        row.setdefault(key, text)
    return row


def rows_of_columns(spec: Columns, lines: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    block: list[Row] = []
    starts: list[int] = []
    for line in lines:
        found = _PROPERTY.match(line)
        if found is None:
            continue
        key, text = found.group(1), (found.group(2) or "").rstrip()
        # From the colon, which stands in one column: the first line's indentation gets lost on some ways.
        offset = found.start(2) - found.end(1) if found.group(2) else 0
        if key == spec.key and text:
            heads = [(offset + m.start(), m.group()) for m in re.finditer(r"\S+", text)]
            starts, block = [start for start, _ in heads], [{key: name} for _, name in heads]
            rows += block
            continue
        if not block:
            block = [{}]
            rows += block
        if len(block) == 1:
            block[0].setdefault(key, text)
            continue
        for m in re.finditer(r"\S+(?: \S+)*?(?=\s|$)", text):
            place = max((n for n, start in enumerate(starts) if start <= offset + m.start()), default=0)
            row = block[place]
            row[key] = f"{row[key]} {m.group()}" if key in row else m.group()
    return rows[:MOST_ROWS]
