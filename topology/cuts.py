"""What cuts whom off from the hubs, for all devices at once, in time linear in the network's size.

Cycle-space labels (Pritchard and Thurimella, "Fast computation of small cuts via cycle space sampling",
2011): every edge outside a spanning tree gets a random number, every tree edge the XOR of those that close a
cycle over it. A set of edges holds a cut exactly when some of its labels XOR to nothing, which Gaussian
elimination over GF(2) finds; and a device is on the far side of that cut when its way to the root crosses it
an odd number of times. Labels have 192 bits: a wrong answer has a chance below 2**-64 for sets of up to 128
edges, and the numbers come from a fixed seed, so that a run can be repeated.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from topology.graph import NOTHING, Failed, NetworkGraph
from topology.model import DeviceId, LinkId

BITS = 192
SPAN = 6
"""Risk groups with more links than this take part in pairs by single links only."""
Range = tuple[int, int]
"""Half-open, of positions in `Cuts.order`."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What fails as one: a link, a device with all its links, or a risk group."""

    links: frozenset[LinkId]
    devices: frozenset[DeviceId] = frozenset()


class Cuts:
    """One spanning tree from the hubs over what still works."""

    def __init__(self, graph: NetworkGraph, failed: Failed = NOTHING) -> None:
        self.graph = graph
        self.order: list[DeviceId] = []
        """Devices that reach a hub, in preorder of the tree."""
        self.position: dict[DeviceId, int] = {}
        self.end: list[int] = []
        """Past the last position of the subtree that starts here."""
        self.child: dict[object, int] = {}
        """Tree edge to the position below it."""
        self.label: dict[object, int] = {}
        self._grow(failed)

    def _grow(self, failed: Failed) -> None:
        around, position, order = self.graph.neighbours, self.position, self.order
        child, label = self.child, self.label
        draw = random.Random(64).getrandbits  # noqa: S311  # repeatable on purpose, not a secret
        parents: list[int] = []
        closing: list[int] = []  # XOR of the numbers of the edges that end here and close a cycle
        for hub in sorted(self.graph.hub_devices - failed.devices):
            # The hubs hang on one root by edges of their own: reaching any of them is enough.
            root_edge = ("root", hub)
            if hub in position:
                label[root_edge] = number = draw(BITS)
                closing[position[hub]] ^= number
                continue
            stack: list[tuple[DeviceId, object, int]] = [(hub, root_edge, -1)]
            while stack:
                device, edge, parent = stack.pop()
                here = position.get(device)
                if here is not None:
                    if edge not in label:
                        label[edge] = number = draw(BITS)
                        closing[here] ^= number
                        if parent >= 0:
                            closing[parent] ^= number
                    continue
                position[device] = here = len(order)
                order.append(device)
                parents.append(parent)
                closing.append(0)
                child[edge] = here
                label[edge] = 0
                for link, other in around(device):
                    if link not in label and link not in failed.links and other not in failed.devices:
                        stack.append((other, link, here))
        size = len(order)
        ends = list(range(1, size + 1))
        for here in range(size - 1, 0, -1):
            if (parent := parents[here]) >= 0:
                closing[parent] ^= closing[here]
                ends[parent] = max(ends[parent], ends[here])
        for edge, here in child.items():
            label[edge] = closing[here]
        self.end = ends

    def edges(self, unit: Unit) -> list[object]:
        """The edges of the tree's graph that go with a unit, each once."""
        found: dict[object, None] = dict.fromkeys(link for link in unit.links if link in self.label)
        for device in unit.devices:
            if device in self.position:
                found.update(
                    dict.fromkeys(link for link, _ in self.graph.neighbours(device) if link in self.label)
                )
                if device in self.graph.hub_devices:
                    found["root", device] = None
        return list(found)

    def ranges(self, unit: Unit) -> list[Range]:
        """The positions that lose every hub with `unit`; disjoint, sorted."""
        return union([r for cut in self._held_cuts(self.edges(unit)) for r in self._odd(cut)])

    def lost(self, unit: Unit) -> list[DeviceId]:
        """The devices that lose every hub with `unit`; those of the unit itself included."""
        return [self.order[i] for start, stop in self.ranges(unit) for i in range(start, stop)]

    def paths(self, groups: Iterable[Unit]) -> dict[DeviceId, int]:
        """How many links or risk groups it takes to cut each device off: 1, 2, or 3 for three and more.

        Devices that reach no hub are missing. Without risk groups this is the number of link-disjoint paths
        (Menger). `groups` are the risk groups that count.
        """
        size = len(self.order)
        one, two = [0] * (size + 1), [0] * (size + 1)
        keys: dict[int, list[list[object]]] = {}
        for edge, label in self.label.items():
            if isinstance(edge, tuple):
                continue
            if label == 0:
                start = self.child[edge]
                one[start] += 1
                one[self.end[start]] -= 1
            else:
                keys.setdefault(label, []).append([edge])
        for group in groups:
            edges = self.edges(group)
            cuts = self._held_cuts(edges)
            for start, stop in union([r for cut in cuts for r in self._odd(cut)]):
                one[start] += 1
                one[stop] -= 1
            for here in (self.position[d] for d in group.devices if d in self.position):
                one[here] -= 1  # that it needs power itself is no fault of its paths
                one[here + 1] += 1
            for key, subset in self._span(edges).items():
                keys.setdefault(key, []).append(subset)
        for subsets in keys.values():
            if len(subsets) > 1:
                for start, stop in self._mixed(subsets):
                    two[start] += 1
                    two[stop] -= 1
        found, ones, twos = {}, 0, 0
        for here, device in enumerate(self.order):
            ones += one[here]
            twos += two[here]
            found[device] = 1 if ones else 2 if twos else 3
        return found

    def _span(self, edges: Sequence[object]) -> dict[int, list[object]]:
        """Every sum of two and more labels of a group (single links have their own entry)."""
        sums: dict[int, list[object]] = {}
        if len(edges) > SPAN:
            return sums
        for size in range(2, len(edges) + 1):
            for subset in combinations(edges, size):
                total = 0
                for edge in subset:
                    total ^= self.label[edge]
                if total:
                    sums.setdefault(total, list(subset))
        return sums

    def _held_cuts(self, edges: Sequence[object]) -> list[list[object]]:
        """A basis of the cuts that lie within `edges` (linear dependencies of their labels)."""
        rows: dict[int, tuple[int, int]] = {}  # leading bit: (label, which edges)
        cuts = []
        for i, edge in enumerate(edges):
            value, which = self.label[edge], 1 << i
            while value:
                lead = value.bit_length()
                row = rows.get(lead)
                if row is None:
                    rows[lead] = (value, which)
                    break
                value ^= row[0]
                which ^= row[1]
            else:
                cuts.append([edges[k] for k in range(i + 1) if which >> k & 1])
        return cuts

    def _odd(self, cut: Iterable[object]) -> list[Range]:
        """The positions whose way to the root crosses `cut` an odd number of times."""
        return [(a, b) for a, b, odd in self._sweep([cut]) if odd]

    def _mixed(self, subsets: Sequence[Iterable[object]]) -> list[Range]:
        """The positions that some pair of `subsets` separates: odd for some of them, even for others."""
        return [(a, b) for a, b, odd in self._sweep(subsets) if 0 < odd < len(subsets)]

    def _sweep(self, subsets: Sequence[Iterable[object]]) -> list[tuple[int, int, int]]:
        """Shape: (start, stop, of how many subsets the crossings are odd), in order, without gaps inside."""
        flips: list[tuple[int, int]] = []
        for which, subset in enumerate(subsets):
            for edge in subset:
                start = self.child.get(edge)
                if start is not None:
                    flips += [(start, which), (self.end[start], which)]
        flips.sort()
        found, odd, before = [], set[int](), 0
        for at, which in flips:
            if at > before and odd:
                found.append((before, at, len(odd)))
            before = at
            odd ^= {which}
        return found


def union(ranges: Iterable[Range]) -> list[Range]:
    """Disjoint and sorted."""
    merged: list[Range] = []
    for start, stop in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged
