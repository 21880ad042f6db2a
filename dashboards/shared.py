"""What stands on more than one dashboard: panels, and links from a table's row to a dashboard of its own."""

from __future__ import annotations

from dashboards import looks
from dashboards.builder import to
from dashboards.influx import HOURLY, Pick, select, series
from dashboards.influx import RESOLUTION as CHOSEN
from dashboards.panels import Json, Panel, link_to, stat, state_timeline, timeseries

TO_OFFICE = link_to("SKPD ini", to("ronda-office", "office", "${__data.fields.office}"))
TO_LINK = link_to("Sambungan ini", to("ronda-link", "link", "${__data.fields.link}"))


def traffic(description: str, where: list[str]) -> Panel:
    """Of ports: received above, sent below."""
    query = select(
        "interface",
        [Pick("mean", "in_bps", "masuk"), Pick("mean", "out_bps", "keluar")],
        where=where,
        by=["device", "if_name"],
        resolution=CHOSEN,
    )
    return timeseries(
        "Lalu lintas",
        description,
        [series(query, alias="$tag_device $tag_if_name $col")],
        unit="bps",
        table_legend=True,
        overrides=[looks.override("/keluar$/", "byRegexp", {"custom.transform": "negative-Y"})],
    )


def power(field: str, name: str, where: str) -> Json:
    """Optical power (`rx_dbm`, `tx_dbm`) of every lane."""
    query = select(
        "optics",
        [Pick("mean", field, name)],
        where=[where],
        by=["device", "if_name", "lane"],
        resolution=CHOSEN,
    )
    return series(query, alias="$tag_device $tag_if_name $tag_lane")


def availability(description: str, where: str) -> Panel:
    """Of offices, over 30 days."""
    query = select(
        "office", [Pick("mean", "reachable", "ketersediaan")], where=[where], every=None, resolution=HOURLY
    )
    return stat(
        "Ketersediaan 30 hari",
        description,
        [series(query)],
        spark=False,
        unit="percentunit",
        decimals=3,
        thresholds=looks.AVAILABILITY,
        time_from="30d",
    )


def hours(title: str, description: str, where: str, *, time_from: str | None = None) -> Panel:
    """Office by office and hour by hour."""
    query = select(
        "office",
        [Pick("min", "reachable", "terjangkau", suffix="_min")],
        where=[where],
        by=["office"],
        every="1h",
        fill="none",
        resolution=HOURLY,
    )
    return state_timeline(
        title, description, [series(query, alias="$tag_office")], mappings=looks.HOUR, time_from=time_from
    )
