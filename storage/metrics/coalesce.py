"""Many small writes into few: everything that waits while one flush runs shares the next one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Coalescer(Generic[T, R]):
    """Calls `flush` with all items that wait, never twice at the same time, and gives each item its own
    result.

    `flush` returns one result for each item, in order. When it raises, every item of that batch raises the
    same.
    """

    def __init__(
        self,
        flush: Callable[[list[T]], Awaitable[list[R]]],
        *,
        weigh: Callable[[T], int],
        max_weight: int,
        linger_s: float = 0.0,
    ) -> None:
        self._flush = flush
        self._weigh = weigh
        self._max_weight = max_weight
        self._linger_s = linger_s
        self._waiting: deque[tuple[T, int, asyncio.Future[R]]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self.weight = 0
        """Of everything that waits or is being flushed."""

    async def add(self, item: T) -> R:
        """Waits until the item was flushed."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        weight = self._weigh(item)
        self._waiting.append((item, weight, future))
        self.weight += weight
        if self.weight >= self._max_weight:
            self._hurry.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="coalesce")
        return await asyncio.shield(future)

    async def drain(self) -> None:
        """Returns when nothing waits. New items may still be added meanwhile."""
        self._hurry.set()
        while self._task is not None and not self._task.done():
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        while self._waiting:
            if self._linger_s > 0 and not self._hurry.is_set():
                try:
                    async with asyncio.timeout(self._linger_s):
                        await self._hurry.wait()
                except TimeoutError:
                    pass
            self._hurry.clear()
            batch = self._take()
            try:
                results = await self._flush([item for item, _, _ in batch])
            except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to those who wait for this batch
                for _, _, future in batch:
                    if not future.done():
                        future.set_exception(error)
            else:
                for (_, _, future), result in zip(batch, results, strict=True):
                    if not future.done():
                        future.set_result(result)
            finally:
                self.weight -= sum(weight for _, weight, _ in batch)

    def _take(self) -> list[tuple[T, int, asyncio.Future[R]]]:
        batch = [self._waiting.popleft()]
        weight = batch[0][1]
        while self._waiting and weight + self._waiting[0][1] <= self._max_weight:
            batch.append(self._waiting.popleft())
            weight += batch[-1][1]
        return batch
