"""Daily medians of receive power, from the metrics: what is usual on a link, and where it is going."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from alerts.condition_engine import place_of
from storage.metrics import names
from storage.metrics.store import MetricStore, Resolution, Series
from topology.model import DeviceId

Days = dict[str, list[tuple[int, float]]]
"""By place: (day number, dBm), oldest first."""
CHUNK = 25
"""Devices asked for at once: a store's reader is never held for long."""
LEAST_HOURS = 3
"""Of a day that must have been measured before it has a median."""


async def daily_medians(
    store: MetricStore, devices: Iterable[DeviceId], now: datetime, zone: ZoneInfo, days: int
) -> Days:
    """Of whole local days up to yesterday. Raises StoreError."""
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    end_s = int(today.timestamp())
    start_s = int((today - timedelta(days=days)).timestamp())
    wanted = sorted(devices)
    found: Days = {}
    for first in range(0, len(wanted), CHUNK):
        series = await store.range(
            names.OPTICS,
            [names.RX_DBM],
            start_s=start_s,
            end_s=end_s,
            where={names.TAG_DEVICE: wanted[first : first + CHUNK]},
            resolution=Resolution.HOURLY,
        )
        found |= await asyncio.to_thread(medians_of, series, zone)
    return found


def medians_of(series: Sequence[Series], zone: ZoneInfo) -> Days:
    """Pure."""
    found: Days = {}
    for one in series:
        device = one.tags.get(names.TAG_DEVICE)
        name = one.tags.get(names.TAG_IF_NAME) or one.tags.get(names.TAG_MODULE)
        if device is None or name is None:
            continue
        hours: defaultdict[int, list[float]] = defaultdict(list)
        for row in one.rows:
            value = row.values.get(names.RX_DBM)
            if isinstance(value, int | float):
                hours[datetime.fromtimestamp(row.at_s, zone).toordinal()].append(float(value))
        days = [(day, median(values)) for day, values in sorted(hours.items()) if len(values) >= LEAST_HOURS]
        if days:
            # A port that moved to another link or office has several series: one receiver, one history.
            place = place_of(device, name, one.tags.get(names.TAG_LANE))
            found[place] = sorted({**dict(found.get(place, [])), **dict(days)}.items())
    return found
