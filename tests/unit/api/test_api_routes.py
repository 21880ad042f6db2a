"""What each route gives, over HTTP, from real domain values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.backend import ReadinessCheck, RecordsUnavailableError
from api.routes.health import FAMILIES
from topology.findings import Connectivity

DOCUMENT = "".join(page.read_text("utf-8") for page in (Path(__file__).parents[3] / "docs").glob("*.md"))


async def get(client: httpx.AsyncClient, path: str, **parameters: Any) -> Any:
    response = await client.get(path, params=parameters)
    assert response.status_code == 200, response.text
    return response.json()


async def test_offices_before_the_first_verdict_are_unknown_or_not_connected(
    backend: Any, client: Any
) -> None:
    items = (await get(client, "/api/v1/offices"))["items"]
    assert len(items) == len(backend.inventory.offices)
    assert {o["connectivity"] for o in items} == {"unknown", "not_connected"}
    assert all(o["paths"] is None and o["since"] is None for o in items)


async def test_a_cut_office_comes_first_with_cause_and_incident(backend: Any, client: Any) -> None:
    backend.judge()
    assert "cut" not in {o["connectivity"] for o in (await get(client, "/api/v1/offices"))["items"]}
    backend.cut()
    first = (await get(client, "/api/v1/offices"))["items"][0]
    assert first["id"] == "camat-long-kali"
    assert first["connectivity"] == "cut"
    assert datetime.fromisoformat(first["since"]) == backend.newest.offices["camat-long-kali"].since
    assert (first["paths"], first["paths_designed"]) == (0, 1)
    assert first["causes"] == ["g1"]
    assert first["incidents"] == ["R-261121-001"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"connectivity": "cut"}, {"camat-long-kali"}),
        ({"connection": ["ordered", "installing"]}, {"pkm-long-kali", "pkm-muara-komam"}),
        ({"kecamatan": "Long Kali"}, {"camat-long-kali", "pkm-long-kali"}),
        ({"provider": "starlink", "connection": "active"}, {"pkm-tanjung-aru"}),
        ({"kind": "rsud"}, {"rsud-panglima-sebaya"}),
        ({"late": "true"}, set()),
        ({"kecamatan": "Atlantis"}, set()),
    ],
)
async def test_office_filters(
    backend: Any, client: Any, parameters: dict[str, Any], expected: set[str]
) -> None:
    backend.cut()
    body = await get(client, "/api/v1/offices", **parameters)
    assert {o["id"] for o in body["items"]} == expected
    assert body["total"] == len(expected)


async def test_an_office_is_late_from_the_local_day_after_its_target(backend: Any, client: Any) -> None:
    """Target 15 December; at 16:30 UTC on the 15th it is already the 16th in Tanah Grogot."""
    for at, late in [("2026-12-15T15:30", False), ("2026-12-15T16:30", True)]:
        backend.clock.at = datetime.fromisoformat(at).replace(tzinfo=UTC)
        assert (await get(client, "/api/v1/offices/pkm-muara-komam"))["late"] is late


async def test_sorting_both_ways(client: Any) -> None:
    names = [o["name"] for o in (await get(client, "/api/v1/offices", sort="name"))["items"]]
    assert names == sorted(names, key=str.casefold)
    down = [o["priority"] for o in (await get(client, "/api/v1/offices", sort="-priority"))["items"]]
    assert down == sorted(down, reverse=True)


@pytest.mark.parametrize("path", ["/api/v1/offices", "/api/v1/links", "/api/v1/devices"])
async def test_pages_add_up_to_the_list(client: Any, path: str) -> None:
    whole = [row["id"] for row in (await get(client, path, limit=1000))["items"]]
    pages: list[str] = []
    cursor = None
    while True:
        body = await get(client, path, limit=7, **({"cursor": cursor} if cursor else {}))
        pages += [row["id"] for row in body["items"]]
        cursor = body["next_cursor"]
        if cursor is None:
            break
    assert pages == whole
    assert len(set(whole)) == len(whole) == body["total"]


@pytest.mark.parametrize("path", ["offices", "links", "devices", "incidents", "events"])
async def test_an_empty_cursor_is_none_at_all(client: Any, path: str) -> None:
    assert await get(client, f"/api/v1/{path}", cursor="") == await get(client, f"/api/v1/{path}")


@pytest.mark.parametrize("cursor", ["!!!", "bm8tc3VjaA", "%ff"])
async def test_a_foreign_cursor_is_said_to_be_one(client: Any, cursor: str) -> None:
    response = await client.get("/api/v1/offices", params={"cursor": cursor})
    assert response.status_code == 400
    assert "start again without one" in response.json()["detail"]


async def test_office_detail(backend: Any, client: Any) -> None:
    backend.cut()
    body = await get(client, "/api/v1/offices/camat-long-kali")
    assert [d["id"] for d in body["devices"]] == ["long-kali-r1"]
    assert body["devices"][0]["condition"] == "shadow"
    assert body["devices"][0]["address"] == "127.64.8.1:1161"
    assert [(link["id"], link["condition"]) for link in body["links"]] == [("long-ikis-long-kali", "down")]
    (cause,) = body["explained_by"]
    assert (
        cause["components"][0]["name"]
        == "serat optik Kantor Camat Long Ikis - Kantor Camat Long Kali [long-ikis-long-kali]"
    )


async def test_links_and_devices_with_filters(backend: Any, client: Any) -> None:
    backend.cut()
    down = (await get(client, "/api/v1/links", condition="down"))["items"]
    assert [link["id"] for link in down] == ["long-ikis-long-kali"]
    assert down[0]["a"] == {
        "device": "long-ikis-d1",
        "office": "camat-long-ikis",
        "port": "GigabitEthernet0/0/2",
    }
    duct = (await get(client, "/api/v1/links", risk_group="duct-grogot-kuaro"))["items"]
    assert {link["id"] for link in duct} == {"grogot-kuaro", "grogot-batu-sopang"}
    clouds = (await get(client, "/api/v1/devices", role="cloud"))["items"]
    assert {(d["id"], d["monitored"], d["address"]) for d in clouds} == {
        ("icon-metro", False, None),
        ("starlink-net", False, None),
    }


async def test_summary_counts_every_office_once(backend: Any, client: Any) -> None:
    backend.cut()
    body = await get(client, "/api/v1/summary")
    assert body["offices"] == {"connected": 27, "degraded": 0, "cut": 1, "unknown": 0, "not_connected": 6}
    assert sum(sum(k["offices"].values()) for k in body["by_kecamatan"]) == len(backend.inventory.offices)
    assert body["incidents"] == 1
    assert len(body["by_kecamatan"]) == 10


async def test_topology_is_whole(backend: Any, client: Any) -> None:
    backend.cut()
    body = await get(client, "/api/v1/topology")
    ids = {d["id"] for d in body["devices"]}
    assert all({link["a"]["device"], link["b"]["device"]} <= ids for link in body["links"])
    duct = next(g for g in body["risk_groups"] if g["id"] == "duct-grogot-kuaro")
    assert set(duct["links"]) == {"grogot-kuaro", "grogot-batu-sopang"}
    assert body["causes"][0]["cut"] == ["camat-long-kali"]
    assert body["hubs"] == ["dkisp"]


async def test_incident_its_life_over_http(backend: Any, client: Any) -> None:
    assert (await get(client, "/api/v1/incidents"))["items"] == []
    incident = backend.cut()
    (row,) = (await get(client, "/api/v1/incidents"))["items"]
    assert row["offices"][0]["name"] == "Kantor Camat Long Kali"
    assert row["status"] == "open"
    taken = await client.post(
        f"/api/v1/incidents/{incident.id}/acknowledge", json={"who": " Rina ", "note": "ke lokasi"}
    )
    assert taken.status_code == 200
    assert (taken.json()["acknowledged_by"], taken.json()["status"]) == ("Rina", "acknowledged")
    assert taken.json()["timeline"][-1] == {
        "at": "2026-11-21T06:03:00Z",
        "what": "acknowledged",
        "why": "ke lokasi",
        "who": "Rina",
    }
    backend.restore()
    assert (await get(client, "/api/v1/incidents"))["items"] == []
    assert (await get(client, f"/api/v1/incidents/{incident.id}"))["status"] == "resolved"
    late = await client.post(f"/api/v1/incidents/{incident.id}/acknowledge", json={"who": "Rina"})
    assert late.status_code == 409


async def test_incident_pages(backend: Any, client: Any) -> None:
    incident = backend.cut()
    backend.told = [
        replace(incident, id=f"R-{n:03}", began_at=incident.began_at + timedelta(minutes=n)) for n in range(5)
    ]
    first = await get(client, "/api/v1/incidents", limit=3)
    second = await get(client, "/api/v1/incidents", limit=3, cursor=first["next_cursor"])
    assert [i["id"] for i in first["items"] + second["items"]] == [
        "R-004",
        "R-003",
        "R-002",
        "R-001",
        "R-000",
    ]
    assert second["next_cursor"] is None


async def test_events_by_subject_and_page(backend: Any, client: Any) -> None:
    backend.cut()
    (event,) = (await get(client, "/api/v1/events", subject="office:camat-long-kali"))["items"]
    assert (event["was"], event["now"], event["subject"]["name"]) == (None, "cut", "Kantor Camat Long Kali")
    assert event["at"] == "2026-11-21T06:03:00Z"
    assert (await get(client, "/api/v1/events", subject="office:dkisp"))["items"] == []
    assert (await get(client, "/api/v1/events", since="2026-11-21T14:04:00+08:00"))["items"] == []
    bad = await client.get("/api/v1/events", params={"subject": "planet:mars"})
    assert bad.status_code == 400


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/offices/nowhere", 404),
        ("/api/v1/incidents/R-0", 404),
        ("/api/v1/nothing", 404),
        ("/api/v1/offices?connectivity=great", 422),
        ("/api/v1/offices?limit=0", 422),
        ("/api/v1/events?since=2026-11-21T06:00:00", 422),
    ],
)
async def test_errors_are_problem_details(client: Any, path: str, status: int) -> None:
    response = await client.get(path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["instance"] == path.split("?")[0]
    assert {"type", "title", "detail"} <= set(body)


async def test_records_out_of_reach_are_503_and_say_when_to_try_again(
    backend: Any, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreadable(**_: object) -> None:
        raise RecordsUnavailableError("disk full at /secret/path")

    monkeypatch.setattr(backend, "incidents", unreadable)
    response = await client.get("/api/v1/incidents")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert "secret" not in response.text


async def test_health_and_readiness(backend: Any, client: Any) -> None:
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    response = await client.get("/readyz")
    assert response.status_code == 503
    assert {"name": "verdict", "ok": False, "why": "no verdict yet"} in response.json()["checks"]
    backend.judge()
    assert (await client.get("/readyz")).json()["ready"] is True
    backend.checks.append(ReadinessCheck("metrics", False, "3 writes failed"))
    assert (await client.get("/readyz")).status_code == 503


async def test_metrics_in_prometheus_text(backend: Any, client: Any) -> None:
    backend.cut()
    backend.clock.at += timedelta(seconds=2.5)
    response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = response.text.splitlines()
    assert 'ronda_offices{connectivity="cut"} 1' in lines
    assert 'ronda_offices{connectivity="unknown"} 0' in lines
    assert 'ronda_office_connectivity{office="camat-long-kali",kecamatan="Long Kali"} 0' in lines
    assert 'ronda_link_up{link="long-ikis-long-kali"} 0' in lines
    assert "ronda_verdict_age_seconds 2.5" in lines
    assert 'ronda_activity_total{part="polls"} 12' in lines
    assert 'ronda_level{part="waiting"} 0.5' in lines
    for name in FAMILIES:
        assert lines.count(f"# TYPE {name} {FAMILIES[name][0]}") == 1


async def test_metrics_are_read_by_prometheus_own_parser(backend: Any, client: Any) -> None:
    parser = pytest.importorskip("prometheus_client.parser", reason="prometheus_client is not installed")
    backend.counters = {'odd "name"\\\nof a part': 3}
    backend.cut()
    families = {f.name: f for f in parser.text_string_to_metric_families((await client.get("/metrics")).text)}
    (sample,) = families["ronda_activity"].samples
    assert sample.labels == {"part": 'odd "name"\\\nof a part'}
    counted = {s.labels["connectivity"]: s.value for s in families["ronda_offices"].samples}
    assert counted == {c.value: v for c, v in zip(Connectivity, [27, 0, 1, 0, 6], strict=True)}


def test_every_metric_is_documented() -> None:
    assert [n for n in FAMILIES if f"`{n}`" not in DOCUMENT] == []


async def test_every_route_is_documented(client: Any) -> None:
    openapi = (await client.get("/openapi.json")).json()
    routes = [f"{method.upper()} {path}" for path, ways in openapi["paths"].items() for method in ways]
    assert len(routes) >= 14
    assert [r for r in routes if f"`{r}`" not in DOCUMENT] == []
    for path, ways in openapi["paths"].items():
        for way in ways.values():
            for parameter in way.get("parameters", ()):
                assert f"`{parameter['name']}`" in DOCUMENT, (path, parameter["name"])
