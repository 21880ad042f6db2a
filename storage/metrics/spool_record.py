"""One record of the spool's files: a fixed header and the lines."""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass

from storage.metrics.line import Lines

MAGIC = b"RND1"
HEADER = struct.Struct(">4sIIqqI")
"""magic, length of the lines, CRC-32, appended at (s), oldest point (s), number of lines."""
_SUMMED = struct.Struct(">IqqI")
MAX_RECORD_BYTES = 64 * 1024**2


@dataclass(frozen=True, slots=True)
class Record:
    body: bytes
    lines: int
    oldest_s: int
    appended_s: int
    end: int
    """Offset behind it."""


def header(lines: Lines, now_s: int) -> bytes:
    summed = _SUMMED.pack(len(lines.body), now_s, lines.oldest_s, lines.count)
    crc = zlib.crc32(lines.body, zlib.crc32(summed))
    return HEADER.pack(MAGIC, len(lines.body), crc, now_s, lines.oldest_s, lines.count)


def read_record(file: int, offset: int, size: int) -> Record | None:
    """None when there is no good record at `offset`."""
    head = os.pread(file, HEADER.size, offset)
    if len(head) < HEADER.size:
        return None
    magic, length, crc, now_s, oldest_s, count = HEADER.unpack(head)
    if magic != MAGIC or length > MAX_RECORD_BYTES or offset + HEADER.size + length > size:
        return None
    body = os.pread(file, length, offset + HEADER.size)
    if zlib.crc32(body, zlib.crc32(_SUMMED.pack(length, now_s, oldest_s, count))) != crc:
        return None
    return Record(body, count, oldest_s, now_s, offset + HEADER.size + length)


def find_record(file: int, offset: int, size: int) -> int | None:
    """Where the next good record starts."""
    data = os.pread(file, size - offset, offset)
    at = data.find(MAGIC)
    while at >= 0:
        if read_record(file, offset + at, size) is not None:
            return offset + at
        at = data.find(MAGIC, at + 1)
    return None
