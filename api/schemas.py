"""What goes over the wire: snake_case, ids as text, times in ISO 8601 with zone, null for the unknown."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from alerts.model import ConditionKind, Happened, IncidentKind, IncidentStatus, Severity
from topology.findings import ComponentKind, Connectivity, DeviceCondition, LinkCondition
from topology.model import ConnectionStage, DeviceRole, Medium, OfficeKind, RiskGroupKind

T = TypeVar("T")


class Out(BaseModel):
    model_config = ConfigDict(frozen=True)


class Page(Out, Generic[T]):
    """One page of a list."""

    moment: MomentOut | None = Field(None, description="Of a list about a past moment (`?at=`).")

    items: list[T]
    total: int | None = Field(None, description="Of the whole filtered list, where it is known.")
    next_cursor: str | None = Field(
        None, description="Give it as `cursor` for the next page; null: the last one."
    )


class MomentOut(Out):
    """With `?at=`: which moment was rebuilt, and what the log can't tell of it."""

    at: datetime
    judged: bool = Field(description="False: nobody watched then, or the log does not reach back so far.")
    not_known: list[str] = Field(examples=[["paths", "management_fault"]])


class ComponentOut(Out):
    kind: ComponentKind
    id: str
    name: str = Field(description="As a person calls it, in the network's language.")


class LocationOut(Out):
    latitude_deg: float
    longitude_deg: float


class ContactOut(Out):
    name: str
    email: str | None
    phone: str | None
    telegram: str | None


class OfficeOut(Out):
    id: str
    name: str
    kind: OfficeKind
    kecamatan: str | None
    priority: Annotated[int, Field(description="1 highest to 4 lowest.")]
    location: LocationOut | None
    hub: bool = Field(description="Offices are connected when they reach one of these.")
    connection: ConnectionStage
    provider: str | None
    target_date: date | None
    phase: int | None
    late: bool = Field(description="Not active, and the target date is past (local date).")
    connectivity: Connectivity
    since: datetime | None = Field(description="How long it has been so; null when not known.")
    paths: int | None = Field(
        description="Risk-disjoint paths to a hub that are left; null before a verdict."
    )
    paths_designed: int | None
    causes: list[str] = Field(description="Groups of the causes, as in `/topology`.")
    incidents: list[str] = Field(description="Active incidents that affect it now.")


class HypothesisOut(Out):
    components: list[ComponentOut]
    confidence: float
    why: str


class CauseOut(Out):
    """Hypotheses of one `group` compete; rank 1 is the best."""

    group: str
    rank: int
    components: list[ComponentOut]
    explains: list[ComponentOut]
    confidence: float
    why: str
    since: datetime
    settled: bool
    cut: list[str]
    degraded: list[str]


class DeviceOut(Out):
    id: str
    name: str | None
    office: str | None
    role: DeviceRole
    address: str | None
    monitored: bool
    provider: str | None
    risk_groups: list[str]
    condition: DeviceCondition
    management_fault: bool = Field(description="It forwards, but SNMP does not answer: never an outage.")


class EndOut(Out):
    device: str | None = Field(description="null: not the caller's to see.")
    office: str | None
    port: str | None


class LinkOut(Out):
    id: str
    name: str | None
    a: EndOut
    b: EndOut
    medium: Medium
    provider: str | None
    circuit_id: str | None
    capacity_bps: int | None
    length_m: float | None
    risk_groups: list[str]
    rx_min_dbm: float | None
    rx_max_dbm: float | None
    condition: LinkCondition


class OfficeDetail(OfficeOut):
    contacts: list[ContactOut]
    devices: list[DeviceOut]
    links: list[LinkOut]
    explained_by: list[CauseOut] = Field(description="The causes in full.")
    applications_lost: list[str]
    moment: MomentOut | None


class AffectedOfficeOut(Out):
    office: str
    name: str
    kecamatan: str | None
    connectivity: Connectivity
    since: datetime
    until: datetime | None


class IncidentOut(Out):
    """One cause, one incident. `revision` rises with every change."""

    id: str
    kind: IncidentKind
    status: IncidentStatus
    severity: Severity
    components: list[ComponentOut] = Field(description="What is blamed now.")
    confidence: float
    why: str
    began_at: datetime
    opened_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    resolved_at: datetime | None
    condition: ConditionKind | None = Field(description="For kind `condition`: which.")
    assigned_to: str | None = Field(description="Who works on it.", examples=["Rina"])
    ticket: str | None = Field(description="The provider's ticket number.", examples=["IN-2211-0042"])
    held_by: list[str] = Field(
        description="Maintenance windows that explain it now: nobody is told while they run. For staff.",
        examples=[["W-261122-001"]],
    )
    offices: list[AffectedOfficeOut]
    revision: int


class TimelineOut(Out):
    at: datetime
    what: Happened = Field(description="docs/api.md says what each word means.")
    why: str = Field(description="Staff's words: empty for walls and providers.")
    who: str | None


class IncidentDetail(IncidentOut):
    explains: list[ComponentOut] = Field(description="The symptoms.")
    alternatives: list[HypothesisOut]
    timeline: list[TimelineOut]
    facts: dict[str, str | int | float] = Field(
        description="What was measured, and against what; the unit is in the name.",
        examples=[{"rx_dbm": -28.1, "limit_dbm": -25.0}],
    )


class EventOut(Out):
    id: int
    at: datetime
    subject: ComponentOut
    was: str | None = Field(description="null: first seen.")
    now: str
    why: str


class RiskGroupOut(Out):
    id: str
    kind: RiskGroupKind
    name: str
    links: list[str]
    devices: list[str]


class TopologyOut(Out):
    """The drawing, and what is known of each part of it now."""

    judged: bool = Field(description="False before the first verdict.")
    blind: bool
    vantages: list[str]
    hubs: list[str]
    offices: list[OfficeOut]
    devices: list[DeviceOut]
    links: list[LinkOut]
    risk_groups: list[RiskGroupOut]
    causes: list[CauseOut]
    moment: MomentOut | None


class Counts(Out):
    """Offices by connectivity."""

    connected: int = 0
    degraded: int = 0
    cut: int = 0
    unknown: int = 0
    not_connected: int = 0


class KecamatanOut(Out):
    name: str | None
    offices: Counts


class SummaryOut(Out):
    network: str
    timezone: str
    language: str
    judged: bool = Field(description="False before the first verdict.")
    blind: bool
    offices: Counts
    by_kecamatan: list[KecamatanOut]
    incidents: int = Field(description="Active ones that somebody was told of.")
    moment: MomentOut | None


class CheckOut(Out):
    name: str
    ok: bool
    why: str


class ReadyOut(Out):
    ready: bool
    checks: list[CheckOut]


class HealthOut(Out):
    status: str = "ok"


class ProblemOut(BaseModel):
    """RFC 9457."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
