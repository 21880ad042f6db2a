"""The records: events, incidents, the outbox, and what a restart needs (SQL)."""

from storage.records.engine import RecordsError
from storage.records.events import RecordedChange
from storage.records.incidents import StaleRevisionError
from storage.records.outbox import Claimed, OutboxRow
from storage.records.store import Pruned, Records

__all__ = [
    "Claimed",
    "OutboxRow",
    "Pruned",
    "RecordedChange",
    "Records",
    "RecordsError",
    "StaleRevisionError",
]
