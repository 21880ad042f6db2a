"""SNMPv2-MIB system group (RFC 3418), and the counters that tell that rows have changed. Pure."""

from __future__ import annotations

from datetime import datetime

from collector.decode import as_gauge, as_oid, as_seconds, as_text
from collector.ifmib import Columns
from collector.transport import Value
from topology.model import DeviceId
from topology.observations import SystemInfo

SYS_DESCR, SYS_OBJECT_ID, SYS_UPTIME = "1.3.6.1.2.1.1.1", "1.3.6.1.2.1.1.2", "1.3.6.1.2.1.1.3"
SYS_NAME, SYS_LOCATION = "1.3.6.1.2.1.1.5", "1.3.6.1.2.1.1.6"
IF_NUMBER = "1.3.6.1.2.1.2.1"
IF_TABLE_LAST_CHANGE = "1.3.6.1.2.1.31.1.5"
LLDP_LAST_CHANGE = "1.0.8802.1.1.2.1.2.1"
"""LLDP-MIB lldpStatsRemTablesLastChangeTime."""

VOLATILE_CELLS = ((SYS_UPTIME, "0"), (IF_NUMBER, "0"), (IF_TABLE_LAST_CHANGE, "0"), (LLDP_LAST_CHANGE, "0"))
STATIC_CELLS = ((SYS_OBJECT_ID, "0"), (SYS_DESCR, "0"), (SYS_NAME, "0"), (SYS_LOCATION, "0"))


def cell(columns: Columns, oid: str) -> Value:
    column = columns.get(oid)
    return None if column is None else column.get("0")


def uptime_s(columns: Columns) -> float | None:
    return as_seconds(cell(columns, SYS_UPTIME))


def table_signature(columns: Columns) -> tuple[int | None, int | None]:
    """ifNumber and ifTableLastChange: when they differ from before, rows have to be learned again."""
    return as_gauge(cell(columns, IF_NUMBER)), as_gauge(cell(columns, IF_TABLE_LAST_CHANGE))


def lldp_changed_at(columns: Columns) -> int | None:
    return as_gauge(cell(columns, LLDP_LAST_CHANGE))


def system_info(device: DeviceId, columns: Columns, at: datetime, profile: str | None) -> SystemInfo:
    return SystemInfo(
        device=device,
        at=at,
        sys_name=as_text(cell(columns, SYS_NAME)),
        sys_object_id=as_oid(cell(columns, SYS_OBJECT_ID)),
        sys_descr=as_text(cell(columns, SYS_DESCR)),
        uptime_s=uptime_s(columns),
        profile=profile,
        location=as_text(cell(columns, SYS_LOCATION)),
    )
