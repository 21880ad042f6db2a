"""Which of the evidence that an earlier process left still tells something beside its incidents. Pure.

The records of incidents are committed at once, evidence every few seconds: after a crash it may be older than
they are, and must neither end an incident that began after it nor bring back one that has ended since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from alerts.model import Incident
from topology.findings import Component, ComponentKind
from topology.model import DeviceId, Inventory, LinkId, PortRef
from topology.observations import Light, Observation, OperStatus, OpticalReading, PortStatus, Reachability

FUTURE = timedelta(minutes=1)
"""More than clocks that are kept right go apart."""
_Subject = DeviceId | PortRef


def telling(
    evidence: Iterable[Observation],
    incidents: Iterable[Incident],
    inventory: Inventory,
    now: datetime | None = None,
) -> Iterator[Observation]:
    """Without good news older than an incident that is open, and bad news older than the end of one.

    With `now`, without what was seen later than that, too: the clock was wrong then, and nothing that is seen
    from here on would count against it until that time has come.
    """
    failed, mended = _known(incidents, inventory)
    for seen in evidence:
        if now is not None and seen.at > now:
            continue
        subject, good = _says(seen)
        newer = failed if good else mended
        if subject is None or (at := newer.get(subject)) is None or seen.at > at:
            yield seen


def _known(
    incidents: Iterable[Incident], inventory: Inventory
) -> tuple[dict[_Subject, datetime], dict[_Subject, datetime]]:
    """Until when each thing is known to have failed, and from when to be well."""
    failed: dict[_Subject, datetime] = {}
    mended: dict[_Subject, datetime] = {}
    for incident in incidents:
        known, at = (failed, incident.changed_at) if incident.active else (mended, incident.resolved_at)
        if at is None:
            continue
        for component in incident.explains:
            for subject in _subjects(component, inventory):
                known[subject] = max(at, known.get(subject, at))
    return failed, mended


def _subjects(component: Component, inventory: Inventory) -> Iterator[_Subject]:
    if component.kind is ComponentKind.DEVICE:
        yield DeviceId(component.id)
    elif component.kind is ComponentKind.LINK and (link := inventory.links.get(LinkId(component.id))):
        yield from (end.port for end in link.ends if end.port is not None)


def _says(seen: Observation) -> tuple[_Subject | None, bool]:
    """Of what it speaks, and whether it is good news."""
    match seen:
        case Reachability():
            return seen.device, seen.answered
        case PortStatus():
            # One known by its description or alias is kept under that name (topology.evidence).
            name = seen.if_descr or seen.if_alias or seen.port.if_name
            return PortRef(seen.port.device, name), seen.oper is OperStatus.UP
        case OpticalReading():
            return seen.port, seen.light is not Light.DARK
    return None, True
