"""SNMPv2-MIB system group (RFC 3418)."""

from __future__ import annotations

from lab import codec
from lab.mib.subject import Subject
from lab.view import Rows

_SYSTEM = (1, 3, 6, 1, 2, 1, 1)
_SERVICES = 78
"""Physical, link, internet, end-to-end, applications: what such routers report."""


def write(subject: Subject, rows: Rows) -> None:
    hardware, inventory = subject.hardware, subject.network.inventory
    office = inventory.offices.get(hardware.device.office) if hardware.device.office else None
    where = ", ".join(p for p in (office.name, office.kecamatan) if p) if office else ""
    rows.scalar((*_SYSTEM, 1), codec.octets(hardware.sys_descr))
    rows.scalar((*_SYSTEM, 2), codec.oid(codec.parse_oid(hardware.vendor.sys_object_id)))
    rows.scalar((*_SYSTEM, 3), lambda at_s: codec.timeticks(subject.uptime_s(at_s)))
    rows.scalar((*_SYSTEM, 4), codec.octets("NOC DKISP (simulated)"))
    rows.scalar((*_SYSTEM, 5), codec.octets(hardware.sys_name))
    rows.scalar((*_SYSTEM, 6), codec.octets(where))
    rows.scalar((*_SYSTEM, 7), codec.integer(_SERVICES))
