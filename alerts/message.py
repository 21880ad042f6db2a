"""An incident as a message: a first line for a lock screen, then what the person on duty needs. Pure
(templates are read once, when the module's environment is made).

Each language has one template for the text; it is rendered plain and, escaped, as the little HTML that
Telegram knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateError

from alerts.audience import cut_to, own_of
from alerts.message_parts import circuits_of, map_url_of, office_names, seen_of
from alerts.model import Incident, IncidentKind, Reason
from alerts.words import component_name, duration, listed, moment, number, rate
from topology.findings import Connectivity
from topology.model import Inventory, Language, ProviderId

SHOWN = 3
"""Names of what is blamed, on a lock screen."""
OFFICES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Message:
    subject: str
    """One line."""
    text: str
    html: str = ""
    """The same with tags, everything else in it escaped."""
    payload: Mapping[str, object] = field(default_factory=dict)
    """The same for machines; JSON types only."""


@cache
def _environment(*, html: bool) -> Environment:
    return Environment(
        loader=PackageLoader("alerts", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=html,  # noqa: S701  # the plain rendering is no HTML and is shown as it is
    )


def prepare(language: Language) -> None:
    """Compiles the templates: a tenth of a second that the first alert must not wait for."""
    for name in ("subject", "text", "conditions", "digest_subject", "digest"):
        for html in (False, True):
            _environment(html=html).get_template(f"{language.value}/{name}.j2")


def compose(
    incident: Incident,
    reason: Reason,
    inventory: Inventory,
    now: datetime,
    zone: tzinfo,
    *,
    audience: ProviderId | None = None,
    board_url: str | None = None,
) -> Message:
    """Write it in the network's language. For an `audience` only what is that provider's: no other provider,
    no device's address, nothing of who said what among us, no link to the board."""
    if audience is not None:
        incident = cut_to(incident, own_of(audience, inventory))
    values = _values(incident, reason, inventory, now, zone, audience, board_url)
    payload = _payload(incident, values, audience)
    try:
        subject = _render("subject", inventory.network.language, values, html=False)
        text = _render("text", inventory.network.language, values, html=False)
        html = _render("text", inventory.network.language, values, html=True)
    except (TemplateError, TypeError, ValueError) as error:
        # A fact of an unknown form must not cost the alert: said plainly, with what there is.
        subject = f"{reason.value.upper()} {values['what']}"
        text = f"{values['began']}\n{incident.why}\n{incident.id}\n({type(error).__name__}: {error})"
        html = ""
    return Message(" ".join(subject.split()), text.strip(), html.strip(), payload)


def compose_test(receiver: str, inventory: Inventory, now: datetime, zone: tzinfo) -> Message:
    """What `ronda alerts test` sends."""
    language = inventory.network.language
    values = {"receiver": receiver, "network": inventory.network.name, "at": moment(now, zone)}
    subject, text, html = (
        _render(name, language, values, html=as_html)
        for name, as_html in (("test_subject", False), ("test", False), ("test", True))
    )
    return Message(" ".join(subject.split()), text.strip(), html.strip(), {"kind": "test"})


def compose_digest(
    incidents: Sequence[Incident],
    inventory: Inventory,
    now: datetime,
    zone: tzinfo,
    *,
    since: datetime | None = None,
    board_url: str | None = None,
) -> Message:
    """The small stuff together: what still stands, and what came and went `since`."""
    language = inventory.network.language
    rows = [(i, _subject_of(i, inventory, now, zone)) for i in incidents]
    values = {
        "network": inventory.network.name,
        "at": moment(now, zone),
        "since": None if since is None else moment(since, zone),
        "standing": [subject for i, subject in rows if i.active],
        "over": [subject for i, subject in rows if not i.active],
        "board_url": board_url,
    }
    subject, text, html = (
        _render(name, language, values, html=as_html)
        for name, as_html in (("digest_subject", False), ("digest", False), ("digest", True))
    )
    payload = {"kind": "digest", "incidents": [i.id for i in incidents]}
    return Message(" ".join(subject.split()), text.strip(), html.strip(), payload)


def _subject_of(incident: Incident, inventory: Inventory, now: datetime, zone: tzinfo) -> str:
    reason = Reason.OPENED if incident.active else Reason.RESOLVED
    return compose(incident, reason, inventory, now, zone).subject


def _render(name: str, language: Language, values: Mapping[str, Any], *, html: bool) -> str:
    template = _environment(html=html).get_template(f"{language.value}/{name}.j2")
    return template.render(values, html=html)


def _values(
    incident: Incident,
    reason: Reason,
    inventory: Inventory,
    now: datetime,
    zone: tzinfo,
    audience: ProviderId | None,
    board_url: str | None,
) -> dict[str, Any]:
    language = inventory.network.language
    affected = incident.offices if not incident.active else incident.offices_now
    cut = office_names(affected, Connectivity.CUT, inventory)
    degraded = [
        n for n in office_names(affected, Connectivity.DEGRADED, inventory) if incident.active or n not in cut
    ]
    began = incident.reopened_at or incident.began_at
    ended = incident.resolved_at or now
    what = listed([component_name(c, inventory, language) for c in incident.components], SHOWN, language)
    facts = dict(incident.facts)

    def figure(name: str, digits: int = 1, scale: float = 1.0) -> str | None:
        value = facts.get(name)
        return number(value * scale, language, digits) if isinstance(value, (int, float)) else value

    def span(name: str) -> str | None:
        value = facts.get(name)
        return duration(value, language) if isinstance(value, (int, float)) else value

    def bits(name: str) -> str | None:
        value = facts.get(name)
        return rate(value, language) if isinstance(value, (int, float)) else value

    def when(name: str) -> str | None:
        value = facts.get(name)
        try:
            return moment(datetime.fromisoformat(str(value)), zone)
        except ValueError:
            return None if value is None else str(value)

    ours = audience is None
    return {
        "incident": incident,
        "reason": reason.value,
        "kind": incident.kind.value,
        "condition": (incident.condition.value if incident.condition else "condition")
        if incident.kind is IncidentKind.CONDITION
        else None,
        "what": what or incident.id,
        "figure": figure,
        "span": span,
        "bits": bits,
        "when": when,
        "cut": cut,
        "degraded": degraded,
        "cut_listed": listed(cut, OFFICES_SHOWN, language),
        "degraded_listed": listed(degraded, OFFICES_SHOWN, language),
        "began": moment(began, zone),
        "ended": moment(ended, zone),
        "lasted": duration((ended - began).total_seconds(), language),
        "again": incident.reopened_at is not None,
        "percent": round(incident.confidence * 100),
        "seen": seen_of(incident.explains),
        "alternatives": [
            (
                ", ".join(component_name(c, inventory, language) for c in h.components),
                round(h.confidence * 100),
            )
            for h in incident.alternatives
        ],
        "circuits": circuits_of(incident, inventory, audience),
        "map_url": map_url_of(incident, inventory),
        "acknowledged_by": incident.acknowledged_by if ours else None,
        "acknowledged_at": None
        if incident.acknowledged_at is None
        else moment(incident.acknowledged_at, zone),
        "assigned_to": incident.assigned_to if ours else None,
        "ticket": incident.ticket,
        "maintenance": list(incident.held_by) if ours else [],
        "board_url": f"{board_url.rstrip('/')}/incident/{incident.id}" if board_url and ours else None,
        "network": inventory.network.name,
    }


def _payload(incident: Incident, values: Mapping[str, Any], audience: ProviderId | None) -> dict[str, object]:
    def iso(at: datetime | None) -> str | None:
        return None if at is None else at.isoformat()

    return {
        "kind": incident.kind.value,
        "status": incident.status.value,
        "condition": incident.condition.value if incident.condition else None,
        "began_at": iso(incident.reopened_at or incident.began_at),
        "opened_at": iso(incident.opened_at),
        "resolved_at": iso(incident.resolved_at),
        "confidence": round(incident.confidence, 3),
        "facts": dict(incident.facts) if audience is None else {},
        "offices_cut": values["cut"],
        "offices_degraded": values["degraded"],
        "circuits": [{"provider": p, "circuit": c} for p, c, _ in values["circuits"]],
        "ticket": incident.ticket,
        "acknowledged_by": values["acknowledged_by"],
        "assigned_to": values["assigned_to"],
        "map_url": values["map_url"],
        "board_url": values["board_url"],
    }
