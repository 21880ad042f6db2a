"""2. One office: is it reachable, by which ways, how well, and what of it can't it use."""

from __future__ import annotations

from dashboards import looks
from dashboards.builder import KECAMATAN, RESOLUTION, Dashboard, Row, from_tags, to
from dashboards.influx import RESOLUTION as CHOSEN
from dashboards.influx import Pick, rows, select, series, tag_is
from dashboards.panels import link_to, stat, state_timeline, table, timeseries
from dashboards.shared import availability, power, traffic

OF_OFFICE = tag_is("office", "office")
ONE_OFFICE = from_tags(
    "office",
    "SKPD",
    "office",
    "office",
    where=tag_is("kecamatan", "kecamatan"),
    multi=False,
    everything=False,
)

STATE = stat(
    "Status",
    "The office's state now",
    [series(select("office", [Pick("last", "connectivity", "status")], where=[OF_OFFICE], every=None))],
    spark=False,
    mappings=looks.CONNECTIVITY,
)
PATHS = stat(
    "Jalur tersisa",
    "Risk-disjoint paths to a hub that are left",
    [series(select("office", [Pick("last", "paths", "jalur")], where=[OF_OFFICE]))],
    decimals=0,
    thresholds=looks.steps((None, looks.RED), (1, looks.YELLOW), (2, looks.GREEN)),
)
DESIGNED = stat(
    "Jalur rancangan",
    "Paths that the design has",
    [series(select("office", [Pick("last", "paths_designed", "jalur")], where=[OF_OFFICE], every=None))],
    spark=False,
    decimals=0,
    color="fixed:blue",
)
AVAILABILITY = availability("Share of time that it was reachable; the SLA report counts exactly", OF_OFFICE)
TIMELINE = state_timeline(
    "Riwayat status",
    "The office's state over time",
    [
        series(
            select(
                "office",
                [Pick("last", "connectivity", "status")],
                where=[OF_OFFICE],
                by=["office"],
                fill="previous",
            ),
            alias="$tag_office",
        )
    ],
    mappings=looks.CONNECTIVITY,
)
RTT = timeseries(
    "Waktu tempuh",
    "Round-trip time of probes",
    [
        series(
            select(
                "probe", [Pick("mean", "rtt_ms", "rtt")], where=[OF_OFFICE], by=["device"], resolution=CHOSEN
            ),
            alias="$tag_device",
        )
    ],
    unit="ms",
)
LOSS = timeseries(
    "Paket hilang",
    "Share of probes that were lost",
    [
        series(
            select(
                "probe",
                [Pick("mean", "loss_ratio", "loss")],
                where=[OF_OFFICE],
                by=["device"],
                resolution=CHOSEN,
            ),
            alias="$tag_device",
        )
    ],
    unit="percentunit",
    minimum=0,
    thresholds=looks.LOSS,
    threshold_lines=True,
)
TRAFFIC = traffic(
    "Traffic of the ports where declared links end; received above", [OF_OFFICE, "\"link\" != ''"]
)
LIGHT = timeseries(
    "Daya terima optik",
    "Receive power of every optical module of the office",
    [power("rx_dbm", "rx", OF_OFFICE)],
    unit="dBm",
    table_legend=True,
    may_be_empty="kantor ini tidak punya modul optik yang melapor",
)
APPLICATIONS = state_timeline(
    "Aplikasi yang terjangkau",
    "Which e-government applications this office can reach",
    [
        series(
            select(
                "application_office",
                [Pick("min", "reachable", "terjangkau")],
                where=[OF_OFFICE],
                by=["application"],
                fill="previous",
            ),
            alias="$tag_application",
        )
    ],
    mappings=looks.REACHABLE,
)
DEVICES = table(
    "Perangkat",
    "The office's devices now",
    [
        rows(
            select(
                "device",
                [
                    Pick("last", "uptime_s", "hidup sejak"),
                    Pick("last", "cpu_ratio", "CPU"),
                    Pick("last", "memory_ratio", "memori"),
                    Pick("last", "temperature_c", "suhu"),
                ],
                where=[OF_OFFICE],
                by=["device"],
                every=None,
                over="time > now() - 15m",
            )
        )
    ],
    overrides=[
        looks.column("hidup sejak", unit="dtdurations"),
        looks.column("CPU", unit="percentunit", decimals=0, thresholds=looks.RATIO),
        looks.column("memori", unit="percentunit", decimals=0, thresholds=looks.RATIO),
        looks.column("suhu", unit="celsius", decimals=0, thresholds=looks.TEMPERATURE),
    ],
    links=[link_to("Perangkat ini", to("ronda-device", "device", "${__data.fields.device}"))],
)

DASHBOARD = Dashboard(
    uid="ronda-office",
    title="2. SKPD",
    description="One office: state, paths, traffic, light, latency and applications",
    variables=[KECAMATAN, ONE_OFFICE, RESOLUTION],
    rows=[
        Row([STATE, PATHS, DESIGNED, AVAILABILITY], height=4),
        Row([TIMELINE], height=4),
        Row([RTT, LOSS]),
        Row([TRAFFIC, LIGHT], height=10),
        Row([APPLICATIONS, DEVICES]),
    ],
)
