"""From what every device hears at its ports to the cables between them. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from topology.discovery_model import LAYER_2, SeenDevice, SeenEnd, SeenLink, Stranger
from topology.discovery_names import PortNames, Systems, is_mac, plain_address, plain_name
from topology.model import DeviceId, Inventory
from topology.observations import Neighbor

_MADE_UP_BPS = 4_294_967_295
"""ifSpeed's highest value: "more than I can say"."""


@dataclass(frozen=True, slots=True)
class Half:
    """One device hears another."""

    device: DeviceId
    port: str | None
    other: DeviceId
    other_port: str | None
    protocols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """All that was heard, told apart."""

    cables: tuple[SeenLink, ...]
    routed: frozenset[tuple[DeviceId, str | None, DeviceId]]
    """Adjacencies of routing protocols, full ones: (device, port, other)."""
    strangers: tuple[Stranger, ...]
    at_port: Mapping[SeenEnd, frozenset[str]]
    """Who is heard at a port: ids of devices, and `?NAME` for strangers."""
    hears: frozenset[DeviceId]
    """Devices that hear anybody by LLDP or CDP."""
    speaks: frozenset[DeviceId]
    """Devices that are heard by anybody."""


def listen(
    inventory: Inventory, seen: Mapping[DeviceId, SeenDevice], names: Mapping[DeviceId, PortNames]
) -> Heard:
    """Bring together what the devices tell. `names` has an entry for every device of `seen`."""
    systems = Systems(inventory, seen)
    told = [(device, row) for device in sorted(seen) for row in seen[device].neighbors]
    layer_2 = [(device, row) for device, row in told if row.protocol in LAYER_2]
    halves: dict[tuple[DeviceId, str | None, DeviceId, str | None], set[str]] = defaultdict(set)
    unknown: list[tuple[DeviceId, str | None, Neighbor]] = []
    for device, row in layer_2:
        port = _local(names[device], row)
        other = systems.resolve(row.remote_system, row.remote_address)
        if other is None:
            unknown.append((device, port, row))
        elif other != device:
            halves[device, port, other, _remote(names, other, row)].add(row.protocol)
    unknown = [u for u in unknown if not _identified_from_the_other_side(u, halves)]
    found = [Half(*key, tuple(sorted(protocols))) for key, protocols in _plain(halves).items()]
    routed, far = _routed(told, systems, names)
    at_port: defaultdict[SeenEnd, set[str]] = defaultdict(set)
    for half in found:
        at_port[SeenEnd(half.device, half.port)].add(half.other)
    for device, port, row in unknown:
        at_port[SeenEnd(device, port)].add(f"?{_stranger_key(row)}")
    return Heard(
        cables=tuple(_cables(found, names, at_port)),
        routed=routed,
        strangers=tuple(_strangers([*unknown, *far])),
        at_port={end: frozenset(who) for end, who in at_port.items()},
        hears=frozenset(device for device, _ in layer_2),
        speaks=frozenset(half.other for half in found),
    )


def _local(names: PortNames, row: Neighbor) -> str | None:
    return names.canonical(row.local_if_name) or row.local_if_name


def _remote(names: Mapping[DeviceId, PortNames], other: DeviceId, row: Neighbor) -> str | None:
    known = names.get(other)
    if known is not None:
        return known.canonical(row.remote_port)
    return None if row.remote_port is None or is_mac(row.remote_port) else row.remote_port.strip() or None


def _identified_from_the_other_side(
    unknown: tuple[DeviceId, str | None, Neighbor],
    halves: Mapping[tuple[DeviceId, str | None, DeviceId, str | None], set[str]],
) -> bool:
    """A neighbour that tells only a MAC address is the device that hears us at that port."""
    device, port, row = unknown
    if port is None or plain_name(row.remote_system) is not None:
        return False
    return len({d for d, _, other, other_port in halves if other == device and other_port == port}) == 1


def _plain(
    halves: Mapping[tuple[DeviceId, str | None, DeviceId, str | None], set[str]],
) -> dict[tuple[DeviceId, str | None, DeviceId, str | None], set[str]]:
    """Two protocols may tell of one neighbour, one of them without its port."""
    told = {(d, p, o) for d, p, o, q in halves if q is not None}
    return {k: v for k, v in halves.items() if k[3] is not None or k[:3] not in told}


def _cables(
    halves: Iterable[Half], names: Mapping[DeviceId, PortNames], at_port: Mapping[SeenEnd, set[str]]
) -> Iterable[SeenLink]:
    by_pair: defaultdict[tuple[DeviceId, DeviceId], list[Half]] = defaultdict(list)
    for half in halves:
        by_pair[min(half.device, half.other), max(half.device, half.other)].append(half)
    for (one, other), found in sorted(by_pair.items()):
        left = [h for h in found if h.device == one]
        right = [h for h in found if h.device == other]
        for a, b in _joined(left, right):
            # Each end is believed about its own port first.
            end_a = SeenEnd(one, (a.port if a else None) or (b.other_port if b else None))
            end_b = SeenEnd(other, (b.port if b else None) or (a.other_port if a else None))
            yield SeenLink(
                end_a,
                end_b,
                tuple(sorted({p for half in (a, b) if half is not None for p in half.protocols})),
                both_ways=a is not None and b is not None,
                speed_bps=min((s for e in (end_a, end_b) if (s := speed_of(names, e))), default=None),
                shared=any(len(at_port.get(e, ())) > 1 for e in (end_a, end_b) if e.port is not None),
            )


def _joined(left: list[Half], right: list[Half]) -> list[tuple[Half | None, Half | None]]:
    """What both sides tell of one cable is one cable. The surest pairs first; each half is used once."""

    def sureness(a: Half, b: Half) -> int:
        same = (a.port is not None and a.port == b.other_port) + (
            b.port is not None and b.port == a.other_port
        )
        against = (a.port is not None and b.other_port is not None and a.port != b.other_port) + (
            b.port is not None and a.other_port is not None and b.port != a.other_port
        )
        if against == 2 or (against and not same):
            return 0
        return 1 + 3 * same - 2 * against

    pairs = [(sureness(a, b), i, j) for i, a in enumerate(left) for j, b in enumerate(right)]
    used_left: set[int] = set()
    used_right: set[int] = set()
    joined: list[tuple[Half | None, Half | None]] = []
    for sure, i, j in sorted(pairs, key=lambda p: (-p[0], p[1], p[2])):
        if sure and i not in used_left and j not in used_right:
            used_left.add(i)
            used_right.add(j)
            joined.append((left[i], right[j]))
    joined += [(a, None) for i, a in enumerate(left) if i not in used_left]
    joined += [(None, b) for j, b in enumerate(right) if j not in used_right]
    return joined


def speed_of(names: Mapping[DeviceId, PortNames], end: SeenEnd) -> int | None:
    known = names.get(end.device)
    port = None if known is None or end.port is None else known.ports.get(end.port)
    speed = None if port is None else port.speed_bps
    return speed if speed is not None and 0 < speed != _MADE_UP_BPS else None


def _routed(
    told: Iterable[tuple[DeviceId, Neighbor]], systems: Systems, names: Mapping[DeviceId, PortNames]
) -> tuple[frozenset[tuple[DeviceId, str | None, DeviceId]], list[tuple[DeviceId, str | None, Neighbor]]]:
    found = set()
    far = []
    for device, row in told:
        if row.protocol != "ospf" or row.state != "full":
            continue
        other = systems.resolve(row.remote_system, row.remote_address)
        if other is None:
            far.append((device, _local(names[device], row), row))
        elif other != device:
            found.add((device, _local(names[device], row), other))
    return frozenset(found), far


def _stranger_key(row: Neighbor) -> str:
    return plain_name(row.remote_system) or plain_address(row.remote_address) or row.remote_system or "?"


def _strangers(rows: Iterable[tuple[DeviceId, str | None, Neighbor]]) -> Iterable[Stranger]:
    rows = list(rows)
    alike = Counter((_stranger_key(r), plain_address(r.remote_address)) for _, _, r in rows)
    several = Counter(key for key, address in alike if address is not None)
    groups: defaultdict[str, list[tuple[DeviceId, str | None, Neighbor]]] = defaultdict(list)
    for device, port, row in rows:
        key, address = _stranger_key(row), plain_address(row.remote_address)
        # Those that all call themselves "MikroTik" are told apart by their addresses.
        groups[f"{key} {address}" if several[key] > 1 and address else key].append((device, port, row))
    for key in sorted(groups):
        group = groups[key]
        yield Stranger(
            system=next((r.remote_system for _, _, r in group if r.remote_system), None),
            address=next((a for _, _, r in group if (a := plain_address(r.remote_address))), None),
            heard=tuple(
                sorted(
                    {(SeenEnd(d, p), r.remote_port) for d, p, r in group},
                    key=lambda h: (h[0].device, h[0].port or "", h[1] or ""),
                )
            ),
            protocols=tuple(sorted({r.protocol for _, _, r in group})),
        )
