"""A real InfluxDB 1.6 in every kind of trouble: nothing is lost, nothing waits, and the reason is said."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ronda.clock import SystemClock
from storage.metrics.influx import InfluxStore
from storage.metrics.influx_admin import InfluxAdmin
from storage.metrics.influx_wire import InfluxWire
from storage.metrics.point import Point, tags_of
from storage.metrics.store import StoreError, Written
from storage.settings import InfluxSettings, InfluxVersion, Retention, SpoolSettings

pytestmark = pytest.mark.real
NOW = int(time.time()) - 3600


def numbered(n: int, series: str = "s") -> Point:
    return Point("numbers", tags_of({"series": series}), {"n": n}, NOW + n)


async def until(true: Callable[[], bool], within_s: float = 20.0) -> None:
    give_up = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < give_up
        await asyncio.sleep(0.02)


def stored(server: Any, series: str = "s") -> list[int]:
    answer = server.query(f"SELECT n FROM numbers WHERE \"series\" = '{series}'", db="ronda")
    return [value for _, value in answer[0]["values"]] if answer else []


Make = Callable[..., Awaitable[InfluxStore]]


@pytest.fixture
async def make(front: Any, tmp_path: Path) -> AsyncIterator[Make]:
    made: list[InfluxStore] = []

    async def make_store(
        url: str | None = None, spool: SpoolSettings | None = None, **settings: Any
    ) -> InfluxStore:
        own = InfluxSettings(url=url or front.url, **{"linger_s": 0.0, "write_timeout_s": 1.0, **settings})
        store = InfluxStore(own, tmp_path / "spool", SystemClock(), spool=spool)
        await store.start()
        made.append(store)
        return store

    yield make_store
    for store in made:
        await store.stop()


@pytest.fixture
def database(front: Any) -> None:
    admin = InfluxAdmin(InfluxSettings(url=front.behind.url), Retention())
    admin.open()
    assert admin.init()
    assert admin.init() == [], "again changes nothing"
    admin.close()


@pytest.mark.parametrize("status", [500, 502, 503, 429, 401, 403, 404])
async def test_what_is_refused_arrives_later_in_order(
    front: Any, database: None, make: Make, status: int
) -> None:
    store = await make()
    front.status = status
    for n in range(30):
        written = await store.write([numbered(n)])
        assert written == Written(waiting=1)
    front.status = None
    await until(lambda: store.counters()["spool_backlog_bytes"] == 0)
    assert stored(front.behind) == list(range(30))
    replayed = [
        int(line.split(b"n=")[1].split(b"i")[0]) for body in front.accepted for line in body.splitlines()
    ]
    assert replayed == list(range(30)), "oldest first, none twice"


async def test_a_dead_server_blocks_nobody_and_is_filled_in_when_it_is_back(
    front: Any, database: None, make: Make
) -> None:
    store = await make(front.behind.url)
    assert await store.write([numbered(0)]) == Written(stored=1)
    front.behind.kill()
    for n in range(1, 50):
        started = time.monotonic()
        assert await store.write([numbered(n)]) == Written(waiting=1)
        assert time.monotonic() - started < 1.5, "no write waits for a dead server"
    assert "Connect" in (store.trouble or "") or "refused" in (store.trouble or "")
    front.behind.start()
    await until(lambda: store.trouble is None and store.counters()["spool_backlog_bytes"] == 0)
    assert stored(front.behind) == list(range(50))
    assert await store.write([numbered(50)]) == Written(stored=1), "and live again"


async def test_a_server_that_hangs_costs_one_timeout(front: Any, database: None, make: Make) -> None:
    store = await make(front.behind.url, write_timeout_s=0.5)
    front.behind.pause()
    started = time.monotonic()
    assert await store.write([numbered(0)]) == Written(waiting=1)
    assert 0.4 < time.monotonic() - started < 2.0
    started = time.monotonic()
    for n in range(1, 20):
        await store.write([numbered(n)])
    assert time.monotonic() - started < 1.0, "those after it go straight to the spool"
    front.behind.resume()
    await until(lambda: store.trouble is None and store.counters()["spool_backlog_bytes"] == 0)
    assert stored(front.behind) == list(range(20))


async def test_new_points_go_first_while_old_ones_are_filled_in(
    front: Any, database: None, make: Make
) -> None:
    """A backlog of 60 requests of 0.1 s each: points written meanwhile are stored at once."""
    store = await make(max_request_bytes=2000)
    front.status = 503
    for n in range(60):
        await store.write([numbered(60 * n + i, "old") for i in range(60)])
    front.status, front.delay_s = None, 0.1
    await until(lambda: store.trouble is None)
    assert store.counters()["spool_backlog_bytes"] > 50_000
    started = time.monotonic()
    assert await store.write([numbered(1, "new")]) == Written(stored=1)
    assert time.monotonic() - started < 0.9
    assert stored(front.behind, "new") == [1]
    assert store.counters()["spool_backlog_bytes"] > 0, "the old ones are still being filled in"
    front.delay_s = 0.0
    await until(lambda: store.counters()["spool_backlog_bytes"] == 0)
    assert len(stored(front.behind, "old")) == 3600


async def test_a_poisoned_line_is_set_aside_with_the_reason_and_the_rest_goes_on(
    front: Any, database: None, make: Make, tmp_path: Path
) -> None:
    store = await make()
    others = InfluxWire(InfluxSettings(url=front.behind.url), timeout_s=5)
    others.open()
    others.write(b"numbers,series=other q=1.5 %d\n" % NOW, InfluxVersion.V1)
    others.close()
    await store.write([Point("numbers", tags_of({"series": "s"}), {"n": 0}, NOW)])
    bad = Point(
        "numbers", tags_of({"series": "s"}), {"q": 1}, NOW + 7
    )  # somebody else's float for ever, in 1.x
    await store.write([bad if n == 7 else numbered(n) for n in range(1, 40)])
    await until(lambda: store.counters()["metrics_lines_quarantined"] == 1)
    await until(lambda: store.counters()["spool_backlog_bytes"] == 0)
    assert stored(front.behind) == [n for n in range(40) if n != 7]
    (entry,) = map(json.loads, (tmp_path / "spool" / "quarantine.jsonl").read_text().splitlines())
    assert entry["line"] == f"numbers,series=s q=1i {NOW + 7}"
    assert "field type conflict" in entry["reason"]
    assert await store.write([numbered(40)]) == Written(stored=1)


async def test_a_body_too_large_is_halved_until_it_fits(own_influxd: Any, make: Make) -> None:
    own_influxd.kill()
    own_influxd.max_body = 3000
    own_influxd.start()
    own_influxd.query("CREATE DATABASE ronda")
    store = await make(own_influxd.url)
    await store.write([numbered(n, "s" * 20) for n in range(500)])
    await until(lambda: store.counters()["spool_backlog_bytes"] == 0)
    assert stored(own_influxd, "s" * 20) == list(range(500))
    assert store.counters()["metrics_lines_quarantined"] == 0


async def test_points_older_than_the_server_keeps_do_not_hold_up_the_rest(
    front: Any, database: None, make: Make
) -> None:
    store = await make(front.behind.url)
    ancient = Point("numbers", tags_of({"series": "s"}), {"n": -1}, NOW - 400 * 86_400)
    await store.write([ancient, numbered(1)])
    assert stored(front.behind) == [1]
    counters = store.counters()
    assert counters["metrics_batches_with_expired_lines"] == 1
    assert counters["spool_backlog_bytes"] == 0
    assert counters["metrics_lines_quarantined"] == 0


async def test_a_database_that_is_missing_is_named_and_waited_for(front: Any, make: Make) -> None:
    store = await make()
    assert await store.write([numbered(0)]) == Written(waiting=1)
    assert "ronda storage init" in (store.trouble or "")
    with pytest.raises(StoreError, match="ronda storage init"):
        await store.last("numbers", since_s=NOW)
    front.behind.query("CREATE DATABASE ronda")
    await until(lambda: store.trouble is None)
    assert stored(front.behind) == [0]


async def test_what_a_dead_process_left_in_the_spool_is_sent_by_the_next(
    front: Any, database: None, make: Make, tmp_path: Path
) -> None:
    front.behind.kill(signal.SIGTERM)
    first = await make(front.behind.url)
    await first.write([numbered(n) for n in range(10)])
    await first.stop()
    front.behind.start()
    second = await make(front.behind.url)
    await until(lambda: second.counters()["spool_backlog_bytes"] == 0)
    assert stored(front.behind) == list(range(10))


async def test_a_spool_that_is_full_keeps_the_newest_and_counts_the_rest(
    front: Any, database: None, make: Make
) -> None:
    store = await make(spool=SpoolSettings(max_bytes=4000, segment_bytes=500))
    front.status = 503
    for n in range(300):
        await store.write([numbered(n)])
    front.status = None
    await until(lambda: store.counters()["spool_backlog_bytes"] == 0)
    found = stored(front.behind)
    assert found == list(range(300 - len(found), 300))
    assert store.counters()["spool_lines_dropped"] == 300 - len(found) > 0


@pytest.mark.parametrize(
    ("user", "password", "words"),
    [
        ("nobody", "x", "refuses our credentials"),
        (None, None, "refuses our credentials"),
        ("reader", "r", "no right"),
    ],
)
async def test_wrong_credentials_are_named(
    own_influxd: Any, make: Make, user: str | None, password: str | None, words: str
) -> None:
    own_influxd.kill()
    own_influxd.auth = True
    own_influxd.start()
    own_influxd.query("CREATE USER admin WITH PASSWORD 'a' WITH ALL PRIVILEGES")
    own_influxd.login = ("admin", "a")
    for q in (
        "CREATE DATABASE ronda",
        "CREATE USER reader WITH PASSWORD 'r'",
        "GRANT READ ON ronda TO reader",
    ):
        own_influxd.query(q)
    store = await make(own_influxd.url, user=user, password=password)
    assert await store.write([numbered(0)]) == Written(waiting=1)
    assert words in (store.trouble or "")
    assert "password" not in repr(InfluxSettings(password="secret")).replace("password=", "")
    good = InfluxAdmin(InfluxSettings(url=own_influxd.url, user="admin", password="a"), Retention())
    good.open()
    good.init()
    server, problems = good.check(SystemClock().now())
    good.close()
    assert server is not None
    assert (server.version, problems) == (InfluxVersion.V1, [])


async def test_a_clock_that_differs_and_a_server_that_is_none_are_named(own_influxd: Any) -> None:
    admin = InfluxAdmin(InfluxSettings(url=own_influxd.url), Retention())
    admin.open()
    admin.init()
    _, problems = admin.check(SystemClock().now() + timedelta(seconds=60))
    assert any("behind ours" in p for p in problems)
    admin.close()
    nobody = InfluxAdmin(InfluxSettings(url="http://127.0.0.1:1"), Retention())
    nobody.open()
    server, problems = nobody.check(SystemClock().now())
    nobody.close()
    assert server is None
    assert len(problems) == 1


async def test_a_server_that_hangs_does_not_hold_up_the_start(front: Any, database: None, make: Make) -> None:
    front.behind.pause()
    started = time.monotonic()
    store = await make(front.behind.url)
    assert time.monotonic() - started < 4.0
    assert await store.write([numbered(0)]) == Written(waiting=1)
    front.behind.resume()
    await until(lambda: store.trouble is None)
    assert stored(front.behind) == [0]
