"""The `alerts:` section of the settings: who is told of what, when."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from alerts.model import ConditionKind, IncidentKind, Severity
from ronda.duty_settings import (
    CalendarSettings,
    EscalationSettings,
    HoursSettings,
    Names,
    RotaSettings,
    TimeOfDay,
    Weekdays,
)
from ronda.heartbeat_settings import HeartbeatSettings
from ronda.receiver_settings import ReceiverSettings, console_receiver
from ronda.section import Section
from topology.model import OfficeKind


class RouteSettings(Section):
    """Which incidents go to whom. What is not given asks nothing; of a list any one has to fit."""

    receivers: Names = Field(default_factory=list, description="Receivers' ids.")
    rota: Names = Field(default_factory=list, description="Rotas: whoever is on call when it is told.")
    min_severity: Severity = Field(Severity.INFO, description="info, warning, major or critical.")
    max_severity: Severity = Field(Severity.CRITICAL, description="Nothing worse than this.")
    kinds: list[IncidentKind] = Field(default_factory=list, description="Kinds of incident.")
    conditions: list[ConditionKind] = Field(
        default_factory=list, description="Of kind `condition`: which conditions (docs/conditions.md)."
    )
    causes: list[Literal["link", "device", "risk_group", "provider", "application", "office"]] = Field(
        default_factory=list, description="Kinds of what is blamed."
    )
    kecamatan: Names = Field(default_factory=list, description="Of an office that it costs something.")
    office_kinds: list[OfficeKind] = Field(default_factory=list, description="Kind of such an office.")
    offices: Names = Field(default_factory=list, description="Such offices by id.")
    providers: Names = Field(default_factory=list, description="Providers whose circuits are to blame.")
    when: list[HoursSettings] = Field(default_factory=list, description="Only at these times.")
    provider_contacts: bool = Field(
        False, description="Also to the receivers with `audience: provider:ID` of the providers to blame."
    )
    escalation: str | None = Field(None, description="What follows when nobody takes it on.")
    repeat_min: float | None = Field(
        None, ge=1, description="Told again every so many minutes while nobody has taken it on."
    )
    digest: bool = Field(False, description="Not at once, but in the next digest.")
    goes_on: bool = Field(
        True, alias="continue", description="false: what matches here is not shown to the routes below."
    )
    name: str = Field("", description="For your own eyes.")


class QuietSettings(HoursSettings):
    """Times at which the lesser things wait; what still stands then is told when they end."""

    up_to: Literal[Severity.INFO, Severity.WARNING, Severity.MAJOR] = Field(
        Severity.WARNING, description="Severities that wait: up to this one. Critical never does."
    )
    receivers: Names = Field(default_factory=list, description="For these only; none: for everybody.")


class DigestSettings(Section):
    """When routes with `digest: true` tell, each receiver in one message."""

    at: TimeOfDay = Field(dt.time(7), description="Time of day.")
    weekdays: Weekdays = Field(default_factory=list, description="None: every day.")


class AlertsSettings(Section):
    """Who is told of what."""

    receivers: list[ReceiverSettings] = Field(
        default_factory=lambda: [console_receiver()], description="Receivers."
    )
    routes: list[RouteSettings] = Field(
        default_factory=lambda: [RouteSettings(receivers=["console"])],
        description="Routes, from top to bottom.",
    )
    rota: list[RotaSettings] = Field(default_factory=list, description="Rotas.")
    escalation: list[EscalationSettings] = Field(default_factory=list, description="Escalations.")
    quiet_hours: list[QuietSettings] = Field(default_factory=list, description="Quiet hours.")
    digest: DigestSettings = DigestSettings()
    calendars: list[CalendarSettings] = Field(default_factory=list, description="Calendars.")
    board_url: str | None = Field(
        None, description="Where people reach the board, for the link in messages: https://ronda.example."
    )
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    reopen_window_s: float = Field(
        600.0, ge=0, description="A cause that is back within this time reopens its incident."
    )
    update_quiet_s: float = Field(
        10.0, ge=0, description="An update is told when an open incident has not changed for this long."
    )
    update_at_most_s: float = Field(60.0, ge=0, description="... but no later than this after a change.")
    calm_s: float = Field(
        60.0, ge=0, description="What came back once ends only when it has been well for this long."
    )
