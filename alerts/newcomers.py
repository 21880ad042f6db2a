"""Offices that the plan calls not connected, and that answer all the same: told once, ever. Pure.

What was told is kept in the event log, as the state of the office's connection.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from topology.findings import Component, ComponentKind, DeviceCondition, StateChange, Verdict
from topology.model import ConnectionStage, DeviceId, Inventory, OfficeId

ANSWERS = "answers"


@dataclass(frozen=True, slots=True)
class Newcomer:
    office: OfficeId
    since: datetime
    why: str
    change: StateChange
    """To be kept, so that it is never told again."""


class Newcomers:
    def __init__(self, inventory: Inventory, steady_s: float) -> None:
        """`steady_s`: it must answer for so long; a technician's first try is no connection yet."""
        self._steady = timedelta(seconds=steady_s)
        self._stage = {
            o.id: o.connection
            for o in inventory.offices.values()
            if o.connection is not ConnectionStage.ACTIVE
        }
        self._devices: dict[OfficeId, list[DeviceId]] = {}
        for device in inventory.devices.values():
            if device.office in self._stage and device.monitored:
                self._devices.setdefault(device.office, []).append(device.id)
        self._since: dict[OfficeId, datetime] = {}

    def recall(self, history: Iterable[StateChange]) -> None:
        for change in history:
            if change.subject.kind is ComponentKind.CONNECTION:
                self._devices.pop(OfficeId(change.subject.id), None)

    def look(self, verdict: Verdict) -> list[Newcomer]:
        found = []
        for office, devices in self._devices.items():
            if not any(verdict.devices.get(d) is DeviceCondition.UP for d in devices):
                self._since.pop(office, None)
                continue
            since = self._since.setdefault(office, verdict.at)
            if verdict.at - since < self._steady:
                continue
            stage = self._stage[office]
            why = f"it answers, while the plan says {stage}"
            subject = Component(ComponentKind.CONNECTION, office)
            found.append(Newcomer(office, since, why, StateChange(verdict.at, subject, stage, ANSWERS, why)))
        for newcomer in found:
            del self._devices[newcomer.office]
        return found

    def next_at(self) -> datetime | None:
        """When one of those that answer has done so for long enough."""
        return min((s + self._steady for o, s in self._since.items() if o in self._devices), default=None)
