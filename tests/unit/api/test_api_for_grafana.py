"""What the dashboards ask of the API is there, in the form that they ask for."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from dashboards import infinity
from dashboards.everything import DASHBOARDS
from topology.model import DeviceId, OfficeId

ASKED = [
    (f"{d.uid}-{panel.title}-{target['refId']}", target)
    for d in DASHBOARDS
    for row in d.rows
    for panel in row.panels
    for target in panel.targets
    if target["datasource"] == infinity.SOURCE
]


def pick(row: Any, selector: str) -> Any:
    """As the plugin reads a selector: names and positions between dots, # for how many."""
    for part in selector.split("."):
        if part == "#":
            row = len(row)
        elif isinstance(row, list):
            row = row[int(part)]
        else:
            row = row[part]
    return row


@pytest.mark.parametrize("target", [t for _, t in ASKED], ids=[name for name, _ in ASKED])
async def test_the_api_has_it(client: httpx.AsyncClient, backend: Any, target: dict[str, Any]) -> None:
    backend.cut()
    answer = await client.get(target["url"].replace("${device}", "long-kali-r1"))
    assert answer.status_code == 200, answer.text
    rows = pick(answer.json(), target["root_selector"])
    for row in rows:
        for column in target["columns"]:
            value = pick(row, column["selector"])
            kinds = {"number": (int, float), "string": str, "timestamp": str}
            assert value is None or isinstance(value, kinds[column["type"]]), (column, value)
    if "configurations" not in target["url"]:  # no configuration was kept in this sample
        assert rows


async def test_the_node_graph_is_the_network(client: httpx.AsyncClient, backend: Any) -> None:
    backend.cut()
    nodes = (await client.get("/api/v1/topology/nodes")).json()["items"]
    edges = (await client.get("/api/v1/topology/edges")).json()["items"]
    assert {n["id"] for n in nodes} == set(backend.inventory.offices)
    known = {n["id"] for n in nodes}
    for edge in edges:
        link = backend.inventory.links[edge["id"]]
        offices = {backend.inventory.devices[DeviceId(end.device)].office for end in link.ends}
        assert {OfficeId(edge["source"]), OfficeId(edge["target"])} == offices <= known
    by_id = {n["id"]: n for n in nodes}
    assert by_id["camat-long-kali"]["main_stat"] == "putus"
    assert by_id["camat-long-kali"]["color"] != by_id["dkisp"]["color"]
