"""The bytes of ICMP echo: RFC 792 (IPv4), RFC 4443 (IPv6), checksum of RFC 1071. Pure.

`decode` takes whatever arrived on a socket. What is not an echo reply or an error about an echo request
is ``None``: a prober's socket sees the packets of every other program too.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address


class IpVersion(IntEnum):
    V4 = 4
    V6 = 6


V4_ECHO_REPLY = 0
V4_DESTINATION_UNREACHABLE = 3
V4_ECHO_REQUEST = 8
V4_TIME_EXCEEDED = 11
V4_PARAMETER_PROBLEM = 12
V6_DESTINATION_UNREACHABLE = 1
V6_PACKET_TOO_BIG = 2
V6_TIME_EXCEEDED = 3
V6_PARAMETER_PROBLEM = 4
V6_ECHO_REQUEST = 128
V6_ECHO_REPLY = 129

V4_WANTED = (V4_ECHO_REPLY, V4_DESTINATION_UNREACHABLE, V4_TIME_EXCEEDED, V4_PARAMETER_PROBLEM)
V6_WANTED = (
    V6_ECHO_REPLY,
    V6_DESTINATION_UNREACHABLE,
    V6_PACKET_TOO_BIG,
    V6_TIME_EXCEEDED,
    V6_PARAMETER_PROBLEM,
)

_HEADER = struct.Struct("!BBHHH")
_PROTOCOL_ICMP = 1
_NEXT_HEADER_ICMPV6 = 58
_IPV6_HEADER = 40

_V4_REASONS = {
    (3, 0): "network_unreachable",
    (3, 1): "host_unreachable",
    (3, 2): "protocol_unreachable",
    (3, 3): "port_unreachable",
    (3, 4): "fragmentation_needed",
    (3, 9): "administratively_prohibited",
    (3, 10): "administratively_prohibited",
    (3, 13): "administratively_prohibited",
    (11, 0): "ttl_exceeded",
    (11, 1): "reassembly_time_exceeded",
}
_V6_REASONS = {
    (1, 0): "no_route",
    (1, 1): "administratively_prohibited",
    (1, 3): "address_unreachable",
    (1, 4): "port_unreachable",
    (2, 0): "packet_too_big",
    (3, 0): "hop_limit_exceeded",
    (3, 1): "reassembly_time_exceeded",
}
_V4_OTHER = {3: "destination_unreachable", 11: "time_exceeded", 12: "parameter_problem"}
_V6_OTHER = {
    1: "destination_unreachable",
    2: "packet_too_big",
    3: "time_exceeded",
    4: "parameter_problem",
}


@dataclass(frozen=True, slots=True)
class EchoReply:
    ident: int
    sequence: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class EchoError:
    """An ICMP error that quotes an echo request. `payload` is what was quoted of it, often nothing."""

    reason: str
    ident: int
    sequence: int
    destination: str
    """Whom the quoted request was for."""
    payload: bytes = b""


def checksum(message: bytes) -> int:
    """RFC 1071, of a message whose checksum field is zero.

    2**16 is 1 modulo 65535, so the ones' complement sum of the words is the whole number modulo 65535.
    """
    if len(message) % 2:
        message += b"\0"
    number = int.from_bytes(message)
    return -number % 0xFFFF if number else 0xFFFF


def checksum_holds(message: bytes) -> bool:
    """Whether a message with its checksum filled in adds up."""
    if len(message) % 2:
        message += b"\0"
    number = int.from_bytes(message)
    return number != 0 and number % 0xFFFF == 0


def echo_request(version: IpVersion, ident: int, sequence: int, payload: bytes) -> bytes:
    """The ICMP message, without IP header. For IPv6 the kernel fills in the checksum (RFC 3542, 3.1)."""
    if version is IpVersion.V6:
        return _HEADER.pack(V6_ECHO_REQUEST, 0, 0, ident, sequence) + payload
    zeroed = _HEADER.pack(V4_ECHO_REQUEST, 0, 0, ident, sequence) + payload
    return _HEADER.pack(V4_ECHO_REQUEST, 0, checksum(zeroed), ident, sequence) + payload


def echo_reply(request: bytes) -> bytes | None:
    """The answer of an IPv4 host to an echo request message; ``None`` when it isn't one."""
    if len(request) < _HEADER.size or not checksum_holds(request):
        return None
    kind, code, _, ident, sequence = _HEADER.unpack_from(request)
    if (kind, code) != (V4_ECHO_REQUEST, 0):
        return None
    payload = request[_HEADER.size :]
    zeroed = _HEADER.pack(V4_ECHO_REPLY, 0, 0, ident, sequence) + payload
    return _HEADER.pack(V4_ECHO_REPLY, 0, checksum(zeroed), ident, sequence) + payload


def decode(data: bytes, version: IpVersion, *, ip_header: bool) -> EchoReply | EchoError | None:
    """What a received packet says about an echo request of somebody's; ``None`` when nothing.

    `ip_header`: the data begins with the IPv4 header, as a raw IPv4 socket gives it.
    """
    if version is IpVersion.V6:
        return _decode_v6(data)
    if ip_header:
        message = _after_ipv4_header(data)
        if message is None:
            return None
        data = message
    return _decode_v4(data)


def error_about(
    version: IpVersion, kind: int, code: int, quoted: bytes, destination: str
) -> EchoError | None:
    """An ICMP error of this type and code that quotes the ICMP message `quoted`, sent to `destination`."""
    if len(quoted) < _HEADER.size:
        return None
    was, _, _, ident, sequence = _HEADER.unpack_from(quoted)
    v4 = version is IpVersion.V4
    reason = (_V4_REASONS if v4 else _V6_REASONS).get((kind, code))
    reason = reason or (_V4_OTHER if v4 else _V6_OTHER).get(kind)
    if reason is None or was != (V4_ECHO_REQUEST if v4 else V6_ECHO_REQUEST):
        return None
    return EchoError(reason, ident, sequence, destination, quoted[_HEADER.size :])


def _decode_v4(data: bytes) -> EchoReply | EchoError | None:
    if len(data) < _HEADER.size:
        return None
    kind, code, _, ident, sequence = _HEADER.unpack_from(data)
    if kind == V4_ECHO_REPLY:
        if code != 0 or not checksum_holds(data):
            return None
        return EchoReply(ident, sequence, data[_HEADER.size :])
    if kind not in _V4_OTHER or not checksum_holds(data):
        return None
    packet = data[_HEADER.size :]
    quoted = _after_ipv4_header(packet)
    if quoted is None:
        return None
    return error_about(IpVersion.V4, kind, code, quoted, str(IPv4Address(packet[16:20])))


def _decode_v6(data: bytes) -> EchoReply | EchoError | None:
    # The kernel has verified the checksum: it covers the IPv6 pseudo header, which we don't see.
    if len(data) < _HEADER.size:
        return None
    kind, code, _, ident, sequence = _HEADER.unpack_from(data)
    if kind == V6_ECHO_REPLY:
        return EchoReply(ident, sequence, data[_HEADER.size :]) if code == 0 else None
    if kind not in _V6_OTHER:
        return None
    packet = data[_HEADER.size :]
    if len(packet) < _IPV6_HEADER or packet[0] >> 4 != 6 or packet[6] != _NEXT_HEADER_ICMPV6:
        return None
    destination = str(IPv6Address(packet[24:40]))
    return error_about(IpVersion.V6, kind, code, packet[_IPV6_HEADER:], destination)


def _after_ipv4_header(packet: bytes) -> bytes | None:
    """What follows the header (options included) of an IPv4 packet that carries ICMP."""
    if len(packet) < 20 or packet[0] >> 4 != 4:
        return None
    length = (packet[0] & 0x0F) * 4
    if length < 20 or len(packet) < length or packet[9] != _PROTOCOL_ICMP:
        return None
    # A fragment other than the first carries no ICMP header.
    if int.from_bytes(packet[6:8]) & 0x1FFF:
        return None
    return packet[length:]
