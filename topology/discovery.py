"""Declared links against what neighbours tell of each other. Pure.

Unknown is not missing: a link counts as not seen only when both its ends were asked, both speak and listen,
its ports are up and its medium passes such frames, or when another device is heard at its port.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import networkx as nx

from topology.discovery_cables import Heard, listen, speed_of
from topology.discovery_model import (
    HEARD_THROUGH,
    Comparison,
    Finding,
    FindingKind,
    SeenDevice,
    SeenEnd,
    SeenLink,
    Stranger,
)
from topology.discovery_names import PortNames, Systems, same_port
from topology.model import DeviceId, DeviceRole, Inventory, Link, LinkEnd, LinkId
from topology.observations import OperStatus

_Change = tuple[Link, SeenLink]
_Weight = Callable[[Link, SeenLink], int]


def compare(inventory: Inventory, seen: Mapping[DeviceId, SeenDevice], now: datetime) -> Comparison:
    """What differs. `seen` has only devices that answered lately; those that the inventory lacks are passed
    over."""
    return _Comparing(inventory, {d: s for d, s in seen.items() if d in inventory.devices}, now).compare()


class _Comparing:
    def __init__(self, inventory: Inventory, seen: Mapping[DeviceId, SeenDevice], now: datetime) -> None:
        self.inventory = inventory
        self.seen = seen
        self.now = now
        self.names = {d: PortNames(s.ports, s.ports_whole) for d, s in seen.items()}
        self.heard: Heard = listen(inventory, seen, self.names)
        self.findings: list[Finding] = []
        self.confirmed: dict[LinkId, SeenLink | None] = {}
        self.unproven: dict[LinkId, str] = {}
        self.changed: list[_Change] = []
        self.explained: set[SeenEnd] = set()
        """Ports where a stranger is expected: the provider's box, or a device under another name."""

    def compare(self) -> Comparison:
        declared: defaultdict[tuple[DeviceId, DeviceId], list[Link]] = defaultdict(list)
        for link in sorted(self.inventory.links.values(), key=lambda x: x.id):
            if link.a.device == link.b.device:
                self.unproven[link.id] = "both its ends are at one device"
            else:
                a, b = sorted((link.a.device, link.b.device))
                declared[a, b].append(link)
        cables: defaultdict[tuple[DeviceId, DeviceId], list[SeenLink]] = defaultdict(list)
        for cable in self.heard.cables:
            cables[cable.a.device, cable.b.device].append(cable)
        missing: list[Link] = []
        for pair in sorted(declared.keys() | cables.keys()):
            missing += self._pair(declared.get(pair, []), cables.get(pair, []))
        for link in missing:
            self._missing(link)
        self._changes()
        self._speeds()
        self._device_names()
        self._strangers()
        return Comparison(
            self.now,
            tuple(sorted(self.seen)),
            tuple(sorted(self.findings, key=lambda f: (f.note, f.kind, f.key))),
            tuple(sorted(self.confirmed)),
            self.unproven,
            self.heard.cables,
            self.heard.strangers,
        )

    # --- the links of one pair of devices

    def _pair(self, links: list[Link], cables: list[SeenLink]) -> list[Link]:
        """Which declared link is which cable. Returns the links for which there is none."""
        fitting = self._matched(links, cables, self._fits)
        for link, cable in fitting.items():
            self.confirmed[link.id] = cable
        links = [x for x in links if x not in fitting]
        cables = [c for c in cables if c not in fitting.values()]
        moved = self._matched(links, cables, self._is_near)
        self.changed += moved.items()
        for cable in cables:
            if cable not in moved.values():
                self._add(
                    FindingKind.NOT_DECLARED,
                    f"{cable.a}-{cable.b}",
                    devices=(cable.a.device, cable.b.device),
                    seen=f"{cable.a} - {cable.b}",
                    why="they hear each other, and no such link is declared"
                    if cable.both_ways
                    else "one hears the other, and no such link is declared",
                    found=cable,
                    note=cable.shared,
                )
        return [x for x in links if x not in moved]

    def _matched(self, links: list[Link], cables: list[SeenLink], weight: _Weight) -> dict[Link, SeenLink]:
        graph: nx.Graph[tuple[str, int]] = nx.Graph()
        for i, link in enumerate(links):
            for j, cable in enumerate(cables):
                if (w := weight(link, cable)) > 0:
                    # Of equals the first of each list: the same answer every time.
                    graph.add_edge(("link", i), ("cable", j), weight=w * 10_000 - abs(i - j))
        found = {}
        for edge in nx.max_weight_matching(graph):
            (_, i), (_, j) = sorted(edge, reverse=True)
            found[links[i]] = cables[j]
        return dict(sorted(found.items(), key=lambda item: item[0].id))

    def _ends(self, link: Link, cable: SeenLink) -> list[tuple[str | None, str | None]]:
        """Declared and seen port of each end."""
        return [(self._declared_port(end), cable.at(end.device).port) for end in link.ends]

    def _fits(self, link: Link, cable: SeenLink) -> int:
        ends = self._ends(link, cable)
        if any(p is not None and q is not None and not self._same(p, q) for p, q in ends):
            return 0
        return 1 + 3 * sum(p is not None and q is not None for p, q in ends)

    def _is_near(self, link: Link, cable: SeenLink) -> int:
        return 1 + 3 * sum(
            p is not None and q is not None and self._same(p, q) for p, q in self._ends(link, cable)
        )

    def _declared_port(self, end: LinkEnd) -> str | None:
        names = self.names.get(end.device)
        return end.if_name if names is None else names.canonical(end.if_name) or end.if_name

    @staticmethod
    def _same(one: str, other: str) -> bool:
        return same_port(one, other)

    # --- a declared link for which no cable was found

    def _missing(self, link: Link) -> None:
        for end in link.ends:
            if self._no_such_port(link, end):
                return
        if any(self._routes_over(link, end) for end in link.ends):
            self.confirmed[link.id] = None
            return
        for end in link.ends:
            if (who := self._another_at(link, end)) is not None:
                self._add(
                    FindingKind.NOT_SEEN,
                    link.id,
                    links=(link.id,),
                    devices=(link.a.device, link.b.device),
                    declared=f"{link.a.device} - {link.b.device}",
                    seen=f"{end.device}:{end.if_name} - {who}",
                    why=f"{who} is heard at {end.device}:{end.if_name}, not {link.other(end.device).device}",
                )
                return
        why = self._why_unproven(link)
        if why is not None:
            self.unproven[link.id] = why
            return
        self._add(
            FindingKind.NOT_SEEN,
            link.id,
            links=(link.id,),
            devices=(link.a.device, link.b.device),
            declared=f"{_text(link.a)} - {_text(link.b)}",
            why="both ends were asked, their ports are up, and they do not hear each other",
        )

    def _no_such_port(self, link: Link, end: LinkEnd) -> bool:
        names = self.names.get(end.device)
        if names is None or not names.whole or end.if_name is None or names.canonical(end.if_name):
            return False
        self._add(
            FindingKind.NO_SUCH_PORT,
            f"{link.id}:{end.device}",
            links=(link.id,),
            devices=(end.device,),
            declared=_text(end),
            why=f"{end.device} has no port of this name, description or alias",
        )
        return True

    def _routes_over(self, link: Link, end: LinkEnd) -> bool:
        port, other = self._declared_port(end), link.other(end.device).device
        if any(who != other for who in self._at(end)):
            return False
        return port is not None and (end.device, port, other) in self.heard.routed

    def _at(self, end: LinkEnd) -> frozenset[str]:
        port = self._declared_port(end)
        return frozenset() if port is None else self.heard.at_port.get(SeenEnd(end.device, port), frozenset())

    def _another_at(self, link: Link, end: LinkEnd) -> str | None:
        """Who is positively heard in the place of the other end; None where that proves nothing."""
        heard = self._at(end) - {link.other(end.device).device}
        known = sorted(who for who in heard if not who.startswith("?"))
        if known:
            return known[0]
        if not heard:
            return None
        other = self.inventory.devices[link.other(end.device).device]
        place = SeenEnd(end.device, self._declared_port(end))
        if other.role is DeviceRole.CLOUD or link.circuit_id is not None or link.medium not in HEARD_THROUGH:
            self.explained.add(place)  # the provider's box, or the radio
            return None
        if other.id in self.seen:
            return sorted(heard)[0][1:]
        self.explained.add(place)
        self._add(
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

    def _why_unproven(self, link: Link) -> str | None:
        if link.medium not in HEARD_THROUGH:
            return f"{link.medium.value} passes no LLDP"
        for end in link.ends:
            device = self.inventory.devices[end.device]
            if device.role is DeviceRole.CLOUD:
                return "it goes through a provider's network"
            if end.device not in self.seen:
                return f"{end.device} was not asked, or did not answer"
        if link.circuit_id is not None:
            return "a provider's circuit may pass no LLDP"
        for end in link.ends:
            port = self._declared_port(end)
            status = None if port is None else self.names[end.device].ports.get(port)
            if status is not None and status.oper is not OperStatus.UP:
                return f"the port {end.device}:{port} is {status.oper.value}"
        a, b = link.a.device, link.b.device
        hears, speaks = self.heard.hears, self.heard.speaks
        if not ((a in hears and (b in speaks or b in hears)) or (b in hears and (a in speaks or a in hears))):
            return "one of its ends neither speaks nor hears LLDP or CDP"
        return None

    # --- what else differs

    def _changes(self) -> None:
        """Links at other ports; two that have changed places at a device are one finding."""
        told: list[tuple[Link, DeviceId, str, str]] = []
        for link, cable in self.changed:
            for end in link.ends:
                port, there = self._declared_port(end), cable.at(end.device).port
                if port is not None and there is not None and not self._same(port, there):
                    told.append((link, end.device, port, there))
        swapped: set[tuple[LinkId, DeviceId]] = set()
        for n, (one, device, port, there) in enumerate(told):
            for other, its_device, its_port, its_there in told[n + 1 :]:
                if device == its_device and self._same(port, its_there) and self._same(there, its_port):
                    swapped |= {(one.id, device), (other.id, device)}
                    self._add(
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
                self._add(
                    FindingKind.PORT_DIFFERS,
                    f"{link.id}:{device}",
                    links=(link.id,),
                    devices=(device,),
                    declared=f"{device}:{port}",
                    seen=f"{device}:{there}",
                    why=f"{link.id} is at another port of {device}",
                )

    def _speeds(self) -> None:
        found = [(self.inventory.links[i], cable) for i, cable in self.confirmed.items()]
        for link, cable in sorted([*found, *self.changed], key=lambda x: x[0].id):
            ends = link.ends if cable is None else (cable.a, cable.b)
            speeds = {}
            for end in ends:
                place = SeenEnd(end.device, self._declared_port(end)) if isinstance(end, LinkEnd) else end
                if (speed := speed_of(self.names, place)) is not None and self._is_up(place):
                    speeds[place] = speed
            if len(set(speeds.values())) > 1 and link.medium in HEARD_THROUGH:
                text = ", ".join(
                    f"{e} {_bits(s)}" for e, s in sorted(speeds.items(), key=lambda x: str(x[0]))
                )
                self._speed(link, None, text, "its two ends run at different speeds")
            elif speeds and link.capacity_bps is not None and min(speeds.values()) < link.capacity_bps:
                slow, speed = min(speeds.items(), key=lambda x: (x[1], str(x[0])))
                why = f"{slow} runs at less than the declared capacity"
                self._speed(link, _bits(link.capacity_bps), f"{slow} {_bits(speed)}", why)

    def _is_up(self, end: SeenEnd) -> bool:
        port = self.names[end.device].ports.get(end.port or "")
        return port is not None and port.oper is OperStatus.UP

    def _speed(self, link: Link, declared: str | None, seen: str, why: str) -> None:
        ends = (link.a.device, link.b.device)
        self._add(FindingKind.SPEED_DIFFERS, link.id, (link.id,), ends, declared, seen, why)

    def _device_names(self) -> None:
        systems = Systems(self.inventory, self.seen)
        for id_, seen in sorted(self.seen.items()):
            named = systems.declared_as(seen.sys_name)
            if named is not None and named != id_:
                why = f"what answers at the address of {id_} calls itself {seen.sys_name}: that is {named}"
                self._add(
                    FindingKind.NAME_DIFFERS,
                    id_,
                    devices=(id_, named),
                    declared=id_,
                    seen=seen.sys_name,
                    why=why,
                )
        told: dict[tuple[DeviceId, DeviceId], tuple[str, str]] = {}
        for row in (row for seen in self.seen.values() for row in seen.neighbors):
            named, there = systems.named(row.remote_system), systems.at(row.remote_address)
            if named is not None and there is not None and named != there:
                told[named, there] = (str(row.remote_system), str(row.remote_address))
        for (named, there), (system, address) in sorted(told.items()):
            self._add(
                FindingKind.NAME_DIFFERS,
                f"{named}@{there}",
                devices=(named, there),
                declared=f"{address} is {there}",
                seen=f"{system} at {address}",
                why=f"{named} tells the address of {there} as its own",
            )

    def _strangers(self) -> None:
        for stranger in self.heard.strangers:
            places = [end for end, _ in stranger.heard]
            if all(end in self.explained for end in places):
                continue
            self._add(
                FindingKind.UNKNOWN_NEIGHBOUR,
                f"{stranger.key}@{places[0]}",
                devices=tuple(sorted({end.device for end in places})),
                seen=" ".join(filter(None, (stranger.system, stranger.address))),
                why=f"heard at {', '.join(map(str, places))}, and in no inventory",
                stranger=stranger,
            )

    def _add(
        self,
        kind: FindingKind,
        key: str,
        links: tuple[LinkId, ...] = (),
        devices: tuple[DeviceId, ...] = (),
        declared: str | None = None,
        seen: str | None = None,
        why: str = "",
        *,
        found: SeenLink | None = None,
        stranger: Stranger | None = None,
        note: bool = False,
    ) -> None:
        at = max((self.seen[d].at for d in devices if d in self.seen), default=self.now)
        self.findings.append(
            Finding(
                kind,
                f"{kind.value}:{key}",
                links,
                devices,
                declared,
                seen,
                why,
                at,
                note,
                found,
                stranger,
            )
        )


def fresh(
    seen: Iterable[SeenDevice], now: datetime, most_age_s: Mapping[DeviceId, float]
) -> dict[DeviceId, SeenDevice]:
    """Those whose answer still counts: an older one is unknown."""
    return {
        s.device: s
        for s in seen
        if s.device in most_age_s and (now - s.at).total_seconds() <= most_age_s[s.device]
    }


def _text(end: LinkEnd) -> str:
    return f"{end.device}:{end.if_name or '?'}"


def _bits(bps: int) -> str:
    for unit, size in (("Gb/s", 1_000_000_000), ("Mb/s", 1_000_000), ("kb/s", 1_000)):
        if bps >= size:
            return f"{bps / size:g} {unit}"
    return f"{bps} b/s"
