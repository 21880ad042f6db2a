"""3. A link and its fiber: light at both ends, what the span loses, errors, load, flaps."""

from __future__ import annotations

from dashboards import looks
from dashboards.builder import PROVIDER, RESOLUTION, Dashboard, Row, from_tags
from dashboards.influx import HOURLY, Pick, select, series, tag_is
from dashboards.influx import RESOLUTION as CHOSEN
from dashboards.panels import stat, state_timeline, timeseries
from dashboards.shared import power, traffic

OF_LINK = tag_is("link", "link")
ONE_LINK = from_tags(
    "link", "Sambungan", "link", "link", where=tag_is("provider", "provider"), multi=False, everything=False
)
NO_OPTICS = "sambungan ini bukan serat optik, atau modulnya tidak melapor"

STATE = stat(
    "Status",
    "The link's state now",
    [series(select("link", [Pick("last", "condition", "status")], where=[OF_LINK], every=None))],
    spark=False,
    mappings=looks.LINK_CONDITION,
)
MARGIN = stat(
    "Cadangan daya",
    "How far the weaker end's receive power is above the link's declared limit",
    [series(select("link", [Pick("last", "rx_margin_db", "cadangan")], where=[OF_LINK]))],
    unit="dB",
    decimals=1,
    thresholds=looks.RX_MARGIN,
    may_be_empty=NO_OPTICS,
)
LOAD = stat(
    "Beban",
    "The busier direction as a share of the declared capacity",
    [series(select("link", [Pick("last", "load_ratio", "beban")], where=[OF_LINK]))],
    unit="percentunit",
    decimals=1,
    thresholds=looks.LOAD,
    may_be_empty="kapasitas sambungan tidak tercatat",
)
AVAILABILITY = stat(
    "Terputus 30 hari",
    "Share of hours in which the link was down at least once",
    [
        series(
            f'SELECT mean("bad") AS "terputus" FROM (SELECT max("condition_max") AS "bad" FROM '
            f'"{HOURLY}"."link" WHERE $timeFilter AND {OF_LINK} AND "condition_max" < 2 GROUP BY time(1h) '
            "fill(none)) WHERE $timeFilter"
        )
    ],
    spark=False,
    unit="percentunit",
    decimals=2,
    thresholds=looks.steps((None, looks.GREEN), (0.001, looks.YELLOW), (0.01, looks.RED)),
    time_from="30d",
)
TIMELINE = state_timeline(
    "Riwayat status",
    "The link's state over time: a flapping link shows as a comb",
    [
        series(
            select(
                "link", [Pick("max", "condition", "status")], where=[OF_LINK], by=["link"], fill="previous"
            ),
            alias="$tag_link",
        )
    ],
    mappings=looks.LINK_CONDITION,
)
RX = timeseries(
    "Daya terima di kedua ujung",
    "Receive power at each end, lane by lane",
    [power("rx_dbm", "rx", OF_LINK)],
    unit="dBm",
    table_legend=True,
    thresholds=looks.RX_POWER,
    threshold_lines=True,
    may_be_empty=NO_OPTICS,
)
BASELINE = timeseries(
    "Terhadap kebiasaannya sendiri",
    "The weaker end's power, hour by hour, with its median of the period: 2 to 3 dB below it deserves a look",
    [
        series(
            select(
                "link",
                [Pick("mean", "rx_dbm", "daya terima")],
                where=[OF_LINK],
                resolution=HOURLY,
                every="1h",
            ),
        ),
        series(
            select(
                "link", [Pick("median", "rx_dbm", "median")], where=[OF_LINK], resolution=HOURLY, every=None
            ),
            ref="B",
        ),
    ],
    unit="dBm",
    time_from="30d",
    points="always",
    may_be_empty=NO_OPTICS,
)
TX = timeseries(
    "Daya pancar",
    "Transmit power at each end",
    [power("tx_dbm", "tx", OF_LINK)],
    unit="dBm",
    may_be_empty=NO_OPTICS,
)
SPAN = timeseries(
    "Redaman bentang",
    "What the fiber takes: strongest transmit power less weakest receive power of the link",
    [
        series(
            f'SELECT max("tx_dbm") - min("rx_dbm") AS "redaman" FROM "{CHOSEN}"."optics" WHERE $timeFilter '
            f"AND {OF_LINK} GROUP BY time($__interval) fill(null)"
        )
    ],
    unit="dB",
    may_be_empty=NO_OPTICS,
)
TRAFFIC = traffic("Both directions, as each end measures them", [OF_LINK])
ERRORS = timeseries(
    "Galat dan buangan",
    "Frames with errors and frames dropped, a second",
    [
        series(
            select(
                "interface",
                [
                    Pick("max", "in_errors", "galat masuk"),
                    Pick("max", "out_errors", "galat keluar"),
                    Pick("max", "in_discards", "buangan masuk"),
                    Pick("max", "out_discards", "buangan keluar"),
                ],
                where=[OF_LINK],
                by=["device", "if_name"],
                resolution=CHOSEN,
            ),
            alias="$tag_device $tag_if_name $col",
        )
    ],
    unit="pps",
    minimum=0,
)
PORTS = state_timeline(
    "Status port",
    "What each end says of its port (ifOperStatus)",
    [
        series(
            select(
                "interface",
                [Pick("last", "oper", "oper")],
                where=[OF_LINK],
                by=["device", "if_name"],
                fill="previous",
            ),
            alias="$tag_device $tag_if_name",
        )
    ],
    mappings=looks.OPER_STATUS,
)

DASHBOARD = Dashboard(
    uid="ronda-link",
    title="3. Sambungan dan serat optik",
    description="One link: light against limits and baseline, loss of the span, errors, traffic, flaps",
    variables=[PROVIDER, ONE_LINK, RESOLUTION],
    rows=[
        Row([STATE, MARGIN, LOAD, AVAILABILITY], height=4),
        Row([TIMELINE], height=4),
        Row([RX, BASELINE], height=10, title="Cahaya"),
        Row([TX, SPAN]),
        Row([TRAFFIC, ERRORS], height=10, title="Lalu lintas"),
        Row([PORTS], height=5),
    ],
)
