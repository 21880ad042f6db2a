"""What people found outages to come from. Nothing is overwritten: the newest word of an incident counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from alerts.model import IncidentId
from storage.records.tables import outage_cause
from topology.model import OfficeId, ProviderId


class CauseKind(StrEnum):
    """The words of the contracts."""

    LISTRIK = "listrik"
    """A power failure, proven at the office: does not count against the provider."""
    PEMELIHARAAN = "pemeliharaan"
    """Announced maintenance: does not count."""
    PENYEDIA = "penyedia"
    """The provider's circuit, node or equipment."""
    PERANGKAT = "perangkat"
    """The regency's own equipment."""
    LAINNYA = "lainnya"


@dataclass(frozen=True, slots=True)
class CauseFound:
    id: int
    incident: IncidentId
    at: datetime
    who: str
    cause: CauseKind
    evidence: str
    """What proves it: may be shown to the provider."""
    note: str = ""
    """For colleagues only."""
    offices: tuple[OfficeId, ...] | None = None
    """Those that it holds for; None: all of the incident."""
    provider: ProviderId | None = None
    """For PENYEDIA: which one, when it is not the one that the evidence blames."""


def add(
    connection: sa.Connection,
    incident: IncidentId,
    at: datetime,
    who: str,
    cause: CauseKind,
    evidence: str,
    note: str = "",
    offices: Sequence[OfficeId] | None = None,
    provider: ProviderId | None = None,
) -> CauseFound:
    row = connection.execute(
        outage_cause.insert()
        .values(
            incident=incident,
            at=at,
            who=who,
            cause=cause.value,
            evidence=evidence,
            note=note,
            offices=None if offices is None else list(offices),
            provider=provider,
        )
        .returning(outage_cause.c.id)
    ).one()
    kept = None if offices is None else tuple(offices)
    return CauseFound(row.id, incident, at, who, cause, evidence, note, kept, provider)


def of_incidents(
    connection: sa.Connection, incidents: Sequence[IncidentId]
) -> dict[IncidentId, list[CauseFound]]:
    """Every word of each incident that has one, oldest first."""
    found: defaultdict[IncidentId, list[CauseFound]] = defaultdict(list)
    for start in range(0, len(incidents), 500):
        query = (
            sa.select(outage_cause)
            .where(outage_cause.c.incident.in_(incidents[start : start + 500]))
            .order_by(outage_cause.c.id)
        )
        for row in connection.execute(query):
            offices = None if row.offices is None else tuple(OfficeId(o) for o in row.offices)
            provider = None if row.provider is None else ProviderId(row.provider)
            cause = CauseKind(row.cause)
            found[IncidentId(row.incident)].append(
                CauseFound(
                    row.id, row.incident, row.at, row.who, cause, row.evidence, row.note, offices, provider
                )
            )
    return dict(found)
