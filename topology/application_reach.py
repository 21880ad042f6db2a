"""Which offices can't use an application, and why: from the verdict and the check together. Pure."""

from __future__ import annotations

from enum import StrEnum

from topology.findings import Connectivity, DeviceCondition, Verdict
from topology.model import Application, Inventory, OfficeId

_DARK = (DeviceCondition.SILENT, DeviceCondition.SHADOW)
_REACHED = (Connectivity.CONNECTED, Connectivity.DEGRADED)


class Unusable(StrEnum):
    """Why an office can't use an application; the nearest reason counts."""

    OFFICE_CUT = "office_cut"
    """The office itself is cut off."""
    HOST_CUT = "host_cut"
    """The office or device that hosts it is cut off or silent."""
    APPLICATION_DOWN = "application_down"
    """Office and host are joined, and the application does not answer."""


def unusable(application: Application, verdict: Verdict, inventory: Inventory) -> dict[OfficeId, Unusable]:
    """By office, of those that use it. Offices of which nothing is known are left out."""
    judged = verdict.applications.get(application.id)
    if judged is None:
        return {}
    host = inventory.devices[application.hosted_at]
    at_host = verdict.offices.get(host.office) if host.office is not None else None
    host_dark = verdict.devices.get(host.id) in _DARK or (
        at_host is not None and at_host.connectivity is Connectivity.CUT
    )
    found: dict[OfficeId, Unusable] = {}
    for user in application.used_by if application.used_by is not None else verdict.offices:
        office = verdict.offices.get(user)
        if office is None:
            continue
        if user in judged.lost_by:
            own = office.connectivity is Connectivity.CUT and user != host.office
            found[user] = Unusable.OFFICE_CUT if own else Unusable.HOST_CUT
        elif judged.up is False and office.connectivity in _REACHED:
            found[user] = Unusable.HOST_CUT if host_dark else Unusable.APPLICATION_DOWN
    return found
