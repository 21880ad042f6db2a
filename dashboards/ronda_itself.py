"""8. Ronda itself: does it watch, does it keep up, does it get its messages out."""

from __future__ import annotations

from dashboards import looks
from dashboards.builder import Dashboard, Row
from dashboards.influx import RECENT_SELF, Pick, rows, select, series
from dashboards.panels import Panel, stat, table, timeseries


def _rate(title: str, description: str, parts: str, *, unit: str = "cpm", empty: str | None = None) -> Panel:
    """Counters as happenings a minute. `parts`: a regular expression of their names."""
    query = (
        'SELECT non_negative_derivative(last("count"), 1m) AS "tiap menit" FROM "ronda" '
        f'WHERE $timeFilter AND "part" =~ /{parts}/ GROUP BY time($__interval), "part" fill(none)'
    )
    return timeseries(title, description, [series(query, alias="$tag_part")], unit=unit, may_be_empty=empty)


def _level(
    title: str, description: str, parts: str, *, unit: str = "short", empty: str | None = None
) -> Panel:
    query = select(
        "ronda", [Pick("max", "value", "nilai")], where=[f'"part" =~ /{parts}/'], by=["part"], fill="none"
    )
    return timeseries(title, description, [series(query, alias="$tag_part")], unit=unit, may_be_empty=empty)


ROUNDS = stat(
    "Putusan tiap menit",
    "Verdicts a minute: when this is 0, nobody is watching",
    [
        series(
            'SELECT non_negative_derivative(last("count"), 1m) AS "putusan" FROM "ronda" '
            "WHERE $timeFilter AND \"part\" = 'app_verdicts' GROUP BY time($__interval) fill(none)"
        )
    ],
    decimals=0,
    thresholds=looks.steps((None, looks.RED), (1, looks.GREEN)),
)
SPOOL = stat(
    "Antrean metrik",
    "Bytes that wait on disk for InfluxDB",
    [
        series(
            select(
                "ronda",
                [Pick("last", "value", "antrean")],
                where=['"part" =~ /spool_backlog_bytes/'],
                fill="none",
            )
        )
    ],
    unit="bytes",
    thresholds=looks.steps((None, looks.GREEN), (1_000_000, looks.YELLOW), (1_000_000_000, looks.RED)),
)
POLL_TIME = stat(
    "Lama polling",
    "95th percentile of how long a poll takes",
    [series(select("device", [Pick("percentile:95", "poll_s", "p95")], every=None, over=RECENT_SELF))],
    spark=False,
    unit="s",
    decimals=2,
    thresholds=looks.steps((None, looks.GREEN), (10, looks.YELLOW), (30, looks.RED)),
)
SILENT = stat(
    "Perangkat diam",
    "Devices that answer nothing, shadows included",
    [series(select("network", [Pick("last", "devices_silent", "diam")]))],
    decimals=0,
    thresholds=looks.BAD_ABOVE_ZERO,
)
SLOWEST = table(
    "Perangkat paling lambat",
    "Mean and longest poll by device, and what of the polls failed",
    [
        rows(
            select(
                "device",
                [
                    Pick("mean", "poll_s", "rata-rata"),
                    Pick("max", "poll_s", "terlama"),
                    Pick("sum", "poll_errors", "galat"),
                ],
                by=["device"],
                every=None,
                over="time > now() - 1h",
            )
        )
    ],
    sort_by="terlama",
    overrides=[looks.override("/rata-rata|terlama/", "byRegexp", {"unit": "s", "decimals": 2})],
)

DASHBOARD = Dashboard(
    uid="ronda-itself",
    title="8. Ronda sendiri",
    description="Polls, durations, failures, spool, notifications",
    time_from="now-6h",
    rows=[
        Row([ROUNDS, SPOOL, POLL_TIME, SILENT], height=4),
        Row(
            [
                _rate("Polling dan probe", "Polls, probes and traps a minute", "^app_(polls|probes|traps)$"),
                _rate(
                    "Galat",
                    "Failures a minute, by part",
                    "(errors|failures|failed|dropped|lost|damaged)$",
                ),
            ]
        ),
        Row(
            [
                _rate("Pemberitahuan", "Messages by outcome", "^outbox_"),
                _level("Antrean", "What waits: messages, metrics, records", "(waiting|pending|backlog|held)"),
            ]
        ),
        Row(
            [SLOWEST, _rate("Penyimpanan metrik", "Points a minute by where they went", "^metrics_points_")],
            height=10,
        ),
    ],
)
