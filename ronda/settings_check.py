"""`ronda check`'s look at the settings: every problem with its line, those against the inventory too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from ronda.alert_reach import check_against
from ronda.section import SettingsError
from ronda.settings import Settings, load_settings
from ronda.settings_source import misspelt
from topology.inventory_problems import Level, Problem
from topology.model import Inventory
from topology.yaml_positions import Document, DocumentError, read_document

DEFAULT = Path("ronda.yaml")
_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[\w-]+)*")


def check_settings(path: Path, inventory: Inventory | None, environ: Mapping[str, str]) -> list[Problem]:
    """`inventory` None: it can't be read, and what needs it is left out."""
    document = _document(path)
    doubts = [
        Problem(
            Level.WARNING, f"environment {name}", 0, 0, "", "sets nothing: there is no such section",
            suggestion=f"if no secret's name, did you mean {meant}?", code="settings",
        )
        for name, meant in misspelt(environ, Settings.model_fields)
    ]  # fmt: skip
    try:
        settings = load_settings(path if path.exists() or path != DEFAULT else None, dict(environ))
    except SettingsError as error:
        return doubts + [_problem(path, line, document) for line in str(error).splitlines()]
    if inventory is None:
        return doubts
    return doubts + [
        _at(path, p.path, p.message, Level.ERROR if p.error else Level.WARNING, document)
        for p in check_against(settings.alerts, inventory)
    ]


def _document(path: Path) -> Document | None:
    """None when it is no YAML: that is said by whoever reads it."""
    try:
        return read_document(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, DocumentError):
        return None


def _problem(path: Path, line: str, document: Document | None) -> Problem:
    """Of `FILE: SETTING: what is wrong`."""
    if (placed := re.match(re.escape(str(path)) + r":(\d+):(\d+): (.*)", line)) is not None:
        at, words = (int(placed[1]), int(placed[2])), placed[3]
        return Problem(Level.ERROR, str(path), *at, "", words, code="settings")
    if (set_by := re.match(r"(environment \w+): (.*)", line)) is not None:
        return Problem(Level.ERROR, set_by[1], 0, 0, "", set_by[2], code="settings")
    text = line.removeprefix(f"{path}: ")
    where, separator, message = text.partition(": ")
    if not separator or not _PATH.fullmatch(where):
        return Problem(Level.ERROR, str(path), 0, 0, "", text, code="settings")
    return _at(path, where, message, Level.ERROR, document)


def _at(path: Path, where: str, message: str, level: Level, document: Document | None) -> Problem:
    line = column = 0
    if document is not None and document.root is not None:
        position = document.position(tuple(_steps(where)))
        line, column = position.line, position.column
    return Problem(level, str(path), line, column, where, f"{where}: {message}", code="settings")


def _steps(where: str) -> Iterator[str | int]:
    for step in where.split("."):
        yield int(step) if step.isdigit() else step
