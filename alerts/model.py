"""An incident, its life, and what is told to whom. Frozen values; `alerts.incident` moves them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from topology.findings import Component, Connectivity
from topology.model import OfficeId

IncidentId = NewType("IncidentId", str)
ReceiverId = NewType("ReceiverId", str)


class Severity(StrEnum):
    CRITICAL = "critical"
    MAJOR = "major"
    WARNING = "warning"
    INFO = "info"


class IncidentKind(StrEnum):
    OUTAGE = "outage"
    BLIND = "blind"
    """The monitor itself is cut off."""
    REDUNDANCY = "redundancy"
    """Something is down, nobody is cut: a spare path is gone."""
    MANAGEMENT = "management"
    """A device forwards, but can't be managed (SNMP silent while ICMP answers)."""
    FLAPPING = "flapping"
    CONDITION = "condition"
    """Not an outage: light low, errors, load, temperature, the monitor unwell."""


class ConditionKind(StrEnum):
    """Which condition, for an incident of kind `condition`. docs/conditions.md says how each is judged, and
    which facts come with it."""

    OPTICAL_LOW = "optical_low"
    OPTICAL_HIGH = "optical_high"
    """More light than the receiver bears."""
    OPTICAL_DROP = "optical_drop"
    """Below the link's own baseline."""
    OPTICAL_TREND = "optical_trend"
    """Falling, and below the limit in so many days."""
    ERRORS = "errors"
    UTILISATION = "utilisation"
    TEMPERATURE = "temperature"
    HARDWARE = "hardware"
    """A fan, a power supply or another part says that it has failed."""
    ON_BATTERY = "on_battery"
    BATTERY_LOW = "battery_low"
    CERTIFICATE = "certificate"
    APPLICATION_DOWN = "application_down"
    CONFIG_CHANGED = "config_changed"
    DISCOVERY_MISMATCH = "discovery_mismatch"
    MONITOR_UNWELL = "monitor_unwell"
    OFFICE_CONNECTED = "office_connected"
    """An office that the plan calls not connected answers for the first time."""


Fact = tuple[str, str | int | float]
"""A name and its value, the unit in the name: ("rx_dbm", -28.1). Templates write them in both languages.
Whole numbers are spelt out for pydantic, which keeps them whole in records and answers."""


class IncidentStatus(StrEnum):
    SUSPECTED = "suspected"
    """Settling: nobody has been told yet."""
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Happened(StrEnum):
    """What a timeline entry records."""

    SUSPECTED = "suspected"
    OPENED = "opened"
    GREW = "grew"
    SHRANK = "shrank"
    REATTRIBUTED = "reattributed"
    SEVERITY = "severity"
    ACKNOWLEDGED = "acknowledged"
    COMMENTED = "commented"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    MERGED = "merged"
    """Another incident explains all of it and goes on alone."""
    SPLIT = "split"
    """A part of it has a cause of its own."""
    CHANGED = "changed"
    """The same cause shows itself otherwise: light that fell is now below its limit; a link flaps."""
    ASSIGNED = "assigned"
    TICKETED = "ticketed"
    """The provider's ticket number was noted."""
    CONNECTED = "connected"
    """An office that was never joined answers."""
    LAPSED = "lapsed"
    """A notice (something that happened, not a state) has been there long enough."""
    DISMISSED = "dismissed"
    """It went away before anybody was told."""
    HELD = "held"
    """Maintenance explains it: nobody is told while that lasts."""
    RELEASED = "released"
    """Maintenance no longer explains it, and it still stands."""
    ESCALATED = "escalated"
    """Nobody took it on in time: the next ones were told."""
    UNACKNOWLEDGED = "unacknowledged"
    """Nobody is on it any more."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    at: datetime
    what: Happened
    why: str
    who: str | None = None
    """A person's name when a person did it; ``None`` when the evidence did."""


@dataclass(frozen=True, slots=True)
class AffectedOffice:
    office: OfficeId
    connectivity: Connectivity
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A competing explanation, kept with the incident for its message."""

    components: tuple[Component, ...]
    confidence: float
    why: str


class Waits(StrEnum):
    """For what a message waits."""

    QUIET = "quiet"
    """The end of quiet hours."""
    DIGEST = "digest"
    """The next digest."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What one receiver knows of an incident, and what it is still to be told."""

    receiver: ReceiverId
    at: datetime | None = None
    """When it was last told; None: never yet."""
    waits: Waits | None = None
    reason: Reason | None = None
    """Of what waits."""
    since: datetime | None = None
    """How long that has waited."""
    digest: bool = False
    """It hears of this incident in digests only."""


@dataclass(frozen=True, slots=True)
class EscalationClock:
    """How far an escalation policy has come with an incident."""

    policy: str
    since: datetime
    steps: int = 0
    """Taken so far."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One cause, one incident."""

    id: IncidentId
    kind: IncidentKind
    status: IncidentStatus
    severity: Severity
    components: tuple[Component, ...]
    """What is blamed now."""
    explains: tuple[Component, ...]
    confidence: float
    why: str
    began_at: datetime
    """When the first symptom began."""
    alternatives: tuple[Hypothesis, ...] = ()
    opened_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    resolved_at: datetime | None = None
    reopened_at: datetime | None = None
    """When its present recurrence began, if it came back after it was resolved."""
    offices: tuple[AffectedOffice, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    group: str | None = None
    """The verdict's name for these symptoms, to find it again."""
    revision: int = 1
    """Rises with every change that a person would want to know."""
    told_revision: int = 0
    """The last revision that notifications were made of."""
    changed_at: datetime | None = None
    """When it last changed in such a way."""
    receivers: tuple[ReceiverId, ...] = ()
    """Who has been told of it, and so is told how it ends, whatever the routes say by then."""
    condition: ConditionKind | None = None
    """For kind `condition`: which."""
    facts: tuple[Fact, ...] = ()
    """What was measured, and against what, for its message."""
    assigned_to: str | None = None
    """Who works on it."""
    ticket: str | None = None
    """The provider's ticket number."""
    lapses_at: datetime | None = None
    """For a notice: when it ends by itself, without a message."""
    merged_into: IncidentId | None = None
    """It ended because this one explains all of it; what it told of may still stand."""
    split_from: IncidentId | None = None
    """What it explains was this one's before it had a cause of its own."""
    held_by: tuple[str, ...] = ()
    """Ids of the maintenance windows that explain it now: nobody is told of it."""
    tellings: tuple[Telling, ...] = ()
    """What each receiver knows, and waits for (alerts.notify)."""
    escalations: tuple[EscalationClock, ...] = ()

    @property
    def told(self) -> bool:
        """Whether anybody has been told of it, and so has to be told of its end."""
        return self.opened_at is not None

    @property
    def active(self) -> bool:
        return self.status is not IncidentStatus.RESOLVED

    def fact(self, name: str) -> str | float | None:
        return next((value for known, value in self.facts if known == name), None)

    @property
    def offices_now(self) -> tuple[AffectedOffice, ...]:
        return tuple(o for o in self.offices if o.until is None)


class Reason(StrEnum):
    """Why a notification goes out. Every one carries it."""

    OPENED = "opened"
    UPDATED = "updated"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    ESCALATED = "escalated"
    REPEATED = "repeated"
    """Still standing, and nobody has taken it on."""
    UNACKNOWLEDGED = "unacknowledged"
    """Whoever was on it no longer is."""
    CONNECTED = "connected"
    """An office that was never joined answers for the first time."""
    TEST = "test"
    DIGEST = "digest"
    """The small stuff, together, at a time of day."""
    SUMMARY = "summary"
    """What a receiver's rate limit held back, in one."""


class Outcome(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    RETRY = "retry"
    """Failed in a way that time may cure."""
    FAILED = "failed"
    """Failed in a way that it won't: somebody has to look."""
    EXPIRED = "expired"
    """Overtaken: its incident has moved on."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One message for one receiver. `dedup_key` is stable: a receiver may drop a repeat by it."""

    dedup_key: str
    receiver: ReceiverId
    reason: Reason
    incident: IncidentId | None
    revision: int
    severity: Severity
    created_at: datetime
    subject: str
    """Fits a lock screen: what, where, how many SKPD."""
    text: str
    components: tuple[Component, ...] = ()
    offices: tuple[OfficeId, ...] = ()
    outcome: Outcome = Outcome.PENDING
    channel: str = ""
    """Which of the receiver's channels; empty: in turn, until one takes it."""
    html: str = ""
    """The text with the few tags that Telegram knows, escaped; empty: there is only `text`."""
    payload: dict[str, object] = field(default_factory=dict, compare=False)
    """The machine-readable form, for webhooks."""
