"""A declared link for which no cable was found: seen otherwise, not there, or not provable. Pure.

Unknown is not missing: a link counts as not seen only when both its ends were asked, both speak and listen,
its ports are up and its medium passes such frames, or when another device is heard at its port.
"""

from __future__ import annotations

from topology.discovery_case import Case
from topology.discovery_model import HEARD_THROUGH, FindingKind, SeenEnd
from topology.model import DeviceRole, Link, LinkEnd
from topology.observations import OperStatus


def judge_missing(case: Case, link: Link) -> None:
    for end in link.ends:
        if _no_such_port(case, link, end):
            return
    if any(_routes_over(case, link, end) for end in link.ends):
        case.confirmed[link.id] = None
        return
    for end in link.ends:
        if (who := _another_at(case, link, end)) is not None:
            case.add(
                FindingKind.NOT_SEEN,
                link.id,
                links=(link.id,),
                devices=(link.a.device, link.b.device),
                declared=f"{link.a.device} - {link.b.device}",
                seen=f"{end.device}:{end.if_name} - {who}",
                why=f"{who} is heard at {end.device}:{end.if_name}, not {link.other(end.device).device}",
            )
            return
    why = _why_unproven(case, link)
    if why is not None:
        case.unproven[link.id] = why
        return
    case.add(
        FindingKind.NOT_SEEN,
        link.id,
        links=(link.id,),
        devices=(link.a.device, link.b.device),
        declared=f"{_text(link.a)} - {_text(link.b)}",
        why="both ends were asked, their ports are up, and they do not hear each other",
    )


def _no_such_port(case: Case, link: Link, end: LinkEnd) -> bool:
    names = case.names.get(end.device)
    if names is None or not names.whole or end.if_name is None or names.canonical(end.if_name):
        return False
    case.add(
        FindingKind.NO_SUCH_PORT,
        f"{link.id}:{end.device}",
        links=(link.id,),
        devices=(end.device,),
        declared=_text(end),
        why=f"{end.device} has no port of this name, description or alias",
    )
    return True


def _routes_over(case: Case, link: Link, end: LinkEnd) -> bool:
    port, other = case.declared_port(end), link.other(end.device).device
    if any(who != other for who in _at(case, end)):
        return False
    return port is not None and (end.device, port, other) in case.heard.routed


def _at(case: Case, end: LinkEnd) -> frozenset[str]:
    port = case.declared_port(end)
    return frozenset() if port is None else case.heard.at_port.get(SeenEnd(end.device, port), frozenset())


def _another_at(case: Case, link: Link, end: LinkEnd) -> str | None:
    """Who is positively heard in the place of the other end; None where that proves nothing."""
    heard = _at(case, end) - {link.other(end.device).device}
    known = sorted(who for who in heard if not who.startswith("?"))
    if known:
        return known[0]
    if not heard:
        return None
    other = case.inventory.devices[link.other(end.device).device]
    place = SeenEnd(end.device, case.declared_port(end))
    if other.role is DeviceRole.CLOUD or link.circuit_id is not None or link.medium not in HEARD_THROUGH:
        case.explained.add(place)  # the provider's box, or the radio
        return None
    if other.id in case.seen:
        return sorted(heard)[0][1:]
    case.explained.add(place)
    case.add(
        FindingKind.NAME_DIFFERS,
        f"{link.id}:{other.id}",
        links=(link.id,),
        devices=(other.id,),
        declared=other.id,
        seen=sorted(heard)[0][1:],
        why=f"{sorted(heard)[0][1:]} is heard at {place}, where {other.id} is declared, which was not "
        "asked. If they are the same, write this name at the device",
        note=True,
    )
    return None


def _why_unproven(case: Case, link: Link) -> str | None:
    if link.medium not in HEARD_THROUGH:
        return f"{link.medium.value} passes no LLDP"
    for end in link.ends:
        device = case.inventory.devices[end.device]
        if device.role is DeviceRole.CLOUD:
            return "it goes through a provider's network"
        if end.device not in case.seen:
            return f"{end.device} was not asked, or did not answer"
    if link.circuit_id is not None:
        return "a provider's circuit may pass no LLDP"
    for end in link.ends:
        port = case.declared_port(end)
        status = None if port is None else case.names[end.device].ports.get(port)
        if status is not None and status.oper is not OperStatus.UP:
            return f"the port {end.device}:{port} is {status.oper.value}"
    a, b = link.a.device, link.b.device
    hears, speaks = case.heard.hears, case.heard.speaks
    if not ((a in hears and (b in speaks or b in hears)) or (b in hears and (a in speaks or a in hears))):
        return "one of its ends neither speaks nor hears LLDP or CDP"
    return None


def _text(end: LinkEnd) -> str:
    return f"{end.device}:{end.if_name or '?'}"
