"""Any name and any value, written as line protocol to a real InfluxDB 1.6 and read back: nothing changes.

Property: for every point, `series_of(query(write(point)))` gives the point's tags, fields and time.
"""

from __future__ import annotations

import math
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from storage.metrics.influx_query import last_query, series_of
from storage.metrics.influx_wire import InfluxWire
from storage.metrics.line import LineWriter
from storage.metrics.point import INT64_MAX, INT64_MIN, Point, tags_of
from storage.settings import InfluxSettings, InfluxVersion

pytestmark = pytest.mark.real

AWKWARD = st.sampled_from("\\,= \"'%#\n\r\t\0\x7f\x85\u00a0\u2028\ufffdé😀\ud800_")
WORDS = st.sampled_from(["%41", "\\,", "\\ ", "%5C", "time", "//"])
NAMES = st.lists(st.one_of(AWKWARD, WORDS, st.characters(codec=None)), min_size=1, max_size=12).map("".join)
VALUES = st.one_of(
    st.integers(INT64_MIN, INT64_MAX), st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=True)
)


@st.composite
def points(draw: st.DrawFn) -> Point:
    tags = draw(st.dictionaries(NAMES, NAMES, max_size=4))
    # InfluxQL can't tell a tag and a field of the same name apart: the catalogue has none (tested there).
    fields = draw(st.dictionaries(NAMES.filter(lambda n: n not in tags), VALUES, min_size=1, max_size=4))
    return Point(draw(NAMES), tags_of(tags), fields, draw(st.integers(1, 2**31)))


@pytest.fixture
def wire(influxd: Any) -> InfluxWire:
    made = InfluxWire(InfluxSettings(url=influxd.url, database=f"t{uuid.uuid4().hex}"), timeout_s=10)
    made.open()
    return made


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(Point("m", (("a", "ends in \\"),), {"f": 1}, 1))
@example(Point("#m,x y=z", (("a\\", "\\,"), ("time", "t")), {"time": 1.0, "\n": 2}, 1))
@example(Point("m", (("a", "%0A"), ("b", "%250A"), ("c", "\n")), {"f": 5e-324, "g": INT64_MIN}, 1))
@example(Point("_m", (("_field", "x"), ("b", '"quoted"')), {"_measurement": 1, "'": 0.1}, 1))
@given(points())
def test_round_trip(wire: InfluxWire, point: Point) -> None:
    database = wire._settings.database
    wire.query(f'DROP DATABASE "{database}"', None)
    wire.query(f'CREATE DATABASE "{database}"', None)
    wire.write(LineWriter().lines([point]).body, InfluxVersion.V1)
    (series,) = series_of(wire.query(last_query(point.measurement, 0, None)))
    assert series.tags == dict(point.tags)
    (row,) = series.rows
    assert row.at_s == point.at_s
    assert row.values.keys() == point.fields.keys()
    for name, value in point.fields.items():
        assert row.values[name] == value or math.isclose(row.values[name], value, rel_tol=1e-15)
