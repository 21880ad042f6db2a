"""Sends what the records hold as still to be sent. At least once, in order per incident and receiver.

The rows are written in the same transaction as the incident they tell of (`storage.records`); this sender
claims them by compare-and-swap, so that a second process never sends the same row at the same time. A crash
between a delivery and its mark repeats that one message: its `dedup_key` is the same.

Stages of a claimed row, in this order: overtaken (drop it), the rate limit (hold it, or put all that is held
into one summary), the channel, the mark.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog

from alerts.delivery import Delivery, Manner, Overtaken, RateWindow, RetryPolicy
from alerts.model import Notification, Outcome, Reason, ReceiverId
from alerts.summary import Summarise, english_summary
from topology.clock import Clock

log = structlog.get_logger(__name__)

LEASE_S = 60.0
DELIVER_WITHIN_S = 45.0
"""Shorter than the lease, so that nobody else has the row while we still wait for an answer."""
SLOTS = 4
"""Deliveries under way for one receiver; for one with a rate limit, one."""
IDLE_S = 1.0
STOP_WITHIN_S = 2.0
MARK_AGAIN_S = (0.2, 1.0, 3.0)
"""Pauses before a mark that could not be written is tried again; with the delivery shorter than the lease."""
NEVER_HELD = frozenset({Reason.TEST, Reason.ESCALATED})

Target = tuple[str, str]


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
        """How often it was taken, this time included: the proof that the lease still holds."""
        ...

    @property
    def tries(self) -> int:
        """How often it was really tried, this time included."""
        ...

    @property
    def overtaken(self) -> bool:
        """Its incident is over, or a newer update waits."""
        ...

    @property
    def told(self) -> bool:
        """The receiver has, or may have, heard of this incident before."""
        ...


class OutboxStore(Protocol):
    """The records' side of the outbox. Called in a thread, so that a slow disk never stops the loop."""

    async def claim_due(
        self, limit: int, lease_s: float, full: Mapping[Target, int]
    ) -> Sequence[Claimed]: ...

    async def mark(
        self, row: Claimed, delivery: Delivery, retry_after_s: float | None, *, held: bool = False
    ) -> None: ...

    async def combine(self, row: Claimed, make: Callable[[Sequence[Notification]], Notification]) -> int: ...

    async def release(self) -> int:
        """Ends the leases of a sender that is gone."""
        ...


class Outbox:
    def __init__(
        self,
        store: OutboxStore,
        channels: Mapping[ReceiverId, Mapping[str, Channel]],
        clock: Clock,
        policy: RetryPolicy | None = None,
        manners: Mapping[ReceiverId, Manner] | None = None,
        summarise: Summarise = english_summary,
    ) -> None:
        """`channels`: by receiver and name. One sender at a time: the caller holds the directory's lock."""
        self._store = store
        self._channels = channels
        self._clock = clock
        self._policy = policy or RetryPolicy()
        self._manners = manners or {}
        self._summarise = summarise
        self._windows: dict[Target, RateWindow] = {}
        self._under_way: dict[asyncio.Task[None], Claimed] = {}
        self._work = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.counters: Counter[str] = Counter()

    async def start(self) -> None:
        await self._store.release()
        for channel in self._all():
            await channel.start()
        self._task = asyncio.create_task(self._run(), name="outbox")

    async def stop(self) -> None:
        """Finishes the deliveries under way if they are quick; what is left goes out after the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=STOP_WITHIN_S)
        for task, row in list(self._under_way.items()):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            with contextlib.suppress(Exception):  # the lease runs out by itself
                await self._store.mark(row, Delivery(Outcome.RETRY, "stopped", maybe_arrived=True), 0.0)
        for channel in self._all():
            await channel.stop()

    def poke(self) -> None:
        """There is something to send: don't wait for the next look."""
        self._work.set()

    def channel_counters(self) -> Counter[str]:
        """What channels count by themselves, summed: edits, presses, resends, refusals."""
        total: Counter[str] = Counter()
        for channel in self._all():
            total.update(getattr(channel, "counters", Counter()))
        return total

    async def flush(self) -> int:
        """Send all that is due now; return how many rows were taken."""
        tried = 0
        while rows := await self._store.claim_due(SLOTS, LEASE_S, self._room()):
            await asyncio.gather(*(self._send(row) for row in rows))
            tried += len(rows)
        return tried

    async def _run(self) -> None:
        """Every receiver has its own slots: one that is stuck holds up nobody else."""
        while True:
            self._work.clear()
            try:
                for row in await self._store.claim_due(SLOTS, LEASE_S, self._room()):
                    task = asyncio.create_task(self._send_safely(row))
                    self._under_way[task] = row
                    task.add_done_callback(self._ended)
            except Exception as error:  # noqa: BLE001  # the sender must outlive a locked or full database
                self._store_failed(error)
                await asyncio.sleep(IDLE_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._work.wait(), IDLE_S)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self._work.set()  # there is room again, and perhaps the next of its incident

    def _room(self) -> dict[Target, int]:
        """How many each target may still take, where that is not SLOTS."""
        room: dict[Target, int] = {}
        for receiver, manner in self._manners.items():
            if manner.at_most_per_minute is not None:
                room |= {(receiver, name): 1 for name in manner.channels or ("",)}
        for row in self._under_way.values():
            target = _target(row)
            room[target] = room.get(target, SLOTS) - 1
        return room

    async def _send_safely(self, row: Claimed) -> None:
        try:
            await self._send(row)
        except Exception as error:  # noqa: BLE001  # its lease runs out, and it is taken again
            self._store_failed(error)

    def _store_failed(self, error: Exception) -> None:
        self.counters["store_errors"] += 1
        if self.counters["store_errors"] in (1, 10, 100) or not self.counters["store_errors"] % 1000:
            log.error("outbox can't be read", error=str(error), times=self.counters["store_errors"])

    async def _send(self, row: Claimed) -> None:
        note = row.notification
        if (void := self._void(row)) is not None:
            self.counters["expired"] += 1
            await self._store.mark(row, Delivery(Outcome.EXPIRED, void), None)
            return
        window = self._window(row)
        wait_s = 0.0 if note.reason in NEVER_HELD else window.wait_s(self._clock.monotonic_s())
        if wait_s > 0:
            self.counters["held"] += 1
            await self._store.mark(row, Delivery(Outcome.RETRY, "held by the rate limit"), wait_s, held=True)
            return
        if window.at_most is not None and row.attempts > row.tries and note.reason is not Reason.SUMMARY:
            combined = await self._store.combine(row, lambda held: self._summarise(held, self._clock.now()))
            if combined:
                self.counters["summarised"] += combined
                return
        window.sent(self._clock.monotonic_s())
        delivery = await self._deliver(note)
        await self._mark(row, delivery)

    def _void(self, row: Claimed) -> str | None:
        """Why it should not go out any more, or None."""
        manner = self._manners.get(row.notification.receiver, Manner())
        if manner.overtaken is Overtaken.KEEP:
            return None
        if row.overtaken:
            return "overtaken: its incident has moved on"
        unheard = row.notification.reason is Reason.RESOLVED and not row.told
        if unheard and manner.overtaken is Overtaken.DROP:
            return "its receiver never heard of the incident"
        return None

    async def _mark(self, row: Claimed, delivery: Delivery) -> None:
        note = row.notification
        retry_after_s = None
        if delivery.outcome is Outcome.RETRY:
            if row.tries >= self._policy.give_up_after:
                delivery = Delivery(Outcome.FAILED, f"gave up after {row.tries} tries: {delivery.error}")
            else:
                own = self._policy.delay_s(note.dedup_key, row.tries)
                retry_after_s = max(own, delivery.retry_after_s or 0.0)
        self.counters[delivery.outcome.value] += 1
        if delivery.outcome is not Outcome.SENT:
            log.warning(
                "message not delivered",
                receiver=note.receiver,
                reason=note.reason.value,
                incident=note.incident,
                outcome=delivery.outcome.value,
                error=delivery.error,
                retry_in_s=retry_after_s and round(retry_after_s, 1),
            )
        await self._on_record(row, delivery, retry_after_s)

    async def _on_record(self, row: Claimed, delivery: Delivery, retry_after_s: float | None) -> None:
        """What went out and isn't marked goes out again: while the lease lasts, the mark is tried again."""
        for pause_s in MARK_AGAIN_S:
            try:
                await self._store.mark(row, delivery, retry_after_s)
            except Exception as error:  # noqa: BLE001  # locked or full just now: counted, and tried again
                self._store_failed(error)
                await asyncio.sleep(pause_s)
            else:
                return
        await self._store.mark(row, delivery, retry_after_s)

    async def _deliver(self, notification: Notification) -> Delivery:
        """By its channel; without one by the receiver's channels in turn, until one takes it."""
        channels = self._channels.get(notification.receiver, {})
        if not channels:
            return Delivery(Outcome.FAILED, f"no receiver {notification.receiver!r} in the settings")
        if notification.channel:
            channel = channels.get(notification.channel)
            if channel is None:
                where = f"receiver {notification.receiver!r} has no channel {notification.channel!r} any more"
                return Delivery(Outcome.FAILED, where)
            return await self._by(channel, notification, DELIVER_WITHIN_S)
        worst = Delivery(Outcome.FAILED, "no channel tried")
        for channel in channels.values():
            delivery = await self._by(channel, notification, DELIVER_WITHIN_S / len(channels))
            if delivery.outcome is Outcome.SENT:
                return delivery
            if worst.outcome is not Outcome.RETRY:
                worst = delivery
        return worst

    async def _by(self, channel: Channel, notification: Notification, within_s: float) -> Delivery:
        try:
            async with asyncio.timeout(within_s):
                return await channel.deliver(notification)
        except TimeoutError:
            return Delivery(Outcome.RETRY, f"no end within {within_s:g} s", maybe_arrived=True)
        except Exception as error:
            self.counters["channel_errors"] += 1
            log.exception("a channel failed in a way of its own", channel=type(channel).__name__)
            return Delivery(Outcome.RETRY, f"{type(error).__name__} in {type(channel).__name__}")

    def _window(self, row: Claimed) -> RateWindow:
        manner = self._manners.get(row.notification.receiver, Manner())
        return self._windows.setdefault(_target(row), RateWindow(manner.at_most_per_minute))

    def _all(self) -> list[Channel]:
        return [channel for channels in self._channels.values() for channel in channels.values()]


def _target(row: Claimed) -> Target:
    return row.notification.receiver, row.notification.channel
