"""Storage beside its peers, in the same run: python benchmarks/storage/run.py [--quick]

1. Writing to InfluxDB 1.6: our path, influxdb-client's `Point` objects, and its batching path. Client CPU per
   point is `time.process_time` of this process, its threads included; the server is another process. The
   client's paths make their `Point` objects; ours once has its own made already, and once makes them too.
2. The embedded store: insert and query latencies at 1,000 and 5,000 interfaces of 12 values, once a minute.
3. The same queries on InfluxDB.

Rounds alternate between the peers, and medians are shown. On a machine with other work absolute figures move
by a factor of two; the ratios hold.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import structlog
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write.point import Point as ClientPoint
from influxdb_client.client.write_api import SYNCHRONOUS, WriteOptions

from benchmarks.storage.server import influxd
from ronda.clock import SystemClock
from storage.metrics.embedded import EmbeddedStore
from storage.metrics.influx import InfluxStore
from storage.metrics.influx_admin import InfluxAdmin
from storage.metrics.influx_wire import LineWriteService
from storage.metrics.point import Point, Tags, tags_of
from storage.metrics.store import MetricStore, Resolution
from storage.settings import InfluxSettings, InfluxVersion, Retention

POINTS = 5000
"""A request: what InfluxData recommends."""
START_S = int(time.time()) // 86_400 * 86_400 - 86_400
COUNTERS = ("in_octets", "out_octets")
RATES = ("in_bps", "out_bps")
FAULTS = ("in_errors", "out_errors", "in_discards", "out_discards")
"""A rate is in whole bit/s, and errors are rare, as on a network that works."""
STATES = ("oper", "admin", "speed_bps")


def all_tags(interfaces: int) -> list[Tags]:
    return [
        tags_of(
            {
                "office": f"office-{n // 40}",
                "device": f"router-{n // 20}",
                "if_name": f"ether{n % 20}",
                "link": f"link-{n}",
                "provider": "icon",
            }
        )
        for n in range(interfaces)
    ]


def minute(tags: list[Tags], number: int, seed: random.Random) -> list[Point]:
    """One poll of everything: 12 values an interface (the 12th a field of its own, as a vendor may add)."""
    at_s = START_S + 60 * number
    return [
        Point(
            "interface",
            t,
            {
                **{name: seed.randrange(10**12) for name in COUNTERS},
                **{name: float(seed.randrange(10**9)) for name in RATES},
                **{name: seed.random() if seed.random() < 0.02 else 0.0 for name in FAULTS},
                **dict.fromkeys(STATES, 1),
                "vendor": number,
            },
            at_s,
        )
        for t in tags
    ]


def made_again(points: list[Point]) -> list[Point]:
    """What `client_points` does, for our own: what it costs to make the objects."""
    return [Point(p.measurement, p.tags, p.fields, p.at_s) for p in points]


def client_points(points: list[Point]) -> list[ClientPoint]:
    made = []
    for p in points:
        one = ClientPoint(p.measurement)  # type: ignore[no-untyped-call]  # typed in part only
        for key, value in p.tags:
            one.tag(key, value)  # type: ignore[no-untyped-call]  # as above
        for name, number in p.fields.items():
            one.field(name, number)  # type: ignore[no-untyped-call]  # as above
        made.append(one.time(p.at_s, "s"))  # type: ignore[no-untyped-call]  # as above
    return made


def size_bytes(file: Path) -> int:
    return file.stat().st_size


def ms(seconds: float) -> str:
    return f"{seconds * 1000:9.2f} ms"


async def write_paths(url: str, rounds: int) -> None:
    print(f"\n1. Writing {POINTS} points of 12 values a request to InfluxDB 1.6 ({rounds} rounds each)")
    settings = InfluxSettings(url=url, linger_s=0.0)
    admin = InfluxAdmin(settings, Retention())
    admin.open()
    admin.init()
    admin.close()
    cpu: dict[str, list[float]] = {"ours": [], "ours, Points made": [], "Point": [], "Point, batching": []}
    wall: dict[str, list[float]] = {name: [] for name in cpu}
    tags, seed = all_tags(POINTS), random.Random(1)
    with tempfile.TemporaryDirectory() as directory, InfluxDBClient(url, "", org="-") as client:
        store = InfluxStore(settings, Path(directory) / "spool", SystemClock())
        await store.start()
        direct = client.write_api(write_options=SYNCHRONOUS)
        direct._write_service = LineWriteService(client.api_client, InfluxVersion.V1, compress=False)

        def with_points(points: list[Point]) -> None:
            direct.write("ronda", "-", client_points(points), "s")

        def batching(points: list[Point]) -> None:
            api = client.write_api(write_options=WriteOptions(batch_size=POINTS, flush_interval=60_000))
            api._write_service = LineWriteService(client.api_client, InfluxVersion.V1, compress=False)
            api.write("ronda", "-", client_points(points), "s")
            api.close()

        async def measured(name: str, work: Callable[[], Any]) -> None:
            cpu_before, before = time.process_time(), time.perf_counter()
            result = work()
            if isinstance(result, Awaitable):
                await result
            cpu[name].append(time.process_time() - cpu_before)
            wall[name].append(time.perf_counter() - before)

        for number in range(rounds):
            points = minute(tags, number, seed)
            await measured("ours", lambda points=points: store.write(points))  # type: ignore[misc]  # bound now
            await measured("ours, Points made", lambda points=points: store.write(made_again(points)))  # type: ignore[misc]  # as above
            await measured("Point", lambda points=points: with_points(points))  # type: ignore[misc]  # as above
            await measured("Point, batching", lambda points=points: batching(points))  # type: ignore[misc]  # as above
        await store.stop()
    base = statistics.median(cpu["ours"])
    print(f"   {'':18} {'client CPU a point':>20} {'points/s (wall)':>18} {'CPU, ours = 1':>16}")
    for name, figures in cpu.items():
        each = statistics.median(figures)
        rate = POINTS / statistics.median(wall[name])
        print(f"   {name:18} {each / POINTS * 1e6:17.1f} us {rate:18,.0f} {each / base:16.1f}")


async def store_latencies(
    store: MetricStore, name: str, interfaces: int, minutes: int, file: Path | None
) -> None:
    tags, seed = all_tags(interfaces), random.Random(2)
    inserts: list[float] = []
    cpu: list[float] = []
    for number in range(minutes):
        points = minute(tags, number, seed)
        before, cpu_before = time.perf_counter(), time.process_time()
        await store.write(points)
        inserts.append(time.perf_counter() - before)
        cpu.append(time.process_time() - cpu_before)
    end_s = START_S + 60 * minutes
    print(f"   {name}, {interfaces} interfaces, {minutes / 60:.0f} h of minutes")
    worst = statistics.quantiles(inserts, n=100)[-1]
    figures = f"median {ms(statistics.median(inserts))}, p99 {ms(worst)}, CPU {ms(statistics.median(cpu))}"
    print(f"     {f'{interfaces} x 12 values written':32} {figures}")
    queries: dict[str, Callable[[], Awaitable[object]]] = {
        "last values of every interface": lambda: store.last("interface", since_s=START_S),
        "one interface, 5-minute means": lambda: store.range(
            "interface", ["in_bps"], start_s=START_S, end_s=end_s, where={"link": "link-7"}, every_s=300
        ),
        "20 interfaces, 5-minute means": lambda: store.range(
            "interface", ["in_bps"], start_s=START_S, end_s=end_s, where={"device": "router-3"}, every_s=300
        ),
    }
    for what, query in queries.items():
        took: list[float] = []
        for _ in range(7):
            before = time.perf_counter()
            assert await query()
            took.append(time.perf_counter() - before)
        print(f"     {what:32} median {ms(statistics.median(took))}")
    before = time.perf_counter()
    await store.maintain(end_s + 120)
    print(f"     rolling it all up                {ms(time.perf_counter() - before)}")
    found = await store.range(
        "interface",
        ["in_bps"],
        start_s=START_S,
        end_s=end_s,
        resolution=Resolution.HOURLY,
        where={"link": "link-7"},
    )
    assert len(found[0].rows) == minutes // 60
    if file is not None:
        print(f"     size                             {size_bytes(file) / 1e6:9.1f} MB")


async def main(quick: bool) -> None:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    hours = 2 if quick else 24
    with influxd() as url:
        if url is None:
            print("influxd is not installed (Debian: influxdb): the parts with InfluxDB are left out")
        else:
            await write_paths(url, 5 if quick else 15)
    print("\n2. Embedded store")
    for interfaces, span_h in ((1000, hours), (5000, min(hours, 4))):
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "metrics.sqlite"
            store = EmbeddedStore(file)
            await store.start()
            await store_latencies(store, "embedded", interfaces, 60 * span_h, file)
            await store.stop()
    with influxd() as url, tempfile.TemporaryDirectory() as directory:
        if url is None:
            return
        print("\n3. The same on InfluxDB 1.6, over HTTP")
        settings = InfluxSettings(url=url, linger_s=0.0, query_timeout_s=120.0)
        admin = InfluxAdmin(settings, Retention())
        admin.open()
        admin.init()
        admin.close()
        influx = InfluxStore(settings, Path(directory), SystemClock())
        await influx.start()
        await store_latencies(influx, "InfluxDB 1.6", 1000, 60 * min(hours, 4), None)
        await influx.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="2 hours of data instead of 24, fewer rounds")
    asyncio.run(main(parser.parse_args().quick))
