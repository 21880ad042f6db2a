"""A device's rows, against a plain search of the same rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lab import codec
from lab.codec import Oid
from lab.view import Rows, View

oids = st.lists(st.integers(0, 3), min_size=1, max_size=5).map(lambda tail: (1, 3, *tail))


def view_of(names: set[Oid]) -> View:
    rows = Rows()
    for name in names:
        rows.cell(name[:-1], name[-1:], codec.integer(len(name)))
    return rows.view()


@given(names=st.sets(oids), asked=oids)
def test_next_is_the_smallest_greater_name(names: set[Oid], asked: Oid) -> None:
    greater = [name for name in names if name > asked]
    found = view_of(names).after(asked, 0.0)
    assert (found[0] if found else None) == (min(greater) if greater else None)


@given(names=st.sets(oids), asked=oids)
def test_get_gives_exactly_what_is_there(names: set[Oid], asked: Oid) -> None:
    value = view_of(names).get(asked, 0.0)
    if asked in names:
        assert value == codec.integer(len(asked))
    else:
        sibling = any(name[: len(asked) - 1] == asked[:-1] for name in names)
        assert value == (codec.NO_SUCH_INSTANCE if sibling else codec.NO_SUCH_OBJECT)


def test_a_reading_is_taken_when_asked() -> None:
    rows = Rows()
    rows.scalar((1, 3, 6), lambda at_s: codec.integer(int(at_s)))
    view = rows.view()
    assert view.get((1, 3, 6, 0), 5.0) == codec.integer(5)
    assert view.get((1, 3, 6, 0), 9.0) == codec.integer(9)


def test_a_version_1_walk_passes_over_64_bit_counters() -> None:
    rows = Rows()
    rows.scalar((1, 3, 1), codec.counter64(1))
    rows.scalar((1, 3, 2), codec.counter32(2))
    found = rows.view().after((1, 3), 0.0, skip_counter64=True)
    assert found == ((1, 3, 2, 0), codec.counter32(2))
