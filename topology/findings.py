"""What follows from the evidence: the values that flow from the domain to alerts, records and the API.

Frozen and self-contained, so that a verdict can be stored, compared, sent and shown without the state
it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from topology.model import ApplicationId, DeviceId, LinkId, OfficeId


class Connectivity(StrEnum):
    """Whether an office reaches a hub."""

    CONNECTED = "connected"
    DEGRADED = "degraded"
    """Connected, with fewer risk-disjoint paths than its design has."""
    CUT = "cut"
    UNKNOWN = "unknown"
    NOT_CONNECTED = "not_connected"
    """The plan says so: it was never joined."""


class DeviceCondition(StrEnum):
    UP = "up"
    SILENT = "silent"
    """N probes in a row unanswered, and nothing else of it heard freshly."""
    SHADOW = "shadow"
    """Silent because it lies behind known-down components on every path: explained, not a cause."""
    UNKNOWN = "unknown"


class LinkCondition(StrEnum):
    UP = "up"
    DOWN = "down"
    DISABLED = "disabled"
    """Shut by an administrator."""
    UNKNOWN = "unknown"


class ComponentKind(StrEnum):
    LINK = "link"
    DEVICE = "device"
    RISK_GROUP = "risk_group"
    PROVIDER = "provider"
    APPLICATION = "application"
    OFFICE = "office"
    PORT = "port"
    """DEVICE:IF_NAME, where no link ends at it."""
    MONITOR = "monitor"
    """A part of the monitor itself: polls, disk, records, ..."""
    CONNECTION = "connection"
    """An office's line that the plan doesn't call active yet: the subject of its first answer."""


@dataclass(frozen=True, slots=True, order=True)
class Component:
    """Something that can fail, be taken down, or change its state."""

    kind: ComponentKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Cause:
    """One hypothesis that explains a set of symptoms. Those of one `group` compete; rank 1 is the best."""

    group: str
    """The same for every hypothesis about the same symptoms."""
    rank: int
    components: tuple[Component, ...]
    explains: tuple[Component, ...]
    """The symptoms: silent devices, links down."""
    confidence: float
    """0 to 1; of one group they add up to at most 1."""
    why: str
    """In words, for a person: what was seen, and why that points here."""
    since: datetime
    """When the first symptom that it explains began."""
    settled: bool = True
    """False while ancestors and neighbours are still being asked (rule 7): not yet to be alerted."""
    cut: tuple[OfficeId, ...] = ()
    degraded: tuple[OfficeId, ...] = ()


@dataclass(frozen=True, slots=True)
class Flapping:
    """A component that changes too often to be reported change by change."""

    component: Component
    change_ratio: float
    """Weighted share of changes over the last 20 states, 0 to 1."""
    since: datetime


@dataclass(frozen=True, slots=True)
class OfficeVerdict:
    office: OfficeId
    connectivity: Connectivity
    since: datetime | None
    paths: int
    """Risk-disjoint paths to a hub that are left."""
    paths_designed: int
    causes: tuple[str, ...] = ()
    """Groups of the causes that made it so."""


@dataclass(frozen=True, slots=True)
class ApplicationVerdict:
    application: ApplicationId
    up: bool | None
    """The application itself, as checked from the vantage; ``None`` when nobody looked."""
    lost_by: tuple[OfficeId, ...] = ()
    """Offices that use it and can't reach it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The whole network at one moment."""

    at: datetime
    offices: Mapping[OfficeId, OfficeVerdict]
    devices: Mapping[DeviceId, DeviceCondition]
    links: Mapping[LinkId, LinkCondition]
    causes: tuple[Cause, ...] = ()
    """Every group's hypotheses, best group first, rank 1 first."""
    blind: bool = False
    """The vantage itself is cut off: nobody is called cut on its word."""
    applications: Mapping[ApplicationId, ApplicationVerdict] = field(default_factory=dict)
    flapping: tuple[Flapping, ...] = ()
    management_faults: tuple[DeviceId, ...] = ()
    """SNMP silent while ICMP answers: a fault of management, never an outage."""
    manageable: frozenset[DeviceId] = frozenset()
    """Devices whose SNMP answered when it was last asked: the only proof that a management fault is over."""
    wanted: tuple[DeviceId, ...] = ()
    """Devices whose fresh evidence would settle what is open: to be probed and polled at once."""
    look_again_at: datetime | None = None
    """When this verdict may change with no new observation (settling over, evidence gone stale)."""


@dataclass(frozen=True, slots=True)
class StateChange:
    """One line of the event log: append-only, enough to rebuild any past moment."""

    at: datetime
    subject: Component
    was: str | None
    """``None``: first seen."""
    now: str
    why: str = ""
