"""Live changes: told at once, resumable, and never at the cost of others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from api.changes import MEMORY, QUIET, RESET, Change, ChangeFeed


async def first(feed: ChangeFeed, last_id: str | None, count: int, quiet_s: float = 0.02) -> list[Any]:
    found: list[Any] = []
    async with aclosing(feed.listen(last_id, quiet_s)) as items:  # type: ignore[type-var]  # an async generator
        async for item in items:
            found.append(item)
            if len(found) == count:
                break
    return found


def ids(items: list[Any]) -> list[str]:
    return [i.id if isinstance(i, Change) else type(i).__name__ for i in items]


async def test_from_now_on() -> None:
    feed = ChangeFeed("r")
    feed.publish()
    assert await first(feed, None, 2) == [QUIET, QUIET]


async def test_what_was_missed_comes_first() -> None:
    feed = ChangeFeed("r")
    for _ in range(5):
        feed.publish()
    assert ids(await first(feed, "r-3", 3)) == ["r-4", "r-5", "Quiet"]
    assert ids(await first(feed, "r-5", 1)) == ["Quiet"]


@pytest.mark.parametrize("foreign", ["q-3", "r-99", "r-x", "", "r--1"])
async def test_a_number_of_another_process_means_reading_anew(foreign: str) -> None:
    feed = ChangeFeed("r")
    for _ in range(5):
        feed.publish()
    assert await first(feed, foreign, 2) == [RESET, QUIET]


async def test_what_is_forgotten_means_reading_anew() -> None:
    feed = ChangeFeed("r")
    for _ in range(MEMORY + 2):
        feed.publish()
    assert (await first(feed, "r-1", 1)) == [RESET]
    assert len(ids(await first(feed, "r-2", MEMORY))) == MEMORY
    assert feed.resets == 1


async def test_a_listener_that_dawdles_holds_up_nobody() -> None:
    feed = ChangeFeed("r")
    slow = feed.listen(None, 0.01)
    assert await anext(slow) is QUIET
    for _ in range(MEMORY * 3):
        feed.publish()
    assert await anext(slow) is RESET
    assert await anext(slow) is QUIET


async def test_listeners_are_counted_and_leave_nothing_behind() -> None:
    feed = ChangeFeed("r")
    listening = [feed.listen(None, 5) for _ in range(3)]
    waiting = [asyncio.ensure_future(anext(i)) for i in listening]  # type: ignore[arg-type]  # a coroutine here
    await asyncio.sleep(0)
    assert feed.listeners == 3
    feed.close()
    with pytest.raises(StopAsyncIteration):
        await waiting[0]
    await asyncio.gather(*waiting, return_exceptions=True)
    assert feed.listeners == 0


async def events(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    event: dict[str, Any] = {}
    async for line in response.aiter_lines():
        if line == "":
            yield event
            event = {}
        else:
            key, _, value = line.partition(": ")
            event[key] = json.loads(value) if key == "data" else value


async def test_a_cut_is_told_over_a_real_connection(backend: Any, url: str) -> None:
    backend.judge()
    async with (
        httpx.AsyncClient(timeout=5) as client,
        client.stream("GET", f"{url}/api/v1/stream") as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in response.headers
        heard = events(response)
        hello = await anext(heard)
        assert (hello["event"], hello["id"]) == ("hello", "run1-0")
        assert hello["data"]["verdict_at"] == "2026-11-21T06:00:00Z"
        assert (await anext(heard))["event"] == "beat"
        backend.cut()
        told = await anext(heard)
        while told["event"] == "beat":
            told = await anext(heard)
        assert (told["event"], told["id"]) == ("change", "run1-1")
        assert told["data"]["changes"][0]["subject"]["id"] == "camat-long-kali"
        assert told["data"]["incidents"][0]["id"] == "R-261121-001"
    async with (
        httpx.AsyncClient(timeout=5) as client,
        client.stream("GET", f"{url}/api/v1/stream", headers={"Last-Event-ID": "run1-0"}) as response,
    ):
        heard = events(response)
        assert (await anext(heard))["event"] == "hello"
        assert (await anext(heard))["id"] == "run1-1"
    async with (
        httpx.AsyncClient(timeout=5) as client,
        client.stream("GET", f"{url}/api/v1/stream", headers={"Last-Event-ID": "run0-77"}) as response,
    ):
        heard = events(response)
        assert (await anext(heard))["event"] == "hello"
        reset = await anext(heard)
        assert (reset["event"], reset["id"]) == ("reset", "run1-1")


async def test_closed_browsers_are_forgotten(backend: Any, url: str) -> None:
    async with httpx.AsyncClient(timeout=5) as client:
        async with client.stream("GET", f"{url}/api/v1/stream") as response:
            heard = events(response)
            await anext(heard)
            await anext(heard)
            assert backend.feed.listeners == 1
        for _ in range(100):
            if backend.feed.listeners == 0:
                break
            await asyncio.sleep(0.02)
    assert backend.feed.listeners == 0
