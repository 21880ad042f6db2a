"""Kept answers: never other than a fresh one would be, and never for ever."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api import answers as answers_module
from api.app import create_app
from api.backend import RecordsUnavailableError
from api.dependencies import caller_scope
from api.scope import Role, Scope

PATHS = [
    "/api/v1/offices",
    "/api/v1/offices?connectivity=cut",
    "/api/v1/offices/camat-long-kali",
    "/api/v1/links?condition=down",
    "/api/v1/devices",
    "/api/v1/topology",
    "/api/v1/summary",
]


def client_of(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


async def test_a_kept_answer_says_what_a_fresh_one_says(backend: Any) -> None:
    """A random walk through cuts, repairs, blindness and midnights, against a server with no past."""
    walk = random.Random(7)
    app = create_app(backend)
    steps = {
        "same again": lambda: (
            backend.newest and setattr(backend, "newest", replace(backend.newest, at=backend.clock.at))
        ),
        "cut": lambda: backend.told or backend.cut(),
        "whole": lambda: backend.judge(),
        "blind": lambda: backend.judge(blind=True),
        "day": lambda: setattr(backend.clock, "at", backend.clock.at + timedelta(days=9)),
        "seconds": lambda: setattr(backend.clock, "at", backend.clock.at + timedelta(seconds=2)),
    }
    async with client_of(app) as old:
        for _ in range(60):
            steps[walk.choice(list(steps))]()
            if backend.told and walk.random() < 0.1:
                await old.post(f"/api/v1/incidents/{backend.told[0].id}/acknowledge", json={"who": "x"})
            path = walk.choice(PATHS)
            async with client_of(create_app(backend)) as new:
                kept, fresh = await old.get(path), await new.get(path)
            assert kept.json() == fresh.json()
            assert kept.headers["etag"] == fresh.headers["etag"]
            assert kept.headers.get("ronda-verdict-at") == fresh.headers.get("ronda-verdict-at")
    assert app.state.answers.reused > 3
    assert app.state.answers.made > 3


async def test_verdicts_that_say_the_same_cost_nothing(backend: Any) -> None:
    app = create_app(backend)
    async with client_of(app) as client:
        for _ in range(10):
            backend.judge()
            await client.get("/api/v1/offices")
    assert (app.state.answers.made, app.state.answers.reused) == (1, 9)


async def test_what_many_ask_at_once_is_made_once(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the incidents takes a while; whoever asks meanwhile waits for the same answer."""
    backend.cut()
    read, reads = backend.incidents, []

    async def slowly(**asked: Any) -> Any:
        reads.append(asked)
        await asyncio.sleep(0.01)
        return await read(**asked)

    monkeypatch.setattr(backend, "incidents", slowly)
    app = create_app(backend)
    async with client_of(app) as client:
        said = await asyncio.gather(*(client.get("/api/v1/offices") for _ in range(20)))
    assert len({response.text for response in said}) == 1
    assert (len(reads), app.state.answers.made, app.state.answers.reused) == (1, 1, 19)


async def test_when_the_first_fails_the_next_tries_again(
    backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, reads = backend.incidents, []

    async def once_in_vain(**asked: Any) -> Any:
        reads.append(asked)
        await asyncio.sleep(0.01)
        if len(reads) == 1:
            raise RecordsUnavailableError("down")
        return await read(**asked)

    monkeypatch.setattr(backend, "incidents", once_in_vain)
    async with client_of(create_app(backend)) as client:
        said = await asyncio.gather(*(client.get("/api/v1/offices") for _ in range(5)))
    assert sorted(response.status_code for response in said) == [200, 200, 200, 200, 503]
    assert len(reads) == 2


async def test_nothing_is_kept_longer_than_some_seconds(backend: Any) -> None:
    backend.cut()
    app = create_app(backend)
    async with client_of(app) as client:
        await client.get("/api/v1/offices")
        backend.told.clear()
        # At 4 s the forgotten change may still be missed, at 5 s not any more.
        backend.clock.at += timedelta(seconds=4)
        assert (await client.get("/api/v1/offices")).json()["items"][0]["incidents"] == ["R-261121-001"]
        backend.clock.at += timedelta(seconds=1)
        assert (await client.get("/api/v1/offices")).json()["items"][0]["incidents"] == []


async def test_memory_is_bounded(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers_module, "KEPT_BYTES", 200_000)
    app = create_app(backend)
    async with client_of(app) as client:
        for n in range(100):
            assert (
                await client.get("/api/v1/devices", params={"limit": 100, "office": ["setda", f"x{n}"]})
            ).is_success
            assert (await client.get("/api/v1/topology", params={"n": n})).is_success
            kept = app.state.answers._kept.values()
            assert sum(a.size for a in kept) == app.state.answers._bytes <= 200_000


async def test_scopes_and_languages_do_not_share_answers(backend: Any) -> None:
    backend.cut()
    app = create_app(backend)
    async with client_of(app) as client:
        assert (await client.get("/api/v1/offices/camat-long-kali")).json()["devices"][0]["address"]
        english = await client.get(
            "/api/v1/offices/camat-long-kali", headers={"Accept-Language": "en-GB,id;q=0.5"}
        )
        assert english.json()["explained_by"][0]["components"][0]["name"].startswith("fiber Kantor")
        app.dependency_overrides[caller_scope] = lambda: Scope(Role.VIEWER)
        seen = await client.get("/api/v1/offices/camat-long-kali")
        assert seen.json()["devices"][0]["address"] is None
        taken = await client.post("/api/v1/incidents/R-261121-001/acknowledge", json={"who": "x"})
        assert taken.status_code == 403
