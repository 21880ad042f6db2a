"""Who said that something was out of order: lines of the event log, and what they rest on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime, timedelta
from urllib.parse import quote

from alerts.model import Incident
from alerts.words import component_name
from reports.model import ComponentRow, EvidenceRow
from reports.spans import Span
from storage.records.events import RecordedChange
from topology.findings import Component, ComponentKind, DeviceCondition, LinkCondition
from topology.model import Inventory, LinkId, OfficeId

BEFORE = timedelta(minutes=5)
"""An office is called cut only after its neighbours were asked: what was seen first lies before."""
MOST = 20
"""Lines shown of one outage; the log has them all."""
_BAD = {
    ComponentKind.DEVICE: {DeviceCondition.SILENT.value, DeviceCondition.SHADOW.value},
    ComponentKind.LINK: {LinkCondition.DOWN.value},
}
Log = Mapping[Component, Sequence[RecordedChange]]
"""Changes by subject, each subject's in the order of time."""


def witnesses(incidents: Iterable[Incident]) -> set[Component]:
    """Devices and links whose log may tell something about these."""
    return {c for i in incidents for c in (*i.explains, *i.components) if c.kind in _BAD}


def evidence_of(
    incidents: Iterable[Incident], outage: Span, log: Log, inventory: Inventory
) -> tuple[EvidenceRow, ...]:
    """Of each witness what it last said before the outage, if that was bad, and every bad word during it."""
    found: dict[int, RecordedChange] = {}
    all_of_them = witnesses(incidents)
    mute = {c.id for c in all_of_them if c.kind is ComponentKind.DEVICE}
    for component in all_of_them:
        lines = [r for r in log.get(component, ()) if r.change.at < outage.until]
        before = [r for r in lines if r.change.at < outage.since - BEFORE][-1:]
        during = [r for r in lines if r.change.at >= outage.since - BEFORE]
        bad = _BAD[component.kind]
        found |= {r.id: r for r in (*before, *during) if r.change.now in bad}
    lines = sorted(found.values(), key=lambda r: (r.change.at, r.id))[:MOST]
    return tuple(
        EvidenceRow(
            event=r.id,
            at=r.change.at,
            subject=component_row(r.change.subject, inventory),
            said=r.change.now,
            through=_through(r.change.subject, inventory, mute),
        )
        for r in lines
    )


def _through(subject: Component, inventory: Inventory, mute: Set[str]) -> tuple[str, ...]:
    """A device is called silent by its probes, a link down by the ports at its monitored ends: not by one at
    a device that could not be heard itself."""
    if subject.kind is ComponentKind.DEVICE:
        return (f"probe:{subject.id}",)
    link = inventory.links.get(LinkId(subject.id))
    ends = [] if link is None else [end for end in link.ends if end.port is not None]
    monitored = [e for e in ends if e.device in inventory.devices and inventory.devices[e.device].monitored]
    heard = [e for e in monitored if e.device not in mute] or monitored
    return tuple(f"interface:{end.port}" for end in heard)


def component_row(component: Component, inventory: Inventory) -> ComponentRow:
    name = component_name(component, inventory, inventory.network.language)
    if component.kind is ComponentKind.OFFICE:
        office = inventory.offices.get(OfficeId(component.id))
        name = office.name if office is not None else component.id
    return ComponentRow(component.kind, component.id, name)


def events_url(subject: Component, since: datetime, until: datetime) -> str:
    """Where the API gives the lines of the log behind a figure."""
    return (
        f"/api/v1/events?subject={quote(str(subject), safe=':')}"
        f"&since={quote(since.isoformat())}&until={quote(until.isoformat())}"
    )
