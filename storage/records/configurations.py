"""How the last backup of each device's configuration went. The texts are in git (storage.configs)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storage.records.tables import configuration as table
from topology.model import DeviceId


@dataclass(frozen=True, slots=True)
class BackupState:
    device: DeviceId
    tried_at: datetime
    good_at: datetime | None
    """When it was read as a whole last, changed or not."""
    wanted_since: datetime
    """When it was tried for the first time: from then on there should be one."""
    failures: int = 0
    """In a row."""
    reason: str | None = None
    """Of the last failure; None: the last try went well."""


def states(connection: sa.Connection) -> dict[DeviceId, BackupState]:
    rows = connection.execute(sa.select(table).order_by(table.c.device))
    return {
        DeviceId(r.device): BackupState(
            DeviceId(r.device), r.tried_at, r.good_at, r.wanted_since, r.failures, r.reason
        )
        for r in rows
    }


def note(connection: sa.Connection, device: DeviceId, now: datetime, reason: str | None) -> BackupState:
    """It was tried: well (None), or not, and why."""
    found = connection.execute(sa.select(table).where(table.c.device == device)).one_or_none()
    failures = 0 if reason is None else 1 + (found.failures if found is not None else 0)
    good_at = now if reason is None else (found.good_at if found is not None else None)
    values = {"tried_at": now, "good_at": good_at, "failures": failures, "reason": reason}
    if found is None:
        connection.execute(table.insert().values(device=device, wanted_since=now, **values))
        return BackupState(device, now, good_at, now, failures, reason)
    connection.execute(table.update().where(table.c.device == device).values(**values))
    return BackupState(device, now, good_at, found.wanted_since, failures, reason)
