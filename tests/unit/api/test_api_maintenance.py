"""Maintenance over the wire: asked before somebody is cut off, listed, cancelled, and whose it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

START = "2026-11-21T17:00:00Z"
CUTTING = {
    "title": "Ganti SFP",
    "subjects": ["link:long-ikis-long-kali"],
    "starts_at": START,
    "ends_at": "2026-11-21T19:00:00Z",
    "who": "Budi",
}
URL = "/api/v1/maintenance"


async def test_preview_says_who_would_be_cut_and_plans_nothing(client: Any) -> None:
    answer = (await client.post(f"{URL}/preview", json={**CUTTING, "rrule": "FREQ=WEEKLY;COUNT=3"})).json()
    assert answer["cut"] == ["camat-long-kali"]
    assert len(answer["times"]) == 3
    assert (await client.get(URL)).json()["items"] == []


async def test_offices_are_cut_off_only_when_that_was_agreed_to(client: Any) -> None:
    refused = await client.post(URL, json=CUTTING)
    assert refused.status_code == 409
    assert "camat-long-kali" in refused.json()["detail"]
    made = await client.post(URL, json={**CUTTING, "accept_cut": True})
    assert made.status_code == 201
    assert made.json()["state"] == "planned"
    assert made.json()["created_by"] == "Budi"
    listed = (await client.get(URL)).json()
    assert [w["id"] for w in listed["items"]] == [made.json()["id"]]
    assert (await client.post(f"{URL}/preview", json=CUTTING)).json()["overlaps"] == [made.json()["id"]]


async def test_states_and_cancelling(client: Any, backend: Any) -> None:
    made = (await client.post(URL, json={**CUTTING, "accept_cut": True})).json()
    backend.clock.at += timedelta(hours=11, minutes=30)
    assert (await client.get(URL)).json()["items"][0]["state"] == "running"
    for _ in range(2):
        cancelled = await client.delete(f"{URL}/{made['id']}")
        assert cancelled.json()["state"] == "cancelled"
    assert (await client.get(URL)).json()["items"] == []
    everything = (await client.get(URL, params={"since": "2026-01-01T00:00:00Z"})).json()["items"]
    assert [w["state"] for w in everything] == ["cancelled"]
    assert (await client.delete(f"{URL}/W-9")).status_code == 404


async def test_every_mistake_is_said_at_once(client: Any) -> None:
    wrong = {**CUTTING, "subjects": ["link:long-ikis-long-kal", "pole:7"], "ends_at": START}
    refused = await client.post(URL, json=wrong)
    assert refused.status_code == 422
    for words in ("did you mean 'long-ikis-long-kali'", "KIND:ID", "ends_at"):
        assert words in refused.json()["detail"]
    bad_rule = await client.post(f"{URL}/preview", json={**CUTTING, "rrule": "FREQ=SECONDLY"})
    assert bad_rule.status_code == 422
    assert "FREQ" in bad_rule.json()["detail"]


def bearer(backend: Any, role: str, **more: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {backend.access.make(role, **more)}"}


async def test_who_may_plan_and_whose_windows_a_provider_sees(client: Any, backend: Any) -> None:
    inventory = backend.inventory
    theirs = next(link for link in inventory.links.values() if link.provider == "icon")
    other = next(x for x in inventory.links.values() if x.provider not in (None, "icon"))
    engineer = bearer(backend, "engineer")
    provider = bearer(backend, "provider", provider="icon")
    others = [provider, bearer(backend, "viewer"), bearer(backend, "oncall")]
    wall = bearer(backend, "wall")
    both = {
        **CUTTING,
        "title": f"Kerja di {inventory.providers[other.provider].name}",
        "note": "untuk kita saja",
        "subjects": [f"link:{theirs.id}", f"link:{other.id}"],
        "accept_cut": True,
    }
    strange = {**CUTTING, "subjects": [f"link:{other.id}"], "accept_cut": True}
    for body in (both, strange):
        assert (await client.post(URL, json=body, headers=engineer)).status_code == 201
    answer = await client.get(URL, headers=provider)
    assert answer.status_code == 200, answer.text
    seen = answer.json()["items"]
    assert [[s["id"] for s in w["subjects"]] for w in seen] == [[theirs.id]]
    assert seen[0]["title"] == ""
    assert seen[0]["note"] is None
    assert seen[0]["created_by"] is None
    for headers in others:
        assert (await client.post(URL, json=CUTTING, headers=headers)).status_code == 403
        assert (await client.post(f"{URL}/preview", json=CUTTING, headers=headers)).status_code == 403
        assert (await client.delete(f"{URL}/{seen[0]['id']}", headers=headers)).status_code == 403
    assert (await client.get(URL, headers=wall)).status_code == 403
