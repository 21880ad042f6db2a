"""TextFSM templates, ours and ntc-templates', made to forgive what a newer version prints in addition."""

from __future__ import annotations

import io
import re
from functools import lru_cache
from importlib import resources

import textfsm

from collector.cli_lines import MOST_ROWS, Row

_GIVES_UP = re.compile(r"^\s+\^.*->\s*Error\b.*$\n?", re.MULTILINE)
"""Rules by which a template gives up at a line that it doesn't know, losing all that it had read."""


class TemplateError(Exception):
    """A template that is not there, or is none. Ours to mend."""


def rows_of_ntc(name: str, text: str) -> list[Row]:
    """Raises TemplateError."""
    return _rows("ntc_templates", f"templates/{name}.textfsm", text)


def rows_of_textfsm(file: str, text: str) -> list[Row]:
    """Raises TemplateError."""
    return _rows("collector", f"cli_templates/{file}", text)


@lru_cache(maxsize=128)
def _source(package: str, path: str) -> str:
    try:
        source = resources.files(package).joinpath(path).read_text(encoding="utf-8")
    except (OSError, ModuleNotFoundError) as error:
        raise TemplateError(f"{package}/{path}: no such template") from error
    return _GIVES_UP.sub("", source)


def _rows(package: str, path: str, text: str) -> list[Row]:
    source = _source(package, path)
    try:
        table = textfsm.TextFSM(io.StringIO(source))
    except textfsm.TextFSMTemplateError as error:
        raise TemplateError(f"{package}/{path}: {error}") from error
    try:
        found = table.ParseText(text)
    except textfsm.TextFSMError:  # a template that gives up all the same: what it has read counts
        found = table._result
    header = [name.lower() for name in table.header]
    return [
        {key: text for key, value in zip(header, row, strict=True) if (text := _text(value))}
        for row in found[:MOST_ROWS]
    ]


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
