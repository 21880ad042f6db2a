"""The echo wire's messages (RFC 792)."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import echo


def request(identifier: int, sequence: int, payload: bytes, kind: int = 8) -> bytes:
    """Summed word by word, as RFC 1071 describes it."""
    blank = struct.pack("!BBHHH", kind, 0, 0, identifier, sequence) + payload
    padded = blank + b"\x00" if len(blank) % 2 else blank
    total = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return blank[:2] + struct.pack("!H", ~total & 0xFFFF) + blank[4:]


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.binary(max_size=100))
def test_the_reply_keeps_identifier_sequence_and_payload(
    identifier: int, sequence: int, payload: bytes
) -> None:
    assert echo.answer(request(identifier, sequence, payload)) == request(
        identifier, sequence, payload, kind=0
    )


def test_a_known_message() -> None:
    # echo request, id 1, sequence 2, payload "ab": 0800 + 0001 + 0002 + 6162 = 6965, complement 969a
    assert echo.answer(bytes.fromhex("0800969a000100026162")) == bytes.fromhex("00009e9a000100026162")


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\x08\x00",
        request(1, 2, b"ab", kind=0),
        request(1, 2, b"ab")[:-1] + b"c",
        request(1, 2, b"ab", kind=13),
    ],
    ids=["empty", "short", "a reply", "damaged", "timestamp"],
)
def test_anything_else_is_not_answered(datagram: bytes) -> None:
    assert echo.answer(datagram) is None
