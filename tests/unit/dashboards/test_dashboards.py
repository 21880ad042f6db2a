"""Every dashboard is what Grafana's own types say it may be; the committed files are those that are built."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dashboards import infinity
from dashboards.builder import Dashboard
from dashboards.everything import COMMITTED, DASHBOARDS, HOME, export, files
from dashboards.influx import Pick, UnknownNameError, select
from dashboards.panels import Panel

SCHEMA = json.loads((Path(__file__).parent / "grafana.schema.json").read_text())
# What an annotation asks of a data source is that data source's own matter; Grafana's types only know the
# built-in one here.
SCHEMA["definitions"]["dashboard.AnnotationTarget"] = {"type": "object"}
PANEL_TYPES = {
    "stat": "stat",
    "timeseries": "timeseries",
    "table": "table",
    "state-timeline": "statetimeline",
    "geomap": "geomap",
    "nodeGraph": "nodegraph",
}
"""Panels that every Grafana since 11 has built in, with their names in its types."""

each_dashboard = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda d: d.uid)


def faults(what: Any, definition: str) -> list[str]:
    validator = jsonschema.Draft7Validator({**SCHEMA, "$ref": f"#/definitions/{definition}"})
    return [f"{list(e.absolute_path)}: {e.message[:200]}" for e in validator.iter_errors(what)]


def panels(dashboard: Dashboard) -> Iterator[dict[str, Any]]:
    return (p for p in dashboard.as_json()["panels"] if p["type"] != "row")


def declared(dashboard: Dashboard) -> Iterator[Panel]:
    return (panel for row in dashboard.rows for panel in row.panels)


@each_dashboard
def test_it_is_valid_by_grafana_s_own_types(dashboard: Dashboard) -> None:
    assert faults(dashboard.as_json(), "dashboard") == []


@each_dashboard
def test_its_panels_are_built_in_and_valid(dashboard: Dashboard) -> None:
    for panel in panels(dashboard):
        name = PANEL_TYPES[panel["type"]]
        assert faults(panel["options"], name) == [], panel["title"]
        custom = panel["fieldConfig"]["defaults"]["custom"]
        if f"{name}_field" in SCHEMA["definitions"]:
            assert faults(custom, f"{name}_field") == [], panel["title"]
        else:
            assert custom == {}


def test_the_schema_is_strict_enough_to_notice() -> None:
    broken = HOME.as_json()
    broken["panels"][0]["gridPos"]["w"] = "six"
    broken["titel"] = "x"
    assert len(faults(broken, "dashboard")) >= 2
    assert faults({"colorMode": "loud"}, "stat")


@each_dashboard
def test_ids_are_unique_and_panels_do_not_overlap(dashboard: Dashboard) -> None:
    placed = dashboard.as_json()["panels"]
    assert len({p["id"] for p in placed}) == len(placed)
    for one, two in combinations((p["gridPos"] for p in placed), 2):
        apart_x = one["x"] + one["w"] <= two["x"] or two["x"] + two["w"] <= one["x"]
        apart_y = one["y"] + one["h"] <= two["y"] or two["y"] + two["h"] <= one["y"]
        assert apart_x or apart_y, (one, two)
    assert all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in placed)


@each_dashboard
def test_every_panel_says_what_it_shows_and_what_a_value_means(dashboard: Dashboard) -> None:
    for panel in declared(dashboard):
        assert panel.title
        assert panel.description
        assert panel.targets


@each_dashboard
def test_every_variable_that_is_used_is_there(dashboard: Dashboard) -> None:
    made = dashboard.as_json()
    there = {v["name"] for v in made["templating"]["list"]}
    built_in = re.compile(r"^(__|timeFilter)")
    for name in re.findall(r"\$\{(\w+)(?::\w+)?\}", json.dumps(made)):
        assert name in there or built_in.match(name), name


def test_links_between_dashboards_lead_somewhere() -> None:
    known = {d.uid: {v["name"] for v in d.as_json()["templating"]["list"]} for d in DASHBOARDS}
    for dashboard in DASHBOARDS:
        for uid, variable in re.findall(r"/d/([\w-]+)\?var-(\w+)=", dashboard.as_text()):
            assert variable in known[uid], (dashboard.uid, uid, variable)


def test_uids_and_titles_are_unique() -> None:
    assert len({d.uid for d in DASHBOARDS}) == len({d.title for d in DASHBOARDS}) == len(DASHBOARDS) == 8


def test_the_committed_files_are_up_to_date(tmp_path: Path) -> None:
    """If not: `ronda dashboards export dashboards/json`."""
    assert {p.name: p.read_text() for p in COMMITTED.glob("*.json")} == files()
    assert {p.name for p in export(tmp_path)} == set(files())


def test_a_name_that_no_point_has_is_refused() -> None:
    for measurement, field, tag in (
        ("weather", "rx_dbm", "x"),
        ("link", "rain", "x"),
        ("link", "rx_dbm", "mood"),
    ):
        with pytest.raises(UnknownNameError):
            select(measurement, [Pick("last", field, "x")], by=[tag])


def test_what_needs_a_plugin_says_so() -> None:
    for dashboard in DASHBOARDS:
        for panel in declared(dashboard):
            if any(t["datasource"] == infinity.SOURCE for t in panel.targets):
                assert "Infinity plugin" in panel.description
