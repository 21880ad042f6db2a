"""The little BER that a v1/v2c agent of tests and benchmarks needs (X.690; RFC 3416)."""

from __future__ import annotations

from collections.abc import Sequence

from collector.tlv import read_tlv

__all__ = ["read_tlv"]

Oid = tuple[int, ...]

GET, GET_NEXT, RESPONSE, GET_BULK = 0xA0, 0xA1, 0xA2, 0xA5
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW = b"\x80\x00", b"\x81\x00", b"\x82\x00"
NULL = b"\x05\x00"


def parse_oid(text: str) -> Oid:
    return tuple(int(part) for part in text.strip(".").split("."))


def format_oid(oid: Oid) -> str:
    return ".".join(map(str, oid))


def tlv(tag: int, body: bytes) -> bytes:
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    if size < 0x100:
        return bytes((tag, 0x81, size)) + body
    return bytes((tag, 0x82, size >> 8, size & 0xFF)) + body


def encode_int(tag: int, value: int) -> bytes:
    size = max(1, (value.bit_length() + 8) // 8)
    return tlv(tag, value.to_bytes(size, "big", signed=True))


def encode_oid(oid: Oid) -> bytes:
    if len(oid) < 2:
        oid = (*oid, *([0] * (2 - len(oid))))
    body = bytearray((oid[0] * 40 + oid[1],))
    for part in oid[2:]:
        chunk = [part & 0x7F]
        part >>= 7
        while part:
            chunk.append(0x80 | (part & 0x7F))
            part >>= 7
        body.extend(reversed(chunk))
    return tlv(6, bytes(body))


def decode_oid(body: bytes) -> Oid:
    oid = [body[0] // 40, body[0] % 40]
    value = 0
    for byte in body[1:]:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            oid.append(value)
            value = 0
    return tuple(oid)


def varbind(oid: Oid, value: bytes) -> bytes:
    return tlv(0x30, encode_oid(oid) + value)


def message(
    version: int, community: bytes, pdu: int, request_id: int, error: int, index: int, binds: Sequence[bytes]
) -> bytes:
    body = (
        encode_int(2, request_id) + encode_int(2, error) + encode_int(2, index) + tlv(0x30, b"".join(binds))
    )
    return tlv(0x30, encode_int(2, version) + tlv(4, community) + tlv(pdu, body))
