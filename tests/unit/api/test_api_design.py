"""The drawing over HTTP: as other programs read it, and what it says would be lost."""

from __future__ import annotations

import io
from typing import Any

import networkx as nx
import pytest
from httpx import AsyncClient

from topology.findings import Component, ComponentKind
from topology.graph import NetworkGraph
from topology.whatif import single_points_of_failure, what_if


async def test_graphml_is_read_by_networkx_and_holds_the_whole_drawing(
    client: AsyncClient, backend: Any
) -> None:
    backend.cut()
    answer = await client.get("/api/v1/topology", params={"format": "graphml"})
    graph = nx.read_graphml(io.BytesIO(answer.content), force_multigraph=True)
    inventory = backend.inventory
    ends = {(link.a.device, link.b.device) for link in inventory.links.values()}
    assert graph.number_of_edges() == len(inventory.links)
    assert {frozenset(pair[:2]) for pair in graph.edges} == {
        frozenset(f"device:{d}" if f"device:{d}" in graph else d for d in pair) for pair in ends
    }


async def test_geojson_is_what_rfc_7946_asks_for(client: AsyncClient, backend: Any) -> None:
    body = (await client.get("/api/v1/topology", params={"format": "geojson"})).json()
    assert body["type"] == "FeatureCollection"
    offices = [f for f in body["features"] if f["properties"]["feature"] == "office"]
    links = [f for f in body["features"] if f["properties"]["feature"] == "link"]
    assert (len(offices), len(links)) == (len(backend.inventory.offices), len(backend.inventory.links))
    assert len({f["id"] for f in body["features"]}) == len(body["features"])
    for feature in body["features"]:
        assert feature["type"] == "Feature"
        assert set(feature) == {"type", "id", "geometry", "properties"}
        geometry = feature["geometry"]
        if geometry is None:
            continue
        line = geometry["type"] == "LineString"
        assert line or geometry["type"] == "Point"
        points = geometry["coordinates"] if line else [geometry["coordinates"]]
        assert len(points) == (2 if line else 1)
        for longitude, latitude in points:
            assert 115 < longitude < 118  # RFC 7946 3.1.1: longitude first
            assert -3 < latitude < 0


@pytest.mark.parametrize(
    "down",
    [
        ["link:grogot-kuaro"],
        ["link:grogot-kuaro", "link:long-ikis-grogot"],
        ["device:kuaro-d1"],
        ["risk_group:duct-gajah-mada"],
        ["provider:telkom"],
        ["office:dkisp"],
    ],
    ids=str,
)
async def test_whatif_says_what_the_topology_says(client: AsyncClient, backend: Any, down: list[str]) -> None:
    body = (await client.get("/api/v1/whatif", params={"down": down})).json()
    components = [Component(ComponentKind(kind), id_) for kind, _, id_ in (d.partition(":") for d in down)]
    lost = what_if(NetworkGraph(backend.inventory), components)
    assert (body["cut"], body["degraded"]) == (list(lost.cut), list(lost.degraded))
    assert [a["id"] for a in body["applications"]] == [a.id for a in lost.applications]
    assert [f"{c['kind']}:{c['id']}" for c in body["down"]] == down


@pytest.mark.parametrize(("down", "status"), [("link:none", 404), ("fiber:x", 400), ("", 400), ("link", 404)])
async def test_whatif_of_what_is_not_there(client: AsyncClient, down: str, status: int) -> None:
    assert (await client.get("/api/v1/whatif", params={"down": down})).status_code == status


async def test_single_points_of_failure_are_those_of_the_topology(client: AsyncClient, backend: Any) -> None:
    body = (await client.get("/api/v1/spof")).json()
    found = single_points_of_failure(NetworkGraph(backend.inventory))
    for kind in ("links", "devices", "risk_groups"):
        wanted = {s.component.id: list(s.offices) for s in getattr(found, kind)}
        assert {row["component"]["id"]: row["offices"] for row in body[kind]} == wanted
    assert body["links"]


async def test_every_path_begins_at_the_office_and_ends_at_a_hub(client: AsyncClient, backend: Any) -> None:
    inventory = backend.inventory
    hubs = {d.id for d in inventory.devices.values() if d.office in inventory.hubs}
    for office in ("camat-long-kali", "rsud-panglima-sebaya", "bapenda"):
        body = (await client.get(f"/api/v1/offices/{office}/paths")).json()
        for way in filter(None, (body["path"], body["spare"])):
            ends = {way["devices"][0], way["devices"][-1]}
            assert any(inventory.devices[d].office == office for d in ends)
            assert ends & hubs
            assert len(way["links"]) == len(way["devices"]) - 1


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"points": "0"}, 422),
        ({"points": "1000000"}, 422),
        ({"since": "2026-11-21T06:00:00Z", "until": "2026-11-21T05:00:00Z"}, 422),
        ({"field": "nothing"}, 422),
    ],
    ids=str,
)
async def test_series_have_limits(client: AsyncClient, asked: dict[str, str], status: int) -> None:
    answer = await client.get("/api/v1/series/interface", params={"field": "in_bps", **asked})
    assert answer.status_code == status, answer.text
