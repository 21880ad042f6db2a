"""What holds for every answer: caching, compression, headers, foreign pages, and no markup from data."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.guard import ANY_HOST, HEADERS, LOOPBACK_NAMES

BOARD = Path(__file__).parents[3] / "api" / "board"
EVIL = "<script>alert(1)</script>"


async def test_what_is_known_is_not_sent_again(backend: Any, client: Any) -> None:
    backend.judge()
    first = await client.get("/api/v1/offices")
    tag = first.headers["etag"]
    assert datetime_of(first) == backend.newest.at
    again = await client.get("/api/v1/offices", headers={"If-None-Match": f'"x", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    backend.clock.at = backend.clock.at.replace(minute=1)
    backend.judge()
    later = await client.get("/api/v1/offices", headers={"If-None-Match": tag})
    assert later.status_code == 304, "a newer verdict that says the same is no news"
    assert datetime_of(later) == backend.newest.at
    backend.cut()
    assert (await client.get("/api/v1/offices", headers={"If-None-Match": tag})).status_code == 200


def datetime_of(response: httpx.Response) -> Any:
    return datetime.fromisoformat(response.headers["ronda-verdict-at"])


async def test_long_answers_are_compressed_and_short_ones_are_not(client: Any) -> None:
    assert (await client.get("/api/v1/topology")).headers.get("content-encoding") == "gzip"
    plain = await client.get("/api/v1/topology", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in (await client.get("/healthz")).headers


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/static/board.js", "/api/v1/offices", "/api/v1/none", "/metrics"]
)
async def test_every_answer_carries_the_policy(client: Any, path: str) -> None:
    response = await client.get(path)
    for name, value in HEADERS.items():
        assert response.headers[name] == value
    assert "unsafe" not in response.headers["content-security-policy"]


@pytest.mark.parametrize("page", ["index.html", "docs.html"])
def test_pages_have_no_inline_script_and_ask_nobody_else(page: str) -> None:
    text = (BOARD / page).read_text("utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    assert re.findall(r"\son\w+=|\sstyle=|javascript:", text) == []
    assert re.findall(r"(?:src|href)=\"(?![/#])", text) == []


def test_the_boards_own_scripts_make_no_markup_from_text() -> None:
    own = sorted((BOARD / "js").rglob("*.js"))
    assert len(own) > 20
    for file in own:
        text = file.read_text("utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text
        ), file
        assert not re.search(r"https?://(?!www\.w3\.org|board\b)", text), file


async def test_an_office_named_like_a_script_stays_text(client: Any) -> None:
    response = await client.get("/api/v1/offices/pkm-kuaro")
    assert response.json()["name"] == EVIL
    assert response.headers["content-type"] == "application/json"
    missing = await client.get(f"/api/v1/offices/{EVIL.replace('/', '')}")
    assert missing.headers["content-type"] == "application/problem+json"
    assert "html" not in missing.headers["content-type"]


@pytest.mark.parametrize("host", ["localhost:8064", "127.0.0.1", "[::1]:8064", "LOCALHOST"])
async def test_loopback_names_are_answered(client: Any, host: str) -> None:
    assert (await client.get("/healthz", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8064", "localhost.evil.example", "127.0.0.1.nip.io", ""]
)
async def test_foreign_host_names_are_not(client: Any, host: str) -> None:
    response = await client.get("/api/v1/offices", headers={"Host": host})
    assert response.status_code == 421
    assert response.headers["content-type"] == "application/problem+json"


async def test_other_host_names_can_be_allowed(backend: Any) -> None:
    for hosts in ({"ronda.paser.go.id"} | LOOPBACK_NAMES, ANY_HOST):
        transport = httpx.ASGITransport(create_app(backend, hosts=hosts))
        async with httpx.AsyncClient(transport=transport, base_url="http://ronda.paser.go.id") as client:
            assert (await client.get("/healthz")).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost:8064", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Content-Type": "text/plain"}, 422),
    ],
)
async def test_changes_come_from_our_own_pages_only(
    backend: Any, client: Any, headers: dict[str, str], status: int
) -> None:
    """A foreign page can send text/plain without asking first (no preflight): that must not pass for JSON."""
    incident = backend.cut()
    response = await client.post(
        f"/api/v1/incidents/{incident.id}/acknowledge",
        content=b'{"who": "x"}',
        headers={"Content-Type": "application/json", **headers},
    )
    assert response.status_code == status
    assert (backend.told[0].acknowledged_by == "x") == (status == 200)


@pytest.mark.parametrize(
    "body", [{}, {"who": ""}, {"who": "   "}, {"who": "x" * 101}, {"who": "x", "admin": True}, []]
)
async def test_an_acknowledgement_needs_a_name_and_nothing_unknown(
    backend: Any, client: Any, body: Any
) -> None:
    incident = backend.cut()
    response = await client.post(f"/api/v1/incidents/{incident.id}/acknowledge", json=body)
    assert response.status_code == 422
    assert response.json()["errors"]


@pytest.mark.parametrize("route", ["incidents?since=", "events?since=", "events?until="])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_moment_that_utc_does_not_have_is_refused(client: Any, route: str, moment: str) -> None:
    response = await client.get(f"/api/v1/{route}{moment}")
    assert response.status_code == 422
    assert "beyond the calendar" in response.json()["detail"]
