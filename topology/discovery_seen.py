"""What polls told of ports and neighbours, kept as long as it counts. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from topology.discovery_model import SeenDevice
from topology.model import DeviceId, Inventory
from topology.observations import Means, Neighbor, PollResult, PortStatus, SystemInfo

FRESH_FOR_S = {Means.SNMP: 900.0, Means.SSH: 2700.0}
"""Neighbour tables are read every 5 minutes over SNMP, every 15 over SSH: three times as old is unknown."""
_CUTS_PORTS = (None, "system", "interfaces", "first contact", "connect", "ssh connect")
"""Where a poll broke off so that not all ports were read."""


@dataclass(slots=True)
class _Told:
    """By one device over one means."""

    sys_name: str | None = None
    ports: tuple[PortStatus, ...] = ()
    ports_at: datetime | None = None
    whole: bool = False
    neighbors: tuple[Neighbor, ...] = ()
    at: datetime | None = None


class Sightings:
    """Feed it every poll; ask it for what still counts."""

    def __init__(self) -> None:
        self._told: dict[tuple[DeviceId, Means], _Told] = {}

    def take(self, result: PollResult) -> None:
        told = self._told.setdefault((result.device, result.means), _Told())
        ports, neighbors = [], []
        for seen in result.observations:
            match seen:
                case PortStatus():
                    ports.append(seen)
                case Neighbor():
                    neighbors.append(seen)
                case SystemInfo() if seen.sys_name is not None:
                    told.sys_name = seen.sys_name
                case _:
                    pass
        if ports:
            told.ports, told.ports_at = tuple(ports), max(p.at for p in ports)
            told.whole = not any(error.what in _CUTS_PORTS for error in result.errors)
            told.at = told.ports_at
        if neighbors:
            # Not every poll reads the table: one without rows does not say that nobody is there.
            told.neighbors = tuple(neighbors)
            told.at = max((told.at or neighbors[0].at, neighbors[0].at))

    def keep(self, devices: Iterable[DeviceId]) -> None:
        """A new inventory: what is gone is forgotten."""
        known = set(devices)
        self._told = {key: told for key, told in self._told.items() if key[0] in known}

    def fresh(self, now: datetime, inventory: Inventory) -> dict[DeviceId, SeenDevice]:
        found: dict[DeviceId, SeenDevice] = {}
        for device in inventory.devices.values():
            telling = []
            for means, counts_s in FRESH_FOR_S.items():
                told = self._told.get((device.id, means))
                limit_s = max(counts_s, 2.5 * device.poll_interval_s)
                if told is not None and told.at is not None and (now - told.at).total_seconds() <= limit_s:
                    telling.append((told, limit_s))
            if not telling:
                continue
            first = next((t for t, _ in telling if t.ports), telling[0][0])
            rows = [
                row
                for told, limit_s in telling
                for row in told.neighbors
                if (now - row.at).total_seconds() <= limit_s
            ]
            found[device.id] = SeenDevice(
                device.id,
                max(t.at for t, _ in telling if t.at is not None),
                next((t.sys_name for t, _ in telling if t.sys_name), None),
                first.ports,
                tuple(rows),
                first.whole,
            )
        return found
