"""A second opinion, by brute force: small random networks, what a failure would look like, and every set of
failures that would look the same. Shares no code with the engine but the values of the model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import combinations

from hypothesis import strategies as st

from topology.findings import Component, ComponentKind
from topology.model import (
    Address,
    ConnectionStage,
    Device,
    DeviceId,
    Inventory,
    Link,
    LinkEnd,
    LinkId,
    Network,
    Office,
    OfficeId,
    PortRef,
    RiskGroup,
    RiskGroupId,
    RiskGroupKind,
)
from topology.observations import AdminStatus, OperStatus, PortStatus, Reachability

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Net:
    """Device 0 is the vantage. Components: devices 1.., then links, then groups, all by number."""

    size: int
    links: list[tuple[int, int]]
    groups: list[tuple[frozenset[int], frozenset[int]]]
    """(devices, links)"""
    office_of: list[int]
    hubs: frozenset[int]
    """Offices."""
    monitored: list[bool] = field(default_factory=list)

    @property
    def components(self) -> list[tuple[str, int]]:
        found = [("device", d) for d in range(1, self.size)]
        found += [("link", n) for n in range(len(self.links))]
        return found + [("risk_group", n) for n in range(len(self.groups))]

    def dead(self, failed) -> tuple[set[int], set[int]]:
        devices = {n for kind, n in failed if kind == "device"}
        links = {n for kind, n in failed if kind == "link"}
        for kind, n in failed:
            if kind == "risk_group":
                devices |= self.groups[n][0]
                links |= self.groups[n][1]
        return devices, links

    def reached(self, starts, devices, links) -> set[int]:
        seen = {s for s in starts if s not in devices}
        queue = list(seen)
        while queue:
            here = queue.pop()
            for n, (a, b) in enumerate(self.links):
                if n in links or here not in (a, b):
                    continue
                other = b if here == a else a
                if other not in seen and other not in devices:
                    seen.add(other)
                    queue.append(other)
        return seen

    def looks(self, failed):
        """What a complete round of probes and polls would see: (device answers, (port, up))."""
        devices, links = self.dead(failed)
        seen = self.reached([0], devices, links)
        ports = {}
        for n, (a, b) in enumerate(self.links):
            for here, there in ((a, b), (b, a)):
                if here in seen:
                    ports[n, here] = n not in links and there not in devices
        return frozenset(seen), ports

    def fits(self, failed, reach, ports) -> bool:
        """Whether `failed` would have looked like what was seen. `reach`: device to answered."""
        devices, links = self.dead(failed)
        if 0 in devices:
            return False
        seen = self.reached([0], devices, links)
        if any((d in seen) is not answered for d, answered in reach.items()):
            return False
        for (n, here), up in ports.items():
            a, b = self.links[n]
            there = b if here == a else a
            if (n not in links and there not in devices) is not up:
                return False
        return True

    def explanations(self, reach, ports, at_most: int):
        """Every fitting set of at most so many components, the smallest first."""
        for size in range(at_most + 1):
            for failed in combinations(self.components, size):
                if self.fits(failed, reach, ports):
                    yield frozenset(failed)

    def smallest(self, reach, ports, at_most: int):
        found = []
        for failed in self.explanations(reach, ports, at_most):
            if found and len(failed) > len(found[0]):
                break
            found.append(failed)
        return found

    def connected(self, office: int, failed) -> bool:
        """Whether the office truly reaches a hub (another device of its own is enough at a hub)."""
        devices, links = self.dead(failed)
        starts = [d for d in range(self.size) if self.office_of[d] == office]
        seen = self.reached(starts, devices, links)
        return any(self.office_of[d] in self.hubs for d in seen)

    def inventory(self) -> Inventory:
        monitored = self.monitored or [True] * self.size
        offices = sorted(set(self.office_of))
        in_groups_d = {
            d: tuple(RiskGroupId(f"g{n}") for n, (ds, _) in enumerate(self.groups) if d in ds)
            for d in range(self.size)
        }
        return Inventory(
            network=Network("oracle"),
            vantages=(DeviceId("d0"),),
            hubs=tuple(OfficeId(f"o{h}") for h in sorted(self.hubs)),
            offices={
                OfficeId(f"o{o}"): Office(OfficeId(f"o{o}"), f"o{o}", connection=ConnectionStage.ACTIVE)
                for o in offices
            },
            devices={
                DeviceId(f"d{d}"): Device(
                    DeviceId(f"d{d}"),
                    OfficeId(f"o{self.office_of[d]}"),
                    Address("127.0.0.1") if monitored[d] else None,
                    risk_groups=in_groups_d[d],
                )
                for d in range(self.size)
            },
            links={
                LinkId(f"l{n}"): Link(
                    LinkId(f"l{n}"),
                    LinkEnd(DeviceId(f"d{a}"), f"p{n}"),
                    LinkEnd(DeviceId(f"d{b}"), f"p{n}"),
                    risk_groups=tuple(
                        RiskGroupId(f"g{g}") for g, (_, ls) in enumerate(self.groups) if n in ls
                    ),
                )
                for n, (a, b) in enumerate(self.links)
            },
            risk_groups={
                RiskGroupId(f"g{n}"): RiskGroup(RiskGroupId(f"g{n}"), RiskGroupKind.DUCT, f"g{n}")
                for n in range(len(self.groups))
            },
        )


def component(part: tuple[str, int]) -> Component:
    letter = {"device": "d", "link": "l", "risk_group": "g"}[part[0]]
    return Component(ComponentKind(part[0]), f"{letter}{part[1]}")


def part(of: Component) -> tuple[str, int]:
    return of.kind.value, int(of.id[1:])


def observations(reach, ports, at=NOW):
    """As a collector would report them."""
    found = [Reachability(DeviceId(f"d{d}"), at, answered) for d, answered in sorted(reach.items())]
    for (n, here), up in sorted(ports.items()):
        oper = OperStatus.UP if up else OperStatus.DOWN
        found.append(PortStatus(PortRef(DeviceId(f"d{here}"), f"p{n}"), at, AdminStatus.UP, oper))
    return found


@st.composite
def nets(draw, size=(2, 6), extra=(0, 3), groups=(0, 0), hub="vantage", shared_offices=False):
    """Connected networks; `extra` links close rings and meshes, parallel ones included."""
    count = draw(st.integers(*size))
    links = [(draw(st.integers(0, d - 1)), d) for d in range(1, count)]
    for _ in range(draw(st.integers(*extra))):
        a = draw(st.integers(0, count - 1))
        b = draw(st.integers(0, count - 2))
        links.append((a, b if b < a else b + 1))
    found = []
    for _ in range(draw(st.integers(*groups))):
        if draw(st.booleans()) and len(links) > 1:
            chosen = draw(st.sets(st.integers(0, len(links) - 1), min_size=2, max_size=3))
            found.append((frozenset(), frozenset(chosen)))
        elif count > 2:
            chosen = draw(st.sets(st.integers(1, count - 1), min_size=2, max_size=3))
            found.append((frozenset(chosen), frozenset()))
    office_of = list(range(count))
    if shared_offices:
        for d in range(1, count):
            if draw(st.integers(0, 3)) == 0:
                office_of[d] = office_of[draw(st.integers(0, d - 1))]
    if hub == "vantage":
        hubs = frozenset({office_of[0]})
    else:
        hubs = frozenset(draw(st.sets(st.sampled_from(sorted(set(office_of))), min_size=1, max_size=2)))
    return Net(count, links, found, office_of, hubs)


@st.composite
def failures(draw, net: Net, least=0, most=3):
    parts = net.components
    return frozenset(draw(st.sets(st.sampled_from(parts), min_size=least, max_size=most)))
