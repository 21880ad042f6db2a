"""The panel types that the dashboards use, each with the look that we want of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboards import looks

Json = dict[str, Any]


@dataclass(frozen=True)
class Panel:
    """One panel. `title` Indonesian, `description` English (shown on the i)."""

    type: str
    title: str
    description: str
    targets: Sequence[Json]
    options: Json
    unit: str | None = None
    decimals: int | None = None
    thresholds: Json = field(default_factory=lambda: looks.PLAIN)
    mappings: Sequence[Json] = ()
    custom: Json = field(default_factory=dict)
    color: str = "thresholds"
    """thresholds, palette-classic, fixed:NAME"""
    minimum: float | None = None
    maximum: float | None = None
    no_value: str | None = None
    overrides: Sequence[Json] = ()
    transformations: Sequence[Json] = ()
    links: Sequence[Json] = ()
    """Data links: (title, url) on every value."""
    may_be_empty: str | None = None
    """Why it may have nothing to show on a healthy network; None: it always has."""
    time_from: str | None = None

    def as_json(self) -> Json:
        defaults: Json = {
            "color": _color(self.color),
            "mappings": list(self.mappings),
            "thresholds": self.thresholds,
            "custom": self.custom,
        }
        for key, value in {
            "unit": self.unit,
            "decimals": self.decimals,
            "min": self.minimum,
            "max": self.maximum,
            "noValue": self.no_value or self.may_be_empty,
        }.items():
            if value is not None:
                defaults[key] = value
        if self.links:
            defaults["links"] = list(self.links)
        made: Json = {
            "type": self.type,
            "title": self.title,
            "description": self.description,
            "targets": list(self.targets),
            "options": self.options,
            "fieldConfig": {"defaults": defaults, "overrides": list(self.overrides)},
        }
        if self.targets:
            made["datasource"] = self.targets[0]["datasource"]
        if self.transformations:
            made["transformations"] = list(self.transformations)
        if self.time_from:
            made["timeFrom"] = self.time_from
        return made


def _color(spec: str) -> Json:
    mode, _, colour = spec.partition(":")
    return {"mode": mode, "fixedColor": colour} if colour else {"mode": mode}


def link_to(title: str, url: str) -> Json:
    """A data link; `url` may hold ${__field.labels.office} and the like."""
    return {"title": title, "url": url, "targetBlank": False}


_LEGEND = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
_TABLE_LEGEND = {
    "displayMode": "table",
    "placement": "bottom",
    "showLegend": True,
    "calcs": ["mean", "max", "lastNotNull"],
}


def stat(
    title: str,
    description: str,
    targets: Sequence[Json],
    *,
    spark: bool = True,
    calc: str = "lastNotNull",
    fields: str = "",
    **look: Any,
) -> Panel:
    """A big figure."""
    options = {
        "reduceOptions": {"calcs": [calc], "fields": fields, "values": False},
        "orientation": "auto",
        "textMode": "auto",
        "colorMode": "background_solid" if look.get("mappings") else "value",
        "graphMode": "area" if spark else "none",
        "justifyMode": "auto",
        "wideLayout": True,
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
    }
    return Panel("stat", title, description, targets, options, **look)


def timeseries(
    title: str,
    description: str,
    targets: Sequence[Json],
    *,
    fill: int = 10,
    stacked: bool = False,
    table_legend: bool = False,
    threshold_lines: bool = False,
    draw: str = "line",
    points: str = "auto",
    **look: Any,
) -> Panel:
    """Lines over time."""
    custom = {
        "drawStyle": draw,
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "fillOpacity": 60 if draw == "bars" else fill,
        "gradientMode": "none",
        "spanNulls": False,
        "showPoints": points,
        "pointSize": 4,
        "axisPlacement": "auto",
        "axisColorMode": "text",
        "axisLabel": "",
        "scaleDistribution": {"type": "linear"},
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if threshold_lines else "off"},
        "hideFrom": {"legend": False, "tooltip": False, "viz": False},
    }
    options = {
        "legend": _TABLE_LEGEND if table_legend else _LEGEND,
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    look.setdefault("color", "palette-classic")
    return Panel("timeseries", title, description, targets, options, custom=custom, **look)


def table(
    title: str,
    description: str,
    targets: Sequence[Json],
    *,
    sort_by: str | None = None,
    descending: bool = True,
    rename: Mapping[str, str] | None = None,
    hide: Sequence[str] = ("Time",),
    **look: Any,
) -> Panel:
    """Rows. The column of times that InfluxQL adds is hidden."""
    custom = {
        "align": "auto",
        "cellOptions": {"type": "auto"},
        "filterable": True,
        "inspect": False,
    }
    options: Json = {
        "showHeader": True,
        "cellHeight": "sm",
        "frameIndex": 0,
        "sortBy": [{"displayName": sort_by, "desc": descending}] if sort_by else [],
    }
    organize = {
        "id": "organize",
        "options": {
            "excludeByName": dict.fromkeys(hide, True),
            "renameByName": dict(rename or {}),
            "indexByName": {},
        },
    }
    before = list(look.pop("transformations", []))
    return Panel(
        "table",
        title,
        description,
        targets,
        options,
        custom=custom,
        transformations=[*before, organize],
        **look,
    )


def state_timeline(title: str, description: str, targets: Sequence[Json], **look: Any) -> Panel:
    """States over time, one bar a series."""
    custom = {
        "lineWidth": 0,
        "fillOpacity": 80,
        "hideFrom": {"legend": False, "tooltip": False, "viz": False},
    }
    options = {
        "mergeValues": True,
        "showValue": "auto",
        "alignValue": "left",
        "rowHeight": 0.85,
        "legend": _LEGEND,
        "tooltip": {"mode": "single", "sort": "none"},
        "perPage": 30,
    }
    return Panel("state-timeline", title, description, targets, options, custom=custom, **look)


def geomap(title: str, description: str, targets: Sequence[Json], *, value: str, **look: Any) -> Panel:
    """Offices where they are, coloured by `value`; columns `latitude` and `longitude`."""
    style = {
        "color": {"field": value, "fixed": "green"},
        "opacity": 0.9,
        "size": {"field": "", "fixed": 7, "min": 4, "max": 12},
        "symbol": {"mode": "fixed", "fixed": "img/icons/marker/circle.svg"},
    }
    options = {
        "view": {"id": "fit", "allLayers": True, "padding": 10, "zoom": 9, "lat": -1.75, "lon": 116.0},
        "basemap": {"type": "default", "name": "Peta dasar", "config": {}},
        "controls": {
            "mouseWheelZoom": False,
            "showZoom": True,
            "showAttribution": True,
            "showScale": True,
            "showMeasure": False,
            "showDebug": False,
        },
        "layers": [
            {
                "type": "markers",
                "name": "SKPD",
                "config": {"style": style, "showLegend": True},
                "location": {"mode": "coords", "latitude": "latitude", "longitude": "longitude"},
                "tooltip": True,
            }
        ],
        "tooltip": {"mode": "details"},
    }
    return Panel("geomap", title, description, targets, options, **look)


def node_graph(title: str, description: str, targets: Sequence[Json], **look: Any) -> Panel:
    """Nodes and edges; colours come with the data."""
    options = {
        "nodes": {"mainStatUnit": "string"},
        "edges": {"mainStatUnit": "percentunit"},
        "zoomMode": "cooperative",
    }
    return Panel("nodeGraph", title, description, targets, options, **look)
