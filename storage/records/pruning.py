"""What is past its age is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from storage.records import audit, events, evidence, history, incidents, memory, outbox
from storage.settings import RecordsRetention

_EVIDENCE_KEPT = timedelta(days=7)
Write = Callable[[Callable[[sa.Connection], int]], int]
"""Runs a function in one transaction."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """Rows that were deleted."""

    events: int
    incidents: int
    outbox: int
    evidence: int
    audit: int = 0


def prune(write: Write, now: datetime, policy: RecordsRetention) -> Pruned:
    """Each kind in a transaction of its own. Never: active incidents, messages that wait, and each subject's
    last change before the age of events, without which the moments after could not be rebuilt."""

    def run(delete: Callable[[sa.Connection, datetime], int], age: timedelta) -> int:
        return write(lambda connection: delete(connection, now - age))

    run(memory.prune, timedelta(seconds=policy.incidents_s))  # what channels know of forgotten incidents
    run(history.prune_watches, timedelta(seconds=policy.events_s))
    return Pruned(
        events=run(events.prune, timedelta(seconds=policy.events_s)),
        incidents=run(incidents.prune, timedelta(seconds=policy.incidents_s)),
        outbox=run(outbox.prune, timedelta(seconds=policy.outbox_s)),
        evidence=run(evidence.prune, _EVIDENCE_KEPT),
        audit=run(audit.prune, timedelta(seconds=policy.events_s)),
    )
