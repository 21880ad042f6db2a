"""What InfluxDB can't hold comes from Ronda's API, through Grafana's own Infinity plugin
(`yesoreyeram-infinity-datasource`, signed by Grafana Labs). Without the plugin these panels stay empty;
everything else works.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

PLUGIN = "yesoreyeram-infinity-datasource"
SOURCE = {"type": PLUGIN, "uid": "${api}"}


def ask(
    path: str,
    columns: Mapping[str, tuple[str, str]],
    *,
    root: str = "items",
    shape: Literal["table", "node-graph-nodes", "node-graph-edges"] = "table",
    ref: str = "A",
) -> dict[str, Any]:
    """`path` below the API's address. `columns`: selector -> (title, string|number|timestamp)."""
    return {
        "refId": ref,
        "datasource": SOURCE,
        "type": "json",
        "source": "url",
        "parser": "backend",
        "format": shape,
        "url": path,
        "url_options": {"method": "GET", "data": ""},
        "root_selector": root,
        "columns": [
            {"selector": selector, "text": title, "type": kind} for selector, (title, kind) in columns.items()
        ],
        "filters": [],
    }
