"""Metrics in InfluxDB 1.x, 2.x or 3, with a spool on disk for when it can't take them.

A write goes to the server at once, together with others that wait (`linger_s`). What fails goes to the spool.
While the server is in trouble, writes go straight to the spool, and the replay tries its oldest batch now and
then (`retry_s` at the most); when that succeeds, new writes are live again and go first, the replay fills in
behind them. Nothing here waits for the server longer than `write_timeout_s`.

Either way a point is in the store once: the same series and second overwrite.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import structlog

from storage.metrics.coalesce import Coalescer
from storage.metrics.influx_admin import explain
from storage.metrics.influx_query import last_query, range_query, series_of
from storage.metrics.influx_replay import Quarantine, Replayer
from storage.metrics.influx_rollup import Marks, RollUp
from storage.metrics.influx_server import ServerState
from storage.metrics.influx_wire import InfluxError, InfluxWire, Trouble
from storage.metrics.line import Lines, LineWriter
from storage.metrics.point import Point
from storage.metrics.spool import Spool
from storage.metrics.store import Aggregate, Resolution, Series, StoreError, Where, Written
from storage.settings import InfluxSettings, InfluxVersion, Retention, SpoolSettings
from topology.clock import Clock

T = TypeVar("T")
log = structlog.get_logger(__name__)

BACKOFF_FIRST_S = 0.25
IDLE_S = 1.0
START_WAIT_S = 2.0
"""A server that hangs delays the start by no more than this."""
COUNTERS = (
    "points_stored", "points_spooled", "points_lost", "values_left_out", "write_requests", "write_failures",
    "replay_requests", "replay_failures", "lines_quarantined", "batches_with_expired_lines", "rows_rolled_up",
    "blocks_deleted", "reads",
)  # fmt: skip


class InfluxStore:
    """A `MetricStore` on one server. `spool_dir` belongs to it alone."""

    def __init__(
        self,
        settings: InfluxSettings,
        spool_dir: Path,
        clock: Clock,
        *,
        spool: SpoolSettings | None = None,
        retention: Retention | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._retention = retention or Retention()
        self._dir = spool_dir
        self._spool = Spool(spool_dir, spool)
        self._spool_settings = spool or SpoolSettings()
        self._quarantine = Quarantine(spool_dir)
        self._marks = Marks(spool_dir / "rollup.json")
        self._lines = LineWriter()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server = ServerState(settings)
        self._live = InfluxWire(settings, timeout_s=settings.write_timeout_s)
        self._replay = InfluxWire(settings, timeout_s=max(settings.write_timeout_s, 10.0))
        self._reads = InfluxWire(settings, timeout_s=settings.query_timeout_s)
        self._care = InfluxWire(settings, timeout_s=settings.query_timeout_s)
        self._roll_up = RollUp(self._care, self._marks)
        self._replayer = Replayer(
            self._spool,
            self._marks,
            lambda body: self._replay.write(body, self._server.version),
            self._quarantine,
            max_bytes=settings.max_request_bytes,
            alive=self._server_judged,
        )
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._coalescer: Coalescer[Lines, Written] = Coalescer(
            self._flush,
            weigh=lambda lines: len(lines.body),
            max_weight=settings.max_request_bytes,
            linger_s=settings.linger_s,
        )
        self._wake = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._counters = dict.fromkeys(COUNTERS, 0)

    async def start(self) -> None:
        """Raises StoreError when the spool's directory can't be used. A server that is away is no error."""
        self._loop = asyncio.get_running_loop()
        for name in ("live", "replay", "spool", "read", "care"):
            self._pools[name] = ThreadPoolExecutor(1, f"influx-{name}")
        try:
            await self._in("spool", self._spool.open)
            await self._in("spool", self._marks.load)
        except OSError as error:
            raise StoreError(f"spool {self._dir}: {error}") from error
        for wire in (self._live, self._replay, self._reads, self._care):
            wire.open()
        try:
            async with asyncio.timeout(START_WAIT_S):
                await self._meet()
        except TimeoutError:
            self._lose_server(InfluxError(Trouble.UNAVAILABLE, "no answer yet"))
        self._task = asyncio.create_task(self._run(), name="influx-replay")

    async def stop(self) -> None:
        if self._stopping:
            return
        self._stopping = True
        await self._coalescer.drain()
        self._wake.set()
        if self._task is not None:
            await self._task
        if "spool" in self._pools:
            await self._in("spool", self._spool.close)
        for pool in self._pools.values():
            await asyncio.to_thread(pool.shutdown)
        for wire in (self._live, self._replay, self._reads, self._care):
            wire.close()

    async def write(self, points: Sequence[Point]) -> Written:
        lines = self._lines.lines(points)
        self._counters["values_left_out"] += lines.left_out
        if not lines.count:
            return Written()
        if not self._server.available or self._coalescer.weight > self._settings.max_pending_bytes:
            return await self._to_spool(lines)
        return await self._coalescer.add(lines)

    async def last(self, measurement: str, *, since_s: int, where: Where | None = None) -> list[Series]:
        return await self._query(last_query(measurement, since_s, where), Resolution.RAW)

    async def range(
        self,
        measurement: str,
        fields: Sequence[str],
        *,
        start_s: int,
        end_s: int,
        where: Where | None = None,
        every_s: int | None = None,
        aggregate: Aggregate = Aggregate.MEAN,
        resolution: Resolution = Resolution.RAW,
    ) -> list[Series]:
        if (
            not fields
            or end_s <= start_s
            or any(not isinstance(v, str) and not v for v in (where or {}).values())
        ):
            return []
        query = range_query(measurement, fields, start_s, end_s, where, every_s, aggregate, resolution)
        return await self._query(query, resolution)

    async def maintain(self, now_s: int) -> None:
        """Roll-ups only: the server deletes by its own retention, as `ronda storage init` set it."""
        dropped = await self._in(
            "spool", lambda: self._spool.drop_older_than(now_s - self._spool_settings.max_age_s)
        )
        if dropped:
            log.error(
                "spooled lines dropped: too old", lines=dropped, max_age_s=self._spool_settings.max_age_s
            )
        if not self._server.available:
            raise StoreError(self._server.why_not or "InfluxDB is not available")
        self._counters["rows_rolled_up"] += await self._asked(
            "care", lambda: self._roll_up.run(now_s, self._retention.raw_s, self._server.version)
        )

    async def delete_older_than(self, resolution: Resolution, before_s: int) -> None:
        self._counters["blocks_deleted"] += await self._asked(
            "care",
            lambda: self._roll_up.delete_older_than(
                resolution, before_s, self._server.version, self._settings.org
            ),
        )

    def counters(self) -> dict[str, int | float]:
        self._counters["lines_quarantined"] = self._quarantine.count
        self._counters["replay_requests"] = self._replayer.requests
        expired = self._counters["batches_with_expired_lines"] + self._replayer.batches_with_expired_lines
        levels = {"available": float(self._server.available), "pending_bytes": float(self._coalescer.weight)}
        both = {"batches_with_expired_lines": expired}
        own = {f"metrics_{name}": value for name, value in {**self._counters, **both, **levels}.items()}
        return {**own, **self._spool.counters()}

    @property
    def trouble(self) -> str | None:
        """Why writes go to the spool now; ``None`` when they don't."""
        return None if self._server.available else self._server.why_not

    # Live

    async def _flush(self, batch: list[Lines]) -> list[Written]:
        body = b"".join(lines.body for lines in batch)
        self._counters["write_requests"] += 1
        try:
            if not self._server.available:
                raise InfluxError(Trouble.UNAVAILABLE, self._server.why_not or "not available")
            await self._in("live", lambda: self._live.write(body, self._server.version))
        except InfluxError as error:
            if error.trouble is not Trouble.EXPIRED:
                self._counters["write_failures"] += 1
                if error.trouble not in (Trouble.POISON, Trouble.TOO_LARGE):
                    self._lose_server(error)
                return [await self._to_spool(lines) for lines in batch]
            self._counters["batches_with_expired_lines"] += 1
        self._counters["points_stored"] += sum(lines.count for lines in batch)
        self._marks.move_back(min(lines.oldest_s for lines in batch))
        return [Written(stored=lines.count) for lines in batch]

    async def _to_spool(self, lines: Lines) -> Written:
        now_s = int(self._clock.now().timestamp())
        try:
            kept = await self._in("spool", lambda: self._spool.append(lines, now_s))
        except OSError as error:
            kept = False
            if self._counters["points_lost"] == 0:
                log.error(
                    "spool can't be written, points are lost", directory=str(self._dir), error=str(error)
                )
        self._wake.set()
        if not kept:
            self._counters["points_lost"] += lines.count
            return Written(lost=lines.count)
        self._counters["points_spooled"] += lines.count
        return Written(waiting=lines.count)

    # The server

    async def _meet(self) -> bool:
        """Finds out which server it is. Says once what is wrong."""
        try:
            server = await self._in("replay", self._replay.ping)
        except InfluxError as error:
            self._lose_server(error)
            return False
        self._server.meet(server, self._clock.now())
        return True

    def _lose_server(self, error: InfluxError) -> None:
        self._server.lose(error)
        self._wake.set()

    # Replay

    async def _run(self) -> None:
        backoff_s = BACKOFF_FIRST_S
        while not self._stopping:
            if self._server.available and self._spool.empty:
                self._wake.clear()
                await self._pause(IDLE_S)
                await self._in("spool", self._spool.sync)
            elif await self._replay_once():
                backoff_s = BACKOFF_FIRST_S
            else:
                self._counters["replay_failures"] += 1
                await self._in("spool", self._spool.sync)
                self._wake.clear()
                await self._pause(backoff_s * random.uniform(0.7, 1.0), sleep=True)  # noqa: S311 - spreads load
                backoff_s = min(self._settings.retry_s, backoff_s * 2)

    async def _pause(self, seconds: float, *, sleep: bool = False) -> None:
        """Waits, but not on when stopping, and (unless it is to `sleep`) not on when there is something to
        do."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self._wake.wait()
                    if not sleep or self._stopping:
                        return
                    self._wake.clear()
        except TimeoutError:
            pass

    async def _replay_once(self) -> bool:
        """Sends the oldest batch, or, with none, asks whether the server is back. False: it is not."""
        if self._server.version is InfluxVersion.AUTO and not await self._meet():
            return False
        now_s = int(self._clock.now().timestamp())
        try:
            sent = await self._in("replay", lambda: self._replayer.once(now_s))
        except InfluxError as error:
            self._lose_server(error)
            return False
        except OSError as error:
            self._lose_server(InfluxError(Trouble.UNAVAILABLE, f"spool {self._dir}: {error}"))
            return False
        if not sent:
            return await self._meet()
        self._server.win()
        return True

    def _server_judged(self) -> None:
        """In the replay's thread: the server is there."""
        if self._loop is not None and not self._server.available:
            self._loop.call_soon_threadsafe(self._server.win)

    # Reads

    async def _query(self, influxql: str, resolution: Resolution) -> list[Series]:
        self._counters["reads"] += 1
        return await self._asked("read", lambda: series_of(self._reads.query(influxql, resolution)))

    async def _asked(self, pool: str, work: Callable[[], T]) -> T:
        try:
            return await self._in(pool, work)
        except InfluxError as error:
            raise StoreError(explain(error, self._settings)) from error

    async def _in(self, pool: str, work: Callable[[], T]) -> T:
        if pool not in self._pools:
            raise StoreError("the store is not started")
        return await asyncio.get_running_loop().run_in_executor(self._pools[pool], work)
