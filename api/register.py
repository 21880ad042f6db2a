"""What the API needs of the records for reports and for the roll-out register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from alerts.model import IncidentId
from reports.model import SlaReport
from reports.month import Month
from storage.records.events import RecordedChange
from storage.records.outage_causes import CauseFound, CauseKind
from storage.records.rollout import Progress
from topology.model import ConnectionStage, OfficeId, ProviderId


class Register(Protocol):
    """Every method may raise `api.backend.RecordsUnavailableError`."""

    async def sla(self, month: Month) -> SlaReport:
        """All of it. Raises reports.month.MonthError for a month to come."""
        ...

    async def causes(self, incident: IncidentId) -> Sequence[CauseFound]:
        """What people found its cause to be, oldest first."""
        ...

    async def add_cause(
        self,
        incident: IncidentId,
        who: str,
        cause: CauseKind,
        evidence: str,
        note: str,
        offices: Sequence[OfficeId] | None,
        provider: ProviderId | None,
    ) -> CauseFound: ...

    async def progress(self, offices: Sequence[OfficeId]) -> Mapping[OfficeId, Sequence[Progress]]:
        """Every entry of each that has one, oldest first."""
        ...

    async def add_progress(
        self,
        office: OfficeId,
        who: str,
        stage: ConnectionStage | None,
        note: str,
        promised_date: date | None,
        link: str | None,
    ) -> Progress: ...

    async def joinings(self, offices: Sequence[OfficeId]) -> Mapping[str, Sequence[RecordedChange]]:
        """By office: the changes at which it became connected by the plan or ceased to be, by time."""
        ...
