"""InfluxQL as Grafana sends it. Only InfluxQL: InfluxDB 1, 2 and 3 all speak it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from storage.metrics import names

SOURCE = {"type": "influxdb", "uid": "${influx}"}
"""The data source is a variable: the same dashboards serve several Rondas."""

RESOLUTION = "${resolution}"
"""Raw, five minutes or hourly, as chosen above the dashboard."""
FIVE_MINUTES, HOURLY = "five_minutes", "hourly"
RECENT_SELF = "time > now() - 15m"


class UnknownNameError(ValueError):
    """A panel asks for what no point holds."""


@dataclass(frozen=True, slots=True)
class Pick:
    """One selected column: `aggregate(field) AS name`."""

    aggregate: str
    field: str
    name: str
    suffix: str = ""
    """`_max` or `_min`: the roll-ups' other fields."""
    then: str = ""
    """Arithmetic behind it, e.g. ` * 100`."""

    def text(self) -> str:
        function, _, argument = self.aggregate.partition(":")
        inner = f'"{self.field}{self.suffix}"' + (f", {argument}" if argument else "")
        return f'{function}({inner}){self.then} AS "{self.name}"'


def tag_is(tag: str, variable: str) -> str:
    """The tag is one of what is chosen in a variable (all: every)."""
    return f'"{tag}" =~ /^${{{variable}:regex}}$/'


def select(
    measurement: str,
    picks: Sequence[Pick],
    *,
    where: Iterable[str] = (),
    by: Sequence[str] = (),
    every: str | None = "$__interval",
    fill: str = "null",
    resolution: str | None = None,
    over: str = "$timeFilter",
) -> str:
    """A query. `every` None: one row a group. `over`: the time it looks at.

    Raises UnknownNameError for a measurement, field or tag that the catalogue doesn't hold.
    """
    known = names.MEASUREMENTS.get(measurement)
    if known is None:
        raise UnknownNameError(measurement)
    for pick in picks:
        if pick.field not in known.fields:
            raise UnknownNameError(f"{measurement}.{pick.field}")
    for tag in by:
        if tag not in known.tags:
            raise UnknownNameError(f"{measurement}, tag {tag}")
    source = f'"{resolution}"."{measurement}"' if resolution else f'"{measurement}"'
    conditions = " AND ".join([over, *where])
    groups = [f"time({every})"] if every else []
    groups += [f'"{tag}"' for tag in by]
    text = f"SELECT {', '.join(p.text() for p in picks)} FROM {source} WHERE {conditions}"
    if groups:
        text += f" GROUP BY {', '.join(groups)}"
    return text + (f" fill({fill})" if every else "")


def series(query: str, alias: str = "$col", ref: str = "A") -> dict[str, Any]:
    """Drawn over time."""
    return _target(query, ref) | {"alias": alias, "resultFormat": "time_series"}


def rows(query: str, ref: str = "A") -> dict[str, Any]:
    """A table: one row a group, its tags as columns."""
    return _target(query, ref) | {"resultFormat": "table"}


def _target(query: str, ref: str) -> dict[str, Any]:
    return {"refId": ref, "datasource": SOURCE, "query": query, "rawQuery": True}
