"""Names, durations and moments as a person reads them, in Indonesian or English. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from topology.findings import Component, ComponentKind
from topology.model import (
    ApplicationId,
    DeviceId,
    Inventory,
    Language,
    LinkId,
    Medium,
    OfficeId,
    ProviderId,
    RiskGroupId,
)

_MEDIA = {
    Language.ID: {
        Medium.FIBER: "serat optik",
        Medium.COPPER: "tembaga",
        Medium.RADIO: "radio",
        Medium.CELLULAR: "seluler",
        Medium.SATELLITE: "satelit",
        Medium.VPN: "VPN",
    },
    Language.EN: {m: m.value for m in Medium} | {Medium.VPN: "VPN"},
}
_UNITS = {
    Language.ID: (("hari", 86400), ("jam", 3600), ("menit", 60), ("detik", 1)),
    Language.EN: (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)),
}
_PARTS = {
    Language.ID: {
        "polls": "pengukuran",
        "spool": "antrean metrik",
        "clock": "jam",
        "disk": "cakram",
        "records": "catatan",
        "outbox": "pengiriman pesan",
        "rounds": "penilaian",
    },
    Language.EN: {"spool": "metrics queue", "outbox": "message delivery", "rounds": "verdicts"},
}
_ZONES = {"WIB", "WITA", "WIT"}


def duration(seconds: float, language: Language) -> str:
    """The two largest units: "3 menit 12 detik", "2 jam 5 menit"."""
    left = max(0, round(seconds))
    parts = []
    for name, size in _UNITS[language]:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or f"0 {_UNITS[language][-1][0]}"


def moment(at: datetime, zone: tzinfo) -> str:
    """Local time with its zone: "21-11-2026 14:05:09 WITA"."""
    local = at.astimezone(zone)
    name = local.tzname() or ""
    if name not in _ZONES and local.utcoffset() == timedelta(hours=8):
        name = "WITA"
    return f"{local:%d-%m-%Y %H:%M:%S} {name}".strip()


def component_name(component: Component, inventory: Inventory, language: Language) -> str:
    """What a person calls it: "serat optik Tanah Grogot - Kuaro", "dkisp-core (DKISP)"."""
    if component.kind is ComponentKind.LINK:
        link = inventory.links.get(LinkId(component.id))
        if link is None:
            return component.id
        ends = " - ".join(_place(end.device, inventory) for end in link.ends)
        return f"{_MEDIA[language][link.medium]} {link.name or ends} [{link.id}]"
    if component.kind is ComponentKind.DEVICE:
        place = _place(DeviceId(component.id), inventory)
        return component.id if place == component.id else f"{component.id} ({place})"
    if component.kind is ComponentKind.RISK_GROUP:
        group = inventory.risk_groups.get(RiskGroupId(component.id))
        return group.name if group else component.id
    if component.kind is ComponentKind.PROVIDER:
        provider = inventory.providers.get(ProviderId(component.id))
        return provider.name if provider else component.id
    if component.kind in (ComponentKind.OFFICE, ComponentKind.CONNECTION):
        office = inventory.offices.get(OfficeId(component.id))
        return office.name if office else component.id
    if component.kind is ComponentKind.APPLICATION:
        application = inventory.applications.get(ApplicationId(component.id))
        return application.name if application else component.id
    if component.kind is ComponentKind.PORT:
        device, _, port = component.id.partition(":")
        return f"{port} @ {component_name(Component(ComponentKind.DEVICE, device), inventory, language)}"
    return _PARTS[language].get(component.id, component.id)


def listed(names: Sequence[str], shown: int, language: Language) -> str:
    """The first of them, and how many more: "Dinkes, Bappeda dan 3 lainnya"."""
    if len(names) <= shown:
        return ", ".join(names)
    more = len(names) - shown
    rest = f"dan {more} lainnya" if language is Language.ID else f"and {more} more"
    return f"{', '.join(names[:shown])} {rest}"


def number(value: float, language: Language, digits: int = 1) -> str:
    """``-28,1`` in Indonesian; no decimals where there are none."""
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    text = "0" if text == "-0" else text
    return text.replace(".", ",") if language is Language.ID else text


def rate(bits_per_s: float, language: Language) -> str:
    """``950 Mbit/s``."""
    for size, unit in ((1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s")):
        if abs(bits_per_s) >= size:
            return f"{number(bits_per_s / size, language)} {unit}"
    return f"{number(bits_per_s, language, 0)} bit/s"


def _place(device_id: DeviceId, inventory: Inventory) -> str:
    device = inventory.devices.get(device_id)
    if device is None or device.office is None:
        return str(device_id)
    return inventory.offices[device.office].name
