"""A cause in words: what was seen, and why that points where it points. In the network's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from topology.findings import Component, ComponentKind, DeviceCondition, LinkCondition
from topology.graph import NetworkGraph
from topology.model import DeviceId, Language, LinkId
from topology.state import NetworkState

_SHOWN = 4

_EN: Mapping[str, str] = {
    "and": "and",
    "more": "{names} and {count} more",
    "behind_one": "{names} is silent behind it",
    "behind": "{names} are silent behind it",
    "risk_group": "risk group",
    "provider": "provider",
    "together": "{names} failed together",
    "depends": "what is dark depends on it",
    "group": "{kind} {id}: {seen}, and nothing else of it is known to work",
    "link": "link {id} ({a} - {b})",
    "shut": "{link} was shut by an administrator",
    "would": "{link} would explain it, though no end reports its state",
    "down": "{link} is down",
    "down_at": "{link} is down at {ports}",
    "one_way": "{text}, no light comes in at {ports} only: one direction is broken",
    "dark": "{text}, no light comes in at {ports}",
    "still_up": "{text}, while {ports} still says up",
    "not_asked": "{id} is not asked itself, but all that is dark hangs on it",
    "seen_down": "{id} is silent and {names} see their links to it down",
    "no_power": "{id} may have no power: it is silent and {names} sees its link to it down",
    "links_up": "{id} does not answer, though {names} see their links to it up",
    "unanswered": "{id} does not answer, and something on the way to it does",
}
_ID: Mapping[str, str] = {
    "and": "dan",
    "more": "{names} dan {count} lainnya",
    "behind_one": "{names} diam di belakangnya",
    "behind": "{names} diam di belakangnya",
    "risk_group": "kelompok risiko",
    "provider": "penyedia",
    "together": "{names} gagal bersamaan",
    "depends": "yang gelap bergantung padanya",
    "group": "{kind} {id}: {seen}, dan tidak ada bagian lainnya yang diketahui berfungsi",
    "link": "sambungan {id} ({a} - {b})",
    "shut": "{link} dimatikan oleh administrator",
    "would": "{link} dapat menjelaskannya, meski tidak ada ujung yang melaporkan keadaannya",
    "down": "{link} putus",
    "down_at": "{link} putus menurut {ports}",
    "one_way": "{text}, cahaya hanya tidak masuk di {ports}: satu arah rusak",
    "dark": "{text}, tidak ada cahaya masuk di {ports}",
    "still_up": "{text}, sedangkan {ports} masih melapor hidup",
    "not_asked": "{id} sendiri tidak dipantau, tetapi semua yang gelap bergantung padanya",
    "seen_down": "{id} diam, dan {names} melihat sambungan ke sana putus",
    "no_power": "{id} mungkin tanpa listrik: perangkat itu diam dan {names} melihat sambungan ke sana putus",
    "links_up": "{id} tidak menjawab, meski {names} melihat sambungan ke sana hidup",
    "unanswered": "{id} tidak menjawab, sedangkan yang dilalui ke sana menjawab",
}
BLIND: Mapping[Language, str] = {Language.EN: "the monitor is blind: ", Language.ID: "monitor buta: "}
"""Before the words of a cause that is on our own side."""
PHRASES: Mapping[Language, Mapping[str, str]] = {Language.EN: _EN, Language.ID: _ID}


def why(
    graph: NetworkGraph,
    state: NetworkState,
    components: tuple[Component, ...],
    explains: tuple[Component, ...],
    now: datetime,
) -> str:
    """One or two sentences for a person on duty."""
    return _Words(graph, state, now).of(components, explains)


class _Words:
    def __init__(self, graph: NetworkGraph, state: NetworkState, now: datetime) -> None:
        self._graph = graph
        self._state = state
        self._now = now
        self._phrases = PHRASES[graph.inventory.network.language]

    def of(self, components: tuple[Component, ...], explains: tuple[Component, ...]) -> str:
        parts = [self._of_one(c, explains) for c in components]
        behind = [str(c.id) for c in explains if c.kind is ComponentKind.DEVICE and c not in components]
        if behind:
            parts.append(self._say("behind_one" if len(behind) == 1 else "behind", names=self._list(behind)))
        return "; ".join(parts)

    def _say(self, phrase: str, **values: object) -> str:
        return self._phrases[phrase].format(**values)

    def _of_one(self, component: Component, explains: tuple[Component, ...]) -> str:
        match component.kind:
            case ComponentKind.LINK:
                return self._link(LinkId(component.id))
            case ComponentKind.DEVICE:
                return self._device(DeviceId(component.id))
            case _:
                return self._group(component, explains)

    def _group(self, component: Component, explains: tuple[Component, ...]) -> str:
        members = self._graph.members(component)
        failed = [
            c.id
            for c in explains
            if (c.kind is ComponentKind.LINK and c.id in members.links)
            or (c.kind is ComponentKind.DEVICE and c.id in members.devices)
        ]
        kind = self._say("risk_group" if component.kind is ComponentKind.RISK_GROUP else "provider")
        seen = self._say("together", names=self._list(failed)) if failed else self._say("depends")
        return self._say("group", kind=kind, id=component.id, seen=seen)

    def _link(self, link: LinkId) -> str:
        state = self._state
        a, b = self._graph.ends[link]
        name = self._say("link", id=link, a=a, b=b)
        condition = state.links[link]
        if condition is LinkCondition.DISABLED:
            return self._say("shut", link=name)
        if condition is not LinkCondition.DOWN:
            return self._say("would", link=name)
        said = state.says(link, self._now)
        down = [str(p) for p, says in said.items() if says.name == "DOWN"]
        up = [str(p) for p, says in said.items() if says.name == "UP"]
        text = (
            self._say("down_at", link=name, ports=self._list(down)) if down else self._say("down", link=name)
        )
        dark = [str(p) for p in state.dark_ends(link, self._now)]
        both_heard = all(state.devices[d] is not DeviceCondition.SILENT for d in (a, b))
        if len(dark) == 1 and len(said) == 2 and both_heard:
            return self._say("one_way", text=text, ports=dark[0])
        if dark:
            return self._say("dark", text=text, ports=self._list(dark))
        return self._say("still_up", text=text, ports=self._list(up)) if up else text

    def _device(self, device: DeviceId) -> str:
        state, around = self._state, self._graph.neighbours(device)
        down = [str(o) for link, o in around if state.links[link] is LinkCondition.DOWN]
        up = [str(o) for link, o in around if state.links[link] is LinkCondition.UP]
        if state.devices[device] is not DeviceCondition.SILENT:
            return self._say("not_asked", id=device)
        if down:
            return self._say("seen_down" if len(down) > 1 else "no_power", id=device, names=self._list(down))
        if up:
            return self._say("links_up", id=device, names=self._list(up))
        return self._say("unanswered", id=device)

    def _list(self, names: list[str]) -> str:
        if len(names) > _SHOWN:
            return self._say("more", names=", ".join(names[:_SHOWN]), count=len(names) - _SHOWN)
        if len(names) > 1:
            return f"{', '.join(names[:-1])} {self._say('and')} {names[-1]}"
        return names[0]
