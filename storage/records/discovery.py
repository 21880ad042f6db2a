"""Since when each finding of discovery has stood, so that a restart doesn't make it new."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from storage.records.tables import discovery_finding as table


def stand(connection: sa.Connection, keys: Collection[str], now: datetime) -> dict[str, datetime]:
    """These stand now, and no others. Returns since when each has."""
    known = {row.key: row.since for row in connection.execute(sa.select(table))}
    if gone := [key for key in known if key not in keys]:
        for start in range(0, len(gone), 500):
            connection.execute(table.delete().where(table.c.key.in_(gone[start : start + 500])))
    new = [{"key": key, "since": now} for key in sorted(keys) if key not in known]
    if new:
        connection.execute(table.insert(), new)
    return {key: known.get(key, now) for key in keys}
