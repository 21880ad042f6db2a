"""Cells of a row: which text counts, and what it stands for. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from collector.cli_lines import Row
from collector.profile_ssh import Cell


def unit_of(cell: Cell, row: Row) -> str | None:
    """What the table's header said, else what the profile says."""
    said = next((row[f"{key} unit"] for key in cell.sources if f"{key} unit" in row), None)
    return said or cell.unit


def text_of(cell: Cell, row: Row, *, default: bool = True) -> str | None:
    """The cell's text, None where the row has none; without `default`, only what the row says."""
    if cell.text is not None:
        text: str | None = filled(cell.text, row, wholly=not default)
    else:
        told = (row[key] for key in cell.sources if row.get(key, "") != "")
        text = next((t for t in told if cell.skip is None or not re.search(cell.skip, t)), None)
    if text is not None and cell.pick is not None:
        found = re.search(cell.pick, text)
        text = None if found is None else (found.group(1) if found.re.groups else found.group())
    own = cell.default if default else None
    if text is not None and cell.map:
        text = next((word for pattern, word in cell.map.items() if re.search(pattern, text)), own)
    return (own if text is None else text) or None


def filled(pattern: str, row: Mapping[str, str], *, wholly: bool = False) -> str | None:
    """`pattern` with its keys' texts; None when the row has none of them, or `wholly`, not all."""
    keys = re.findall(r"\{([^{}]+)\}", pattern)
    there = [bool(row.get(key)) for key in keys]
    if keys and not (all(there) if wholly else any(there)):
        return None
    text = re.sub(r"\{([^{}]+)\}", lambda m: row.get(m.group(1), ""), pattern)
    return " ".join(text.split()).strip(" ,") or None
