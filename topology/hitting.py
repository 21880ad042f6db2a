"""The cheapest sets that hit every one of a list of sets: exact for small problems, greedy beyond.

What has to be explained are sets too, each of the candidates that would explain it; an explanation hits all
of them. Minimum hitting set (set cover's twin) is NP-hard (Karp 1972); a network's outages are small.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

C = TypeVar("C", bound=Hashable)
Further = Callable[[frozenset[C]], frozenset[C] | None]


def cheapest_hits(
    sets: Sequence[frozenset[C]],
    weight: Mapping[C, float],
    slack: float,
    steps: int,
    further: Further[C] | None = None,
    order: Callable[[C], object] = str,
) -> list[tuple[float, frozenset[C]]]:
    """Every irredundant hitting set that weighs at most `slack` more than the lightest, lightest first.

    `further` names one more set that a would-be solution fails to hit, or None: sets that are too many to be
    listed beforehand. Beyond `steps` steps of search the result may be one that greedy choice found.
    Empty when some set has no candidate.
    """
    return _Search(sets, weight, slack, steps, further, order).run()


class _Search(Generic[C]):
    def __init__(
        self,
        sets: Sequence[frozenset[C]],
        weight: Mapping[C, float],
        slack: float,
        steps: int,
        further: Further[C] | None,
        order: Callable[[C], object],
    ) -> None:
        self.sets = list(dict.fromkeys(sets))
        self.weight = weight
        self.slack = slack
        self.steps = steps
        self.further = further
        self.order = order
        self.found: dict[frozenset[C], float] = {}
        self.best = float("inf")

    def run(self) -> list[tuple[float, frozenset[C]]]:
        greedy = self._greedy()
        if greedy is None:
            return []
        self._record(greedy)
        self._descend(frozenset(), 0.0, frozenset())
        ranked = sorted(
            (round(cost, 9), sorted(map(str, hits)), hits)
            for hits, cost in self.found.items()
            if cost <= self.best + self.slack
        )
        kept: list[tuple[float, frozenset[C]]] = []
        for cost, _, hits in sorted(ranked, key=lambda row: len(row[2])):
            if not any(smaller < hits for _, smaller in kept):
                kept.append((cost, hits))
        return sorted(kept, key=lambda row: (row[0], sorted(map(str, row[1]))))

    def _record(self, hits: frozenset[C]) -> None:
        cost = sum(self.weight[c] for c in hits)
        self.found[hits] = cost
        self.best = min(self.best, cost)

    def _unhit(self, hits: frozenset[C]) -> frozenset[C] | None:
        """The unhit set with the fewest candidates."""
        left = [s for s in self.sets if not s & hits]
        if left:
            return min(left, key=len)
        if self.further is None:
            return None
        more = self.further(hits)
        if more is not None and more not in self.sets:
            self.sets.append(more)
        return more

    def _descend(self, hits: frozenset[C], cost: float, barred: frozenset[C]) -> None:
        self.steps -= 1
        if self.steps < 0:
            return
        target = self._unhit(hits)
        if target is None:
            self._record(hits)
            return
        tried = set(barred)
        for candidate in sorted(target - barred, key=lambda c: (self.weight[c], self.order(c))):
            dearer = cost + self.weight[candidate]
            if dearer + self._at_least(hits | {candidate}) <= self.best + self.slack + 1e-9:
                self._descend(hits | {candidate}, dearer, frozenset(tried))
            # Later branches need not try it again: every set with it was looked at here.
            tried.add(candidate)

    def _at_least(self, hits: frozenset[C]) -> float:
        """A lower bound of what is still to be paid: unhit sets without a common candidate."""
        bound, seen = 0.0, set[C]()
        for s in self.sets:
            if not s & hits and not s & seen:
                seen |= s
                bound += min(self.weight[c] for c in s)
        return bound

    def _greedy(self) -> frozenset[C] | None:
        """Chvátal's rule (most sets a weight unit first), then without what turned out to be needless."""
        hits: frozenset[C] = frozenset()
        while True:
            left = [s for s in self.sets if not s & hits]
            if not left:
                target = self._unhit(hits)
                if target is None:
                    break
                left = [target]
            counts: dict[C, int] = {}
            for s in left:
                for c in s:
                    counts[c] = counts.get(c, 0) + 1
            if not counts or any(not s for s in left):
                return None
            hits |= {min(counts, key=lambda c: (-counts[c] / self.weight[c], self.order(c)))}
        for candidate in sorted(hits, key=lambda c: -self.weight[c]):
            fewer = hits - {candidate}
            if self._unhit(fewer) is None:
                hits = fewer
        return hits


def joined(groups: Iterable[Iterable[C]]) -> list[int]:
    """A number for every group, the same for groups that a chain of common members joins."""
    parent: list[int] = []
    owner: dict[C, int] = {}

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, group in enumerate(groups):
        parent.append(i)
        for member in group:
            a, b = root(owner.setdefault(member, i)), root(i)
            parent[max(a, b)] = min(a, b)
    return [root(i) for i in range(len(parent))]
