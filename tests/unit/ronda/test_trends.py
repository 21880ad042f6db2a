"""Daily medians of receive power as the embedded store gives them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ronda.trends import daily_medians
from storage.metrics import names
from storage.metrics.embedded import EmbeddedStore
from storage.metrics.point import point, tags_of
from topology.model import DeviceId

ZONE = ZoneInfo("Asia/Makassar")
NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)  # noon there
TODAY = datetime(2026, 11, 21, tzinfo=ZONE)


def test_days_are_local_whole_and_robust(tmp_path: Path) -> None:
    async def run() -> dict[str, list[tuple[int, float]]]:
        store = EmbeddedStore(tmp_path / "metrics.sqlite")
        await store.start()
        try:
            tags = tags_of({names.TAG_DEVICE: "r1", names.TAG_IF_NAME: "p1", names.TAG_LINK: "span"})
            lane = tags_of({names.TAG_DEVICE: "r1", names.TAG_IF_NAME: "p2", names.TAG_LANE: "1"})
            other = tags_of({names.TAG_DEVICE: "x9", names.TAG_IF_NAME: "p1"})
            points = []
            for hour in range(-3 * 24, 12):
                at = (TODAY + timedelta(hours=hour, minutes=30)).astimezone(UTC)
                day = hour // 24  # -3, -2, -1 and, today, 0
                rx = -60.0 if hour % 24 == 3 else -20.0 + day  # one bad hour a day
                points += [point(names.OPTICS, t, at, {names.RX_DBM: rx}) for t in (tags, lane, other)]
            await store.write([p for p in points if p is not None])
            await store.maintain(int(NOW.timestamp()))
            return await daily_medians(store, [DeviceId("r1")], NOW, ZONE, 28)
        finally:
            await store.stop()

    found = asyncio.run(run())
    ordinal = TODAY.toordinal()
    expected = [(ordinal - 3, -23.0), (ordinal - 2, -22.0), (ordinal - 1, -21.0)]
    assert found == {"r1:p1": expected, "r1:p2#1": expected}
