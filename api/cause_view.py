"""Why the network is as it is: causes, as one caller may read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from api import schemas
from api.component_view import ComponentView
from topology.findings import Cause


class CauseView(ComponentView):
    @cached_property
    def _causes(self) -> Sequence[tuple[Cause, schemas.CauseOut]]:
        """Those that touch what the caller sees, as he may read them; of a provider's, no hypothesis that
        blames others only, unless a group has no other."""
        found: list[tuple[Cause, schemas.CauseOut]] = []
        by_group: dict[str, list[Cause]] = defaultdict(list)
        for cause in self._verdict.causes if self._verdict else ():
            by_group[cause.group].append(cause)
        for group in by_group.values():
            if self.visible.everything:
                found += [(c, self._cause(c, c.rank)) for c in group]
                continue
            mine = [c for c in group if any(self.visible.component(x) for x in c.components)]
            touched = [c for c in group if self._touches(c)]
            for rank, cause in enumerate(mine or touched[:1], start=1):
                found.append((cause, self._cause(cause, rank)))
        return found

    def _touches(self, cause: Cause) -> bool:
        return any(map(self.visible.component, cause.explains)) or any(
            o in self.visible.offices for o in (*cause.cut, *cause.degraded)
        )

    @cached_property
    def _group_names(self) -> dict[str, str]:
        """A group is named after its first symptom, which may be somebody else's: a provider gets numbers."""
        verdict = self._verdict
        if verdict is None:
            return {}
        if self.visible.everything:
            named = {c.group for c in verdict.causes}
            return {g: g for o in verdict.offices.values() for g in o.causes} | {g: g for g in named}
        mine: dict[str, list[Cause]] = defaultdict(list)
        for cause in verdict.causes:
            if self._touches(cause) or any(map(self.visible.component, cause.components)):
                mine[cause.group].append(cause)
        return {group: f"c{n}" for n, group in enumerate(mine, start=1)}

    def _cause(self, cause: Cause, rank: int) -> schemas.CauseOut:
        shown = self.visible.components(cause.components)
        return schemas.CauseOut(
            group=self._group_names[cause.group],
            rank=rank,
            components=self.components(shown),
            explains=self.components(self.visible.components(cause.explains)),
            confidence=cause.confidence,
            why=self.words(cause.why, shown),
            since=cause.since,
            settled=cause.settled,
            cut=[o for o in cause.cut if o in self.visible.offices],
            degraded=[o for o in cause.degraded if o in self.visible.offices],
        )
