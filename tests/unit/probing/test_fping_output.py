"""What fping 5.1 prints, as it was seen."""

from __future__ import annotations

import pytest

from collector.fping import FpingOutput, parse

SEEN = b"""ICMP Host Unreachable from 127.0.0.9 for ICMP Echo sent to 127.0.0.9

127.0.0.1     : 0.141
127.0.0.9     : -
::1           : 12
10.255.255.1  : 1234.5
"""


def test_times_and_errors() -> None:
    output = parse(SEEN)
    assert output.errors == ("host_unreachable",)
    assert output.times_s == {
        "127.0.0.1": pytest.approx(0.000141),
        "127.0.0.9": None,
        "::1": pytest.approx(0.012),
        "10.255.255.1": pytest.approx(1.2345),
    }


def test_what_is_no_result_is_none() -> None:
    for line in (
        b"",
        b"no-such-name.invalid: Name or service not known",
        b"x : y",
        b"127.0.0.1 : ",
        b"\xff : -x",
    ):
        assert parse(line) == FpingOutput({})
