"""Processor and memory: HOST-RESOURCES-MIB (RFC 2790) and UCD-SNMP-MIB."""

from __future__ import annotations

from lab import codec
from lab.mib.subject import Subject
from lab.view import Rows

_HR_MEMORY_SIZE = (1, 3, 6, 1, 2, 1, 25, 2, 2)
_HR_STORAGE_ENTRY = (1, 3, 6, 1, 2, 1, 25, 2, 3, 1)
_HR_STORAGE_RAM = (1, 3, 6, 1, 2, 1, 25, 2, 1, 2)
_HR_PROCESSOR_ENTRY = (1, 3, 6, 1, 2, 1, 25, 3, 3, 1)
_UCD_MEMORY = (1, 3, 6, 1, 4, 1, 2021, 4)
_UCD_SYSTEM_STATS = (1, 3, 6, 1, 4, 1, 2021, 11)
_TOTAL_KB = 1_048_576
_STORAGE_INDEX = 65_536
_PROCESSORS = 2


def host_resources(subject: Subject, rows: Rows) -> None:
    at = (_STORAGE_INDEX,)
    rows.scalar(_HR_MEMORY_SIZE, codec.integer(_TOTAL_KB))
    rows.cell((*_HR_STORAGE_ENTRY, 1), at, codec.integer(_STORAGE_INDEX))
    rows.cell((*_HR_STORAGE_ENTRY, 2), at, codec.oid(_HR_STORAGE_RAM))
    rows.cell((*_HR_STORAGE_ENTRY, 3), at, codec.octets("main memory"))
    rows.cell((*_HR_STORAGE_ENTRY, 4), at, codec.integer(1_024))
    rows.cell((*_HR_STORAGE_ENTRY, 5), at, codec.integer(_TOTAL_KB))
    rows.cell((*_HR_STORAGE_ENTRY, 6), at, lambda at_s: codec.integer(_used_kb(subject, at_s)))
    for index in range(1, _PROCESSORS + 1):
        rows.cell((*_HR_PROCESSOR_ENTRY, 1), (index,), codec.oid((0, 0)))
        rows.cell((*_HR_PROCESSOR_ENTRY, 2), (index,), lambda at_s: codec.integer(subject.cpu_percent(at_s)))


def ucd(subject: Subject, rows: Rows) -> None:
    rows.scalar((*_UCD_MEMORY, 5), codec.integer(_TOTAL_KB))
    rows.scalar((*_UCD_MEMORY, 6), lambda at_s: codec.integer(_TOTAL_KB - _used_kb(subject, at_s)))
    rows.scalar((*_UCD_MEMORY, 14), codec.integer(24_576))
    rows.scalar((*_UCD_MEMORY, 15), codec.integer(98_304))
    rows.scalar((*_UCD_SYSTEM_STATS, 9), lambda at_s: codec.integer(subject.cpu_percent(at_s) * 2 // 3))
    rows.scalar((*_UCD_SYSTEM_STATS, 10), lambda at_s: codec.integer(subject.cpu_percent(at_s) // 3))
    rows.scalar((*_UCD_SYSTEM_STATS, 11), lambda at_s: codec.integer(100 - subject.cpu_percent(at_s)))


def _used_kb(subject: Subject, at_s: float) -> int:
    return int(_TOTAL_KB * subject.memory_ratio(at_s))
