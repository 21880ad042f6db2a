"""7. Capacity: who fills the links, and when they will be full. Reads the hourly roll-up only."""

from __future__ import annotations

from dashboards import looks
from dashboards.builder import PROVIDER, Dashboard, Row
from dashboards.influx import HOURLY, Pick, rows, select, series, tag_is
from dashboards.panels import table, timeseries
from dashboards.shared import TO_LINK, TO_OFFICE

OF_PROVIDER = tag_is("provider", "provider")

PERCENTILES = table(
    "Persentil ke-95 tiap sambungan",
    "What 95 of 100 hours stayed below; the fullest first",
    [
        rows(
            select(
                "link",
                [
                    Pick("percentile:95", "load_ratio", "p95 beban"),
                    Pick("percentile:95", "load_bps", "p95 lalu lintas"),
                ],
                where=[OF_PROVIDER],
                by=["link", "provider", "medium"],
                every=None,
                resolution=HOURLY,
            )
        )
    ],
    sort_by="p95 beban",
    overrides=[
        looks.column(
            "p95 beban",
            unit="percentunit",
            decimals=1,
            max=1,
            thresholds=looks.LOAD,
            **{"custom.cellOptions": {"type": "gauge", "mode": "basic"}},
        ),
        looks.column("p95 lalu lintas", unit="bps"),
    ],
    links=[TO_LINK],
)
PEAKS = table(
    "Puncak tiap sambungan",
    "The mean and the highest value of any moment, from the roll-up's maxima",
    [
        rows(
            select(
                "link",
                [Pick("mean", "load_bps", "rata-rata"), Pick("max", "load_bps", "puncak", suffix="_max")],
                where=[OF_PROVIDER],
                by=["link"],
                every=None,
                resolution=HOURLY,
            )
        )
    ],
    sort_by="puncak",
    overrides=[looks.override("/rata-rata|puncak/", "byRegexp", {"unit": "bps"})],
    links=[TO_LINK],
)
TALKERS = table(
    "Pemakai terbesar",
    "Offices by the traffic of their ports where links end",
    [
        rows(
            select(
                "interface",
                [Pick("mean", "in_bps", "masuk"), Pick("mean", "out_bps", "keluar")],
                where=["\"link\" != ''", OF_PROVIDER],
                by=["office", "device", "if_name"],
                every=None,
                resolution=HOURLY,
            )
        )
    ],
    sort_by="masuk",
    overrides=[looks.override("/masuk|keluar/", "byRegexp", {"unit": "bps"})],
    links=[TO_OFFICE],
)
TREND = timeseries(
    "Beban harian",
    "The busiest hour of each day, by link",
    [
        series(
            select(
                "link",
                [Pick("max", "load_ratio", "beban")],
                where=[OF_PROVIDER],
                by=["link"],
                every="1d",
                fill="none",
                resolution=HOURLY,
            ),
            alias="$tag_link",
        )
    ],
    unit="percentunit",
    minimum=0,
    points="always",
    thresholds=looks.LOAD,
    threshold_lines=True,
)
FORECAST = timeseries(
    "Perkiraan beban",
    "Holt-Winters forecast (InfluxQL), two days on, of the mean over all links chosen. InfluxDB 3 has no "
    "such function: the panel stays empty there.",
    [
        series(
            f'SELECT mean("load_ratio") AS "terukur" FROM "{HOURLY}"."link" WHERE $timeFilter AND '
            f"{OF_PROVIDER} GROUP BY time(1h) fill(none)"
        ),
        series(
            f'SELECT holt_winters(mean("load_ratio"), 48, 0) AS "perkiraan" FROM "{HOURLY}"."link" WHERE '
            f"$timeFilter AND {OF_PROVIDER} GROUP BY time(1h)",
            ref="B",
        ),
    ],
    unit="percentunit",
    minimum=0,
    overrides=[
        looks.column("perkiraan", **{"custom.lineStyle": {"fill": "dash", "dash": [8, 6]}}),
    ],
)

DASHBOARD = Dashboard(
    uid="ronda-capacity",
    title="7. Kapasitas",
    description="95th percentiles, top talkers, forecast",
    variables=[PROVIDER],
    time_from="now-7d",
    refresh="5m",
    rows=[
        Row([PERCENTILES, PEAKS], height=12),
        Row([TALKERS, TREND], height=12),
        Row([FORECAST], height=9),
    ],
)
