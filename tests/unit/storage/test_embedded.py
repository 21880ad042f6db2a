"""What is the embedded store's own: other processes, a full disk, retention, late points, a later layout."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from storage.metrics.embedded import EmbeddedStore
from storage.metrics.point import Point, tags_of
from storage.metrics.store import Resolution, StoreError, Written, choose_resolution
from storage.settings import DAY_S, Retention

DAY0 = 1_800_000_000 // DAY_S * DAY_S
RETENTION = Retention(raw_s=2 * DAY_S, five_minutes_s=5 * DAY_S, hourly_s=10 * DAY_S)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EmbeddedStore]:
    made = EmbeddedStore(tmp_path / "metrics.sqlite", retention=RETENTION)
    await made.start()
    yield made
    await made.stop()


def point(at_s: int, value: float = 1.0, series: str = "a") -> Point:
    return Point("interface", tags_of({"if_name": series}), {"in_bps": value}, at_s)


async def test_another_process_reads_while_this_one_writes(store: EmbeddedStore, tmp_path: Path) -> None:
    await store.write([point(DAY0)])
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from storage.metrics.embedded import EmbeddedStore\n"
        "async def main():\n"
        "    store = EmbeddedStore(Path(sys.argv[1]), read_only=True)\n"
        "    await store.start()\n"
        "    print(len(await store.last('interface', since_s=0)), flush=True)\n"
        "    sys.stdin.readline()\n"
        "    print(len(await store.last('interface', since_s=0)), flush=True)\n"
        "    await store.stop()\n"
        "asyncio.run(main())\n"
    )
    other = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(tmp_path / "metrics.sqlite")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert other.stdout is not None
    assert other.stdin is not None
    assert await other.stdout.readline() == b"1\n"
    assert await store.write([point(DAY0, series="new")]) == Written(stored=1)
    other.stdin.write(b"\n")
    assert await other.stdout.readline() == b"2\n", "a series made meanwhile is seen"
    assert await other.wait() == 0


@contextmanager
def file_size_limit(limit: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_holds_points_in_memory_and_writes_them_later(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    await store.write([point(DAY0)])
    wal = (tmp_path / "metrics.sqlite-wal").stat().st_size
    with file_size_limit(wal):
        assert await store.write([point(DAY0 + 60)]) == Written(waiting=1)
        assert await store.write([point(DAY0 + 120)]) == Written(waiting=1)
    assert store.counters()["metrics_points_held"] == 2
    assert await store.write([point(DAY0 + 180)]) == Written(stored=1)
    (series,) = await store.range("interface", ["in_bps"], start_s=DAY0, end_s=DAY0 + 999)
    assert [row.at_s - DAY0 for row in series.rows] == [0, 60, 120, 180]
    assert store.counters()["metrics_points_held"] == store.counters()["metrics_points_lost"] == 0


async def test_each_resolution_goes_at_its_own_age_and_dead_series_with_the_last(
    store: EmbeddedStore,
) -> None:
    await store.write([point(DAY0 + 60 * m, series="old") for m in range(60)])

    async def rows(resolution: Resolution) -> int:
        found = await store.range("interface", ["in_bps"], start_s=0, end_s=2**33, resolution=resolution)
        return sum(len(series.rows) for series in found)

    async def after(days: float) -> tuple[int, int, int]:
        now_s = DAY0 + int(days * DAY_S)
        await store.write([point(now_s, series="alive")])
        await store.delete_older_than(Resolution.RAW, now_s - RETENTION.raw_s)
        await store.maintain(now_s)
        old = {"if_name": "old"}
        counts = []
        for resolution in Resolution:
            found = await store.range(
                "interface", ["in_bps"], start_s=0, end_s=2**33, where=old, resolution=resolution
            )
            counts.append(sum(len(series.rows) for series in found))
        return counts[0], counts[1], counts[2]

    assert await after(0.5) == (60, 12, 1)
    assert await after(3) == (0, 12, 1)
    assert await after(6) == (0, 0, 1)
    assert await after(20) == (0, 0, 0)
    assert store.counters()["metrics_series_forgotten"] == 1
    assert await rows(Resolution.RAW) > 0
    assert await store.write([point(DAY0 + 20 * DAY_S + 60, series="old")]) == Written(stored=1), (
        "and may come back"
    )


async def test_deleted_room_is_given_back(store: EmbeddedStore, tmp_path: Path) -> None:
    for start in range(0, 60_000, 10_000):
        await store.write(
            [point(DAY0 + n // 10, float(n), f"s{n % 10}") for n in range(start, start + 10_000)]
        )
    await store.stop()
    file = tmp_path / "metrics.sqlite"
    full = file.stat().st_size
    again = EmbeddedStore(file, retention=RETENTION)
    await again.start()
    await again.delete_older_than(Resolution.RAW, DAY0 + DAY_S)
    await again.stop()
    assert file.stat().st_size < full / 4


async def test_a_point_of_a_time_whose_raw_rows_are_gone_does_not_spoil_its_roll_up(
    store: EmbeddedStore,
) -> None:
    await store.write([point(DAY0 + 60 * m, 10.0) for m in range(60)])
    await store.maintain(DAY0 + 2 * 3600)
    now_s = DAY0 + 4 * DAY_S
    await store.maintain(now_s)
    await store.write([point(DAY0 + 600, 99.0)])
    await store.maintain(now_s + 60)
    (series,) = await store.range(
        "interface", ["in_bps"], start_s=DAY0, end_s=DAY0 + 3600, resolution=Resolution.HOURLY
    )
    assert [row.values["in_bps"] for row in series.rows] == [10.0]


async def test_a_new_field_of_a_known_measurement_is_just_there(store: EmbeddedStore) -> None:
    await store.write([point(DAY0)])
    await store.write([Point("interface", tags_of({"if_name": "a"}), {'vendor "x"; --': 5}, DAY0 + 60)])
    (series,) = await store.last("interface", since_s=DAY0)
    assert series.rows[0].values == {'vendor "x"; --': 5}


async def test_a_file_of_a_later_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "metrics.sqlite"
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(StoreError, match="layout 99"):
        await EmbeddedStore(file).start()


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "metrics.sqlite"
    file.write_text("this is not a database, it is a letter" * 100)
    with pytest.raises(StoreError, match=r"metrics\.sqlite.*not a database"):
        await EmbeddedStore(file).start()


@pytest.mark.parametrize(
    ("age_s", "every_s", "expected"),
    [
        (3600, None, Resolution.RAW),
        (3600, 60, Resolution.RAW),
        (DAY_S, 300, Resolution.RAW),
        (7 * DAY_S, 600, Resolution.FIVE_MINUTES),
        (7 * DAY_S, 60, Resolution.RAW),
        (30 * DAY_S, None, Resolution.FIVE_MINUTES),
        (30 * DAY_S, 7200, Resolution.HOURLY),
        (400 * DAY_S, 86_400, Resolution.HOURLY),
    ],
)
def test_a_chart_reads_the_resolution_that_it_needs(
    age_s: int, every_s: int | None, expected: Resolution
) -> None:
    now_s = DAY0
    found = choose_resolution(start_s=now_s - age_s, every_s=every_s, now_s=now_s, retention=Retention())
    assert found is expected
