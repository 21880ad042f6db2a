"""The `alerts:` section of the settings: who is told of what, by which means."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from alerts.model import IncidentKind, Severity
from ronda.section import Section, is_web_address


class ReceiverSettings(Section):
    """Somebody to be told."""

    id: str = Field(description="Its name in routes.")
    kind: Literal["console", "webhook"] = Field(description="The channel.")
    url: str | None = Field(None, description="webhook: where to POST.")
    url_env: str | None = Field(None, description="webhook: environment variable with the URL.")
    secret_env: str | None = Field(None, description="webhook: variable with the secret that signs the body.")


class RouteSettings(Section):
    """Which incidents go to whom; every matching route counts."""

    receivers: list[str] = Field(description="Receivers' ids.")
    min_severity: Severity = Field(Severity.INFO, description="info, warning, major or critical.")
    kinds: list[IncidentKind] = Field(default_factory=list, description="Empty: every kind of incident.")


class AlertsSettings(Section):
    """Who is told of what."""

    receivers: list[ReceiverSettings] = Field(
        default_factory=lambda: [ReceiverSettings(id="console", kind="console")], description="Receivers."
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
    problems = [
        f"alerts.receivers: {r!r} stands there twice" for r in sorted(set(known)) if known.count(r) > 1
    ]
    for index, route in enumerate(settings.routes):
        problems += [
            f"alerts.routes.{index}: no receiver {r!r} (known: {', '.join(known) or 'none'})"
            for r in route.receivers
            if r not in known
        ]
    problems += [
        f"alerts.receivers: webhook {r.id!r} needs url or url_env"
        for r in settings.receivers
        if r.kind == "webhook" and not (r.url or r.url_env)
    ]
    problems += [
        f"alerts.receivers {r.id!r}: url: {r.url!r} is not of the form http://HOST/... or https://HOST/..."
        for r in settings.receivers
        if r.url and not is_web_address(r.url)
    ]
    return problems
