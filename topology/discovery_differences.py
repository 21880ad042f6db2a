"""What differs besides which links there are: ports, speeds, names of devices, strangers. Pure."""

from __future__ import annotations

from topology.discovery_cables import speed_of
from topology.discovery_case import Case
from topology.discovery_model import HEARD_THROUGH, FindingKind, SeenEnd
from topology.discovery_names import Systems, same_port
from topology.model import DeviceId, Link, LinkEnd, LinkId
from topology.observations import OperStatus


def find_moved_ports(case: Case) -> None:
    """Links at other ports; two that have changed places at a device are one finding."""
    told: list[tuple[Link, DeviceId, str, str]] = []
    for link, cable in case.changed:
        for end in link.ends:
            port, there = case.declared_port(end), cable.at(end.device).port
            if port is not None and there is not None and not same_port(port, there):
                told.append((link, end.device, port, there))
    swapped: set[tuple[LinkId, DeviceId]] = set()
    for n, (one, device, port, there) in enumerate(told):
        for other, its_device, its_port, its_there in told[n + 1 :]:
            if device == its_device and same_port(port, its_there) and same_port(there, its_port):
                swapped |= {(one.id, device), (other.id, device)}
                case.add(
                    FindingKind.PORTS_SWAPPED,
                    f"{device}:{'+'.join(sorted((one.id, other.id)))}",
                    links=(one.id, other.id),
                    devices=(device,),
                    declared=f"{one.id} at {port}, {other.id} at {its_port}",
                    seen=f"{one.id} at {there}, {other.id} at {its_there}",
                    why=f"at {device} the two have changed places",
                )
    for link, device, port, there in told:
        if (link.id, device) not in swapped:
            case.add(
                FindingKind.PORT_DIFFERS,
                f"{link.id}:{device}",
                links=(link.id,),
                devices=(device,),
                declared=f"{device}:{port}",
                seen=f"{device}:{there}",
                why=f"{link.id} is at another port of {device}",
            )


def find_speeds(case: Case) -> None:
    found = [(case.inventory.links[i], cable) for i, cable in case.confirmed.items()]
    for link, cable in sorted([*found, *case.changed], key=lambda x: x[0].id):
        ends = link.ends if cable is None else (cable.a, cable.b)
        speeds = {}
        for end in ends:
            place = SeenEnd(end.device, case.declared_port(end)) if isinstance(end, LinkEnd) else end
            if (speed := speed_of(case.names, place)) is not None and _is_up(case, place):
                speeds[place] = speed
        if len(set(speeds.values())) > 1 and link.medium in HEARD_THROUGH:
            text = ", ".join(f"{e} {_bits(s)}" for e, s in sorted(speeds.items(), key=lambda x: str(x[0])))
            _speed(case, link, None, text, "its two ends run at different speeds")
        elif speeds and link.capacity_bps is not None and min(speeds.values()) < link.capacity_bps:
            slow, speed = min(speeds.items(), key=lambda x: (x[1], str(x[0])))
            why = f"{slow} runs at less than the declared capacity"
            _speed(case, link, _bits(link.capacity_bps), f"{slow} {_bits(speed)}", why)


def _is_up(case: Case, end: SeenEnd) -> bool:
    port = case.names[end.device].ports.get(end.port or "")
    return port is not None and port.oper is OperStatus.UP


def _speed(case: Case, link: Link, declared: str | None, seen: str, why: str) -> None:
    ends = (link.a.device, link.b.device)
    case.add(FindingKind.SPEED_DIFFERS, link.id, (link.id,), ends, declared, seen, why)


def find_device_names(case: Case) -> None:
    systems = Systems(case.inventory, case.seen)
    for id_, seen in sorted(case.seen.items()):
        named = systems.declared_as(seen.sys_name)
        if named is not None and named != id_:
            why = f"what answers at the address of {id_} calls itself {seen.sys_name}: that is {named}"
            case.add(
                FindingKind.NAME_DIFFERS,
                id_,
                devices=(id_, named),
                declared=id_,
                seen=seen.sys_name,
                why=why,
            )
    told: dict[tuple[DeviceId, DeviceId], tuple[str, str]] = {}
    for row in (row for seen in case.seen.values() for row in seen.neighbors):
        named, there = systems.named(row.remote_system), systems.at(row.remote_address)
        if named is not None and there is not None and named != there:
            told[named, there] = (str(row.remote_system), str(row.remote_address))
    for (named, there), (system, address) in sorted(told.items()):
        case.add(
            FindingKind.NAME_DIFFERS,
            f"{named}@{there}",
            devices=(named, there),
            declared=f"{address} is {there}",
            seen=f"{system} at {address}",
            why=f"{named} tells the address of {there} as its own",
        )


def find_strangers(case: Case) -> None:
    for stranger in case.heard.strangers:
        places = [end for end, _ in stranger.heard]
        if all(end in case.explained for end in places):
            continue
        case.add(
            FindingKind.UNKNOWN_NEIGHBOUR,
            f"{stranger.key}@{places[0]}",
            devices=tuple(sorted({end.device for end in places})),
            seen=" ".join(filter(None, (stranger.system, stranger.address))),
            why=f"heard at {', '.join(map(str, places))}, and in no inventory",
            stranger=stranger,
        )


def _bits(bps: int) -> str:
    for unit, size in (("Gb/s", 1_000_000_000), ("Mb/s", 1_000_000), ("kb/s", 1_000)):
        if bps >= size:
            return f"{bps / size:g} {unit}"
    return f"{bps} b/s"
