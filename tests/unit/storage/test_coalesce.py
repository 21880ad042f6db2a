"""Many small writes into few: order, bounds, errors."""

from __future__ import annotations

import asyncio

import pytest

from storage.metrics.coalesce import Coalescer


async def test_what_waits_while_one_flush_runs_shares_the_next() -> None:
    batches: list[list[int]] = []
    gate = asyncio.Event()

    async def flush(items: list[int]) -> list[int]:
        batches.append(items)
        if len(batches) == 1:
            await gate.wait()
        return [10 * i for i in items]

    coalescer = Coalescer(flush, weigh=lambda _: 1, max_weight=4)
    first = asyncio.create_task(coalescer.add(0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    rest = [asyncio.create_task(coalescer.add(n)) for n in range(1, 7)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(first, *rest) == [0, 10, 20, 30, 40, 50, 60]
    assert batches == [[0], [1, 2, 3, 4], [5, 6]]
    assert coalescer.weight == 0


async def test_an_error_belongs_to_its_batch_only() -> None:
    async def flush(items: list[int]) -> list[int]:
        if 1 in items:
            raise ValueError("one")
        return items

    coalescer = Coalescer(flush, weigh=lambda _: 1, max_weight=1)
    results = await asyncio.gather(*(coalescer.add(n) for n in range(3)), return_exceptions=True)
    assert results[0] == 0
    assert isinstance(results[1], ValueError)
    assert results[2] == 2


async def test_a_caller_that_is_cancelled_takes_nothing_with_it() -> None:
    flushed: list[int] = []

    async def flush(items: list[int]) -> list[int]:
        await asyncio.sleep(0.01)
        flushed.extend(items)
        return items

    coalescer = Coalescer(flush, weigh=lambda _: 1, max_weight=10)
    one = asyncio.create_task(coalescer.add(1))
    two = asyncio.create_task(coalescer.add(2))
    await asyncio.sleep(0)
    one.cancel()
    with pytest.raises(asyncio.CancelledError):
        await one
    assert await two == 2
    assert sorted(flushed) == [1, 2]


async def test_lingering_ends_early_when_there_is_enough_or_when_drained() -> None:
    async def flush(items: list[int]) -> list[int]:
        return items

    coalescer = Coalescer(flush, weigh=lambda _: 1, max_weight=3, linger_s=30.0)
    async with asyncio.timeout(60):
        await asyncio.gather(*(coalescer.add(n) for n in range(3)))
        waiting = asyncio.create_task(coalescer.add(9))
        await asyncio.sleep(0)
        await coalescer.drain()
        assert await waiting == 9
