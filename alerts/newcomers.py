"""Offices that the plan calls not connected, and that answer all the same: told once, ever. Pure.

It has to be new: what answers already when Ronda looks for the very first time is an inventory that is
behind, not an office that was joined. What was told is kept in the event log, as the state of the office's
connection.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from topology.findings import Component, ComponentKind, DeviceCondition, StateChange, Verdict
from topology.model import ConnectionStage, DeviceId, Inventory, OfficeId

ANSWERS = "answers"
_SILENT = {DeviceCondition.SILENT, DeviceCondition.SHADOW}
_NOT_UP = {None, *_SILENT}


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
        self._missed: set[OfficeId] = set()
        """Those that were found silent, or that the log of an earlier process doesn't know yet."""

    def recall(self, history: Iterable[StateChange]) -> None:
        state: dict[str, str] = {}
        for change in history:
            if change.subject.kind is ComponentKind.CONNECTION:
                self._devices.pop(OfficeId(change.subject.id), None)
            elif change.subject.kind is ComponentKind.DEVICE:
                state[change.subject.id] = change.now
        if state:
            self._missed |= {o for o, ds in self._devices.items() if all(state.get(d) in _NOT_UP for d in ds)}

    def look(self, verdict: Verdict) -> list[Newcomer]:
        if verdict.blind:
            return []
        found = []
        for office, devices in list(self._devices.items()):
            found_now = {verdict.devices.get(d) for d in devices}
            if DeviceCondition.UP not in found_now:
                self._since.pop(office, None)
                if found_now & _SILENT:
                    self._missed.add(office)
                continue
            if office not in self._missed:
                del self._devices[office]  # it answered all along: no news, also after the next outage
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
