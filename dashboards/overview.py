"""1. Overview: how many offices are connected, what is wrong now, and where."""

from __future__ import annotations

from dashboards import infinity, looks
from dashboards.builder import KECAMATAN, Dashboard, Row
from dashboards.influx import Pick, rows, select, series, tag_is
from dashboards.panels import Json, Panel, geomap, stat, table, timeseries
from dashboards.shared import TO_LINK, TO_OFFICE, availability, hours

RECENT = "time > now() - 3m"
IN_KECAMATAN = tag_is("kecamatan", "kecamatan")


def _count(title: str, description: str, field: str, thresholds: Json) -> Panel:
    query = select("network", [Pick("last", field, title)], over="$timeFilter")
    return stat(title, description, [series(query)], thresholds=thresholds, decimals=0)


COUNTS = Row(
    [
        _count("Terhubung", "Offices connected with all their paths", "connected", looks.PLAIN),
        _count("Terdegradasi", "Connected, a spare path gone", "degraded", looks.WARN_ABOVE_ZERO),
        _count("Putus", "Cut off", "cut", looks.BAD_ABOVE_ZERO),
        _count("Tidak diketahui", "Nothing known: evidence is missing", "unknown", looks.WARN_ABOVE_ZERO),
        _count(
            "Belum terkoneksi", "Not joined yet, by plan", "not_connected", looks.steps((None, looks.BLUE))
        ),
        _count("Insiden", "Open or acknowledged incidents", "incidents", looks.BAD_ABOVE_ZERO),
    ],
    height=4,
)

MAP = geomap(
    "Peta SKPD",
    "Every office where it is, coloured by its state. The base map needs the internet; the points don't.",
    [
        rows(
            select(
                "office",
                [
                    Pick("last", "connectivity", "status"),
                    Pick("last", "latitude_deg", "latitude"),
                    Pick("last", "longitude_deg", "longitude"),
                ],
                where=[IN_KECAMATAN],
                by=["office"],
                every=None,
                over=RECENT,
            )
        )
    ],
    value="status",
    mappings=looks.CONNECTIVITY,
    thresholds=looks.steps(
        (None, looks.GREEN), (1, looks.YELLOW), (2, looks.RED), (3, looks.PURPLE), (4, looks.GREY)
    ),
    links=[TO_OFFICE],
)

NOW = table(
    "SKPD sekarang",
    "Every office's state now; the worst first",
    [
        rows(
            select(
                "office",
                [Pick("last", "connectivity", "status"), Pick("last", "paths", "jalur")],
                where=[IN_KECAMATAN],
                by=["office", "kecamatan", "provider"],
                every=None,
                over=RECENT,
            )
        )
    ],
    sort_by="status",
    overrides=[looks.painted("status", looks.CONNECTIVITY), looks.column("jalur", decimals=0)],
    links=[TO_OFFICE],
)

INCIDENTS = table(
    "Insiden yang berlangsung",
    "From Ronda's API (Infinity plugin). Without the plugin: the annotations and the board show the same.",
    [
        infinity.ask(
            "/api/v1/incidents?status=active",
            {
                "id": ("Insiden", "string"),
                "severity": ("Tingkat", "string"),
                "status": ("Status", "string"),
                "components.0.name": ("Penyebab", "string"),
                "offices.#": ("SKPD", "number"),
                "began_at": ("Sejak", "timestamp"),
                "acknowledged_by": ("Ditangani", "string"),
            },
        )
    ],
    sort_by="Sejak",
    may_be_empty="tidak ada insiden",
)

AVAILABILITY = availability(
    "Share of time that offices were reachable, all offices alike; the SLA report counts exactly",
    IN_KECAMATAN,
)

WORST_LINKS = table(
    "Sambungan terburuk",
    "Links down, loaded, or with little light to spare; the worst first",
    [
        rows(
            select(
                "link",
                [
                    Pick("last", "condition", "status"),
                    Pick("last", "load_ratio", "beban"),
                    Pick("last", "rx_margin_db", "cadangan daya"),
                ],
                by=["link", "provider"],
                every=None,
                over=RECENT,
            )
        )
    ],
    sort_by="status",
    overrides=[
        looks.painted("status", looks.LINK_CONDITION),
        looks.column("beban", unit="percentunit", decimals=1, thresholds=looks.LOAD),
        looks.column("cadangan daya", unit="dB", decimals=1, thresholds=looks.RX_MARGIN),
    ],
    links=[TO_LINK],
)

HISTORY = timeseries(
    "SKPD menurut status",
    "Offices by state over time",
    [
        series(
            select(
                "network",
                [
                    Pick("last", "cut", "putus"),
                    Pick("last", "degraded", "terdegradasi"),
                    Pick("last", "unknown", "tidak diketahui"),
                ],
                fill="previous",
            )
        )
    ],
    stacked=True,
    decimals=0,
    fill=50,
    overrides=[
        looks.column("putus", color={"mode": "fixed", "fixedColor": looks.RED}),
        looks.column("terdegradasi", color={"mode": "fixed", "fixedColor": looks.YELLOW}),
        looks.column("tidak diketahui", color={"mode": "fixed", "fixedColor": looks.PURPLE}),
    ],
)

STATES = hours(
    "Riwayat SKPD",
    "Hour by hour: was the office cut off at any moment of it? From the hourly roll-up, so that a month of "
    "every office is a small query; the office's own dashboard is exact to the second.",
    IN_KECAMATAN,
    time_from="7d",
)

DASHBOARD = Dashboard(
    uid="ronda-overview",
    title="1. Ikhtisar",
    description="How many offices are connected, what is wrong now, and where",
    variables=[KECAMATAN],
    rows=[
        COUNTS,
        Row([MAP, NOW], height=14, widths=[12, 12]),
        Row([INCIDENTS, AVAILABILITY], height=8, widths=[18, 6]),
        Row([WORST_LINKS, HISTORY], height=10),
        Row([STATES], height=14),
    ],
)
