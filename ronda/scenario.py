"""A scenario: a network, and a timeline of what is seen and done. The form is in docs/scenarios.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from ronda.errors import BadInputError
from topology.inventory import InventoryError, load_inventory, read_inventory
from topology.model import Inventory

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""Second 0 of every scenario, unless it says `start`."""

LONGEST_S = 31 * 86400.0
"""A longer scenario would play for hours."""
KEYS = {"inventory", "settings", "timeline", "until", "baseline", "start", "name", "description", "expect"}


@dataclass
class Scenario:
    inventory: Inventory
    timeline: list[dict[str, Any]]
    until_s: float
    baseline: bool = True
    start: datetime = EPOCH
    settings: Mapping[str, Any] = field(default_factory=dict)


def read_scenario(path: Path) -> Scenario:
    """Raises BadInputError."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f":{mark.line + 1}:{mark.column + 1}"
        raise BadInputError(f"{path}{where}: not valid YAML: {getattr(error, 'problem', error)}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"{path}: can't be read: {getattr(error, 'strerror', error)}") from error
    if not isinstance(data, dict) or "inventory" not in data:
        raise BadInputError(f"{path}: a scenario is a mapping with `inventory`, `timeline` and `until`")
    if unknown := sorted(set(data) - KEYS):
        raise BadInputError(f"{path}: unknown keys: {', '.join(unknown)} (known: {', '.join(sorted(KEYS))})")
    declared = data["inventory"]
    if isinstance(declared, str):
        try:
            inventory = load_inventory(path.parent / declared)
        except InventoryError as error:
            raise BadInputError(str(error)) from error
    else:
        parsed, problems = read_inventory(json.dumps(declared, default=str), f"{path} (inventory)")
        if parsed is None:
            raise BadInputError("\n".join(str(p) for p in problems))
        inventory = parsed
    timeline = data.get("timeline") or []
    if not isinstance(timeline, list) or not all(isinstance(e, dict) and "at" in e for e in timeline):
        raise BadInputError(f"{path}: `timeline` is a list of entries that each have `at`")
    times = [_seconds(e["at"], f"{path}: timeline {n}: `at`") for n, e in enumerate(timeline, start=1)]
    last = max(times, default=0.0)
    return Scenario(
        inventory,
        timeline,
        _seconds(data.get("until", last + 120), f"{path}: `until`"),
        baseline=data.get("baseline", "up") != "none",
        start=_start(data.get("start"), inventory.network.timezone, f"{path}: `start`"),
        settings=data.get("settings") or {},
    )


def _start(value: Any, timezone: str, where: str) -> datetime:
    """A time without an offset is one of the network's zone. Raises BadInputError."""
    if value is None:
        return EPOCH
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise BadInputError(f"{where} is {value!r}, expected a time like 2026-11-22T01:00") from error
    return (at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)


def _seconds(value: Any, where: str) -> float:
    """Raises BadInputError."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_S:
        raise BadInputError(f"{where} is {value!r}, expected seconds from 0 to {LONGEST_S:.0f} (a month)")
    return seconds
