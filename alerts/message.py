"""An incident as a message: a first line for a lock screen, then what the person on duty needs. Pure
(templates are read once, when the module's environment is made)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from alerts.model import Incident, Reason
from alerts.words import component_name, duration, moment
from topology.findings import Component, ComponentKind, Connectivity
from topology.model import Inventory, Language, Link, LinkId, OfficeId

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Message:
    subject: str
    text: str


@cache
def _environment() -> Environment:
    # Plain text: channels that speak HTML escape what they are given.
    return Environment(
        loader=PackageLoader("alerts", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701  # see above: this is not HTML
    )


def compose(incident: Incident, reason: Reason, inventory: Inventory, now: datetime, zone: tzinfo) -> Message:
    """Write it in the network's language."""
    language = inventory.network.language
    affected = incident.offices if not incident.active else incident.offices_now
    cut = _names([o.office for o in affected if o.connectivity is Connectivity.CUT], inventory)
    degraded = _names([o.office for o in affected if o.connectivity is Connectivity.DEGRADED], inventory)
    began = incident.reopened_at or incident.began_at
    ended = incident.resolved_at or now
    blamed = [component_name(c, inventory, language) for c in incident.components]
    values = {
        "incident": incident,
        "reason": reason.value,
        "kind": incident.kind.value,
        "what": _shortened(blamed, language),
        "cut": cut,
        "degraded": degraded,
        "began": moment(began, zone),
        "ended": moment(ended, zone),
        "lasted": duration((ended - began).total_seconds(), language),
        "percent": round(incident.confidence * 100),
        "seen": _seen(incident.explains),
        "alternatives": [
            (
                ", ".join(component_name(c, inventory, language) for c in h.components),
                round(h.confidence * 100),
            )
            for h in incident.alternatives
        ],
        "circuits": _circuits(incident, inventory),
        "map_url": _map_url(incident, inventory),
        "network": inventory.network.name,
    }
    templates = _environment()
    subject = templates.get_template(f"{language.value}/subject.txt.j2").render(values)
    text = templates.get_template(f"{language.value}/text.txt.j2").render(values)
    return Message(" ".join(subject.split()), text.strip())


def _shortened(names: list[str], language: Language) -> str:
    """A lock screen has one line: three names, and how many more."""
    if len(names) <= SHOWN:
        return ", ".join(names)
    more = len(names) - SHOWN
    rest = f"dan {more} lainnya" if language is Language.ID else f"and {more} more"
    return f"{', '.join(names[:SHOWN])} {rest}"


def _names(offices: list[OfficeId], inventory: Inventory) -> list[str]:
    """Each once, the most important first."""
    known = {o: inventory.offices[o] for o in offices if o in inventory.offices}
    ordered = sorted(known.values(), key=lambda o: (o.priority, o.name))
    return [o.name for o in ordered] + sorted({str(o) for o in offices if o not in known})


def _seen(explains: tuple[Component, ...]) -> dict[str, int]:
    """How many symptoms of which kind were seen."""
    return {
        "links": sum(c.kind is ComponentKind.LINK for c in explains),
        "devices": sum(c.kind is ComponentKind.DEVICE for c in explains),
    }


def _blamed_links(incident: Incident, inventory: Inventory) -> list[Link]:
    ids = [LinkId(c.id) for c in (*incident.components, *incident.explains) if c.kind is ComponentKind.LINK]
    return [inventory.links[i] for i in dict.fromkeys(ids) if i in inventory.links]


def _circuits(incident: Incident, inventory: Inventory) -> list[tuple[str, str, list[str]]]:
    """(provider, circuit id, ways to reach the provider) of every circuit involved."""
    rows = []
    for link in _blamed_links(incident, inventory):
        if link.provider is None:
            continue
        provider = inventory.providers[link.provider]
        if link.circuit_id is None and not provider.contacts:
            continue  # our own cable: nobody to call, no number to name
        contacts = [" ".join(part for part in (c.name, c.phone, c.email) if part) for c in provider.contacts]
        rows.append((provider.name, link.circuit_id or "-", contacts))
    return [row for n, row in enumerate(rows) if row not in rows[:n]]


def _map_url(incident: Incident, inventory: Inventory) -> str | None:
    """Where to drive: the far end of what is blamed, or its middle."""
    for link in _blamed_links(incident, inventory):
        offices = [inventory.devices[end.device].office for end in link.ends]
        places = [inventory.offices[office].location for office in offices if office is not None]
        known = [place for place in places if place is not None]
        if known:
            latitude = sum(p.latitude_deg for p in known) / len(known)
            longitude = sum(p.longitude_deg for p in known) / len(known)
            return f"https://www.openstreetmap.org/?mlat={latitude:.5f}&mlon={longitude:.5f}#map=13/{latitude:.5f}/{longitude:.5f}"
    return None
