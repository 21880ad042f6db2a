"""Which offices an incident affects, each with its own since and until. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from alerts.findings import Finding
from alerts.model import AffectedOffice, Happened, Incident, IncidentKind
from alerts.steps import noted
from topology.model import OfficeId

Since = Mapping[OfficeId, datetime | None]
"""Since when each office is as the newest verdict says."""


def affected(finding: Finding, since: Since) -> tuple[AffectedOffice, ...]:
    """Each since the evidence says so, which is before anybody could be told."""
    if finding.kind is IncidentKind.CONDITION:
        since = {}  # how the office is connected has nothing to do with it
    return tuple(AffectedOffice(o, c, since.get(o) or finding.since) for o, c in finding.offices.items())


def followed(
    incident: Incident, finding: Finding, now: datetime, since: Since
) -> tuple[Incident, list[Happened]]:
    """The incident with its offices as the finding has them now."""
    standing = {o.office: o for o in incident.offices_now}
    wanted = finding.offices
    gone = [o for o in standing if o not in wanted or standing[o].connectivity is not wanted[o]]
    come = [o for o in wanted if o not in standing or standing[o].connectivity is not wanted[o]]
    if not gone and not come:
        return incident, []
    if not incident.told:  # nobody has heard of it yet: what it turned out to be is all there is to tell
        return replace(incident, offices=affected(finding, since)), [Happened.GREW]
    condition = finding.kind is IncidentKind.CONDITION
    offices = tuple(
        _until(incident, o, now, since) if o.until is None and o.office in gone else o
        for o in incident.offices
    ) + tuple(AffectedOffice(o, wanted[o], (not condition and since.get(o)) or now) for o in come)
    incident = replace(incident, offices=offices)
    happened = []
    if come:
        happened.append(Happened.GREW)
        incident = noted(incident, Happened.GREW, now, ", ".join(f"{o} {wanted[o].value}" for o in come))
    if left := [o for o in gone if o not in wanted]:
        happened.append(Happened.SHRANK)
        incident = noted(incident, Happened.SHRANK, now, ", ".join(left))
    return incident, happened


def ended(incident: Incident, now: datetime, since: Since) -> tuple[AffectedOffice, ...]:
    return tuple(_until(incident, o, now, since) if o.until is None else o for o in incident.offices)


def _until(incident: Incident, office: AffectedOffice, now: datetime, since: Since) -> AffectedOffice:
    """Until the verdict's own time of its next state, where that is known."""
    known = None if incident.kind is IncidentKind.CONDITION else since.get(office.office)
    return replace(office, until=known if known is not None and known > office.since else now)
