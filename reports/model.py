"""What a report says: plain values, the same for JSON, the sheet and the printed page.

Seconds are seconds; percentages have three places and are rounded down; money is whole rupiah; None is
"not known" or "not agreed", never nought. Ids are text: a report outlives the inventory that it is of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reports.availability import Part, Times
from reports.blame import Proof
from reports.standing import Gap
from storage.records.outage_causes import CauseKind
from topology.findings import ComponentKind
from topology.model import RestitutionKind


@dataclass(frozen=True, slots=True)
class Seconds:
    """How long each part of the period was; the first seven add up to `total_s`."""

    up_s: float
    down_counted_s: float
    down_short_s: float
    excluded_maintenance_s: float
    excluded_power_s: float
    unknown_s: float
    before_connected_s: float
    total_s: float


def seconds_of(times: Times) -> Seconds:
    parts = {f"{part.value}_s": times[part].total_seconds() for part in Part}
    return Seconds(**parts, total_s=times.total.total_seconds())


@dataclass(frozen=True, slots=True)
class ComponentRow:
    kind: ComponentKind
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """One part of the month and what says so."""

    since: datetime
    until: datetime
    part: Part
    seconds: float
    events: tuple[int, ...]
    incident: str | None
    window: str | None
    gap: Gap | None
    """For unknown: why nothing is known."""


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """Who said so: a line of the event log, and the probes or interfaces that it rests on."""

    event: int
    at: datetime
    subject: ComponentRow
    said: str
    """silent, shadow, down, disabled, unknown."""
    through: tuple[str, ...]
    """`probe:DEVICE`, `interface:DEVICE:PORT`."""


@dataclass(frozen=True, slots=True)
class CauseRow:
    kind: CauseKind
    proof: Proof
    why: str
    """The incident's explanation, in the words of its verdict."""
    confidence: float
    who: str | None
    at: datetime | None
    evidence: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class WindowRow:
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class OutageRow:
    """Of an office or of a circuit. What lies outside of the period is in `length_s` only."""

    office: str | None
    circuit: str | None
    since: datetime
    until: datetime
    running: bool
    """Not over yet, as far as is known."""
    length_s: float
    """Proven, from its beginning to its end: the contract's limit is asked of it."""
    counts: bool
    seconds: Seconds
    incidents: tuple[str, ...]
    cause: CauseRow | None
    """None: no incident explains it."""
    against: tuple[str, ...]
    """Providers whose doing it is; what counts against them says `seconds`."""
    components: tuple[ComponentRow, ...]
    tickets: tuple[str, ...]
    windows: tuple[WindowRow, ...]
    evidence: tuple[EvidenceRow, ...]
    events: tuple[int, ...]
    events_url: str


@dataclass(frozen=True, slots=True)
class OfficeRow:
    office: str
    name: str
    kecamatan: str | None
    provider: str | None
    sla_percent: float | None
    seconds: Seconds
    up_percent: float | None
    """As it was: up over all that is known."""
    availability_percent: float | None
    """As contracts count."""
    meets_sla: bool | None
    outages_counted: int
    outages_short: int
    outages_excluded: int
    intervals: tuple[IntervalRow, ...]
    outages: tuple[OutageRow, ...]
    events_url: str


@dataclass(frozen=True, slots=True)
class CircuitRow:
    """A provider's link, and what is owed back for it."""

    link: str
    name: str
    circuit_id: str | None
    provider: str
    offices: tuple[str, ...]
    """At its ends."""
    seconds: Seconds
    availability_percent: float | None
    meets_sla: bool | None
    outages_counted: int
    outages_short: int
    outages_excluded: int
    outages: tuple[OutageRow, ...]
    fee_idr: int | None
    """Pro rata for the part of the month that it is in service; None: not agreed."""
    restitution_idr: int | None


@dataclass(frozen=True, slots=True)
class TermsRow:
    """The contract's formula for restitution."""

    kind: RestitutionKind
    counts_over_s: float
    only_below_sla: bool
    steps: tuple[tuple[float, float], ...]
    """(below this availability, this share of the fee), both in percent."""


@dataclass(frozen=True, slots=True)
class ProviderRow:
    provider: str
    name: str
    sla_percent: float | None
    monthly_fee_idr: int | None
    terms: TermsRow
    seconds: Seconds
    """Of all its circuits together."""
    availability_percent: float | None
    meets_sla: bool | None
    outages_counted: int
    fee_idr: int | None
    restitution_idr: int | None
    circuits: tuple[CircuitRow, ...]


@dataclass(frozen=True, slots=True)
class SlaReport:
    network: str
    month: str
    timezone: str
    since: datetime
    until: datetime
    """The month's end, or the moment of the report while the month runs."""
    complete: bool
    """The month is over: nothing but a newly found cause changes it any more."""
    made_at: datetime
    counts_over_s: float
    offices: tuple[OfficeRow, ...]
    providers: tuple[ProviderRow, ...]
