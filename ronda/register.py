"""Reports and the roll-out register for the API, from the records."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TypeVar

import sqlalchemy as sa

from alerts.model import IncidentId
from api.backend import RecordsUnavailableError
from reports.model import SlaReport
from reports.month import Month
from reports.sla import sla_report
from storage.records import Records, RecordsError, history, outage_causes, rollout
from storage.records.events import RecordedChange
from storage.records.outage_causes import CauseFound, CauseKind
from storage.records.rollout import Progress
from topology.clock import Clock
from topology.model import ConnectionStage, Inventory, OfficeId, ProviderId

T = TypeVar("T")


class RecordsRegister:
    """Implements `api.register.Register`. Its questions run in threads of their own: a report of a month must
    hold up neither the event loop nor what waits to be saved."""

    def __init__(self, records: Records, inventory: Callable[[], Inventory], clock: Clock) -> None:
        self._records = records
        self._inventory = inventory
        self._clock = clock
        self._one_report = asyncio.Lock()

    async def sla(self, month: Month) -> SlaReport:
        async with self._one_report:  # each reads a month of the log: one after the other
            now, inventory = self._clock.now(), self._inventory()
            return await self._do(lambda: sla_report(self._records, inventory, month, now))

    async def causes(self, incident: IncidentId) -> Sequence[CauseFound]:
        found = await self._read(lambda c: outage_causes.of_incidents(c, [incident]))
        return found.get(incident, [])

    async def add_cause(
        self,
        incident: IncidentId,
        who: str,
        cause: CauseKind,
        evidence: str,
        note: str,
        offices: Sequence[OfficeId] | None,
        provider: ProviderId | None,
    ) -> CauseFound:
        now = self._clock.now()
        return await self._write(
            lambda c: outage_causes.add(c, incident, now, who, cause, evidence, note, offices, provider)
        )

    async def progress(self, offices: Sequence[OfficeId]) -> Mapping[OfficeId, Sequence[Progress]]:
        return await self._read(lambda c: rollout.of_offices(c, offices))

    async def add_progress(
        self,
        office: OfficeId,
        who: str,
        stage: ConnectionStage | None,
        note: str,
        promised_date: date | None,
        link: str | None,
    ) -> Progress:
        now = self._clock.now()
        return await self._write(lambda c: rollout.add(c, office, now, who, stage, note, promised_date, link))

    async def joinings(self, offices: Sequence[OfficeId]) -> Mapping[str, Sequence[RecordedChange]]:
        return await self._read(lambda c: history.joinings(c, offices))

    async def _read(self, function: Callable[[sa.Connection], T]) -> T:
        return await self._do(lambda: self._records.read(function))

    async def _write(self, function: Callable[[sa.Connection], T]) -> T:
        return await self._do(lambda: self._records.write(function))

    async def _do(self, function: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(function)
        except RecordsError as error:
            raise RecordsUnavailableError(str(error)) from error
