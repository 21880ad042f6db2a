"""Bytes of others: fping's output may be anything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collector.fping import FpingOutput, parse


@given(st.one_of(st.binary(max_size=200), st.from_regex(rb"\A(\S+ +: (-|[0-9.]+)\n)*\Z")))
def test_fping(output: bytes) -> None:
    assert isinstance(parse(output), FpingOutput)
