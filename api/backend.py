"""What the API needs of the running system. `ronda` implements it; tests make one from real values.

Whatever may wait for a disk is `async`; what lies in memory is not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from alerts.maintenance import Window, WindowId
from alerts.model import Incident, IncidentId
from api.access import Access
from api.changes import ChangeFeed
from api.findings import Findings
from api.past import Past
from api.register import Register
from storage.metrics.store import Aggregate, Series, Where
from storage.records.events import RecordedChange
from topology.clock import Clock
from topology.findings import Component, Verdict
from topology.model import Inventory, LinkId


@dataclass(frozen=True, slots=True)
class ReadinessCheck:
    """One thing without which the answers here can't be trusted."""

    name: str
    """E.g. verdict, records, metrics."""
    ok: bool
    why: str = ""
    """For a person: what is wrong."""


class NotActiveError(Exception):
    """The incident is resolved: there is nothing to take on any more."""


class RecordsUnavailableError(Exception):
    """The records can't be read or written just now; the API answers 503."""


class MetricsUnavailableError(Exception):
    """The measured values can't be read just now; the API answers 503."""


class Backend(Protocol):
    @property
    def inventory(self) -> Inventory: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def feed(self) -> ChangeFeed:
        """Where changes are published; the API's streams listen to it."""
        ...

    @property
    def access(self) -> Access:
        """Tokens, sessions and the audit log."""
        ...

    @property
    def register(self) -> Register:
        """Reports and the roll-out register."""
        ...

    @property
    def findings(self) -> Findings:
        """Neighbours against the inventory, and kept configurations."""
        ...

    def verdict(self) -> Verdict | None:
        """The newest; None before the first."""
        ...

    async def incidents(
        self,
        *,
        which: Literal["active", "all"],
        limit: int,
        after: IncidentId | None = None,
        since: datetime | None = None,
    ) -> Sequence[Incident]:
        """Newest first. `after`: the last one of the page before. `since`: not yet resolved then."""
        ...

    async def incident(self, id_: IncidentId) -> Incident | None: ...

    async def acknowledge(self, id_: IncidentId, who: str, note: str) -> Incident | None:
        """None: no such incident. Raises NotActiveError when it is resolved. The route tells the streams."""
        ...

    async def unacknowledge(self, id_: IncidentId, who: str, note: str) -> Incident | None:
        """Nobody is on it any more. As `acknowledge`."""
        ...

    async def comment(self, id_: IncidentId, who: str, text: str) -> Incident | None:
        """As `acknowledge`."""
        ...

    async def assign(self, id_: IncidentId, who: str, to: str | None) -> Incident | None:
        """`who` says that `to` works on it; None: nobody any more. As `acknowledge`."""
        ...

    async def link_ticket(self, id_: IncidentId, who: str, ticket: str | None) -> Incident | None:
        """The provider's ticket number; None takes it off. As `acknowledge`."""
        ...

    async def windows(self, since: datetime | None) -> Sequence[Window]:
        """Maintenance windows that were not over by then (None: all), cancelled ones too, oldest first."""
        ...

    async def plan(self, window: Window) -> bool:
        """Adds it, at once in force. False: its id is taken."""
        ...

    async def cancel_window(self, id_: WindowId) -> Window | None:
        """Ends it now. None: there is no such window."""
        ...

    async def events(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        subjects: Collection[Component] | None = None,
        limit: int = 200,
        after: int = 0,
    ) -> Sequence[RecordedChange]:
        """Changes of state of these (None: of everything) with since <= at < until, oldest first, with
        numbers above `after`."""
        ...

    async def past(self, at: datetime) -> Past:
        """How it stood then, from the log."""
        ...

    async def series(
        self,
        measurement: str,
        field: str,
        *,
        start_s: int,
        end_s: int,
        where: Where,
        every_s: int,
        aggregate: Aggregate,
    ) -> Sequence[Series]:
        """Measured values with start_s <= time < end_s, aggregated into periods of `every_s`. Raises
        MetricsUnavailableError."""
        ...

    async def loads(self) -> Mapping[LinkId, float]:
        """Each link's busiest five minutes of the last day, bits per second. Raises
        MetricsUnavailableError."""
        ...

    def safe_settings(self) -> Mapping[str, Any]:
        """What may be shown of the settings: no secret, and no place where one is."""
        ...

    async def readiness(self) -> Sequence[ReadinessCheck]:
        """Every check, passed or not. The first verdict is one of them."""
        ...

    def self_counters(self) -> Mapping[str, int | float]:
        """What moves in here, by part: integers count since the start, floats are levels."""
        ...
