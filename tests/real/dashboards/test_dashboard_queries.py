"""Every query of every panel, variables filled in, on a real InfluxDB with a day of data: it brings rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from dashboards import influx
from dashboards.builder import INCIDENTS, Dashboard
from dashboards.everything import DASHBOARDS
from dashboards.panels import Panel

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("dashboards"), pytest.mark.timeout(400)]
"""The first test waits for the day to be loaded."""

CHOSEN = {
    "office": "camat-long-kali",
    "link": "long-ikis-long-kali",
    "device": "long-kali-r1",
    "kecamatan": ".*",
    "provider": ".*",
    "resolution": "autogen",
}


def targets(dashboard: Dashboard) -> Iterator[tuple[Panel, dict[str, Any]]]:
    for row in dashboard.rows:
        for panel in row.panels:
            for target in panel.targets:
                if target["datasource"] == influx.SOURCE:
                    yield panel, target


ALL = [(d, panel, target) for d in DASHBOARDS for panel, target in targets(d)]


def filled(query: str, chosen: dict[str, str], since: str, until: str) -> str:
    """As Grafana fills it in."""
    text = query.replace("$timeFilter", f"time >= {since} AND time <= {until}").replace("$__interval", "5m")
    for name, value in chosen.items():
        text = text.replace(f"${{{name}:regex}}", value).replace(f"${{{name}}}", value)
    assert not re.search(r"\$\w|\$\{", text), text
    return text


def ask(day: Any, query: str) -> list[dict[str, Any]]:
    answer = httpx.post(f"{day.url}/query", params={"db": day.database, "epoch": "ms"}, data={"q": query})
    result = answer.json()["results"][0]
    assert "error" not in result, (query, result)
    return list(result.get("series", []))


def values(series: list[dict[str, Any]]) -> list[Any]:
    return [v for one in series for row in one["values"] for v in row[1:] if v is not None]


@pytest.mark.parametrize(
    ("dashboard", "panel", "target"), ALL, ids=[f"{d.uid}-{p.title}-{t['refId']}" for d, p, t in ALL]
)
def test_the_query_brings_rows(day: Any, dashboard: Dashboard, panel: Panel, target: dict[str, Any]) -> None:
    until = int((day.end + timedelta(minutes=1)).timestamp() * 1e9)
    since = until - 25 * 3600 * 10**9
    resolutions = (
        ("autogen", "five_minutes", "hourly") if "${resolution}" in target["query"] else ("autogen",)
    )
    for resolution in resolutions:
        query = filled(target["query"], {**CHOSEN, "resolution": resolution}, str(since), str(until))
        assert values(ask(day, query)), (query, panel.may_be_empty)


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda d: d.uid)
def test_its_variables_have_values(day: Any, dashboard: Dashboard) -> None:
    for variable in dashboard.as_json()["templating"]["list"]:
        if variable["type"] == "query":
            found = values(ask(day, filled(variable["query"], CHOSEN, "0", "now()")))
            assert found, variable["query"]
            if variable["name"] in ("office", "link", "device"):
                assert CHOSEN[variable["name"]] in json.dumps(found)


def test_annotations_tell_of_the_outage(day: Any) -> None:
    query = filled(INCIDENTS["target"]["query"], CHOSEN, "now() - 2d", "now() + 1h")
    (series,) = ask(day, query)
    rows = [dict(zip(series["columns"], row, strict=True)) for row in series["values"]]
    assert {"link:long-ikis-long-kali"} == {row["what"] for row in rows}
    assert all(row["incident"].startswith("R-") for row in rows)


def test_the_map_has_a_place_and_a_state_for_every_office_that_has_a_location(day: Any) -> None:
    panel = next(p for d in DASHBOARDS for row in d.rows for p in row.panels if p.type == "geomap")
    series = ask(day, filled(panel.targets[0]["query"], CHOSEN, "now() - 1d", "now()"))
    placed = {s["tags"]["office"] for s in series if None not in s["values"][0]}
    assert placed == {o.id for o in day.inventory.offices.values() if o.location is not None}
    cut = {s["tags"]["office"] for s in series if s["values"][0][1] == 2}
    assert "camat-long-kali" in cut
