"""Who is told of what. Pure; the settings' `alerts:` section is read into these values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from alerts.model import Incident, IncidentKind, ReceiverId, Severity

_RANK = {Severity.CRITICAL: 3, Severity.MAJOR: 2, Severity.WARNING: 1, Severity.INFO: 0}


@dataclass(frozen=True, slots=True)
class Route:
    """Incidents that match all that is given go to `receivers`. Every matching route counts."""

    receivers: tuple[ReceiverId, ...]
    min_severity: Severity = Severity.INFO
    kinds: frozenset[IncidentKind] = field(default_factory=frozenset)
    """Empty: every kind."""

    def matches(self, incident: Incident) -> bool:
        return _RANK[incident.severity] >= _RANK[self.min_severity] and (
            not self.kinds or incident.kind in self.kinds
        )


def receivers_of(incident: Incident, routes: Sequence[Route]) -> tuple[ReceiverId, ...]:
    """Each receiver once, those already told first: they are owed the rest of the story."""
    names = list(incident.receivers)
    for route in routes:
        if route.matches(incident):
            names += [r for r in route.receivers if r not in names]
    return tuple(names)
