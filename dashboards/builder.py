"""Rows of panels to the JSON that Grafana keeps. Layout and ids follow from the order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboards import infinity, influx
from dashboards.panels import Panel

Json = dict[str, Any]
WIDTH = 24
SCHEMA_VERSION = 39
"""Of Grafana 11.0; later ones migrate it by themselves."""
FOLDER_UID, FOLDER = "ronda", "Ronda"


@dataclass(frozen=True)
class Row:
    """Panels side by side. Widths in 24ths; without them, equal shares."""

    panels: Sequence[Panel]
    height: int = 8
    widths: Sequence[int] = ()
    title: str | None = None
    """A heading above it, which folds everything below up to the next one."""
    repeat: str | None = None


@dataclass(frozen=True)
class Dashboard:
    uid: str
    title: str
    description: str
    rows: Sequence[Row]
    variables: Sequence[Json] = ()
    time_from: str = "now-24h"
    refresh: str = "30s"
    tags: Sequence[str] = ("ronda",)
    links: Sequence[Json] = field(default_factory=tuple)

    def as_json(self) -> Json:
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": list(self.tags),
            "timezone": "browser",
            "editable": True,
            "graphTooltip": 1,
            "schemaVersion": SCHEMA_VERSION,
            "version": 1,
            "refresh": self.refresh,
            "time": {"from": self.time_from, "to": "now"},
            "timepicker": {"refresh_intervals": ["10s", "30s", "1m", "5m", "15m"]},
            "fiscalYearStartMonth": 0,
            "templating": {"list": [*SOURCES, *self.variables]},
            "annotations": {"list": [INCIDENTS]},
            "links": [ALL_DASHBOARDS, BOARD, *self.links],
            "panels": list(_placed(self.rows)),
        }

    def as_text(self) -> str:
        return json.dumps(self.as_json(), indent=1, ensure_ascii=False) + "\n"


def _placed(rows: Sequence[Row]) -> list[Json]:
    placed: list[Json] = []
    y = 0
    for row in rows:
        if row.title is not None:
            heading: Json = {
                "type": "row",
                "title": row.title,
                "collapsed": False,
                "panels": [],
                "id": len(placed) + 1,
                "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
            }
            if row.repeat:
                heading["repeat"] = row.repeat
            placed.append(heading)
            y += 1
        widths = row.widths or [WIDTH // len(row.panels)] * len(row.panels)
        x = 0
        for panel, width in zip(row.panels, widths, strict=True):
            at = {"x": x, "y": y, "w": width, "h": row.height}
            placed.append({"id": len(placed) + 1, "gridPos": at, **panel.as_json()})
            x += width
        y += row.height
    return placed


# --- variables

SOURCES: Sequence[Json] = (
    {
        "name": "influx",
        "label": "InfluxDB",
        "type": "datasource",
        "query": "influxdb",
        "regex": "/ronda/i",
        "hide": 0,
        "includeAll": False,
        "multi": False,
        "refresh": 1,
        "options": [],
    },
    {
        "name": "api",
        "label": "API Ronda",
        "type": "datasource",
        "query": infinity.PLUGIN,
        "regex": "/ronda/i",
        "hide": 0,
        "includeAll": False,
        "multi": False,
        "refresh": 1,
        "options": [],
    },
    {
        "name": "board",
        "label": "Alamat papan",
        "type": "textbox",
        "query": "http://localhost:8064",
        "current": {"text": "http://localhost:8064", "value": "http://localhost:8064"},
        "options": [{"text": "http://localhost:8064", "value": "http://localhost:8064", "selected": True}],
        "hide": 2,
    },
)

RESOLUTION: Json = {
    "name": "resolution",
    "label": "Resolusi",
    "type": "custom",
    "query": "mentah : autogen, 5 menit : five_minutes, 1 jam : hourly",
    "current": {"text": "mentah", "value": "autogen", "selected": True},
    "options": [
        {"text": "mentah", "value": "autogen", "selected": True},
        {"text": "5 menit", "value": "five_minutes", "selected": False},
        {"text": "1 jam", "value": "hourly", "selected": False},
    ],
    "hide": 0,
    "includeAll": False,
    "multi": False,
}


def from_tags(
    name: str,
    label: str,
    measurement: str,
    tag: str,
    *,
    where: str = "",
    multi: bool = True,
    everything: bool = True,
) -> Json:
    """A variable whose values are a tag's."""
    query = f'SHOW TAG VALUES FROM "{measurement}" WITH KEY = "{tag}"' + (f" WHERE {where}" if where else "")
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": influx.SOURCE,
        "query": query,
        **({"current": {"text": "All", "value": "$__all"}} if everything else {}),
        "includeAll": everything,
        "multi": multi,
        "refresh": 2,
        "sort": 5,
        "hide": 0,
        "options": [],
        "regex": "",
    }


KECAMATAN = from_tags("kecamatan", "Kecamatan", "office", "kecamatan")
OFFICE = from_tags("office", "SKPD", "office", "office", where=influx.tag_is("kecamatan", "kecamatan"))
PROVIDER = from_tags("provider", "Penyedia", "link", "provider")
LINK = from_tags("link", "Sambungan", "link", "link", where=influx.tag_is("provider", "provider"))

# --- what every dashboard has

INCIDENTS: Json = {
    "name": "Insiden",
    "datasource": influx.SOURCE,
    "enable": True,
    "hide": False,
    "iconColor": "red",
    "target": {
        "refId": "Anno",
        "queryType": "tags",
        "fromAnnotations": True,
        "name": "Insiden",
        "query": 'SELECT "offices_cut", "incident", "what", "severity" FROM "incident" WHERE $timeFilter',
        "rawQuery": True,
        "textEditor": True,
        "titleColumn": "incident",
        "textColumn": "what",
        "tagsColumn": "severity",
    },
}
ALL_DASHBOARDS: Json = {
    "title": "Ronda",
    "type": "dashboards",
    "tags": ["ronda"],
    "asDropdown": True,
    "includeVars": True,
    "keepTime": True,
    "targetBlank": False,
    "icon": "external link",
    "tooltip": "Dasbor Ronda lainnya",
    "url": "",
}
BOARD: Json = {
    "title": "Papan",
    "type": "link",
    "url": "${board}",
    "tags": [],
    "asDropdown": False,
    "includeVars": False,
    "keepTime": False,
    "targetBlank": True,
    "icon": "dashboard",
    "tooltip": "Papan Ronda",
}


def to(uid: str, variable: str, value: str) -> str:
    """A link to another dashboard with one variable set, the time kept."""
    return f"/d/{uid}?var-{variable}={value}&${{__url_time_range}}"
