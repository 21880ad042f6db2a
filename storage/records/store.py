"""The records: what happened, what is open, and what has to be said. SQLite by default, PostgreSQL by URL.

Threading and errors are those of `storage.records.database`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from alerts.maintenance import Window, WindowId
from alerts.model import Incident, IncidentId, IncidentStatus, Notification, Outcome, ReceiverId
from storage.records import claims, events, evidence, maintenance, memory, outbox
from storage.records import incidents as incident_rows
from storage.records.access import AccessRecords
from storage.records.claims import Claimed
from storage.records.database import Database
from storage.records.events import RecordedChange
from storage.records.outbox import OutboxRow
from storage.records.pruning import Pruned, prune
from storage.settings import RecordsRetention
from topology.findings import Component, StateChange
from topology.observations import Observation

ACTIVE: Literal["active"] = "active"


class Records(Database):
    """All records behind one URL. Inert until `start`. What has a module of its own besides (reports, the
    roll-out, configurations) takes a connection: `records.read(function)`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.access = AccessRecords(self._reading, self._writing)

    # Events

    def append_changes(self, changes: Sequence[StateChange]) -> None:
        with self._writing() as connection:
            events.append(connection, changes)

    def changes(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        subject: Component | None = None,
        *,
        subjects: Collection[Component] | None = None,
        limit: int = 1000,
        after_id: int = 0,
    ) -> list[RecordedChange]:
        """Changes with since <= at < until, in the order of appending; of `subject`, or of one of
        `subjects`. The next page: `after_id` of the last."""
        with self._reading() as connection:
            return events.select(connection, since, until, subject, limit, after_id, subjects)

    def changes_until(self, at: datetime) -> list[StateChange]:
        """The state of everything at a moment: each subject's last change at or before it, by subject."""
        with self._reading() as connection:
            return events.state_at(connection, at)

    # Incidents

    def save(
        self,
        incidents: Sequence[Incident] = (),
        notifications: Sequence[Notification] = (),
        changes: Sequence[StateChange] = (),
    ) -> None:
        """All or nothing: a change of state, the incident it moved and the messages about it commit together.

        A notification whose `dedup_key` is known is not added again. Raises StaleRevisionError when a record
        is newer than an incident given.
        """
        with self._writing() as connection:
            events.append(connection, changes)
            incident_rows.save(connection, incidents)
            outbox.add(connection, notifications)

    def incident(self, id_: IncidentId) -> Incident | None:
        with self._reading() as connection:
            return incident_rows.get(connection, id_)

    def active_incidents(self) -> list[Incident]:
        """Those not resolved, oldest first."""
        with self._reading() as connection:
            return incident_rows.active(connection)

    def incidents(
        self,
        status: IncidentStatus | Collection[IncidentStatus] | Literal["active"] | None = None,
        since: datetime | None = None,
        *,
        limit: int = 100,
        after: IncidentId | None = None,
    ) -> list[Incident]:
        """Newest first. `since`: those that were not yet resolved then. The next page: `after` the last
        one."""
        statuses: Collection[IncidentStatus] | None
        if status == ACTIVE:
            statuses = [s for s in IncidentStatus if s is not IncidentStatus.RESOLVED]
        elif isinstance(status, IncidentStatus):
            statuses = (status,)
        else:
            assert not isinstance(status, str)
            statuses = status
        with self._reading() as connection:
            return incident_rows.select(connection, statuses, since, limit, after)

    def next_incident_number(self) -> int:
        """1, 2, 3, ...: never the same twice."""
        with self._writing() as connection:
            return incident_rows.next_number(connection)

    # Maintenance

    def maintenance_windows(self, since: datetime | None = None) -> list[Window]:
        """Cancelled ones too, oldest first. `since`: without those that were over by then."""
        with self._reading() as connection:
            return maintenance.select(connection, since)

    def save_window(self, window: Window) -> bool:
        """Adds it. False: its id is taken, and nothing was changed."""
        with self._writing() as connection:
            return maintenance.save(connection, window)

    def cancel_window(self, id_: WindowId, at: datetime) -> Window | None:
        """Ends it at `at`. Cancelling again changes nothing. None: there is no such window."""
        with self._writing() as connection:
            return maintenance.cancel(connection, id_, at)

    # Outbox

    def claim_due(
        self, now: datetime, limit: int, lease_s: float, full: Mapping[claims.Target, int] | None = None
    ) -> list[Claimed]:
        """Takes what is due, for `lease_s` and for the caller alone; one a target and incident, the oldest.

        At most `limit` a target (receiver and channel), and of those in `full` no more than it says."""
        with self._writing(soon=True) as connection:
            return claims.claim(connection, now, limit, lease_s, full or {})

    def mark(
        self,
        dedup_key: str,
        outcome: Outcome,
        now: datetime,
        error: str | None = None,
        retry_at: datetime | None = None,
        *,
        attempt: int | None = None,
        maybe_arrived: bool = False,
        held: bool = False,
    ) -> bool:
        """What became of an attempt. False: the message is no longer in the caller's hands (lease run out).

        Quick: between a delivery and its mark lies the window in which a crash sends a message again.

        `maybe_arrived`: it may have, though nobody said so. `held`: not an attempt, the rate limit's doing.
        Raises ValueError when `retry_at` is missing for `RETRY`, or given for anything else.
        """
        with self._writing(soon=True) as connection:
            return claims.mark(
                connection,
                dedup_key,
                outcome,
                now,
                error,
                retry_at,
                attempt,
                maybe_arrived=maybe_arrived,
                held=held,
            )

    def combine(
        self,
        dedup_key: str,
        attempt: int,
        now: datetime,
        make: Callable[[Sequence[Notification]], Notification],
    ) -> int:
        """Puts a claimed message and all that waits for its target into one summary, made by `make` and added
        in the same transaction; how many they are (0: there was nothing else, and nothing is changed)."""
        with self._writing() as connection:
            return claims.combine(connection, dedup_key, attempt, now, make)

    def release_leases(self, now: datetime) -> int:
        """For the only sender, at its start: what its predecessor had in hand can be taken at once."""
        with self._writing() as connection:
            return claims.release(connection, now)

    def requeue(self, now: datetime, keys: Collection[str] | None = None) -> int:
        """Failed messages (None: all) are due again; how many."""
        with self._writing() as connection:
            return outbox.requeue(connection, now, keys)

    def troubled_notifications(self, limit: int = 1000) -> list[OutboxRow]:
        """What waits and what failed, oldest first."""
        with self._reading() as connection:
            return outbox.troubled(connection, limit)

    # What channels remember

    def remember(self, owner: str, key: str, value: dict[str, Any], now: datetime) -> None:
        with self._writing() as connection:
            memory.put(connection, owner, key, value, now)

    def remembered(self, owner: str, key: str) -> dict[str, Any] | None:
        with self._reading() as connection:
            return memory.get(connection, owner, key)

    def remembered_of(self, owner: str) -> dict[str, dict[str, Any]]:
        """All of an owner's, by key."""
        with self._reading() as connection:
            return memory.of_owner(connection, owner)

    def forget(self, owner: str, key: str) -> None:
        with self._writing() as connection:
            memory.forget(connection, owner, key)

    def expire(
        self,
        now: datetime,
        *,
        incident: IncidentId | None = None,
        before_revision: int | None = None,
        created_before: datetime | None = None,
        receiver: ReceiverId | None = None,
        why: str = "overtaken",
    ) -> int:
        """Ends messages that were not sent yet and no longer should be; how many. All that is given must
        fit."""
        with self._writing() as connection:
            return outbox.expire(connection, now, incident, before_revision, created_before, receiver, why)

    def pending_count(self) -> int:
        """Messages that are neither sent nor given up."""
        with self._reading() as connection:
            return outbox.count(connection)

    def notifications_of(self, incident: IncidentId) -> list[OutboxRow]:
        with self._reading() as connection:
            return outbox.of_incident(connection, incident)

    def recent_notifications(self, limit: int = 100) -> list[OutboxRow]:
        """Newest first."""
        with self._reading() as connection:
            return outbox.recent(connection, limit)

    # Evidence

    def save_evidence(self, observations: Iterable[Observation]) -> int:
        """Keeps the newest observation of each thing; how many things were given."""
        with self._writing() as connection:
            return evidence.save(connection, observations)

    def load_evidence(self, since: datetime | None = None) -> list[Observation]:
        """By time, oldest first."""
        with self._reading() as connection:
            return evidence.load(connection, since)

    # Care

    def prune(self, now: datetime, policy: RecordsRetention) -> Pruned:
        """Deletes what is past its age, each kind in a transaction of its own."""
        return prune(self.write, now, policy)
