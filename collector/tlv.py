"""The one piece of BER that is read here by hand: headers that lie open in a packet (X.690). Pure."""

from __future__ import annotations


def read_tlv(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Tag, content, and where the next one begins. Raises IndexError when it is cut."""
    tag, size = data[at], data[at + 1]
    at += 2
    if size & 0x80:
        count = size & 0x7F
        size = int.from_bytes(data[at : at + count], "big")
        at += count
    if at + size > len(data):
        raise IndexError(at)
    return tag, data[at : at + size], at + size
