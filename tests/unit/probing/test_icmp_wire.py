"""The bytes, against examples worked by hand from the RFCs."""

from __future__ import annotations

import struct
from ipaddress import ip_address

import pytest

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

V4, V6 = IpVersion.V4, IpVersion.V6


def ipv4(payload: bytes, protocol: int = 1, options: bytes = b"", fragment: int = 0) -> bytes:
    """An IPv4 header (RFC 791) to 192.0.2.9 and what it carries."""
    words = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH", 0x40 | words, 0, words * 4 + len(payload), 1, fragment, 64, protocol, 0)
    return head + ip_address("198.51.100.1").packed + ip_address("192.0.2.9").packed + options + payload


def ipv6(payload: bytes, next_header: int = 58) -> bytes:
    """An IPv6 header (RFC 8200) to 2001:db8::9 and what it carries."""
    head = struct.pack("!IHBB", 0x60000000, len(payload), next_header, 64)
    return head + ip_address("2001:db8::1").packed + ip_address("2001:db8::9").packed + payload


def v4_message(kind: int, code: int, body: bytes) -> bytes:
    total = checksum(struct.pack("!BBHI", kind, code, 0, 0) + body)
    return struct.pack("!BBHI", kind, code, total, 0) + body


def test_the_checksum_example_of_rfc_1071() -> None:
    # Section 3: the words 0001 f203 f4f5 f6f7 add up to ddf2; the checksum is its complement.
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2


def test_a_request_as_the_kernel_of_another_machine_would_check_it() -> None:
    message = echo_request(V4, 0x1234, 7, b"payload!")
    assert message[:2] == b"\x08\x00"
    assert struct.unpack("!HH", message[4:8]) == (0x1234, 7)
    assert checksum_holds(message)
    assert not checksum_holds(message[:-1] + b"?")


def test_an_ipv6_request_leaves_the_checksum_to_the_kernel() -> None:
    assert echo_request(V6, 1, 2, b"x") == b"\x80\x00\x00\x00\x00\x01\x00\x02x"


def test_a_reply_with_and_without_ip_header() -> None:
    reply = echo_reply(echo_request(V4, 5, 6, b"odd"))
    assert reply is not None
    assert decode(reply, V4, ip_header=False) == EchoReply(5, 6, b"odd")
    assert decode(ipv4(reply), V4, ip_header=True) == EchoReply(5, 6, b"odd")
    assert decode(ipv4(reply, options=b"\x01\x01\x01\x01"), V4, ip_header=True) == EchoReply(5, 6, b"odd")


def test_a_reply_with_a_wrong_checksum_is_nothing() -> None:
    reply = bytearray(echo_reply(echo_request(V4, 5, 6, b"payload")) or b"")
    reply[-1] ^= 1
    assert decode(bytes(reply), V4, ip_header=False) is None


def test_our_own_request_on_loopback_is_nothing() -> None:
    assert decode(ipv4(echo_request(V4, 5, 6, b"")), V4, ip_header=True) is None
    assert decode(echo_request(V6, 5, 6, b""), V6, ip_header=False) is None


@pytest.mark.parametrize(
    ("kind", "code", "reason"),
    [
        (3, 0, "network_unreachable"),
        (3, 1, "host_unreachable"),
        (3, 13, "administratively_prohibited"),
        (3, 15, "destination_unreachable"),
        (11, 0, "ttl_exceeded"),
        (12, 0, "parameter_problem"),
    ],
)
def test_an_error_quotes_our_request(kind: int, code: int, reason: str) -> None:
    quoted = ipv4(echo_request(V4, 5, 6, b"token"))
    data = ipv4(v4_message(kind, code, quoted))
    assert decode(data, V4, ip_header=True) == EchoError(reason, 5, 6, "192.0.2.9", b"token")


def test_an_old_router_quotes_eight_bytes_only() -> None:
    quoted = ipv4(echo_request(V4, 5, 6, b"token")[:8])
    data = ipv4(v4_message(3, 1, quoted))
    assert decode(data, V4, ip_header=True) == EchoError("host_unreachable", 5, 6, "192.0.2.9", b"")


@pytest.mark.parametrize(
    "quoted",
    [
        pytest.param(ipv4(echo_request(V4, 5, 6, b"")[:7]), id="one byte short"),
        pytest.param(ipv4(echo_request(V4, 5, 6, b""), protocol=17), id="another protocol's packet"),
        pytest.param(ipv4(echo_request(V4, 5, 6, b""), fragment=100), id="a later fragment"),
        pytest.param(ipv4(v4_message(0, 0, b"")), id="a reply, not a request"),
        pytest.param(b"\x4f" + b"\x00" * 30, id="a header longer than the packet"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_an_error_about_something_else_is_nothing(quoted: bytes) -> None:
    assert decode(ipv4(v4_message(3, 1, quoted)), V4, ip_header=True) is None


@pytest.mark.parametrize(
    ("kind", "code", "reason"),
    [
        (1, 0, "no_route"),
        (1, 3, "address_unreachable"),
        (1, 7, "destination_unreachable"),
        (2, 0, "packet_too_big"),
        (3, 0, "hop_limit_exceeded"),
        (4, 1, "parameter_problem"),
    ],
)
def test_ipv6_errors(kind: int, code: int, reason: str) -> None:
    quoted = ipv6(echo_request(V6, 5, 6, b"token"))
    data = struct.pack("!BBHI", kind, code, 0, 0) + quoted
    assert decode(data, V6, ip_header=False) == EchoError(reason, 5, 6, "2001:db8::9", b"token")


def test_an_ipv6_error_about_a_udp_packet_is_nothing() -> None:
    quoted = ipv6(echo_request(V6, 5, 6, b""), next_header=17)
    assert decode(struct.pack("!BBHI", 1, 0, 0, 0) + quoted, V6, ip_header=False) is None


def test_who_answers_requests_answers_only_requests() -> None:
    request = echo_request(V4, 1, 2, b"abc")
    reply = echo_reply(request)
    assert reply is not None
    assert checksum_holds(reply)
    assert echo_reply(reply) is None
    assert echo_reply(request[:-1] + b"?") is None
    assert echo_reply(b"") is None
