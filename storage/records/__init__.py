"""The records: events, incidents, the outbox, and what a restart needs (SQL)."""

from storage.records.audit import AuditEntry
from storage.records.claims import Claimed
from storage.records.engine import RecordsError
from storage.records.events import RecordedChange
from storage.records.incidents import StaleRevisionError
from storage.records.outbox import OutboxRow
from storage.records.pruning import Pruned
from storage.records.store import Records
from storage.records.tokens import Session, Token, hash_of

__all__ = [
    "AuditEntry",
    "Claimed",
    "OutboxRow",
    "Pruned",
    "RecordedChange",
    "Records",
    "RecordsError",
    "Session",
    "StaleRevisionError",
    "Token",
    "hash_of",
]
