"""Loads come from the metrics: the busiest five minutes, in either direction, at either end."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ronda.loads import busiest
from storage.metrics import names
from storage.metrics.embedded import EmbeddedStore
from storage.metrics.point import Point, tags_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOW_S = int(NOW.timestamp())


def rates(device: str, ago_s: int, in_bps: float, out_bps: float, link: str | None = "l1") -> Point:
    tags = tags_of({names.TAG_DEVICE: device, names.TAG_IF_NAME: "p", names.TAG_LINK: link})
    return Point(names.INTERFACE, tags, {names.IN_BPS: in_bps, names.OUT_BPS: out_bps}, NOW_S - ago_s)


async def test_the_busiest_five_minutes_of_a_day(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "metrics.sqlite")
    await store.start()
    await store.write(
        [
            rates("a", 7200, 10e6, 20e6),
            rates("b", 3500, 30e6, 5e6),
            rates("b", 3560, 50e6, 5e6),  # in the same five minutes as the one before: they share a mean
            rates("b", 90_000, 900e6, 1.0),  # the day before
            rates("c", 60, 700e6, 1.0, link=None),  # a port that no declared link ends at
        ]
    )
    try:
        assert await busiest(store, NOW) == {"l1": 40e6}
    finally:
        await store.stop()


async def test_no_metrics_no_loads(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "metrics.sqlite")
    await store.start()
    try:
        assert await busiest(store, NOW) == {}
    finally:
        await store.stop()
