"""The records behind one worker thread: a slow disk never stops the event loop, and writes keep order."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

import structlog

from alerts.delivery import Delivery, Manner, spread
from alerts.model import Incident, Notification, ReceiverId
from alerts.outbox import Claimed
from storage.records import Records, StaleRevisionError
from topology.clock import Clock
from topology.findings import StateChange

log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unsaved:
    """What belongs into one transaction."""

    incidents: Sequence[Incident]
    notifications: Sequence[Notification]
    changes: Sequence[StateChange]


class Keeper:
    """Saves in order; what can't be saved now is kept and tried again. Nothing is sent before it is saved."""

    def __init__(
        self, records: Records, clock: Clock, manners: Mapping[ReceiverId, Manner] | None = None
    ) -> None:
        """`manners`: on which of its channels each receiver is told (alerts.delivery.spread)."""
        self._records = records
        self._manners = manners or {}
        self._clock = clock
        self._thread: ThreadPoolExecutor | None = None
        self._marks: ThreadPoolExecutor | None = None
        """A thread of their own: a delivery is on record before anything that queued earlier is written."""
        self._unsaved: list[Unsaved] = []
        self._saving = asyncio.Lock()
        self.counters: Counter[str] = Counter()

    async def start(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="records")
        self._marks = ThreadPoolExecutor(max_workers=1, thread_name_prefix="marks")
        await self.call(self._records.start)

    async def stop(self) -> None:
        if self._thread is None or self._marks is None:
            return
        self._marks.shutdown(wait=True)
        self._marks = None
        if not await self.save():
            log.error(
                "stopped with changes that the records did not take: they are lost", waiting=self.waiting
            )
        await self.call(self._records.stop)
        self._thread.shutdown(wait=True)
        self._thread = None

    async def call(self, function: Callable[[], T]) -> T:
        """Run something of the records in their thread."""
        if self._thread is None:
            raise RuntimeError("the records are not started")
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    async def _call_first(self, function: Callable[[], T]) -> T:
        if self._marks is None:
            raise RuntimeError("the records are not started")
        return await asyncio.get_running_loop().run_in_executor(self._marks, function)

    def add(self, unsaved: Unsaved) -> None:
        if unsaved.incidents or unsaved.notifications or unsaved.changes:
            self._unsaved.append(replace(unsaved, notifications=spread(unsaved.notifications, self._manners)))

    @property
    def waiting(self) -> int:
        """Transactions that are not on disk yet."""
        return len(self._unsaved)

    async def save(self) -> bool:
        """Commit all that waits, oldest first. False: the rest is kept for the next call."""
        async with self._saving:
            while self._unsaved:
                first = self._unsaved[0]
                try:
                    await self.call(
                        lambda first=first: self._records.save(  # type: ignore[misc]  # bound now, on purpose
                            first.incidents, first.notifications, first.changes
                        )
                    )
                except StaleRevisionError as error:
                    # Another process moved it on: ours is history, and trying again would never end.
                    self.counters["save_stale"] += 1
                    log.error("an incident was moved by another process", error=str(error))
                except Exception as error:  # noqa: BLE001  # locked, full, gone: kept, counted, tried again
                    self.counters["save_errors"] += 1
                    if (
                        self.counters["save_errors"] in (1, 10, 100)
                        or not self.counters["save_errors"] % 1000
                    ):
                        log.error("records can't be saved", error=str(error), waiting=len(self._unsaved))
                    return False
                self._unsaved.pop(0)
                self.counters["saved"] += 1
            return True

    # What the outbox asks for (alerts.outbox.OutboxStore).

    async def claim_due(
        self, limit: int, lease_s: float, full: Mapping[tuple[str, str], int] | None = None
    ) -> Sequence[Claimed]:
        now = self._clock.now()
        return await self.call(lambda: self._records.claim_due(now, limit, lease_s, full))

    async def mark(
        self, row: Claimed, delivery: Delivery, retry_after_s: float | None, *, held: bool = False
    ) -> None:
        now = self._clock.now()
        retry_at = None if retry_after_s is None else now + timedelta(seconds=retry_after_s)
        marked = await self._call_first(
            lambda: self._records.mark(
                row.notification.dedup_key,
                delivery.outcome,
                now,
                delivery.error,
                retry_at,
                attempt=row.attempts,
                maybe_arrived=delivery.maybe_arrived,
                held=held,
            )
        )
        if not marked:
            self.counters["leases_lost"] += 1

    async def combine(self, row: Claimed, make: Callable[[Sequence[Notification]], Notification]) -> int:
        now = self._clock.now()
        key, attempt = row.notification.dedup_key, row.attempts
        return await self.call(lambda: self._records.combine(key, attempt, now, make))

    async def release(self) -> int:
        now = self._clock.now()
        return await self.call(lambda: self._records.release_leases(now))
