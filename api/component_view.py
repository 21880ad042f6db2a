"""Components, named and explained for one caller: the ground that the other views stand on.

Everything that leaves a view has passed `Visible` and the role: nothing is taken from the inventory or a
verdict past it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from alerts.words import component_name
from api import schemas
from api.backend import Backend
from api.past import Past
from api.scope import Scope
from api.visible import Visible
from topology.findings import Component, ComponentKind, Verdict
from topology.model import ApplicationId, Language, Office, OfficeId

POINTS_TO = {Language.ID: "Diduga pada: {names}", Language.EN: "Points to: {names}"}
ELSEWHERE = {
    Language.ID: "Penyebabnya bukan pada sirkit Anda",
    Language.EN: "The cause is not among your circuits",
}
"""Words for a provider: those written for staff name what is not its own."""


class ComponentView:
    def __init__(
        self,
        backend: Backend,
        scope: Scope,
        language: Language | None = None,
        *,
        visible: Visible | None = None,
        past: Past | None = None,
    ) -> None:
        """`language` of the names of components; None: the network's. `visible`: made already. `past`: as it
        stood then, instead of now."""
        self.scope = scope
        self.visible = Visible(backend.inventory, scope) if visible is None else visible
        self.language = language or backend.inventory.network.language
        self.past = past
        self._inventory = backend.inventory
        self._verdict: Verdict | None = backend.verdict() if past is None else past.verdict
        now = backend.clock.now() if past is None else past.at
        self.today: date = now.astimezone(ZoneInfo(self._inventory.network.timezone)).date()

    @property
    def verdict_at(self) -> datetime | None:
        return None if self._verdict is None else self._verdict.at

    def words(self, why: str, components: Sequence[Component]) -> str:
        """Why, for this caller: words written for staff may name what is not his."""
        if self.visible.everything and self.scope.sees_devices:
            return why
        shown = [c for c in components if self.scope.sees_devices or _is_plain(c)]
        if shown:
            return POINTS_TO[self.language].format(names=", ".join(map(self.name, shown)))
        return "" if self.visible.everything else ELSEWHERE[self.language]

    def components(self, components: Iterable[Component]) -> list[schemas.ComponentOut]:
        return [self.component(c) for c in components if self.scope.sees_devices or _is_plain(c)]

    def component(self, component: Component) -> schemas.ComponentOut:
        return schemas.ComponentOut(kind=component.kind, id=component.id, name=self.name(component))

    def name(self, component: Component) -> str:
        known: Office | None = None
        if component.kind is ComponentKind.OFFICE:
            known = self._inventory.offices.get(OfficeId(component.id))
        elif component.kind is ComponentKind.APPLICATION:
            application = self._inventory.applications.get(ApplicationId(component.id))
            if application is not None:
                return application.name
        text = known.name if known is not None else component_name(component, self._inventory, self.language)
        return component.id if self.visible.mentions_others(text) else text


def _is_plain(component: Component) -> bool:
    """What a wall screen may name: no equipment."""
    return component.kind not in (ComponentKind.DEVICE, ComponentKind.PORT)
