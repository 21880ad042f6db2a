"""JSON outputs to rows, by paths. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from collector.cli_lines import MOST_ROWS, Row
from collector.profile_ssh import JsonMap


class NoJsonError(ValueError):
    """The text holds no JSON document; the message says where it ends being one."""


def document_in(text: str) -> Any:
    """The JSON in `text`, whatever stands around it. Raises NoJsonError."""
    first: json.JSONDecodeError | None = None
    for found in re.finditer(r"[\[{]", text):
        try:
            value, _ = json.JSONDecoder().raw_decode(text, found.start())
        except json.JSONDecodeError as error:
            first = first or error
            if first is not error:
                break  # brackets of prose before it may be skipped once, not searched without end
        except RecursionError as error:
            raise NoJsonError("the JSON is nested too deep") from error
        else:
            return value
    reason = "no JSON in it" if first is None else f"{first.msg} at line {first.lineno}"
    raise NoJsonError(f"{reason}: was it cut off?")


def rows_of_json(spec: JsonMap, text: str) -> list[Row]:
    """Raises NoJsonError."""
    document = document_in(text)
    for path in spec.rows:
        rows = []
        for value, keys in _walk(document, path.split(".") if path else [], ()):
            if not isinstance(value, dict):
                continue
            rows.append(_row(spec, value, keys))
            if len(rows) >= MOST_ROWS:
                break
        if rows:
            return rows
    return []


def _row(spec: JsonMap, value: dict[str, Any], keys: tuple[str, ...]) -> Row:
    row: Row = {}
    for name, paths in spec.values.items():
        for path in (paths,) if isinstance(paths, str) else paths:
            if path.startswith("@"):
                place = int(path[1:]) - 1
                text = keys[place] if place < len(keys) else None
            elif path.endswith(".@"):
                stars = (k for _, k in _walk(value, path.removesuffix(".@").split("."), ()) if k)
                text = next((k[-1] for k in stars), None)
            else:
                found = next((v for v, _ in _walk(value, path.split("."), ()) if v is not None), None)
                text = _text(found)
            if text is not None:
                row[name] = text
                break
    return row


def _walk(value: Any, steps: Sequence[str], keys: tuple[str, ...]) -> Iterator[tuple[Any, tuple[str, ...]]]:
    if not steps:
        yield value, keys
        return
    step, rest = steps[0], steps[1:]
    if step == "~":
        for item in value if isinstance(value, list) else [value]:
            yield from _walk(item, rest, keys)
    elif step == "*":
        if isinstance(value, dict):
            for key, item in value.items():
                yield from _walk(item, rest, (*keys, str(key)))
        elif isinstance(value, list):
            for place, item in enumerate(value):
                yield from _walk(item, rest, (*keys, str(place)))
    elif isinstance(value, dict) and step in value:
        yield from _walk(value[step], rest, keys)
    elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
        yield from _walk(value[int(step)], rest, keys)


def _text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "yes" if value else "no"
        case str() | int() | float():
            return str(value)
        case list():
            return ",".join(text for item in value if (text := _text(item)) is not None)
        case _:
            return None
