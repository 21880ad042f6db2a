"""CPU, memory and disks of hosts: HOST-RESOURCES-MIB (RFC 2790) and UCD-SNMP-MIB. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from collector.decode import as_gauge, as_int, as_oid, as_text
from collector.ifmib import Columns
from collector.transport import Value
from topology.model import DeviceId
from topology.observations import SensorReading

_STORAGE = "1.3.6.1.2.1.25.2.3.1."
STORAGE_TYPE, STORAGE_DESCR, STORAGE_SIZE, STORAGE_USED = (_STORAGE + n for n in ("2", "3", "5", "6"))
CPU_LOAD = "1.3.6.1.2.1.25.3.3.1.2"
HOST_COLUMNS = (
    (STORAGE_TYPE, False),
    (STORAGE_DESCR, False),
    (STORAGE_SIZE, False),
    (STORAGE_USED, True),
    (CPU_LOAD, True),
)
_RAM, _DISK, _FLASH = (f"1.3.6.1.2.1.25.2.1.{n}" for n in (2, 4, 9))

_NO_DISK = re.compile(
    r"^(?:devfs|(?:junos|lin)?procfs|fdescfs)\b|mounted on: /(?:\.mount/)?(?:packages|junos|proc)\b|\.uzip,"
)
"""BSD's device trees and read-only images (Junos), which are always full."""

_UCD = "1.3.6.1.4.1.2021."
UCD_CPU_IDLE = _UCD + "11.11"
UCD_MEM_TOTAL, UCD_MEM_AVAILABLE = _UCD + "4.5", _UCD + "4.6"
UCD_MEM_BUFFERED, UCD_MEM_CACHED = _UCD + "4.14", _UCD + "4.15"
UCD_COLUMNS = (
    (UCD_CPU_IDLE, True),
    (UCD_MEM_TOTAL, False),
    (UCD_MEM_AVAILABLE, True),
    (UCD_MEM_BUFFERED, True),
    (UCD_MEM_CACHED, True),
)
_NONE: Mapping[str, Value] = {}


def host_resources(device: DeviceId, columns: Columns, at: datetime) -> Iterator[SensorReading]:
    """One cpu reading (the mean of the processors), one for each kind of memory and each file system."""
    loads = [load for load in map(as_gauge, columns.get(CPU_LOAD, _NONE).values()) if load is not None]
    loads = [load for load in loads if load <= 100]
    if loads:
        yield SensorReading(device, at, "cpu", "cpu", sum(loads) / len(loads) / 100.0, "ratio")
    for index, raw in columns.get(STORAGE_USED, _NONE).items():
        used = as_gauge(raw)
        size = as_gauge(columns.get(STORAGE_SIZE, _NONE).get(index))
        kind = {_RAM: "memory", _DISK: "disk", _FLASH: "disk"}.get(
            as_oid(columns.get(STORAGE_TYPE, _NONE).get(index)) or ""
        )
        if kind is None or used is None or not size:
            continue
        name = as_text(columns.get(STORAGE_DESCR, _NONE).get(index)) or f"storage {index}"
        if kind == "disk" and _NO_DISK.search(name):
            continue
        yield SensorReading(device, at, kind, name, min(used / size, 1.0), "ratio")


def ucd(device: DeviceId, columns: Columns, at: datetime) -> Iterator[SensorReading]:
    """net-snmp's own: cpu as what is not idle; memory without what the kernel only caches."""

    def scalar(oid: str) -> int | None:
        return as_int(columns.get(oid, _NONE).get("0"))

    idle = scalar(UCD_CPU_IDLE)
    if idle is not None and 0 <= idle <= 100:
        yield SensorReading(device, at, "cpu", "cpu", (100 - idle) / 100.0, "ratio")
    total, available = scalar(UCD_MEM_TOTAL), scalar(UCD_MEM_AVAILABLE)
    if total and available is not None:
        free = available + (scalar(UCD_MEM_BUFFERED) or 0) + (scalar(UCD_MEM_CACHED) or 0)
        ratio = min(max(1.0 - free / total, 0.0), 1.0)
        yield SensorReading(device, at, "memory", "Physical memory", ratio, "ratio")
