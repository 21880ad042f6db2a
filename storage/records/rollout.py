"""How offices' connections come along, as their coordinators tell it. Append-only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from storage.records.tables import rollout
from topology.model import ConnectionStage, OfficeId


@dataclass(frozen=True, slots=True)
class Progress:
    id: int
    office: OfficeId
    at: datetime
    who: str
    stage: ConnectionStage | None
    """None: as it was; only a note or a date."""
    note: str
    promised_date: date | None = None
    link: str | None = None
    """Where a document or picture lies."""


def add(
    connection: sa.Connection,
    office: OfficeId,
    at: datetime,
    who: str,
    stage: ConnectionStage | None,
    note: str,
    promised_date: date | None = None,
    link: str | None = None,
) -> Progress:
    row = connection.execute(
        rollout.insert()
        .values(
            office=office,
            at=at,
            who=who,
            stage=None if stage is None else stage.value,
            note=note,
            promised_date=promised_date,
            link=link,
        )
        .returning(rollout.c.id)
    ).one()
    return Progress(row.id, office, at, who, stage, note, promised_date, link)


def of_offices(
    connection: sa.Connection, offices: Sequence[OfficeId] | None = None
) -> dict[OfficeId, list[Progress]]:
    """Every entry of each office that has one (None: of all offices), oldest first."""
    found: defaultdict[OfficeId, list[Progress]] = defaultdict(list)
    parts: list[Sequence[OfficeId] | None] = [None]
    if offices is not None:
        parts = [offices[start : start + 500] for start in range(0, len(offices), 500)]
    for part in parts:
        query = sa.select(rollout).order_by(rollout.c.id)
        if part is not None:
            query = query.where(rollout.c.office.in_(part))
        for row in connection.execute(query):
            stage = None if row.stage is None else ConnectionStage(row.stage)
            found[OfficeId(row.office)].append(
                Progress(row.id, row.office, row.at, row.who, stage, row.note, row.promised_date, row.link)
            )
    return dict(found)
