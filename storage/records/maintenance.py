"""Maintenance windows."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from alerts.maintenance import Window, WindowId
from storage.records.tables import maintenance
from topology.findings import Component, ComponentKind


def save(connection: sa.Connection, window: Window) -> bool:
    """Adds it. False: its id is taken, and nothing was changed."""
    known = connection.scalar(sa.select(maintenance.c.id).where(maintenance.c.id == window.id))
    if known is not None:
        return False
    connection.execute(
        maintenance.insert().values(
            id=window.id,
            starts_at=window.starts_at,
            ends_at=window.ends_at,
            rrule=window.rrule,
            subjects=[{"kind": s.kind.value, "id": s.id} for s in window.subjects],
            title=window.title,
            created_by=window.created_by,
            created_at=window.created_at,
            cancelled_at=window.cancelled_at,
            note=window.note,
        )
    )
    return True


def cancel(connection: sa.Connection, id_: WindowId, at: datetime) -> Window | None:
    """Ends it now. Cancelling again changes nothing; the window as it is then, None when there is none."""
    connection.execute(
        maintenance.update()
        .where(maintenance.c.id == id_, maintenance.c.cancelled_at.is_(None))
        .values(cancelled_at=at)
    )
    row = connection.execute(sa.select(maintenance).where(maintenance.c.id == id_)).first()
    return None if row is None else _window(row)


def select(connection: sa.Connection, since: datetime | None) -> list[Window]:
    """Oldest first. `since`: without those that were over by then."""
    query = sa.select(maintenance).order_by(maintenance.c.starts_at, maintenance.c.id)
    if since is not None:
        again = maintenance.c.rrule.is_not(None)
        query = query.where(
            sa.or_(again, maintenance.c.ends_at > since),
            sa.or_(maintenance.c.cancelled_at.is_(None), maintenance.c.cancelled_at > since),
        )
    return [_window(row) for row in connection.execute(query)]


def _window(row: sa.Row[tuple[object, ...]]) -> Window:
    return Window(
        id=WindowId(row.id),
        title=row.title,
        subjects=tuple(Component(ComponentKind(s["kind"]), s["id"]) for s in row.subjects),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        rrule=row.rrule,
        created_by=row.created_by,
        created_at=row.created_at,
        cancelled_at=row.cancelled_at,
        note=row.note,
    )
