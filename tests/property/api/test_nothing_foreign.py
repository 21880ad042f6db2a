"""Nothing of another provider comes through to a provider, by any route, in any byte.

`RONDA_LONG=1` draws ten times as many networks.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from two_providers import MARK, OTHER, OWN, STAFF, a_bad_day, a_register
from walk import NOWHERE, STREAMS, Visit, answers, ids_of, known_routes, text_of, visits

from api.app import create_app
from api.routes.stream import _Listener
from api.scope import Role, Scope, Via
from api.visible import Visible

NETWORKS = range(40 if os.environ.get("RONDA_LONG") else 3)
READERS = [Role.VIEWER, Role.WALL]


@asynccontextmanager
async def asking(backend: Any, role: str, provider: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(backend)
    token = backend.access.make(role, provider=provider, label="ani")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://localhost:8064",
        headers={"Authorization": f"Bearer {token}"},
    ) as client:
        client.app = app  # type: ignore[attr-defined]  # for the walk
        yield client


def found(mark: str, text: str, asked: str | None) -> str | None:
    """Where the mark stands, the id that was asked for left out; in cursors and cookies, too."""
    for echoed in {asked, (asked or "").partition(":")[2]} - {None, ""}:
        text = text.replace(str(echoed).lower(), "")
    for word in set(re.findall(r'"next_cursor":"([^"]+)"', text, re.IGNORECASE)):
        text += base64.urlsafe_b64decode(word + "==").decode("utf-8", "replace")
    at = text.find(mark)
    return None if at < 0 else text[max(0, at - 200) : at + 60]


@pytest.mark.parametrize("seed", NETWORKS)
async def test_a_provider_gets_no_byte_of_another(seed: int) -> None:
    backend = await a_register(a_bad_day(seed))
    ids = ids_of(backend.inventory, [i.id for i in backend.told])
    async with asking(backend, "provider", OWN) as client:
        for visit in visits(client.app, ids):  # type: ignore[attr-defined]  # as given above
            async for response, text in answers(client, visit):
                assert response.status_code < 500 or visit.path == "/readyz", (str(visit), text)
                for mark in (MARK, STAFF):
                    assert found(mark, text, visit.asked) is None, (
                        str(visit),
                        found(mark, text, visit.asked),
                    )
                if visit.twin is not None and visit.asked is not None and MARK in visit.asked:
                    await _answers_like_nothing(client, visit, response)


async def _answers_like_nothing(client: httpx.AsyncClient, visit: Visit, response: httpx.Response) -> None:
    twin = visit.twin
    assert twin is not None
    other = await client.request(twin.method, twin.path, params=twin.query, json=twin.body)
    assert response.status_code == other.status_code, str(visit)
    ours = text_of(response).replace(str(visit.asked).lower(), NOWHERE)
    theirs = text_of(other).replace(str(twin.asked).lower(), NOWHERE)
    variable = r"(?m)^(content-length|etag): .*$|<dcterms:\w+ [^<]*<"  # a workbook says when it was made
    assert re.sub(variable, "", ours) == re.sub(variable, "", theirs), str(visit)


@pytest.mark.parametrize("role", READERS)
async def test_readers_get_no_address_no_contact_and_walls_no_word_of_staff(role: Role) -> None:
    backend = a_bad_day(1)
    ids = ids_of(backend.inventory, [i.id for i in backend.told])
    hidden = ["-cpe-0.example", f"{STAFF}@example.id", f"+62 {STAFF}", f"https://{STAFF}", f"+62 {MARK}"]
    hidden += [f'"{STAFF} ani'] + ([f"{MARK} {STAFF}"] if role is Role.WALL else [])
    async with asking(backend, role.value) as client:
        for visit in visits(client.app, ids):  # type: ignore[attr-defined]  # as given above
            async for response, text in answers(client, visit):
                assert response.status_code < 500 or visit.path == "/readyz", (str(visit), text)
                for mark in hidden:
                    assert found(mark.lower(), text, visit.asked) is None, (str(visit), mark)


async def test_the_marks_are_there_for_staff() -> None:
    """Else the tests above would prove nothing."""
    backend = a_bad_day(0)
    async with asking(backend, "admin") as client:
        for path in ("offices", "links", "devices", "incidents?status=all", "events", "topology"):
            assert MARK in text_of(await client.get(f"/api/v1/{path}")), path
        assert STAFF in text_of(await client.get("/api/v1/devices"))
    async with asking(backend, "provider", OTHER) as client:
        assert MARK in text_of(await client.get("/api/v1/links"))


@pytest.mark.parametrize("seed", NETWORKS)
async def test_a_provider_sees_what_is_its_own(seed: int) -> None:
    backend = a_bad_day(seed)
    inventory = backend.inventory
    async with asking(backend, "provider", OWN) as client:
        links = (await client.get("/api/v1/links?limit=1000")).json()["items"]
        assert {row["id"] for row in links} == {i for i, x in inventory.links.items() if x.provider == OWN}
        offices = (await client.get("/api/v1/offices?limit=1000")).json()["items"]
        shown = {row["id"] for row in offices}
        assert shown == {o for o in inventory.offices if o.startswith(("nusa-", "dua-", "rencana-"))}
        assert (await client.get("/api/v1/providers")).json()["items"][0]["id"] == OWN


@pytest.mark.parametrize("seed", NETWORKS)
async def test_a_provider_s_stream_tells_of_its_own_only(seed: int) -> None:
    backend = a_bad_day(seed)
    app = create_app(backend)
    scope = Scope(Role.PROVIDER, OWN, via=Via.PROXY)
    for recorded in backend.log:
        backend.feed.publish([recorded.change], backend.told)
    for incident in backend.told:
        backend.feed.publish([], [incident])
    listener = _Listener(backend, app.state.authenticator, scope, Visible(backend.inventory, scope), None)
    told = []
    async for text in listener.events("run1-0"):
        told.append(text.lower())
        if len(told) == 1:
            backend.feed.publish([], [])
        if "event: beat" in text or len(told) > 5:
            backend.feed.close()
    assert any("event: change" in text for text in told)
    assert [found(mark, text, None) for text in told for mark in (MARK, STAFF)] == [None] * 2 * len(told)


def test_the_walk_goes_everywhere() -> None:
    """Every operation of the OpenAPI document; only the endless ones have tests of their own."""
    app = create_app(a_bad_day(0))
    walked = {(method, route.path) for route in known_routes(app) for method in route.methods}
    documented = {(method.upper(), path) for path, ways in app.openapi()["paths"].items() for method in ways}
    assert len(documented) > 30
    assert {path for _, path in documented - walked} == STREAMS
