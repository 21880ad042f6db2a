"""ICMP echo (RFC 792), whole messages in and out: the lab's stand-in for a wire only root may open."""

from __future__ import annotations

ECHO_REPLY, ECHO_REQUEST = 0, 8
_HEADER_OCTETS = 8


def checksum(message: bytes) -> int:
    """RFC 1071, over a message whose checksum field is zero; over a good message it gives 0."""
    padded = message + b"\x00" * (len(message) % 2)
    total = sum(int.from_bytes(padded[i : i + 2], "big") for i in range(0, len(padded), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def answer(request: bytes) -> bytes | None:
    """The echo reply with the same identifier, sequence and payload; None for anything but a good request."""
    if len(request) < _HEADER_OCTETS or request[:2] != bytes([ECHO_REQUEST, 0]) or checksum(request) != 0:
        return None
    head, rest = bytes([ECHO_REPLY, 0]), request[4:]
    return head + checksum(head + b"\x00\x00" + rest).to_bytes(2, "big") + rest
