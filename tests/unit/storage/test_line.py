"""Line protocol without a server (the round trip through one is in tests/real/storage)."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.metrics.line import FORMATTED_AT_ONCE, LineWriter, decode_name, encode_name
from storage.metrics.point import Point, tags_of


def written(*points: Point) -> str:
    return LineWriter().lines(points).body.decode()


def test_a_line_has_sorted_tags_typed_values_and_seconds() -> None:
    point = Point("interface", (("if_name", "ether1"), ("device", "r1")), {"in_octets": 5, "in_bps": 1.5}, 60)
    assert written(point) == "interface,device=r1,if_name=ether1 in_octets=5i,in_bps=1.5 60\n"


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("sfp-sfpplus1", "sfp-sfpplus1"),
        ("Gi0/1, uplink = main", "Gi0/1, uplink = main"),
        ("Kecamatan Long Ikis é", "Kecamatan Long Ikis é"),
        ("back\\slash", "back%5Cslash"),
        ("line\nbreak", "line%0Abreak"),
        ("100%", "100%"),
        ("%41", "%2541"),
    ],
)
def test_names_stay_as_they_are_where_they_can(name: str, stored: str) -> None:
    assert encode_name(name) == stored


@given(st.text(st.characters(codec=None)), st.booleans())
def test_encoding_is_reversible_and_leaves_nothing_that_line_protocol_can_not_carry(
    name: str, key: bool
) -> None:
    stored = encode_name(name, key=key)
    assert decode_name(stored) == name
    assert all(c.isprintable() and c != "\\" for c in stored)


def test_what_was_not_written_by_us_is_left_alone() -> None:
    assert decode_name("%FF%FE") == "%FF%FE"


def test_empty_tags_and_impossible_values_are_left_out_and_counted() -> None:
    points = [
        Point("m", (("a", ""), ("b", "x")), {"good": 1.0, "nan": math.nan}, 1),
        Point("m", (), {"inf": -math.inf}, 2),
        Point("m", (), {"big": 2**64, "ok": 2**63 - 1}, 3),
    ]
    lines = LineWriter().lines(points)
    assert lines.body == b"m,b=x good=1.0 1\nm ok=9223372036854775807i 3\n"
    assert (lines.count, lines.left_out, lines.oldest_s) == (2, 3, 1)


def test_the_catalogue_s_types_win() -> None:
    """An integer where the catalogue says float is written as one: the field's type never changes."""
    assert written(Point("interface", (), {"in_bps": 5}, 1)) == "interface in_bps=5 1\n"


def test_a_series_may_change_its_fields_and_its_tags_object() -> None:
    writer = LineWriter()
    tags = tags_of({"a": "1"})
    for n in range(3):
        assert writer.lines([Point("m", tags, {"x": n}, n)]).body == b"m,a=1 x=%di %d\n" % (n, n)
        assert writer.lines([Point("m", tags, {"y": n}, n)]).body == b"m,a=1 y=%di %d\n" % (n, n)
        assert writer.lines([Point("o", tags, {"x": n}, n)]).body == b"o,a=1 x=%di %d\n" % (n, n)


def test_new_tag_objects_do_not_make_the_cache_grow() -> None:
    writer = LineWriter()
    for n in range(1000):
        tags = tags_of({"a": "1", "b": str(n % 3)})
        assert writer.lines([Point("m", tags, {"x": n}, n)]).body == b"m,a=1,b=%d x=%di %d\n" % (n % 3, n, n)
    assert len(writer._last) <= 3
    assert len(writer._forms) == 3


def test_many_points_at_once_are_the_same_lines_as_one_by_one() -> None:
    """Among many, what can't be held spoils only its own value, and lines may differ in all they have."""
    points = [
        Point(
            f"m{n % 2}",
            tags_of({"a": str(n % 7), "%s": "100 %d"}),
            {"x": math.nan if n % 113 == 0 else n / 7, "big": 2**64 if n % 90 == 0 else n}
            if n % 3
            else {"x": math.inf if n % 45 == 0 else n},
            1_000_000 - n,
        )
        for n in range(2 * FORMATTED_AT_ONCE + 17)
    ]
    writer = LineWriter(raw=False)
    alone = [writer.lines([point]) for point in points]
    together = LineWriter(raw=False).lines(points)
    assert together.body == b"".join(lines.body for lines in alone)
    assert together.count == sum(lines.count for lines in alone) < len(points)
    assert together.left_out == sum(lines.left_out for lines in alone) > 0
    assert together.oldest_s == min(lines.oldest_s for lines in alone if lines.count)


def test_a_value_that_is_left_out_settles_no_type() -> None:
    writer = LineWriter()
    tags = tags_of({"a": "1"})
    assert writer.lines([Point("m", tags, {"x": 2**64, "y": 1}, 1)]).body == b"m,a=1 y=1i 1\n"
    assert writer.lines([Point("m", tags, {"x": 1.5, "y": 1}, 2)]).body == b"m,a=1 x=1.5,y=1i 2\n"


def test_nothing_is_nothing() -> None:
    lines = LineWriter().lines([])
    assert (lines.body, lines.count, lines.oldest_s) == (b"", 0, 0)
