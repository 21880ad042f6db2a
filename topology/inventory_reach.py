"""Whether every office has a device, and every device a chain of links from the vantage."""

from __future__ import annotations

import re

import networkx as nx

from topology.inventory_checks import Checker, word, words
from topology.inventory_problems import Level, nearest
from topology.model import ConnectionStage


def check_reach(checker: Checker) -> None:
    if checker.certain["devices"] and ("devices",) not in checker.invalid:
        _offices(checker)
        if checker.certain["links"] and ("links",) not in checker.invalid:
            _islands(checker)


def _offices(checker: Checker) -> None:
    housed, dangling = set(), []
    for _, row in checker.rows("devices"):
        office = word(row.get("office"))
        if office in checker.ids["offices"]:
            housed.add(office)
        else:
            dangling.append((word(row.get("id")), office))
    empty = [o for o in checker.ids["offices"] if o not in housed]
    meant = {_meant(device, office, empty) for device, office in dangling}
    hubs = set(words(checker.data.get("hubs")))
    for name in empty:
        if name in meant:
            continue
        path = checker.ids["offices"][name]
        stage = checker.row("offices", name).get("connection", ConnectionStage.ACTIVE)
        if name in hubs:
            message = f"the hub {name!r} has no device: no office can reach it"
            checker.say((*path, "id"), message, code="hub-without-device")
        elif stage == ConnectionStage.ACTIVE:
            message = f"the office {name!r} is active but has no device: its state will stay unknown"
            hint = "declare its device, or set connection: planned, surveyed, ordered or installing"
            checker.say((*path, "id"), message, hint, code="office-without-device", level=Level.WARNING)


def _meant(device: str | None, office: str | None, empty: list[str]) -> str | None:
    """The office without device that a device with a wrong office most likely stands in.

    That device has its message already; the office must not get another one for the same slip.
    """
    near = None if office is None else nearest(office, empty)
    if near is not None or device is None:
        return near
    parts = set(re.split(r"[-_. ]", device.casefold()))
    return next((o for o in empty if parts & set(re.split(r"[-_. ]", o.casefold()))), None)


def _islands(checker: Checker) -> None:
    vantages = words(checker.data.get("vantage"))
    known = checker.ids["devices"]
    if not vantages or any(v not in known for v in vantages):
        return
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(known)
    for _, row in checker.rows("links"):
        (a, _), (b, _) = checker.end(row, "a"), checker.end(row, "b")
        if a in known and b in known:
            graph.add_edge(a, b)
    home: set[str] = set().union(*(nx.node_connected_component(graph, v) for v in vantages))
    islands = [i for i in nx.connected_components(graph) if not i <= home]
    for island in _unexplained(islands, checker.broken):
        _island(checker, sorted(island, key=lambda d: checker.line(known[d])))


def _unexplained(islands: list[set[str]], broken: list[frozenset[str]]) -> list[set[str]]:
    """Without the islands that a link with a wrong end would have joined: it has its message already."""
    rest = list(islands)
    for ends in broken:
        meant = next((i for i in rest if any(e in i or nearest(e, i) for e in ends)), None)
        if meant is None and rest:
            meant = rest[0]
        if meant is not None:
            rest.remove(meant)
    return rest


def _island(checker: Checker, devices: list[str]) -> None:
    offices = {word(checker.row("devices", d).get("office")) for d in devices}
    shown = ", ".join(devices[:5]) + (f" and {len(devices) - 5} more" if len(devices) > 5 else "")
    where = ", ".join(sorted(o for o in offices if o is not None)[:5])
    message = f"no chain of links leads from the vantage to {shown}" + (f" (office {where})" if where else "")
    hint = "declare the link that joins it"
    at = (*checker.ids["devices"][devices[0]], "id")
    checker.say(at, message, hint, code="island", level=Level.WARNING)
