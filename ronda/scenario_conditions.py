"""What a scenario puts in from outside: `condition:` and `history:` entries. docs/scenarios.md."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.condition_engine import place_of
from alerts.conditions import Condition, config_changed, discovery_mismatch, monitor_unwell
from ronda.errors import BadInputError
from topology.findings import Component, ComponentKind
from topology.model import DeviceId, Inventory


def condition_of(item: Mapping[str, Any], inventory: Inventory, at: datetime) -> Condition:
    """config_changed, discovery_mismatch or monitor_unwell. Raises BadInputError."""
    kind, why = item.get("kind"), str(item.get("why", ""))
    standing = bool(item.get("standing", True))
    try:
        if kind == "config_changed":
            device = inventory.devices.get(DeviceId(str(item["device"])))
            if device is None:
                raise BadInputError(f"condition {kind}: the inventory has no device {item['device']!r}")
            return config_changed(
                device.id,
                at,
                added=int(item.get("added", 0)),
                removed=int(item.get("removed", 0)),
                who=item.get("who"),
                office=device.office,
                lasts_s=float(item.get("lasts_s", 3600)),
            )
        if kind == "discovery_mismatch":
            about = ComponentKind.LINK if "link" in item else ComponentKind.DEVICE
            return discovery_mismatch([Component(about, str(item[about.value]))], standing, at, why)
        if kind == "monitor_unwell":
            return monitor_unwell(str(item["part"]), standing, at, why)
    except KeyError as error:
        raise BadInputError(f"condition {dict(item)}: {error} is missing") from error
    except (ValueError, TypeError) as error:
        raise BadInputError(f"condition {dict(item)}: {error}") from error
    known = "config_changed, discovery_mismatch, monitor_unwell"
    raise BadInputError(f"condition of kind {kind!r} can't be put in from outside: {known}")


def history_of(item: Mapping[str, Any], at: datetime) -> dict[str, list[tuple[int, float]]]:
    """`{device, port, lane?, rx_dbm: [...]}`: daily medians up to yesterday. Raises BadInputError."""
    try:
        values = [float(v) for v in item["rx_dbm"]]
        place = place_of(str(item["device"]), str(item["port"]), item.get("lane"))
    except (KeyError, ValueError, TypeError) as error:
        raise BadInputError(f"history {dict(item)}: {error}") from error
    first = at.toordinal() - len(values)
    return {place: [(first + n, value) for n, value in enumerate(values)]}
