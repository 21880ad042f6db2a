"""What incidents are called: R-240131-007, the seventh of that day; until people see it, S-12. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo

from alerts.model import IncidentId


class IncidentNumbers:
    """None is given twice, though the incident of the newest may be forgotten before its day is over."""

    def __init__(self, timezone: tzinfo, known: Iterable[IncidentId] = ()) -> None:
        """`timezone`: the network's, for the day. `known`: those given before."""
        self._timezone = timezone
        self._suspicions = 0
        self._last: dict[str, int] = {}
        """By day."""
        for id_ in known:
            self._note(id_)

    def new(self, at: datetime) -> IncidentId:
        day = at.astimezone(self._timezone).strftime("%y%m%d")
        number = self._last.get(day, 0) + 1
        self._last = {day: number}
        return IncidentId(f"R-{day}-{number:03d}")

    def suspicion(self) -> IncidentId:
        self._suspicions += 1
        return IncidentId(f"S-{self._suspicions}")

    def _note(self, id_: IncidentId) -> None:
        kind, _, rest = id_.partition("-")
        day, _, number = rest.rpartition("-")
        if kind == "R" and number.isdigit():
            self._last[day] = max(int(number), self._last.get(day, 0))
