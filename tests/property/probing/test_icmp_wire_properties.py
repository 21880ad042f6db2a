"""Whatever comes in from the network, the decoder gives a typed result or nothing."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from collector.icmp_wire import (
    EchoError,
    EchoReply,
    IpVersion,
    checksum,
    checksum_holds,
    decode,
    echo_reply,
    echo_request,
)

IDENT = st.integers(0, 0xFFFF)
PAYLOAD = st.binary(max_size=64)


def slow_checksum(message: bytes) -> int:
    """RFC 1071 word by word, as it is written there."""
    if len(message) % 2:
        message += b"\0"
    total = 0
    for high, low in zip(message[::2], message[1::2], strict=True):
        total += high << 8 | low
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


@given(st.binary(max_size=120))
@example(bytes(8))
@example(b"\xff\xff")
@example(b"\x00\x01\xff\xfe")
def test_the_checksum_is_the_rfcs(message: bytes) -> None:
    assert checksum(message) == slow_checksum(message)


@given(st.binary(max_size=200), st.sampled_from(IpVersion), st.booleans())
@example(b"", IpVersion.V4, True)
@example(b"\x45" + b"\x00" * 19, IpVersion.V4, True)
def test_arbitrary_bytes_never_raise(data: bytes, version: IpVersion, ip_header: bool) -> None:
    assert isinstance(decode(data, version, ip_header=ip_header), EchoReply | EchoError | None)


@given(st.data(), IDENT, IDENT, PAYLOAD, st.sampled_from([0, 3, 11, 12]), st.integers(0, 255))
def test_a_damaged_real_packet_never_raises(
    data: st.DataObject, ident: int, sequence: int, payload: bytes, kind: int, code: int
) -> None:
    # Close to real ones, so that the deeper branches are reached: an error that quotes a request.
    quoted = bytes([0x45, 0, 0, 60, 0, 1, 0, 0, 64, 1]) + bytes(10)
    quoted += echo_request(IpVersion.V4, ident, sequence, payload)
    body = bytes([kind, code, 0, 0, 0, 0, 0, 0]) + quoted
    message = body[:2] + checksum(body).to_bytes(2) + body[4:]
    intact = decode(message, IpVersion.V4, ip_header=False)
    if kind != 0:
        assert isinstance(intact, EchoError)
        assert (intact.ident, intact.sequence, intact.payload) == (ident, sequence, payload)
    cut = data.draw(st.integers(0, len(message)))
    at = data.draw(st.integers(0, len(message) - 1))
    changed = bytearray(message)
    changed[at] ^= data.draw(st.integers(1, 255))
    for damaged in (message[:cut], bytes(changed)):
        for version in IpVersion:
            for ip_header in (False, True):
                decode(damaged, version, ip_header=ip_header)


@given(IDENT, IDENT, PAYLOAD)
def test_what_is_asked_comes_back(ident: int, sequence: int, payload: bytes) -> None:
    request = echo_request(IpVersion.V4, ident, sequence, payload)
    assert checksum_holds(request)
    reply = echo_reply(request)
    assert reply is not None
    assert decode(reply, IpVersion.V4, ip_header=False) == EchoReply(ident, sequence, payload)
