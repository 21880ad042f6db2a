"""Sends what the records hold as still to be sent. At least once, in order per incident and receiver.

The rows are written in the same transaction as the incident they tell of (`storage.records`); this sender
claims them by compare-and-swap, so that a second process never sends the same row at the same time. A crash
between a delivery and its mark repeats that one message: its `dedup_key` is the same.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from alerts.delivery import Delivery, RetryPolicy
from alerts.model import Notification, Outcome, ReceiverId
from topology.clock import Clock

log = structlog.get_logger(__name__)

LEASE_S = 60.0
BATCH = 50
IDLE_S = 1.0


class Channel(Protocol):
    """One way to reach a receiver. Never raises for what the far side does: it says so in `Delivery`."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def deliver(self, notification: Notification) -> Delivery: ...


class Claimed(Protocol):
    @property
    def notification(self) -> Notification: ...

    @property
    def attempts(self) -> int:
        """How often it was tried, this time included."""
        ...


class OutboxStore(Protocol):
    """The records' side of the outbox. Called in a thread, so that a slow disk never stops the loop."""

    async def claim_due(self, limit: int, lease_s: float) -> Sequence[Claimed]: ...

    async def mark(
        self, dedup_key: str, outcome: Outcome, error: str | None, retry_after_s: float | None
    ) -> None: ...


class Outbox:
    def __init__(
        self,
        store: OutboxStore,
        channels: Mapping[ReceiverId, Sequence[Channel]],
        clock: Clock,
        policy: RetryPolicy | None = None,
    ) -> None:
        self._store = store
        self._channels = channels
        self._clock = clock
        self._policy = policy or RetryPolicy()
        self._work = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.counters: Counter[str] = Counter()

    async def start(self) -> None:
        for channel in self._all():
            await channel.start()
        self._task = asyncio.create_task(self._run(), name="outbox")

    async def stop(self) -> None:
        """Finishes the delivery under way if it is quick; what is left goes out after the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        for channel in self._all():
            await channel.stop()

    def poke(self) -> None:
        """There is something to send: don't wait for the next look."""
        self._work.set()

    async def flush(self) -> int:
        """Send all that is due now; return how many rows were tried."""
        tried = 0
        while rows := await self._store.claim_due(BATCH, LEASE_S):
            await asyncio.gather(*(self._send(row) for row in rows))
            tried += len(rows)
        return tried

    async def _run(self) -> None:
        while True:
            try:
                await self.flush()
            except Exception as error:  # noqa: BLE001  # the sender must outlive a locked or full database
                self.counters["store_errors"] += 1
                if self.counters["store_errors"] in (1, 10, 100) or not self.counters["store_errors"] % 1000:
                    log.error("outbox can't be read", error=str(error), times=self.counters["store_errors"])
            self._work.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._work.wait(), IDLE_S)

    async def _send(self, row: Claimed) -> None:
        notification = row.notification
        delivery = await self._deliver(notification)
        retry_after_s = None
        if delivery.outcome is Outcome.RETRY:
            if row.attempts >= self._policy.give_up_after:
                delivery = Delivery(Outcome.FAILED, f"gave up after {row.attempts} tries: {delivery.error}")
            else:
                own = self._policy.delay_s(notification.dedup_key, row.attempts)
                retry_after_s = max(own, delivery.retry_after_s or 0.0)
        self.counters[delivery.outcome.value] += 1
        if delivery.outcome is not Outcome.SENT:
            log.warning(
                "message not delivered",
                receiver=notification.receiver,
                reason=notification.reason.value,
                incident=notification.incident,
                outcome=delivery.outcome.value,
                error=delivery.error,
                retry_in_s=retry_after_s and round(retry_after_s, 1),
            )
        await self._store.mark(notification.dedup_key, delivery.outcome, delivery.error, retry_after_s)

    async def _deliver(self, notification: Notification) -> Delivery:
        """By the receiver's channels in turn, until one takes it."""
        channels = self._channels.get(notification.receiver, ())
        if not channels:
            return Delivery(Outcome.FAILED, f"no receiver {notification.receiver!r} in the settings")
        worst = Delivery(Outcome.FAILED, "no channel tried")
        for channel in channels:
            delivery = await channel.deliver(notification)
            if delivery.outcome is Outcome.SENT:
                return delivery
            if worst.outcome is not Outcome.RETRY:
                worst = delivery
        return worst

    def _all(self) -> list[Channel]:
        return [channel for channels in self._channels.values() for channel in channels]
