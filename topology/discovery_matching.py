"""Which declared link between two devices is which cable. Pure."""

from __future__ import annotations

from collections.abc import Callable

import networkx as nx

from topology.discovery_case import Case
from topology.discovery_model import FindingKind, SeenLink
from topology.discovery_names import same_port
from topology.model import Link

_Weight = Callable[[Case, Link, SeenLink], int]


def match_pair(case: Case, links: list[Link], cables: list[SeenLink]) -> list[Link]:
    """Which declared link is which cable. Returns the links for which there is none."""
    fitting = _matched(case, links, cables, _fits)
    for link, cable in fitting.items():
        case.confirmed[link.id] = cable
    links = [x for x in links if x not in fitting]
    cables = [c for c in cables if c not in fitting.values()]
    moved = _matched(case, links, cables, _is_near)
    case.changed += moved.items()
    for cable in cables:
        if cable not in moved.values():
            case.add(
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


def _matched(case: Case, links: list[Link], cables: list[SeenLink], weight: _Weight) -> dict[Link, SeenLink]:
    graph: nx.Graph[tuple[str, int]] = nx.Graph()
    for i, link in enumerate(links):
        for j, cable in enumerate(cables):
            if (w := weight(case, link, cable)) > 0:
                # Of equals the first of each list: the same answer every time.
                graph.add_edge(("link", i), ("cable", j), weight=w * 10_000 - abs(i - j))
    found = {}
    for edge in nx.max_weight_matching(graph):
        (_, i), (_, j) = sorted(edge, reverse=True)
        found[links[i]] = cables[j]
    return dict(sorted(found.items(), key=lambda item: item[0].id))


def _ends(case: Case, link: Link, cable: SeenLink) -> list[tuple[str | None, str | None]]:
    """Declared and seen port of each end."""
    return [(case.declared_port(end), cable.at(end.device).port) for end in link.ends]


def _fits(case: Case, link: Link, cable: SeenLink) -> int:
    ends = _ends(case, link, cable)
    if any(p is not None and q is not None and not same_port(p, q) for p, q in ends):
        return 0
    return 1 + 3 * sum(p is not None and q is not None for p, q in ends)


def _is_near(case: Case, link: Link, cable: SeenLink) -> int:
    return 1 + 3 * sum(
        p is not None and q is not None and same_port(p, q) for p, q in _ends(case, link, cable)
    )
