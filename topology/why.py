"""A cause in words: what was seen, and why that points where it points."""

from __future__ import annotations

from datetime import datetime

from topology.findings import Component, ComponentKind, DeviceCondition, LinkCondition
from topology.graph import NetworkGraph
from topology.model import DeviceId, LinkId
from topology.state import NetworkState

_SHOWN = 4


def why(
    graph: NetworkGraph,
    state: NetworkState,
    components: tuple[Component, ...],
    explains: tuple[Component, ...],
    now: datetime,
) -> str:
    """One or two sentences for a person on duty."""
    parts = [_of_one(graph, state, c, explains, now) for c in components]
    behind = [DeviceId(c.id) for c in explains if c.kind is ComponentKind.DEVICE and c not in components]
    if behind:
        parts.append(
            f"{_list([str(d) for d in behind])} {'is' if len(behind) == 1 else 'are'} silent behind it"
        )
    return "; ".join(parts)


def _of_one(
    graph: NetworkGraph,
    state: NetworkState,
    component: Component,
    explains: tuple[Component, ...],
    now: datetime,
) -> str:
    match component.kind:
        case ComponentKind.LINK:
            return _link(graph, state, LinkId(component.id), now)
        case ComponentKind.DEVICE:
            return _device(graph, state, DeviceId(component.id))
        case _:
            members = graph.members(component)
            failed = [
                c.id
                for c in explains
                if (c.kind is ComponentKind.LINK and c.id in members.links)
                or (c.kind is ComponentKind.DEVICE and c.id in members.devices)
            ]
            kind = "risk group" if component.kind is ComponentKind.RISK_GROUP else "provider"
            seen = f"{_list(failed)} failed together" if failed else "what is dark depends on it"
            return f"{kind} {component.id}: {seen}, and nothing else of it is known to work"


def _link(graph: NetworkGraph, state: NetworkState, link: LinkId, now: datetime) -> str:
    a, b = graph.ends[link]
    name = f"link {link} ({a} - {b})"
    condition = state.links[link]
    if condition is LinkCondition.DISABLED:
        return f"{name} was shut by an administrator"
    if condition is not LinkCondition.DOWN:
        return f"{name} would explain it, though no end reports its state"
    said = state.says(link, now)
    down = [str(p) for p, says in said.items() if says.name == "DOWN"]
    up = [str(p) for p, says in said.items() if says.name == "UP"]
    text = f"{name} is down" + (f" at {_list(down)}" if down else "")
    dark = [str(p) for p in state.dark_ends(link, now)]
    both_heard = all(state.devices[d] is not DeviceCondition.SILENT for d in (a, b))
    if len(dark) == 1 and len(said) == 2 and both_heard:
        text += f", no light comes in at {dark[0]} only: one direction is broken"
    elif dark:
        text += f", no light comes in at {_list(dark)}"
    elif up:
        text += f", while {_list(up)} still says up"
    return text


def _device(graph: NetworkGraph, state: NetworkState, device: DeviceId) -> str:
    around = graph.neighbours(device)
    down = [o for link, o in around if state.links[link] is LinkCondition.DOWN]
    up = [o for link, o in around if state.links[link] is LinkCondition.UP]
    if state.devices[device] is not DeviceCondition.SILENT:
        return f"{device} is not asked itself, but all that is dark hangs on it"
    if len(down) > 1:
        return f"{device} is silent and {_list([str(d) for d in down])} see their links to it down"
    if down:
        return f"{device} may have no power: it is silent and {down[0]} sees its link to it down"
    if up:
        return f"{device} does not answer, though {_list([str(d) for d in up])} see their links to it up"
    return f"{device} does not answer, and something on the way to it does"


def _list(names: list[str]) -> str:
    if len(names) > _SHOWN:
        return f"{', '.join(names[:_SHOWN])} and {len(names) - _SHOWN} more"
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]
