"""A scenario: a network, and a timeline of what is seen and done. The form is in docs/scenarios.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from ronda.errors import BadInputError
from topology.inventory import InventoryError, load_inventory, read_inventory
from topology.model import DeviceId, Inventory, PortRef
from topology.observations import (
    AdminStatus,
    Light,
    Neighbor,
    Observation,
    OperStatus,
    OpticalReading,
    PortStatus,
)

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
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadInputError(f"{path}: {error}") from error
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
        settings=data.get("settings") or {},
    )


def _seconds(value: Any, where: str) -> float:
    """Raises BadInputError."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_S:
        raise BadInputError(f"{where} is {value!r}, expected seconds from 0 to {LONGEST_S:.0f} (a month)")
    return seconds


def observation_of(item: Mapping[str, Any], device: DeviceId, at: datetime) -> Observation:
    """A timeline's port, optic or neighbor. Raises BadInputError."""
    port = item.get("port")
    try:
        if item.get("kind") == "port":
            if port is None:
                raise BadInputError(f"a port observation of {device} needs `port`")
            admin = AdminStatus(str(item.get("admin", "up")))
            return PortStatus(PortRef(device, str(port)), at, admin, OperStatus(str(item["oper"])))
        if item.get("kind") == "optic":
            light = Light(str(item.get("light", "lit")))
            return OpticalReading(
                device, at, str(port), if_name=str(port), light=light, rx_dbm=item.get("rx_dbm")
            )
        if item.get("kind") == "neighbor":
            return Neighbor(
                device,
                at,
                str(item.get("protocol", "lldp")),
                local_if_name=port,
                remote_system=item.get("remote_system"),
                remote_port=item.get("remote_port"),
            )
    except (ValueError, KeyError) as error:
        raise BadInputError(f"observation {dict(item)}: {error}") from error
    raise BadInputError(f"observation of unknown kind {item.get('kind')!r}: reach, port, optic or neighbor")
