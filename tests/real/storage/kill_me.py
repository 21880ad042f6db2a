"""A process made to be killed: writes numbers, and says on stdout which ones were acknowledged.

kill_me.py embedded FILE FIRST | influx URL SPOOL FIRST | drain URL SPOOL | records URL FIRST
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from alerts.model import (
    Incident,
    IncidentId,
    IncidentKind,
    IncidentStatus,
    Notification,
    Reason,
    ReceiverId,
    Severity,
)
from ronda.clock import SystemClock
from storage.metrics.embedded import EmbeddedStore
from storage.metrics.influx import InfluxStore
from storage.metrics.point import Point, tags_of
from storage.metrics.store import MetricStore
from storage.records import Records
from storage.settings import InfluxSettings, SpoolSettings
from topology.findings import Component, ComponentKind, StateChange

BASE_S = int(datetime.now(UTC).timestamp()) // 86_400 * 86_400 - 86_400
BATCH = 20


def say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def points(first: int) -> list[Point]:
    return [
        Point("numbers", tags_of({"series": f"s{n % 7}"}), {"n": n}, BASE_S + n)
        for n in range(first, first + BATCH)
    ]


async def write(store: MetricStore, first: int) -> None:
    await store.start()

    async def one(start: int) -> None:
        for batch in itertools.count(start, 4 * BATCH):
            written = await store.write(points(batch))
            assert not written.lost
            say(batch)
            await asyncio.sleep(0.001)

    await asyncio.gather(*(one(first + k * BATCH) for k in range(4)))


async def drain(store: InfluxStore) -> None:
    await store.start()
    async with asyncio.timeout(60):
        while store.trouble or store.counters()["spool_backlog_bytes"]:  # noqa: ASYNC110 - counters have no event
            await asyncio.sleep(0.05)
    await store.stop()


def influx(url: str, spool: str) -> InfluxStore:
    settings = InfluxSettings(url=url, write_timeout_s=0.5, linger_s=0.005)
    return InfluxStore(settings, Path(spool), SystemClock(), spool=SpoolSettings(segment_bytes=20_000))


def record(url: str, first: int) -> None:
    records = Records(url)
    records.start()
    for n in itertools.count(first):
        at = datetime.fromtimestamp(BASE_S, UTC) + timedelta(seconds=n)
        link = Component(ComponentKind.LINK, f"l{n}")
        id_ = IncidentId(f"I{n}")
        incident = Incident(
            id_, IncidentKind.OUTAGE, IncidentStatus.OPEN, Severity.MAJOR, (link,), (), 1.0, "killed", at
        )
        message = Notification(f"k{n}", ReceiverId("r"), Reason.OPENED, id_, 1, Severity.MAJOR, at, "s", "t")
        records.save([incident], [message], [StateChange(at, link, None, "down")])
        say(n)


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    kind, *rest = sys.argv[1:]
    match kind:
        case "embedded":
            asyncio.run(write(EmbeddedStore(Path(rest[0])), int(rest[1])))
        case "influx":
            asyncio.run(write(influx(rest[0], rest[1]), int(rest[2])))
        case "drain":
            asyncio.run(drain(influx(rest[0], rest[1])))
        case "records":
            record(rest[0], int(rest[1]))
