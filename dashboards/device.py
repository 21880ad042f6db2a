"""4. One device: load, heat, ports, and how well it can be asked."""

from __future__ import annotations

from dashboards import infinity, looks
from dashboards.builder import RESOLUTION, Dashboard, Row, from_tags
from dashboards.influx import RESOLUTION as CHOSEN
from dashboards.influx import Pick, rows, select, series, tag_is
from dashboards.panels import link_to, stat, state_timeline, table, timeseries

OF_DEVICE = tag_is("device", "device")
OFFICE = from_tags("office", "SKPD", "device", "office")
ONE_DEVICE = from_tags(
    "device", "Perangkat", "device", "device", where=tag_is("office", "office"), multi=False, everything=False
)

ANSWERS = stat(
    "Menjawab",
    "Whether the newest probe was answered",
    [series(select("probe", [Pick("last", "answered", "menjawab")], where=[OF_DEVICE], every=None))],
    spark=False,
    mappings=looks.ANSWERED,
)
UPTIME = stat(
    "Hidup sejak",
    "Time since its last restart",
    [series(select("device", [Pick("last", "uptime_s", "hidup")], where=[OF_DEVICE], every=None))],
    spark=False,
    unit="dtdurations",
    color="fixed:blue",
)
CPU = stat(
    "CPU",
    "The busiest processor",
    [series(select("device", [Pick("mean", "cpu_ratio", "CPU")], where=[OF_DEVICE]))],
    unit="percentunit",
    decimals=0,
    thresholds=looks.RATIO,
    may_be_empty="perangkat ini tidak melaporkan CPU",
)
MEMORY = stat(
    "Memori",
    "The fullest memory",
    [series(select("device", [Pick("mean", "memory_ratio", "memori")], where=[OF_DEVICE]))],
    unit="percentunit",
    decimals=0,
    thresholds=looks.RATIO,
    may_be_empty="perangkat ini tidak melaporkan memori",
)
HEAT = stat(
    "Suhu",
    "The hottest sensor that is not an optical module",
    [series(select("device", [Pick("max", "temperature_c", "suhu")], where=[OF_DEVICE]))],
    unit="celsius",
    decimals=0,
    thresholds=looks.TEMPERATURE,
    may_be_empty="perangkat ini tidak melaporkan suhu",
)
LOAD_HISTORY = timeseries(
    "CPU dan memori",
    "Load over time",
    [
        series(
            select(
                "device",
                [Pick("mean", "cpu_ratio", "CPU"), Pick("mean", "memory_ratio", "memori")],
                where=[OF_DEVICE],
                resolution=CHOSEN,
            )
        )
    ],
    unit="percentunit",
    minimum=0,
    maximum=1,
    may_be_empty="perangkat ini tidak melaporkan CPU dan memori",
)
SENSORS = timeseries(
    "Suhu tiap sensor",
    "Every temperature sensor",
    [
        series(
            select(
                "sensor",
                [Pick("mean", "value", "suhu")],
                where=[OF_DEVICE, "\"sensor_kind\" = 'temperature'"],
                by=["sensor"],
                resolution=CHOSEN,
            ),
            alias="$tag_sensor",
        )
    ],
    unit="celsius",
    may_be_empty="perangkat ini tidak punya sensor suhu",
)
HEALTH = state_timeline(
    "Kipas, catu daya, baterai",
    "Sensors that report a state",
    [
        series(
            select(
                "sensor",
                [Pick("min", "ok", "baik")],
                where=[OF_DEVICE],
                by=["sensor_kind", "sensor"],
                fill="previous",
            ),
            alias="$tag_sensor_kind $tag_sensor",
        )
    ],
    mappings=looks.value_map({0: ("rusak", looks.RED), 1: ("baik", looks.GREEN)}),
    may_be_empty="perangkat ini tidak punya sensor keadaan",
)
PORTS = table(
    "Port",
    "Every port now",
    [
        rows(
            select(
                "interface",
                [
                    Pick("last", "oper", "oper"),
                    Pick("last", "admin", "admin"),
                    Pick("last", "speed_bps", "kecepatan"),
                    Pick("last", "in_bps", "masuk"),
                    Pick("last", "out_bps", "keluar"),
                    Pick("last", "in_errors", "galat masuk"),
                    Pick("last", "out_errors", "galat keluar"),
                ],
                where=[OF_DEVICE],
                by=["if_name", "link"],
                every=None,
                over="time > now() - 15m",
            )
        )
    ],
    sort_by="masuk",
    overrides=[
        looks.painted("oper", looks.OPER_STATUS),
        looks.painted("admin", looks.ADMIN_STATUS),
        looks.override("/kecepatan|masuk$|keluar$/", "byRegexp", {"unit": "bps"}),
        looks.override("/^galat/", "byRegexp", {"unit": "pps", "decimals": 2}),
    ],
    links=[link_to("Sambungan ini", "/d/ronda-link?var-link=${__data.fields.link}&${__url_time_range}")],
)
TRAFFIC = timeseries(
    "Lalu lintas tiap port",
    "Received above, sent below",
    [
        series(
            select(
                "interface",
                [Pick("mean", "in_bps", "masuk"), Pick("mean", "out_bps", "keluar")],
                where=[OF_DEVICE],
                by=["if_name"],
                resolution=CHOSEN,
            ),
            alias="$tag_if_name $col",
        )
    ],
    unit="bps",
    overrides=[looks.override("/keluar$/", "byRegexp", {"custom.transform": "negative-Y"})],
)
POLLS = timeseries(
    "Lama dan galat polling",
    "How long a poll takes, and how many parts of it gave nothing",
    [
        series(
            select(
                "device",
                [Pick("mean", "poll_s", "lama"), Pick("sum", "poll_errors", "galat")],
                where=[OF_DEVICE],
                resolution=CHOSEN,
            )
        )
    ],
    unit="s",
    overrides=[looks.column("galat", unit="short", **{"custom.axisPlacement": "right"})],
)
CHANGES = table(
    "Perubahan konfigurasi",
    "From Ronda's API (Infinity plugin): changes that the configuration backup saw",
    [
        infinity.ask(
            "/api/v1/configurations/${device}/changes",
            {
                "at": ("Waktu", "timestamp"),
                "lines_added": ("+", "number"),
                "lines_removed": ("-", "number"),
                "summary": ("Perubahan", "string"),
            },
        )
    ],
    sort_by="Waktu",
    may_be_empty="belum ada perubahan yang tercatat",
)

DASHBOARD = Dashboard(
    uid="ronda-device",
    title="4. Perangkat",
    description="One device: load, heat, ports, and how well it can be asked",
    variables=[OFFICE, ONE_DEVICE, RESOLUTION],
    rows=[
        Row([ANSWERS, UPTIME, CPU, MEMORY, HEAT], height=4, widths=[4, 5, 5, 5, 5]),
        Row([LOAD_HISTORY, SENSORS]),
        Row([PORTS], height=11),
        Row([TRAFFIC, POLLS], height=9),
        Row([HEALTH, CHANGES]),
    ],
)
