"""Names, durations and moments as a person reads them, in Indonesian or English. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from topology.findings import Component, ComponentKind
from topology.model import DeviceId, Inventory, Language, LinkId, Medium, ProviderId, RiskGroupId

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
    return component.id


def _place(device_id: DeviceId, inventory: Inventory) -> str:
    device = inventory.devices.get(device_id)
    if device is None or device.office is None:
        return str(device_id)
    return inventory.offices[device.office].name
