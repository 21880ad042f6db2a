"""Metrics in one SQLite file: the default store. WAL mode, one writing thread, one reading thread.

What was written is safe from a killed process at once, and from a power failure at the next checkpoint (a few
seconds; the file itself stays whole). Other processes may read the file meanwhile (`read_only=True`).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from storage.metrics import sqlite_rollup
from storage.metrics.coalesce import Coalescer
from storage.metrics.point import Point, holdable
from storage.metrics.sqlite_layout import SLOT_S, Layout, NewerSchemaError, connect, prepare
from storage.metrics.sqlite_read import read_last, read_range
from storage.metrics.store import ROLLED, Aggregate, Resolution, Series, StoreError, Where, Written
from storage.settings import Retention

T = TypeVar("T")
log = structlog.get_logger(__name__)

Batches = defaultdict[tuple[str, tuple[str, ...]], list[tuple[int | float, ...]]]
"""Measurement and field names to rows of (slot, series, second, values)."""
MAX_BATCH_POINTS = 20_000
MAX_HELD_POINTS = 200_000
"""Points kept in memory while the file can't be written (disk full); beyond, the oldest are lost and
counted."""
COUNTERS = (
    "points_stored",
    "points_lost",
    "values_left_out",
    "write_batches",
    "write_failures",
    "rows_rolled_up",
    "rows_deleted",
    "series_forgotten",
    "reads",
)
UPSERT_LAST = (
    "INSERT INTO last(series, ts) VALUES(?, ?) "
    "ON CONFLICT(series) DO UPDATE SET ts=excluded.ts WHERE excluded.ts>last.ts"
)


class EmbeddedStore:
    """A `MetricStore` in `path`."""

    def __init__(self, path: Path, *, retention: Retention | None = None, read_only: bool = False) -> None:
        self._path = path
        self._retention = retention or Retention()
        self._read_only = read_only
        self._writer: ThreadPoolExecutor | None = None
        self._reader: ThreadPoolExecutor | None = None
        self._db: sqlite3.Connection | None = None
        self._read_db: sqlite3.Connection | None = None
        self._layout: Layout | None = None
        self._read_layout: Layout | None = None
        self._rolled_until_s = 0
        self._raw_floor_s = 0
        """Older raw rows were deleted: a period before it can't be rolled up again, its other points are
        gone."""
        self._held: deque[Point] = deque()
        self.trouble: str | None = None
        self._coalescer: Coalescer[Sequence[Point], Written] = Coalescer(
            self._flush, weigh=len, max_weight=MAX_BATCH_POINTS
        )
        self._counters = dict.fromkeys(COUNTERS, 0)

    async def start(self) -> None:
        """Raises StoreError when the file can't be opened or was written by a later version."""
        self._reader = ThreadPoolExecutor(1, "metrics-read")
        try:
            if not self._read_only:
                self._writer = ThreadPoolExecutor(1, "metrics-write")
                await self._in(self._writer, self._open_for_writing)
            await self._in(self._reader, self._open_for_reading)
        except (sqlite3.Error, OSError, NewerSchemaError) as error:
            await self.stop()
            raise StoreError(f"metrics file {self._path}: {error}") from error

    async def stop(self) -> None:
        await self._coalescer.drain()
        if self._held and self._writer is not None:
            await self._flush([()])
        if self._reader is not None:
            await self._in(self._reader, self._close_reading)
            self._reader.shutdown()
        if self._writer is not None:  # last: then the log is merged into the file
            await self._in(self._writer, self._close_writing)
            self._writer.shutdown()
        self._writer = self._reader = None

    async def write(self, points: Sequence[Point]) -> Written:
        if not points:
            return Written()
        return await self._coalescer.add(points)

    async def last(self, measurement: str, *, since_s: int, where: Where | None = None) -> list[Series]:
        return await self._read(lambda db, layout: read_last(db, layout, measurement, since_s, where))

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
        return await self._read(
            lambda db, layout: read_range(
                db, layout, measurement, fields, start_s, end_s, where, every_s, aggregate, resolution
            )
        )

    async def maintain(self, now_s: int) -> None:
        for resolution in ROLLED:
            await self._steps(
                partial(sqlite_rollup.roll_up, resolution=resolution, now_s=now_s), "rows_rolled_up"
            )
        await self._change(self._note_marks)
        kept = self._retention
        for resolution, age_s in (
            (Resolution.RAW, kept.raw_s),
            (Resolution.FIVE_MINUTES, kept.five_minutes_s),
            (Resolution.HOURLY, kept.hourly_s),
        ):
            await self.delete_older_than(resolution, now_s - age_s)
        self._counters["series_forgotten"] += await self._change(
            lambda db, layout: sqlite_rollup.forget_dead_series(
                db, layout, now_s - kept.hourly_s - SLOT_S[ROLLED[-1]]
            )
        )

    async def delete_older_than(self, resolution: Resolution, before_s: int) -> None:
        deleted = await self._steps(
            partial(sqlite_rollup.delete_slots, resolution=resolution, before_s=before_s), "rows_deleted"
        )
        if resolution is Resolution.RAW:
            self._raw_floor_s = max(self._raw_floor_s, before_s)
        if deleted:
            await self._change(lambda db, _: sqlite_rollup.shrink(db))

    def counters(self) -> dict[str, int | float]:
        levels = {"points_held": float(len(self._held)), "points_pending": float(self._coalescer.weight)}
        return {f"metrics_{name}": value for name, value in {**self._counters, **levels}.items()}

    # -- in the writing thread
    # ---------------------------------------------------------------------------------

    def _open_for_writing(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._db = connect(self._path, read_only=False)
        prepare(self._db)
        self._layout = Layout(self._db)
        self._layout.load()
        self._note_marks(self._db, self._layout)

    def _close_writing(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _note_marks(self, db: sqlite3.Connection, _: Layout) -> None:
        self._rolled_until_s = max(sqlite_rollup.marks(db).values(), default=0)

    def _insert(self, points: Collection[Point]) -> None:
        db, layout = self._db, self._layout
        if db is None or layout is None:
            raise sqlite3.OperationalError("the store is not open for writing")
        slot_s = SLOT_S[Resolution.RAW]
        batches: Batches = defaultdict(list)
        newest: dict[int, int] = {}
        series = layout.series
        oldest_s = min(p.at_s for p in points)
        db.execute("BEGIN IMMEDIATE")
        try:
            for point in points:
                fields = holdable(point.fields)
                if fields is not point.fields:
                    self._counters["values_left_out"] += len(point.fields) - len(fields)
                    if not fields:
                        continue
                number = series.get((point.measurement, point.tags))
                if number is None:
                    number = layout.series_number(point.measurement, point.tags)
                at_s = point.at_s
                before_s = newest.get(number)
                if before_s is None or at_s > before_s:
                    newest[number] = at_s
                else:  # perhaps a second that is in hand already: the later one has to be written later
                    self._execute(db, layout, batches)
                batches[point.measurement, tuple(fields)].append(
                    (at_s // slot_s, number, at_s, *fields.values())
                )
            self._execute(db, layout, batches)
            db.executemany(UPSERT_LAST, newest.items())
            if self._raw_floor_s <= oldest_s < self._rolled_until_s:
                sqlite_rollup.move_back(db, oldest_s)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            layout.load()
            raise

    @staticmethod
    def _execute(db: sqlite3.Connection, layout: Layout, batches: Batches) -> None:
        """Writes rows of the same fields together, and empties `batches`."""
        for (measurement, fields), rows in batches.items():
            db.executemany(layout.insert_sql(measurement, fields), rows)
        batches.clear()

    async def _flush(self, batch: list[Sequence[Point]]) -> list[Written]:
        points = [*self._held, *(p for part in batch for p in part)]
        if not points:
            return [Written()] * len(batch)
        try:
            if self._writer is None:
                raise sqlite3.OperationalError("the store is not open for writing")
            await self._in(self._writer, lambda: self._insert(points))
        except sqlite3.Error as error:
            lost = self._hold(points, error)
            kept = [len(part) for part in batch]
            return [Written(waiting=n - min(n, lost), lost=min(n, lost)) for n in kept]
        if self.trouble is not None:
            self.trouble = None
            log.info("metrics file can be written again", path=str(self._path), held=len(self._held))
        self._held.clear()
        self._counters["points_stored"] += len(points)
        self._counters["write_batches"] += 1
        return [Written(stored=len(part)) for part in batch]

    def _hold(self, points: list[Point], error: Exception) -> int:
        """Keeps what couldn't be written for the next attempt; how many were beyond the bound."""
        self._counters["write_failures"] += 1
        lost = max(0, len(points) - MAX_HELD_POINTS)
        self._held = deque(points[lost:])
        self._counters["points_lost"] += lost
        if self.trouble is None:  # once for each trouble, not once for each write
            self.trouble = str(error)
            log.error("metrics file can't be written", path=str(self._path), error=str(error))
        return lost

    # -- in the reading thread
    # ---------------------------------------------------------------------------------

    def _open_for_reading(self) -> None:
        self._read_db = connect(self._path, read_only=True)
        self._read_layout = Layout(self._read_db)
        self._read_layout.load()

    def _close_reading(self) -> None:
        if self._read_db is not None:
            self._read_db.close()
            self._read_db = None

    async def _read(self, query: Callable[[sqlite3.Connection, Layout], T]) -> T:
        def run() -> T:
            db, layout = self._read_db, self._read_layout
            if db is None or layout is None:
                raise StoreError("the store is not started")
            db.execute("BEGIN")  # one snapshot for the layout and the rows
            try:
                layout.refresh()
                return query(db, layout)
            finally:
                db.execute("COMMIT")

        self._counters["reads"] += 1
        try:
            if self._reader is None:
                raise StoreError("the store is not started")
            return await self._in(self._reader, run)
        except sqlite3.Error as error:
            raise StoreError(f"metrics file {self._path}: {error}") from error

    # -- between
    # ------------------------------------------------------------------------------------------------

    async def _change(self, action: Callable[[sqlite3.Connection, Layout], T]) -> T:
        def run() -> T:
            if self._db is None or self._layout is None:
                raise StoreError("the store is not open for writing")
            return action(self._db, self._layout)

        try:
            if self._writer is None:
                raise StoreError("the store is not open for writing")
            return await self._in(self._writer, run)
        except sqlite3.Error as error:
            raise StoreError(f"metrics file {self._path}: {error}") from error

    async def _steps(self, steps: Callable[[sqlite3.Connection, Layout], Iterator[int]], counter: str) -> int:
        """Runs a generator one step at a time, so that writes come in between."""
        iterator = await self._change(steps)
        total = 0
        while (done := await self._change(lambda *_: next(iterator, None))) is not None:
            total += done
            self._counters[counter] += done
        return total

    @staticmethod
    async def _in(pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, work)
