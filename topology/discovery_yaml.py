"""New devices and links written into the text of an inventory: every line that is there stays as it is.

Pure: text in, text out. The new lines are put behind the last entry of their section, in that entry's form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from topology.inventory import read_inventory
from topology.inventory_problems import Level

Row = Mapping[str, Any]
"""Keys to texts, numbers or such a mapping once more."""
SECTIONS = ("offices", "devices", "links")


class CannotWriteError(Exception):
    """The text can't be added to; the message says why. Nothing was changed."""


def add_rows(text: str, rows: Mapping[str, Sequence[Row]], *, comment: str, source: str) -> str:
    """`text` with the rows of each section behind those that it has, under the comment.

    Raises CannotWriteError where the result would be no inventory, or would say something else of what was
    there before.
    """
    wanted = {section: list(rows.get(section, ())) for section in SECTIONS if rows.get(section)}
    if not wanted:
        return text
    before = _loaded(text, source)
    newline = "\r\n" if "\r\n" in text else "\n"
    new = text.replace("\r\n", "\n")
    for section, added in wanted.items():
        new = _added(new, section, added, comment, source)
    _same_but(before, _loaded(new, source), wanted, source)
    inventory, problems = read_inventory(new, source)
    if inventory is None:
        wrong = [str(p) for p in problems if p.level is Level.ERROR]
        raise CannotWriteError(
            f"{source} would have mistakes then, so it was left alone:\n" + "\n".join(wrong)
        )
    return new.replace("\n", newline) if newline != "\n" else new


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 100_000
    return yaml


def _loaded(text: str, source: str) -> CommentedMap:
    try:
        document = _yaml().load(text)
    except YAMLError as error:
        raise CannotWriteError(f"{source}: {error}") from error
    if not isinstance(document, CommentedMap):
        raise CannotWriteError(f"{source}: an inventory is a mapping")
    return document


def _same_but(
    before: CommentedMap, after: CommentedMap, added: Mapping[str, Sequence[Row]], source: str
) -> None:
    """What was there is there still, and only what was to be added has come to it."""
    old, new = _plain(before), _plain(after)
    for section, rows in added.items():
        old[section] = [*(old.get(section) or []), *json.loads(json.dumps(rows))]
    if old != new:
        raise CannotWriteError(f"{source}: its form is one that can't be added to without changing it")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _added(text: str, section: str, rows: Sequence[Row], comment: str, source: str) -> str:
    document = _loaded(text, source)
    there = document.get(section)
    if isinstance(there, CommentedSeq) and there and not there.fa.flow_style() and not _flow(document):
        return _behind_last(text, document, there, rows, comment)
    if section in document and not there and not _flow(document):
        return _in_place_of_nothing(text, document, section, rows, comment)
    if section not in document and not _flow(document):
        lines = [f"{section}:", f"  # {comment}", *(f"  - {_one_line(row)}" for row in rows)]
        return "\n".join([text.rstrip("\n"), "", *lines, ""])
    return _dumped(document, section, rows, source)


def _flow(document: CommentedMap) -> bool:
    """JSON, or written like it."""
    return bool(document.fa.flow_style())


def _behind_last(
    text: str, document: CommentedMap, there: CommentedSeq, rows: Sequence[Row], comment: str
) -> str:
    lines = text.split("\n")
    last_line, column = there.lc.item(len(there) - 1)
    dash = max(lines[last_line].find("-"), 0) if column else 0
    indent = " " * dash
    following = [document.lc.key(k)[0] for k in document if document.lc.key(k)[0] > last_line]
    end = min(following, default=len(lines))
    # Behind the last line that belongs to the entry: comments and empty lines below are the next section's.
    at = last_line + 1
    for n in range(last_line + 1, end):
        stripped = lines[n].strip()
        inside = len(lines[n]) - len(lines[n].lstrip()) > dash
        if stripped and (inside or not stripped.startswith("#")) and stripped not in ("...", "---"):
            at = n + 1
    last = there[-1]
    flow = not isinstance(last, CommentedMap) or bool(last.fa.flow_style())
    new = [f"{indent}# {comment}"]
    for row in rows:
        new += [f"{indent}- {_one_line(row)}"] if flow else _block(row, indent)
    if at == len(lines):  # the file ends without a line break
        return "\n".join([*lines, *new, ""])
    return "\n".join([*lines[:at], *new, *lines[at:]])


def _in_place_of_nothing(
    text: str, document: CommentedMap, section: str, rows: Sequence[Row], comment: str
) -> str:
    """`links: []`, or `links:` with nothing behind it."""
    lines = text.split("\n")
    line = document.lc.key(section)[0]
    head, colon, rest = lines[line].partition(":")
    kept = rest[rest.index("#") - len(rest) :] if "#" in rest else ""
    value = rest.removesuffix(kept).strip()
    if value not in ("", "[]", "~", "null"):
        return _dumped(document, section, rows, section)
    new = [f"{head}{colon}{'  ' + kept if kept else ''}", f"  # {comment}"]
    new += [f"  - {_one_line(row)}" for row in rows]
    tail = lines[line + 1 :] or [""]
    return "\n".join([*lines[:line], *new, *tail])


def _dumped(document: CommentedMap, section: str, rows: Sequence[Row], source: str) -> str:
    """The whole document written anew: comments stay, spaces may not."""
    there = document.setdefault(section, CommentedSeq())
    if not isinstance(there, CommentedSeq):
        raise CannotWriteError(f"{source}: {section} is no list")
    for row in rows:
        there.append(_as_flow(row))
    out = StringIO()
    yaml = _yaml()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(document, out)
    return out.getvalue()


def _as_flow(row: Row) -> CommentedMap:
    made = CommentedMap()
    for key, value in row.items():
        if isinstance(value, Mapping):
            made[key] = _as_flow(value)
        elif isinstance(value, list | tuple):
            made[key] = CommentedSeq(value)
            made[key].fa.set_flow_style()
        elif isinstance(value, str):
            made[key] = value if _is_plain(value) else DoubleQuotedScalarString(value)
        else:
            made[key] = value
    made.fa.set_flow_style()
    return made


def _one_line(row: Row) -> str:
    out = StringIO()
    _yaml().dump(_as_flow(row), out)
    return out.getvalue().strip()


def _block(row: Row, indent: str) -> list[str]:
    lines = []
    for n, (key, value) in enumerate(row.items()):
        text = _one_line({key: value})[1:-1]
        lines.append(f"{indent}{'- ' if n == 0 else '  '}{text}")
    return lines


def _is_plain(text: str) -> bool:
    """Whether the text needs no quotes anywhere in YAML, 1.1 or 1.2: letters first, and nothing that other
    readers take for a number, a date or a truth."""
    safe = text.replace("-", "").replace("_", "").replace(".", "").replace("/", "")
    return (
        safe.isascii()
        and safe.isalnum()
        and text[0].isalpha()
        and text[-1].isalnum()
        and text.lower() not in {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"}
    )
