"""A part of an incident that has a cause of its own now; and several moves of one incident as one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import replace
from datetime import datetime

from alerts.model import Happened, Incident, IncidentId, IncidentKind
from alerts.steps import Step, names, noted
from topology.findings import Component

DOWN = (IncidentKind.OUTAGE, IncidentKind.REDUNDANCY, IncidentKind.FLAPPING)
"""Kinds whose symptoms are things that are down."""


def owners(incidents: Iterable[Incident]) -> dict[Component, IncidentId]:
    """Which incident has told of each symptom."""
    return {s: i.id for i in incidents if i.active and i.told and i.kind in DOWN for s in i.explains}


def note_splits(
    found: Iterable[Step],
    told_before: Mapping[Component, IncidentId],
    incidents: MutableMapping[IncidentId, Incident],
    now: datetime,
) -> list[Step]:
    """What opens now and was explained by another incident until now has split off from it: both say so."""
    result = []
    for step in found:
        whole = incidents.get(_origin(step, told_before) or IncidentId(""))
        if whole is not None:
            part = noted(step.after, Happened.SPLIT, now, f"was part of {whole.id} until now")
            why = f"{names(part.components)} has a cause of its own: {part.id}"
            incidents[part.id] = replace(part, split_from=whole.id)
            incidents[whole.id] = noted(whole, Happened.SPLIT, now, why)
            result.append(Step(whole, incidents[whole.id], (Happened.SPLIT,)))
        result.append(step)
    return _as_one(result, incidents)


def _origin(step: Step, told_before: Mapping[Component, IncidentId]) -> IncidentId | None:
    if Happened.OPENED not in step.happened or step.after.kind not in DOWN:
        return None
    origins = [told_before[s] for s in step.after.explains if s in told_before]
    return max(sorted(set(origins)), key=origins.count, default=None)


def _as_one(found: Iterable[Step], incidents: Mapping[IncidentId, Incident]) -> list[Step]:
    """One step an incident, as it is now, with all that happened to it; in the order of the first of them."""
    whole: dict[IncidentId, Step] = {}
    for step in found:
        id_ = step.after.id
        first = whole.get(id_, step)
        happened = step.happened if first is step else (*first.happened, *step.happened)
        whole[id_] = Step(first.before, incidents.get(id_, step.after), happened)
    return list(whole.values())
