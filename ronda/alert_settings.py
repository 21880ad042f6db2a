"""The `alerts:` section of the settings: who is told of what, by which means."""

from __future__ import annotations

from pydantic import Field

from alerts.model import IncidentKind, Severity
from ronda.receiver_settings import ReceiverSettings, console_receiver, receiver_problems
from ronda.section import Section


class RouteSettings(Section):
    """Which incidents go to whom; every matching route counts."""

    receivers: list[str] = Field(description="Receivers' ids.")
    min_severity: Severity = Field(Severity.INFO, description="info, warning, major or critical.")
    kinds: list[IncidentKind] = Field(default_factory=list, description="Empty: every kind of incident.")


class AlertsSettings(Section):
    """Who is told of what."""

    receivers: list[ReceiverSettings] = Field(
        default_factory=lambda: [console_receiver()], description="Receivers."
    )
    routes: list[RouteSettings] = Field(
        default_factory=lambda: [RouteSettings(receivers=["console"])], description="Routes."
    )
    reopen_window_s: float = Field(
        600.0, ge=0, description="A cause that is back within this time reopens its incident."
    )
    update_quiet_s: float = Field(
        10.0, ge=0, description="An update is told when an open incident has not changed for this long."
    )
    update_at_most_s: float = Field(60.0, ge=0, description="... but no later than this after a change.")


def cross_check_alerts(settings: AlertsSettings) -> list[str]:
    """Problems that no field can see by itself, one a line."""
    known = [receiver.id for receiver in settings.receivers]
    problems = receiver_problems(settings.receivers)
    for index, route in enumerate(settings.routes):
        problems += [
            f"alerts.routes.{index}: no receiver {r!r} (known: {', '.join(known) or 'none'})"
            for r in route.receivers
            if r not in known
        ]
    return problems
