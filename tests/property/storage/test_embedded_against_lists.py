"""The embedded store beside plain lists: whatever is written, in whatever order, reads and roll-ups say the
same."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from storage.metrics.embedded import EmbeddedStore
from storage.metrics.point import Point, tags_of
from storage.metrics.store import Aggregate, Resolution, Series

HOUR = 1_800_000_000 // 3600 * 3600
Written = tuple[int, str, dict[str, float]]

POINTS = st.tuples(
    st.integers(0, 4 * 3600 - 1),
    st.sampled_from(["a", "b", "c"]),
    st.dictionaries(
        st.sampled_from(["in_bps", "oper", "in_octets", "vendor"]),
        st.integers(0, 1000),
        min_size=1,
        max_size=4,
    ),
)
STEPS = st.lists(
    st.one_of(st.lists(POINTS, min_size=1, max_size=12), st.just("maintain")), min_size=1, max_size=12
)
NOW_S = HOUR + 5 * 3600


class Oracle:
    """Series and second to fields: what was written last wins, field by field."""

    def __init__(self) -> None:
        self.rows: defaultdict[tuple[str, int], dict[str, float]] = defaultdict(dict)

    def write(self, points: list[Written]) -> None:
        for at, series, fields in points:
            self.rows[series, HOUR + at].update(fields)

    def values(self, series: str, field: str, start_s: int, end_s: int) -> list[float]:
        """By time."""
        return [
            fields[field]
            for (name, at_s), fields in sorted(self.rows.items())
            if name == series and start_s <= at_s < end_s and field in fields
        ]

    def periods(self, field: str, aggregate: Aggregate, step_s: int) -> dict[tuple[str, int], float]:
        found = {}
        for series in "abc":
            for start_s in range(HOUR, HOUR + 4 * 3600, step_s):
                if values := self.values(series, field, start_s, start_s + step_s):
                    found[series, start_s] = {
                        Aggregate.MEAN: statistics.fmean,
                        Aggregate.MIN: min,
                        Aggregate.MAX: max,
                        Aggregate.LAST: lambda of: of[-1],
                    }[aggregate](values)
        return found


def flat(found: list[Series], field: str) -> dict[tuple[str, int], float]:
    return {
        (s.tags["if_name"], row.at_s): row.values[field]
        for s in found
        for row in s.rows
        if field in row.values
    }


def points_of(written: list[Written]) -> list[Point]:
    return [
        Point(
            "interface",
            tags_of({"if_name": series}),
            {k: float(v) if k == "in_bps" else v for k, v in fields.items()},
            HOUR + at,
        )
        for at, series, fields in written
    ]


async def compare(steps: list[list[Written] | str], directory: Path) -> None:
    store, oracle = EmbeddedStore(directory / "m.sqlite"), Oracle()
    await store.start()
    try:
        for step in steps:
            if isinstance(step, str):
                await store.maintain(NOW_S)
            else:
                await store.write(points_of(step))
                oracle.write(step)
        await store.maintain(NOW_S)
        everything = {"start_s": HOUR, "end_s": HOUR + 4 * 3600}
        fields = ["in_bps", "oper", "in_octets", "vendor"]
        raw = await store.range("interface", fields, **everything)
        assert {(s.tags["if_name"], r.at_s): r.values for s in raw for r in s.rows} == dict(oracle.rows)
        last = {
            s.tags["if_name"]: (s.rows[0].at_s, s.rows[0].values)
            for s in await store.last("interface", since_s=0)
        }
        assert last == {name: (at, dict(oracle.rows[name, at])) for name, at in _newest(oracle).items()}
        for aggregate in Aggregate:
            found = await store.range("interface", fields, every_s=600, aggregate=aggregate, **everything)
            for field in fields:
                assert flat(found, field) == pytest.approx(oracle.periods(field, aggregate, 600))
        kinds = {
            "in_bps": (Aggregate.MEAN, Aggregate.MIN, Aggregate.MAX),
            "vendor": (Aggregate.MEAN, Aggregate.MIN, Aggregate.MAX),
            "oper": (Aggregate.LAST, Aggregate.MIN, Aggregate.MAX),
            "in_octets": (Aggregate.LAST,),
        }
        for resolution in (Resolution.FIVE_MINUTES, Resolution.HOURLY):
            for field, aggregates in kinds.items():
                for aggregate in aggregates:
                    found = await store.range(
                        "interface", [field], aggregate=aggregate, resolution=resolution, **everything
                    )
                    expected = oracle.periods(field, aggregate, resolution.step_s)
                    assert flat(found, field) == pytest.approx(expected), (resolution, field, aggregate)
    finally:
        await store.stop()


def _newest(oracle: Oracle) -> dict[str, int]:
    newest: dict[str, int] = {}
    for name, at in oracle.rows:
        newest[name] = max(at, newest.get(name, at))
    return newest


@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(STEPS)
def test_reads_and_roll_ups_agree_with_plain_lists(steps: list[list[Written] | str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(compare(steps, Path(directory)))
