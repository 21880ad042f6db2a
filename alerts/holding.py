"""What maintenance explains of an incident. Pure.

Held is what the work in progress accounts for, symptom by symptom, and nothing more. A component that is
worked on and seen well explains nothing behind it: what is still silent there has a cause of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from alerts.maintenance import Window, covered_by, link_covered, members
from alerts.model import Incident, IncidentKind
from topology.findings import Component, ComponentKind, DeviceCondition, LinkCondition, Verdict
from topology.graph import Failed, NetworkGraph
from topology.model import DeviceId, LinkId


def explained_by(
    incident: Incident, windows: Sequence[Window], verdict: Verdict, graph: NetworkGraph
) -> tuple[Window, ...]:
    """Those of the windows in progress that together account for all of it; empty when they don't."""
    if not windows or not _explained(incident, windows, verdict, graph):
        return ()
    needed = list(windows)
    for window in windows:
        fewer = [w for w in needed if w is not window]
        if fewer and _explained(incident, fewer, verdict, graph):
            needed = fewer
    return tuple(needed)


def settling(incident: Incident, verdict: Verdict) -> bool:
    """Whether somebody is being asked just now about what it explains: nothing is decided before."""
    own = set(incident.explains)
    return any(not cause.settled and own.intersection(cause.explains) for cause in verdict.causes)


def _explained(incident: Incident, windows: Sequence[Window], verdict: Verdict, graph: NetworkGraph) -> bool:
    if incident.kind is IncidentKind.CONDITION or not incident.explains:
        return covered_by(windows, incident.components, graph.inventory)
    reach = members({s for w in windows for s in w.subjects}, graph.inventory)
    out = _out_of_order(reach, verdict, graph)
    reached = graph.reach(graph.vantages, out)
    return all(_symptom_explained(symptom, reach, reached, graph) for symptom in incident.explains)


def _symptom_explained(
    symptom: Component, reach: Failed, reached: set[DeviceId], graph: NetworkGraph
) -> bool:
    match symptom.kind:
        case ComponentKind.LINK:
            return link_covered(LinkId(symptom.id), reach, graph.inventory)
        case ComponentKind.DEVICE:
            return symptom.id in reach.devices or (
                symptom.id in graph.inventory.devices and symptom.id not in reached
            )
    return False


def _out_of_order(reach: Failed, verdict: Verdict, graph: NetworkGraph) -> Failed:
    """Of what is worked on, all that is not seen well; with links that are down at devices worked on."""
    links = {i for i in reach.links if verdict.links.get(i) is not LinkCondition.UP}
    devices = {d for d in reach.devices if verdict.devices.get(d) is not DeviceCondition.UP}
    links |= {
        link
        for device in reach.devices
        for link, _ in graph.neighbours(device)
        if verdict.links.get(link) in (LinkCondition.DOWN, LinkCondition.DISABLED)
    }
    return Failed(frozenset(links), frozenset(devices))
