"""When something is proven to be over. Missing evidence proves nothing. Pure."""

from __future__ import annotations

from alerts.model import Incident, IncidentKind
from topology.findings import Component, ComponentKind, DeviceCondition, LinkCondition, Verdict
from topology.model import DeviceId, LinkId


def symptom_over(symptom: Component, kind: IncidentKind, verdict: Verdict) -> bool:
    """Whether positive evidence ended it. What is no longer in the inventory is over, too."""
    if symptom.kind is ComponentKind.DEVICE:
        device = DeviceId(symptom.id)
        if kind is IncidentKind.MANAGEMENT:
            return device in verdict.manageable or device not in verdict.devices
        return verdict.devices.get(device, DeviceCondition.UP) is DeviceCondition.UP
    if symptom.kind is ComponentKind.LINK:
        condition = verdict.links.get(LinkId(symptom.id), LinkCondition.UP)
        return condition in (LinkCondition.UP, LinkCondition.DISABLED)
    return True


def cause_cleared(incident: Incident, verdict: Verdict) -> bool:
    """Whether what it blames had itself been seen failed, and is now seen well again.

    What is still broken then has another cause: a new incident, not a change of blame in this one.
    """
    seen_failed = [c for c in incident.components if c in incident.explains]
    return bool(seen_failed) and all(symptom_over(c, incident.kind, verdict) for c in seen_failed)
