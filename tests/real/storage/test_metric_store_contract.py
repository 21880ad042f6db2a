"""What every `MetricStore` does, on the embedded store and on a real InfluxDB 1.6."""

from __future__ import annotations

import asyncio
import math
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ronda.clock import SystemClock
from storage.metrics.embedded import EmbeddedStore
from storage.metrics.influx import InfluxStore
from storage.metrics.influx_admin import InfluxAdmin
from storage.metrics.point import Point, tags_of
from storage.metrics.store import Aggregate, MetricStore, Resolution, Row, Series, Written
from storage.settings import InfluxSettings, Retention

HOUR = int(time.time()) // 3600 * 3600 - 6 * 3600
"""Some hours ago: InfluxDB drops shards that are past their retention by its own clock."""


@pytest.fixture(params=["embedded", pytest.param("influx", marks=pytest.mark.real)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[MetricStore]:
    made: MetricStore
    if request.param == "embedded":
        made = EmbeddedStore(tmp_path / "metrics.sqlite")
    else:
        server = request.getfixturevalue("influxd")
        settings = InfluxSettings(url=server.url, database=f"t{uuid.uuid4().hex}", linger_s=0.0)
        admin = InfluxAdmin(settings, Retention())
        admin.open()
        admin.init()
        admin.close()
        made = InfluxStore(settings, tmp_path / "spool", SystemClock())
    await made.start()
    yield made
    await made.stop()


def interface(if_name: str, at_s: int, device: str = "r1", **fields: float) -> Point:
    return Point("interface", tags_of({"device": device, "if_name": if_name}), dict(fields), at_s)


def rows(found: list[Series]) -> dict[str, list[tuple[int, dict[str, float]]]]:
    return {s.tags["if_name"]: [(r.at_s, dict(r.values)) for r in s.rows] for s in found}


async def test_what_is_written_is_read_back_with_its_types(store: MetricStore) -> None:
    big = 2**63 - 1
    written = await store.write(
        [interface("ether1", HOUR, in_octets=big, in_bps=1.5), interface("ether2", HOUR, oper=2)]
    )
    assert written == Written(stored=2)
    found = await store.range("interface", ["in_octets", "in_bps", "oper"], start_s=HOUR, end_s=HOUR + 1)
    assert rows(found) == {
        "ether1": [(HOUR, {"in_octets": big, "in_bps": 1.5})],
        "ether2": [(HOUR, {"oper": 2})],
    }
    assert found[0].tags == {"device": "r1", "if_name": "ether1"}
    (first,) = found[0].rows
    assert type(first.values["in_octets"]) is int


async def test_the_end_of_a_range_is_not_in_it(store: MetricStore) -> None:
    await store.write([interface("e", HOUR + s, in_bps=float(s)) for s in (0, 60, 120)])
    found = await store.range("interface", ["in_bps"], start_s=HOUR, end_s=HOUR + 120)
    assert rows(found) == {"e": [(HOUR, {"in_bps": 0.0}), (HOUR + 60, {"in_bps": 60.0})]}
    assert await store.range("interface", ["in_bps"], start_s=HOUR + 120, end_s=HOUR + 120) == []


async def test_the_same_second_overwrites_field_by_field(store: MetricStore) -> None:
    await store.write([interface("e", HOUR, in_bps=1.0, out_bps=1.0)])
    await store.write([interface("e", HOUR, in_bps=2.0, oper=1)])
    found = await store.range("interface", ["in_bps", "out_bps", "oper"], start_s=HOUR, end_s=HOUR + 1)
    assert rows(found) == {"e": [(HOUR, {"in_bps": 2.0, "out_bps": 1.0, "oper": 1})]}


async def test_of_one_second_in_one_write_the_later_point_wins(store: MetricStore) -> None:
    await store.write(
        [
            interface("e", HOUR, in_bps=1.0),
            interface("e", HOUR, in_bps=2.0, oper=1),
            interface("e", HOUR, in_bps=3.0),
        ]
    )
    found = await store.range("interface", ["in_bps", "oper"], start_s=HOUR, end_s=HOUR + 1)
    assert rows(found) == {"e": [(HOUR, {"in_bps": 3.0, "oper": 1})]}


async def test_the_last_row_of_each_series_since(store: MetricStore) -> None:
    await store.write(
        [
            interface("a", HOUR, in_bps=1.0, oper=1),
            interface("a", HOUR + 60, in_bps=2.0),
            interface("b", HOUR + 30, in_bps=3.0),
            interface("old", HOUR - 1, in_bps=4.0),
        ]
    )
    assert rows(await store.last("interface", since_s=HOUR)) == {
        "a": [(HOUR + 60, {"in_bps": 2.0})],
        "b": [(HOUR + 30, {"in_bps": 3.0})],
    }


async def test_a_point_that_comes_late_is_not_the_last(store: MetricStore) -> None:
    await store.write([interface("a", HOUR + 60, in_bps=2.0)])
    await store.write([interface("a", HOUR, in_bps=1.0)])
    assert rows(await store.last("interface", since_s=HOUR)) == {"a": [(HOUR + 60, {"in_bps": 2.0})]}


async def test_where_selects_by_one_value_or_several(store: MetricStore) -> None:
    await store.write(
        [interface(name, HOUR, device=d, in_bps=1.0) for d in ("r1", "r2") for name in ("a", "b", "c")]
    )
    one = await store.range(
        "interface", ["in_bps"], start_s=HOUR, end_s=HOUR + 1, where={"device": "r2", "if_name": "b"}
    )
    assert [s.tags for s in one] == [{"device": "r2", "if_name": "b"}]
    some = await store.last("interface", since_s=HOUR, where={"if_name": ("a", "c"), "device": "r1"})
    assert [s.tags["if_name"] for s in some] == ["a", "c"]
    assert await store.last("interface", since_s=HOUR, where={"if_name": "none"}) == []
    assert (
        await store.range("interface", ["in_bps"], start_s=HOUR, end_s=HOUR + 1, where={"if_name": ()}) == []
    )


async def test_an_unknown_measurement_or_field_is_empty(store: MetricStore) -> None:
    await store.write([interface("a", HOUR, in_bps=1.0)])
    assert await store.last("nothing", since_s=HOUR) == []
    assert await store.range("nothing", ["x"], start_s=HOUR, end_s=HOUR + 1) == []
    assert await store.range("interface", ["nothing"], start_s=HOUR, end_s=HOUR + 1) == []


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        (Aggregate.MEAN, [(0, 2.0), (300, 10.0)]),
        (Aggregate.MIN, [(0, 1.0), (300, 10.0)]),
        (Aggregate.MAX, [(0, 3.0), (300, 10.0)]),
        (Aggregate.LAST, [(0, 2.0), (300, 10.0)]),
    ],
)
async def test_aggregates_start_at_whole_periods_and_leave_empty_ones_out(
    store: MetricStore, aggregate: Aggregate, expected: list[tuple[int, float]]
) -> None:
    values = {10: 1.0, 100: 3.0, 299: 2.0, 300: 10.0}
    await store.write([interface("a", HOUR + s, in_bps=v) for s, v in values.items()])
    await store.write([interface("a", HOUR + 301, oper=1)])
    found = await store.range(
        "interface", ["in_bps"], start_s=HOUR, end_s=HOUR + 900, every_s=300, aggregate=aggregate
    )
    assert rows(found) == {"a": [(HOUR + s, {"in_bps": v}) for s, v in expected]}


async def test_series_come_by_tags_whatever_the_order_of_writing(store: MetricStore) -> None:
    for name in ("c", "a", "b"):
        await store.write([interface(name, HOUR, in_bps=1.0)])
    found = await store.range("interface", ["in_bps"], start_s=HOUR, end_s=HOUR + 1)
    assert [s.tags["if_name"] for s in found] == ["a", "b", "c"]


async def test_a_series_without_a_tag_differs_from_one_with_it(store: MetricStore) -> None:
    await store.write([Point("probe", tags_of({"device": "x"}), {"rtt_ms": 1.0}, HOUR)])
    await store.write([Point("probe", tags_of({"device": "x", "office": "o"}), {"rtt_ms": 2.0}, HOUR)])
    found = await store.last("probe", since_s=HOUR)
    assert found == [
        Series({"device": "x"}, (Row(HOUR, {"rtt_ms": 1.0}),)),
        Series({"device": "x", "office": "o"}, (Row(HOUR, {"rtt_ms": 2.0}),)),
    ]


async def test_roll_ups_keep_mean_min_max_and_last(store: MetricStore) -> None:
    """At 0:00 to 2:00 a point a minute; at 2:02 both roll-ups have everything up to 2:00."""
    points = [
        interface("a", HOUR + 60 * m, in_bps=float(m), oper=1 if m % 60 < 30 else 2, in_octets=1000 * m)
        for m in range(120)
    ]
    await store.write(points)
    await store.maintain(HOUR + 7200 + 120)
    hourly = await store.range(
        "interface",
        ["in_bps", "oper", "in_octets"],
        start_s=HOUR,
        end_s=HOUR + 7200,
        resolution=Resolution.HOURLY,
    )
    assert rows(hourly) == {
        "a": [
            (HOUR, {"in_bps": 29.5, "oper": 2, "in_octets": 59_000}),
            (HOUR + 3600, {"in_bps": 89.5, "oper": 2, "in_octets": 119_000}),
        ]
    }
    five = Resolution.FIVE_MINUTES
    worst = await store.range(
        "interface", ["oper", "in_bps"], start_s=HOUR, end_s=HOUR + 3600, resolution=five,
        every_s=3600, aggregate=Aggregate.MAX,
    )  # fmt: skip
    assert rows(worst) == {"a": [(HOUR, {"oper": 2, "in_bps": 59.0})]}
    least = await store.range(
        "interface", ["in_bps"], start_s=HOUR, end_s=HOUR + 600, resolution=five, aggregate=Aggregate.MIN
    )
    assert rows(least) == {"a": [(HOUR, {"in_bps": 0.0}), (HOUR + 300, {"in_bps": 5.0})]}


async def test_the_mean_of_an_integer_is_a_fraction(store: MetricStore) -> None:
    probe = tags_of({"device": "x"})
    await store.write([Point("probe", probe, {"answered": n % 4 and 1}, HOUR + 10 * n) for n in range(360)])
    await store.maintain(HOUR + 7200)
    (series,) = await store.range(
        "probe", ["answered"], start_s=HOUR, end_s=HOUR + 3600, resolution=Resolution.HOURLY
    )
    assert series.rows == (Row(HOUR, {"answered": 0.75}),)


async def test_a_roll_up_waits_until_its_period_is_over(store: MetricStore) -> None:
    await store.write([interface("a", HOUR + 60 * m, in_bps=1.0) for m in range(6)])
    await store.maintain(HOUR + 330)
    five = Resolution.FIVE_MINUTES
    assert await store.range("interface", ["in_bps"], start_s=HOUR, end_s=HOUR + 600, resolution=five) == []
    await store.maintain(HOUR + 400)
    found = await store.range("interface", ["in_bps"], start_s=HOUR, end_s=HOUR + 600, resolution=five)
    assert rows(found) == {"a": [(HOUR, {"in_bps": 1.0})]}


async def test_a_point_that_comes_late_is_rolled_up_too(store: MetricStore) -> None:
    """Rolled up at 2:02; at 2:03 a point of 0:10 arrives, as from a spool; at 2:04 the roll-ups have it."""
    await store.write([interface("a", HOUR + 60 * m, in_bps=1.0) for m in range(120) if m != 10])
    await store.maintain(HOUR + 7320)
    await store.write([interface("a", HOUR + 600, in_bps=61.0)])
    await store.maintain(HOUR + 7440)
    found = await store.range(
        "interface", ["in_bps"], start_s=HOUR, end_s=HOUR + 3600, resolution=Resolution.HOURLY
    )
    assert rows(found) == {"a": [(HOUR, {"in_bps": 2.0})]}


async def test_deleting_by_age_takes_whole_blocks_and_nothing_younger(store: MetricStore) -> None:
    day = 86_400
    old = HOUR - 4 * day
    await store.write([interface("a", old, in_bps=1.0), interface("a", HOUR, in_bps=2.0)])
    await store.delete_older_than(Resolution.RAW, HOUR - 2 * day)
    found = await store.range("interface", ["in_bps"], start_s=old, end_s=HOUR + 1)
    assert rows(found) == {"a": [(HOUR, {"in_bps": 2.0})]}


async def test_values_that_no_store_can_hold_do_not_spoil_the_others(store: MetricStore) -> None:
    await store.write(
        [
            interface("a", HOUR, in_bps=math.nan, out_bps=1.0),
            interface("b", HOUR, in_bps=math.inf),
            interface("c", HOUR, in_octets=2**64, oper=1),
        ]
    )
    found = await store.range(
        "interface", ["in_bps", "out_bps", "in_octets", "oper"], start_s=HOUR, end_s=HOUR + 1
    )
    assert rows(found) == {"a": [(HOUR, {"out_bps": 1.0})], "c": [(HOUR, {"oper": 1})]}


async def test_many_small_writes_at_once_are_all_stored(store: MetricStore) -> None:
    results = await asyncio.gather(
        *(store.write([interface(f"e{n}", HOUR + m, in_bps=1.0) for m in range(20)]) for n in range(50))
    )
    assert results == [Written(stored=20)] * 50
    found = await store.range("interface", ["in_bps"], start_s=HOUR, end_s=HOUR + 60)
    assert {len(s.rows) for s in found} == {20}
    assert len(found) == 50
    assert store.counters()["metrics_points_stored"] == 1000


async def test_a_measurement_that_the_catalogue_does_not_know_works_the_same(store: MetricStore) -> None:
    await store.write([Point("own", tags_of({"a": "1"}), {"x": 1, "y": 2.5}, HOUR)])
    assert [s.rows for s in await store.last("own", since_s=HOUR)] == [(Row(HOUR, {"x": 1, "y": 2.5}),)]
