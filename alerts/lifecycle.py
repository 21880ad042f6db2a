"""The life of one incident: the only place where what happens to a network changes its status. Pure.

    suspected ──► open ──► acknowledged ──► resolved      (a number that people see comes with "open")
        │           └──────────────────────────▲ │
        └──► resolved (dismissed, nobody told)   └──► open again, within the reopen window

What people do with it (acknowledge, assign, a ticket) is in `steps`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from alerts import affected
from alerts.changing import changed, held
from alerts.findings import Finding
from alerts.model import Happened, Incident, IncidentStatus, Severity, TimelineEntry
from alerts.numbers import IncidentNumbers
from alerts.severity import severity_of
from alerts.steps import Step, names, noted
from topology.model import Office, OfficeId


class Lifecycle:
    def __init__(self, offices: Mapping[OfficeId, Office], numbers: IncidentNumbers) -> None:
        self._offices = offices
        self._numbers = numbers
        self.since: affected.Since = {}
        """Of the newest verdict; whoever takes one in sets it."""

    def begin(self, finding: Finding, now: datetime) -> Step:
        incident = Incident(
            id=self._numbers.suspicion(),  # it gets one that people see when it opens
            kind=finding.kind,
            status=IncidentStatus.SUSPECTED,
            severity=self._severity(finding),
            components=finding.components,
            explains=finding.explains,
            confidence=finding.confidence,
            why=finding.why,
            began_at=finding.since,
            alternatives=finding.alternatives,
            offices=affected.affected(finding, self.since),
            timeline=(TimelineEntry(now, Happened.SUSPECTED, finding.why),),
            group=finding.group,
            changed_at=now,
            condition=finding.condition,
            facts=finding.facts,
            lapses_at=None if finding.lasts_s is None else now + timedelta(seconds=finding.lasts_s),
        )
        if finding.settled:
            return Step(None, self._opened(incident, finding, now), (Happened.SUSPECTED, Happened.OPENED))
        return Step(None, incident, (Happened.SUSPECTED,))

    def _opened(self, incident: Incident, finding: Finding, now: datetime) -> Incident:
        return replace(
            noted(incident, Happened.OPENED, now, finding.why),
            id=self._numbers.new(now),
            status=IncidentStatus.OPEN,
            opened_at=now,
            # Again: while it settled, the offices were not yet called cut, and so not since when.
            offices=affected.affected(finding, self.since),
        )

    def follow(self, incident: Incident, finding: Finding, now: datetime) -> Step | None:
        """The same cause again. None: nothing is otherwise than it was."""
        if incident.told and not finding.settled:
            return None  # what has been told is neither changed nor reopened on a suspicion
        if finding.holds and incident.told:
            finding = held(incident, finding)
        before, happened = incident, []
        if incident.status is IncidentStatus.RESOLVED:
            incident = noted(incident, Happened.REOPENED, now, finding.why)
            incident = replace(
                incident,
                status=IncidentStatus.OPEN,
                resolved_at=None,
                reopened_at=finding.since,
                acknowledged_at=None,
                acknowledged_by=None,
            )
            happened.append(Happened.REOPENED)
        if finding.components != incident.components:
            why = f"{names(incident.components)} → {names(finding.components)}: {finding.why}"
            incident = noted(incident, Happened.REATTRIBUTED, now, why)
            happened.append(Happened.REATTRIBUTED)
        if (otherwise := changed(before, finding)) is not None:
            incident = noted(incident, Happened.CHANGED, now, otherwise)
            happened.append(Happened.CHANGED)
        incident, moved = affected.followed(incident, finding, now, self.since)
        happened += moved
        severity = self._severity(finding)
        if severity is not incident.severity:
            incident = noted(incident, Happened.SEVERITY, now, f"{incident.severity} → {severity}")
            happened.append(Happened.SEVERITY)
        if incident.status is IncidentStatus.SUSPECTED and finding.settled:
            incident = self._opened(incident, finding, now)
            happened.append(Happened.OPENED)
        incident = replace(
            incident,
            kind=finding.kind,
            severity=severity,
            components=finding.components,
            explains=finding.explains,
            confidence=finding.confidence,
            why=finding.why,
            alternatives=finding.alternatives,
            group=finding.group,
            condition=finding.condition,
            facts=finding.facts or incident.facts,
        )
        if finding.lasts_s is not None:
            incident = replace(incident, lapses_at=now + timedelta(seconds=finding.lasts_s))
        if incident == before:
            return None
        if happened:
            incident = revised(incident, now)
        return Step(before, incident, tuple(happened))

    def end(self, incident: Incident, happened: Happened, now: datetime, why: str) -> Step:
        ended = replace(
            noted(incident, happened, now, why),
            status=IncidentStatus.RESOLVED,
            resolved_at=now,
            offices=affected.ended(incident, now, self.since),
        )
        return Step(incident, revised(ended, now), (happened,))

    def _severity(self, finding: Finding) -> Severity:
        return finding.severity or severity_of(finding.kind, finding.offices, self._offices)


def revised(incident: Incident, now: datetime) -> Incident:
    """It is another than people were told of."""
    return replace(incident, revision=incident.revision + 1, changed_at=now)
