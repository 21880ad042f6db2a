"""What a message says of places, circuits and offices. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.model import AffectedOffice, Incident
from topology.findings import Component, ComponentKind, Connectivity
from topology.model import DeviceId, Inventory, Link, LinkId, Location, OfficeId, ProviderId


def office_names(
    affected: Iterable[AffectedOffice], connectivity: Connectivity, inventory: Inventory
) -> list[str]:
    """Each once, the most important first."""
    offices = [o.office for o in affected if o.connectivity is connectivity]
    known = {o: inventory.offices[o] for o in offices if o in inventory.offices}
    ordered = sorted(known.values(), key=lambda o: (o.priority, o.name))
    return [o.name for o in ordered] + sorted({str(o) for o in offices if o not in known})


def seen_of(explains: tuple[Component, ...]) -> dict[str, int]:
    """How many symptoms of which kind were seen."""
    return {
        "links": sum(c.kind is ComponentKind.LINK for c in explains),
        "devices": sum(c.kind is ComponentKind.DEVICE for c in explains),
    }


def circuits_of(
    incident: Incident, inventory: Inventory, audience: ProviderId | None
) -> list[tuple[str, str, list[str]]]:
    """(provider, circuit id, ways to reach the provider) of every circuit involved; to a provider its own,
    and nobody to call."""
    rows = []
    for link in _blamed_links(incident, inventory):
        if link.provider is None or (audience is not None and link.provider != audience):
            continue
        provider = inventory.providers[link.provider]
        if link.circuit_id is None and not provider.contacts:
            continue  # our own cable: nobody to call, no number to name
        contacts = [" ".join(part for part in (c.name, c.phone, c.email) if part) for c in provider.contacts]
        rows.append((provider.name, link.circuit_id or "-", contacts if audience is None else []))
    return [row for n, row in enumerate(rows) if row not in rows[:n]]


def map_url_of(incident: Incident, inventory: Inventory) -> str | None:
    """Where to drive: the middle of what is blamed; of a device its office, of an office itself."""
    for link in _blamed_links(incident, inventory):
        offices = [inventory.devices[end.device].office for end in link.ends]
        if (url := _map_of(offices, inventory)) is not None:
            return url
    for component in (*incident.components, *incident.explains):
        if component.kind in (ComponentKind.OFFICE, ComponentKind.CONNECTION):
            office: OfficeId | None = OfficeId(component.id)
        elif component.kind in (ComponentKind.DEVICE, ComponentKind.PORT):
            device = inventory.devices.get(DeviceId(component.id.partition(":")[0]))
            office = device.office if device else None
        else:
            continue
        if (url := _map_of([office], inventory)) is not None:
            return url
    return None


def _blamed_links(incident: Incident, inventory: Inventory) -> list[Link]:
    ids = [LinkId(c.id) for c in (*incident.components, *incident.explains) if c.kind is ComponentKind.LINK]
    return [inventory.links[i] for i in dict.fromkeys(ids) if i in inventory.links]


def _map_of(offices: Iterable[OfficeId | None], inventory: Inventory) -> str | None:
    places = [inventory.offices[o].location for o in offices if o is not None and o in inventory.offices]
    known: list[Location] = [place for place in places if place is not None]
    if not known:
        return None
    latitude = sum(p.latitude_deg for p in known) / len(known)
    longitude = sum(p.longitude_deg for p in known) / len(known)
    return (
        f"https://www.openstreetmap.org/?mlat={latitude:.5f}&mlon={longitude:.5f}"
        f"#map=13/{latitude:.5f}/{longitude:.5f}"
    )
