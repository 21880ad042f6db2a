"""What a report is made from, as the records hold it, and what of it concerns whom. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from alerts.maintenance import Window, covers, members, occurrences
from alerts.model import Incident, IncidentId
from reports.availability import Exclusion, Part
from reports.blame import JUDGED, Blame
from reports.spans import Span, span, union
from reports.standing import Stretch, blind_spans, stretches
from storage.records.events import RecordedChange
from storage.records.outage_causes import CauseFound
from topology.findings import Component, ComponentKind
from topology.graph import NetworkGraph
from topology.history import MONITOR
from topology.model import Inventory, OfficeId

AROUND = timedelta(days=1)
"""Looked at before and after the period, so that an outage across its border has its whole length."""


@dataclass(frozen=True)
class Facts:
    """Of a period, and of the day before and after it."""

    inventory: Inventory
    period: Span
    frame: Span
    """The period with what is around it; never beyond the present."""
    log: Mapping[Component, Sequence[RecordedChange]]
    incidents: Sequence[Incident]
    watched: Sequence[Span]
    windows: Sequence[Window] = ()
    words: Mapping[IncidentId, Sequence[CauseFound]] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> dict[str, Incident]:
        return {i.id: i for i in self.incidents}

    @cached_property
    def judged(self) -> list[Incident]:
        """Outages and losses of a path; not conditions, and not what was never told."""
        return [i for i in self.incidents if i.kind in JUDGED and i.told]

    @cached_property
    def blame(self) -> Blame:
        return Blame(self.inventory, self.incidents, self.words)

    @cached_property
    def blind(self) -> list[Span]:
        return blind_spans(self.log.get(MONITOR, ()), self.frame)

    @cached_property
    def seeing(self) -> list[Span]:
        return union(self.watched)

    @cached_property
    def stood(self) -> dict[OfficeId, list[Stretch]]:
        """How each office stood, all of the frame."""
        return {
            office: stretches(
                self.log.get(Component(ComponentKind.OFFICE, office), ()), self.seeing, self.blind, self.frame
            )
            for office in self.inventory.offices
        }

    # --- maintenance

    @cached_property
    def works(self) -> list[tuple[Window, list[Span]]]:
        """Every window with its times in the frame, from when it was announced."""
        zone = ZoneInfo(self.inventory.network.timezone)
        found = []
        for window in self.windows:
            times = occurrences(window, self.frame.since, self.frame.until, zone)
            spans = [s for since, until in times if (s := span(max(since, window.created_at), until))]
            if spans:
                found.append((window, spans))
        return found

    @cached_property
    def _cut_by_works(self) -> dict[str, frozenset[OfficeId]]:
        """By window: offices that its work alone cuts off."""
        graph = NetworkGraph(self.inventory)
        before = graph.reach(graph.hub_devices)
        found = {}
        for window, _ in self.works:
            after = graph.reach(graph.hub_devices, members(window.subjects, self.inventory))
            lost = before - after
            found[str(window.id)] = frozenset(
                o for o, devices in graph.office_devices.items() if devices and lost.issuperset(devices)
            )
        return found

    def excused_office(self, office: OfficeId, incidents: Iterable[Incident]) -> list[Exclusion]:
        """Maintenance: of the office itself; of all that an incident blames; or, where no incident explains
        it, work that cuts the office off."""
        found: list[Exclusion] = []
        part = Part.EXCLUDED_MAINTENANCE
        for window, spans in self.works:
            its_own = Component(ComponentKind.OFFICE, office) in window.subjects
            if its_own:
                found += [Exclusion(s, part, window=window.id) for s in spans]
                continue
            if office in self._cut_by_works[str(window.id)]:
                found += [Exclusion(s, part, window=window.id, unexplained=True) for s in spans]
            for incident in incidents:
                if covers(window, incident.components, self.inventory):
                    found += [Exclusion(s, part, incident.id, window.id) for s in spans]
        return found

    def excused_components(self, components: Sequence[Component], incident: Incident) -> list[Exclusion]:
        """Maintenance of these, or of all that the incident blames."""
        return [
            Exclusion(s, Part.EXCLUDED_MAINTENANCE, incident.id, window.id)
            for window, spans in self.works
            if covers(window, components, self.inventory)
            or covers(window, incident.components, self.inventory)
            for s in spans
        ]
