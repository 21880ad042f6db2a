"""What channels remember between messages: ids that the far end gave, offsets, alerts that still stand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.records.tables import channel_memory


def put(connection: sa.Connection, owner: str, key: str, value: dict[str, Any], now: datetime) -> None:
    changed = connection.execute(
        channel_memory.update()
        .where(channel_memory.c.owner == owner, channel_memory.c.key == key)
        .values(value=value, changed_at=now)
    )
    if changed.rowcount == 0:
        connection.execute(channel_memory.insert().values(owner=owner, key=key, value=value, changed_at=now))


def get(connection: sa.Connection, owner: str, key: str) -> dict[str, Any] | None:
    query = sa.select(channel_memory.c.value)
    found: dict[str, Any] | None = connection.scalar(
        query.where(channel_memory.c.owner == owner, channel_memory.c.key == key)
    )
    return found


def of_owner(connection: sa.Connection, owner: str) -> dict[str, dict[str, Any]]:
    query = sa.select(channel_memory.c.key, channel_memory.c.value).where(channel_memory.c.owner == owner)
    return {row.key: row.value for row in connection.execute(query.order_by(channel_memory.c.key))}


def forget(connection: sa.Connection, owner: str, key: str) -> None:
    connection.execute(
        channel_memory.delete().where(channel_memory.c.owner == owner, channel_memory.c.key == key)
    )


def prune(connection: sa.Connection, before: datetime) -> int:
    return connection.execute(sa.delete(channel_memory).where(channel_memory.c.changed_at < before)).rowcount
