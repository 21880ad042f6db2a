"""`?at=`: what the log can tell of a moment, and what it can't."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from storage.records.events import RecordedChange
from topology.findings import StateChange

PATHS = ["summary", "offices", "links", "devices", "risk_groups", "topology", "offices/camat-long-kali"]


def stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


async def then(client: AsyncClient, path: str, at: datetime) -> Any:
    answer = await client.get(f"/api/v1/{path}", params={"at": stamp(at)})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("path", PATHS)
async def test_before_the_first_record_nothing_is_known_and_nothing_is_called_cut(
    client: AsyncClient, backend: Any, path: str
) -> None:
    backend.cut()
    body = await then(client, path, backend.clock.now() - timedelta(days=400))
    if path == "risk_groups":
        return  # the drawing has no past: only that it is answered
    assert body["moment"]["judged"] is False
    assert body["moment"]["not_known"][0].startswith("everything")
    assert '"cut"' not in str(body.get("items", body.get("offices", []))).replace("'", '"').replace(
        '"cut": 0', ""
    )


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(days=9000)], ids=["a second", "years"])
async def test_what_is_still_to_come_is_refused(
    client: AsyncClient, backend: Any, path: str, ahead: timedelta
) -> None:
    answer = await client.get(f"/api/v1/{path}", params={"at": stamp(backend.clock.now() + ahead)})
    assert answer.status_code == 422
    assert "still to come" in answer.json()["detail"]


async def test_now_is_a_moment_too(client: AsyncClient, backend: Any) -> None:
    backend.cut()
    now = (await client.get("/api/v1/summary")).json()
    past = await then(client, "summary", backend.clock.now())
    assert past["offices"]["cut"] == now["offices"]["cut"] == 1


async def test_a_cut_is_there_while_it_lasted_and_not_before_or_after(
    client: AsyncClient, backend: Any
) -> None:
    backend.judge()
    whole = backend.clock.now()
    backend.clock.at += timedelta(minutes=10)
    incident = backend.cut()
    [office] = {o.office for o in incident.offices}
    broken = backend.clock.now()
    backend.clock.at += timedelta(minutes=10)
    backend.restore()
    mended = backend.clock.now()
    subject = backend.log[-1].change.subject
    back = StateChange(mended, subject, "cut", "connected", "answers again")
    backend.log.append(RecordedChange(len(backend.log) + 1, back))
    backend.clock.at += timedelta(minutes=10)
    told = [(await then(client, f"offices/{office}", at))["connectivity"] for at in (whole, broken, mended)]
    assert told[1] == "cut"
    assert "cut" not in (told[0], told[2])
    during = await then(client, f"offices/{office}", broken)
    assert during["incidents"] == [incident.id]
    assert during["paths"] is None  # not in the log
    assert (await then(client, f"offices/{office}", mended))["incidents"] == []


async def test_the_zone_of_a_moment_does_not_matter(client: AsyncClient, backend: Any) -> None:
    backend.cut()
    at = backend.clock.now()
    utc = await client.get("/api/v1/summary", params={"at": stamp(at)})
    local = await client.get(
        "/api/v1/summary",
        params={"at": (at + timedelta(hours=8)).replace(tzinfo=None).isoformat() + "+08:00"},
    )
    assert utc.json() == local.json()


async def test_a_moment_without_a_zone_is_refused(client: AsyncClient) -> None:
    answer = await client.get("/api/v1/summary", params={"at": "2026-11-21T06:00:00"})
    assert answer.status_code == 422
    assert "query.at" in answer.json()["detail"]


async def test_lateness_is_that_of_the_day(client: AsyncClient, backend: Any) -> None:
    """An office due on 2026-12-15 was not late the day before, though it is today."""
    backend.clock.at = backend.clock.at.replace(year=2027, month=1, day=5)
    office = "offices/pkm-muara-komam"
    assert (await client.get(f"/api/v1/{office}")).json()["late"] is True
    then_ = backend.clock.at.replace(year=2026, month=12, day=14)
    assert (await then(client, office, then_))["late"] is False
