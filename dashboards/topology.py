"""5. Topology: offices and links as a graph, and every link in a table beside it."""

from __future__ import annotations

from dashboards import infinity, looks
from dashboards.builder import PROVIDER, Dashboard, Row
from dashboards.influx import HOURLY, Pick, rows, select, series, tag_is
from dashboards.panels import node_graph, state_timeline, table
from dashboards.shared import TO_LINK

OF_PROVIDER = tag_is("provider", "provider")

GRAPH = node_graph(
    "Topologi antar-SKPD",
    "Offices coloured by state, links by state and load. From Ronda's API (Infinity plugin); without the "
    "plugin the board shows the same, and the table below has every link.",
    [
        infinity.ask(
            "/api/v1/topology/nodes",
            {
                "id": ("id", "string"),
                "title": ("title", "string"),
                "subtitle": ("subtitle", "string"),
                "main_stat": ("mainStat", "string"),
                "secondary_stat": ("secondaryStat", "string"),
                "color": ("color", "string"),
            },
            shape="node-graph-nodes",
        ),
        infinity.ask(
            "/api/v1/topology/edges",
            {
                "id": ("id", "string"),
                "source": ("source", "string"),
                "target": ("target", "string"),
                "main_stat": ("mainStat", "number"),
                "secondary_stat": ("secondaryStat", "string"),
                "color": ("color", "string"),
                "thickness": ("thickness", "number"),
            },
            shape="node-graph-edges",
            ref="B",
        ),
    ],
)
LINKS = table(
    "Semua sambungan",
    "Every link now",
    [
        rows(
            select(
                "link",
                [
                    Pick("last", "condition", "status"),
                    Pick("last", "load_ratio", "beban"),
                    Pick("last", "load_bps", "lalu lintas"),
                    Pick("last", "rx_dbm", "daya terima"),
                    Pick("last", "rx_margin_db", "cadangan daya"),
                ],
                where=[OF_PROVIDER],
                by=["link", "provider", "medium"],
                every=None,
                over="time > now() - 3m",
            )
        )
    ],
    sort_by="status",
    overrides=[
        looks.painted("status", looks.LINK_CONDITION),
        looks.column("beban", unit="percentunit", decimals=1, thresholds=looks.LOAD),
        looks.column("lalu lintas", unit="bps"),
        looks.column("daya terima", unit="dBm", decimals=1),
        looks.column("cadangan daya", unit="dB", decimals=1, thresholds=looks.RX_MARGIN),
    ],
    links=[TO_LINK],
)
STATES = state_timeline(
    "Riwayat sambungan",
    "Hour by hour, the worst of each; the link's own dashboard is exact",
    [
        series(
            select(
                "link",
                [Pick("max", "condition", "status", suffix="_max")],
                where=[OF_PROVIDER],
                by=["link"],
                every="1h",
                fill="none",
                resolution=HOURLY,
            ),
            alias="$tag_link",
        )
    ],
    mappings=looks.LINK_CONDITION,
    time_from="7d",
)

DASHBOARD = Dashboard(
    uid="ronda-topology",
    title="5. Topologi",
    description="Offices and links as a graph, coloured by state and load",
    variables=[PROVIDER],
    rows=[Row([GRAPH], height=18), Row([LINKS, STATES], height=14)],
)
