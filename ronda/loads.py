"""What the links carried lately, from the metrics: for the question whether a spare would bear it."""

from __future__ import annotations

from datetime import datetime

from storage.metrics import names
from storage.metrics.store import Aggregate, MetricStore
from topology.model import LinkId

DAY_S = 86_400
PERIOD_S = 300
"""Loads are means over five minutes: a burst of a second fills no link."""


async def busiest(store: MetricStore, now: datetime, over_s: int = DAY_S) -> dict[LinkId, float]:
    """Each link's highest load in bits per second, in either direction at either end. Raises StoreError."""
    end_s = int(now.timestamp())
    series = await store.range(
        names.INTERFACE,
        [names.IN_BPS, names.OUT_BPS],
        start_s=end_s - over_s,
        end_s=end_s,
        every_s=PERIOD_S,
        aggregate=Aggregate.MEAN,
    )
    loads: dict[LinkId, float] = {}
    for one in series:
        link = one.tags.get(names.TAG_LINK)
        seen = [float(value) for row in one.rows for value in row.values.values()]
        if link and seen:
            loads[LinkId(link)] = max(loads.get(LinkId(link), 0.0), *seen)
    return loads
