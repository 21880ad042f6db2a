"""Random networks, cabled otherwise than declared, against what can be counted by hand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from topology.discovery import compare
from topology.discovery_model import HEARD_THROUGH, FindingKind, SeenDevice
from topology.model import (
    Device,
    DeviceId,
    Inventory,
    Link,
    LinkEnd,
    LinkId,
    Medium,
    Network,
    OfficeId,
    PortRef,
)
from topology.observations import AdminStatus, Neighbor, OperStatus, PortStatus

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
PORTS = ("ether1", "ether2", "ether3", "ether4")
Place = tuple[str, str]


@dataclass(frozen=True)
class Cable:
    a: Place
    b: Place
    medium: Medium

    @property
    def ends(self) -> frozenset[Place]:
        return frozenset((self.a, self.b))

    @property
    def pair(self) -> frozenset[str]:
        return frozenset((self.a[0], self.b[0]))


@dataclass(frozen=True)
class World:
    devices: tuple[str, ...]
    asked: frozenset[str]
    cables: tuple[Cable, ...]
    declared: tuple[Cable, ...]
    swapped: tuple[tuple[int, int], ...]
    """Numbers of declared links that have changed places at a device."""

    def heard(self) -> list[Cable]:
        return [c for c in self.cables if c.medium in HEARD_THROUGH and c.pair & self.asked]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    devices = tuple(f"d{n}" for n in range(draw(st.integers(2, 5))))
    places = draw(st.permutations([(d, p) for d in devices for p in PORTS]))
    media = st.sampled_from([Medium.FIBER, Medium.FIBER, Medium.COPPER, Medium.SATELLITE, Medium.VPN])
    count = draw(st.integers(0, len(places) // 2))
    pairs = [(places[2 * n], places[2 * n + 1]) for n in range(len(places) // 2)]
    pairs = [(a, b) for a, b in pairs if a[0] != b[0]]
    real = [Cable(a, b, draw(media)) for a, b in pairs[:count]]
    declared = [c for c in real if draw(st.integers(0, 4))]
    declared += [Cable(a, b, draw(media)) for a, b in pairs[count:] if draw(st.integers(0, 3)) == 0]
    swapped = []
    used: set[int] = set()
    for i, one in enumerate(declared):
        for j in range(i + 1, len(declared)):
            other = declared[j]
            shared = one.pair & other.pair
            if {i, j} & used or not shared or draw(st.integers(0, 5)):
                continue
            at = sorted(shared)[0]
            mine = one.a if one.a[0] == at else one.b
            its = other.a if other.a[0] == at else other.b
            declared[i] = _moved(one, mine, its)
            declared[j] = _moved(other, its, mine)
            used |= {i, j}
            if one in real and other in real:
                swapped.append((i, j))
    asked = frozenset(d for d in devices if draw(st.integers(0, 4)))
    return World(devices, asked, tuple(real), tuple(declared), tuple(swapped))


def _moved(cable: Cable, old: Place, new: Place) -> Cable:
    return replace(cable, a=new) if cable.a == old else replace(cable, b=new)


def inventory_of(world: World) -> Inventory:
    devices = {DeviceId(d): Device(DeviceId(d), OfficeId("o")) for d in world.devices}
    links = {
        LinkId(f"l{n}"): Link(
            LinkId(f"l{n}"),
            LinkEnd(DeviceId(c.a[0]), c.a[1]),
            LinkEnd(DeviceId(c.b[0]), c.b[1]),
            medium=c.medium,
        )
        for n, c in enumerate(world.declared)
    }
    return Inventory(Network("n"), (DeviceId(world.devices[0]),), (), {}, devices, links)


def seen_of(world: World) -> dict[DeviceId, SeenDevice]:
    seen = {}
    for name in world.asked:
        id_ = DeviceId(name)
        ports = tuple(PortStatus(PortRef(id_, p), NOW, AdminStatus.UP, OperStatus.UP) for p in PORTS)
        rows = []
        for cable in world.heard():
            for mine, its in ((cable.a, cable.b), (cable.b, cable.a)):
                if mine[0] == name:
                    system = f"{its[0].upper()}.paser.go.id"
                    rows.append(Neighbor(id_, NOW, "lldp", mine[1], system, its[1]))
        seen[id_] = SeenDevice(id_, NOW, f"{name}.paser.go.id", ports, tuple(rows))
    return seen


@given(worlds())
@settings(max_examples=150, deadline=None)
def test_against_the_count(world: World) -> None:
    found = compare(inventory_of(world), seen_of(world), NOW)
    heard = world.heard()
    links = {LinkId(f"l{n}"): c for n, c in enumerate(world.declared)}

    # Confirmed is exactly what is cabled as it is declared, and heard.
    cabled = {c.ends for c in heard}
    assert set(found.confirmed) == {i for i, c in links.items() if c.ends in cabled}

    # Of each pair of devices as many cables are undeclared as there are more than links.
    extra: defaultdict[frozenset[str], int] = defaultdict(int)
    for cable in heard:
        extra[cable.pair] += 1
    for cable in world.declared:
        extra[cable.pair] -= 1
    undeclared: defaultdict[frozenset[str], int] = defaultdict(int)
    for finding in found.findings:
        if finding.kind is FindingKind.NOT_DECLARED:
            undeclared[frozenset(finding.devices)] += 1
            assert finding.found is not None
            ends = frozenset((str(e.device), str(e.port)) for e in (finding.found.a, finding.found.b))
            assert ends in cabled
    assert undeclared == {pair: n for pair, n in extra.items() if n > 0}

    # Every declared link has one fate.
    said = {i for f in found.findings for i in f.links}
    for link in links:
        assert (link in found.confirmed) + (link in found.unproven) + (link in said) == 1, link

    # Not seen is said only of what was looked at from both ends, or where another is heard.
    for finding in found.findings:
        assert finding.kind is not FindingKind.UNKNOWN_NEIGHBOUR
        if finding.kind is not FindingKind.NOT_SEEN:
            continue
        link = links[finding.links[0]]
        elsewhere = [
            c
            for c in heard
            for end in (link.a, link.b)
            if end in c.ends and end[0] in world.asked and c.pair != link.pair
        ]
        assert elsewhere or (link.pair <= world.asked and link.medium in HEARD_THROUGH)

    # What nobody could have heard is never said to be missing; what both could is.
    hearing = {d for d in world.asked if any(d in c.pair for c in heard)}
    for id_, link in links.items():
        if any(c.pair == link.pair for c in heard):
            continue
        taken = any(end in c.ends and end[0] in world.asked for c in heard for end in (link.a, link.b))
        provable = link.medium in HEARD_THROUGH and link.pair <= hearing
        assert (id_ in found.unproven) == (not taken and not provable), (id_, link)


@given(worlds())
@settings(max_examples=120, deadline=None)
def test_two_links_that_changed_places_are_one_finding(world: World) -> None:
    world = replace(world, asked=frozenset(world.devices))
    heard = {c.ends for c in world.heard()}
    found = compare(inventory_of(world), seen_of(world), NOW)
    swaps = {f.links for f in found.findings if f.kind is FindingKind.PORTS_SWAPPED}
    pairs = [c.pair for c in world.declared]
    for i, j in world.swapped:
        one, other = world.declared[i], world.declared[j]
        if one.pair != other.pair and (pairs.count(one.pair) > 1 or pairs.count(other.pair) > 1):
            continue  # with several links between two devices there are other readings as good
        if one.pair == other.pair and pairs.count(one.pair) > 2:
            continue
        if all(m.medium in HEARD_THROUGH for m in (one, other)) and not {one.ends, other.ends} & heard:
            assert tuple(sorted((f"l{i}", f"l{j}"))) in {tuple(sorted(s)) for s in swaps}
