"""What is held of every measured thing, and what follows for every cause: one condition a cause. Pure.

A mark is one figure's state (`alerts.damping.Hold`). Marks of one cause share a key: both ends of a span, all
sensors of a device. The worst of them that stands speaks for the cause, so that light that falls, drops and
goes below its limit is one story, not three.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.conditions import Condition
from alerts.damping import Hold, Patience, Side
from alerts.model import ConditionKind, Fact, Severity
from topology.findings import Component
from topology.model import OfficeId

_RANK = (
    ConditionKind.OPTICAL_LOW,
    ConditionKind.OPTICAL_HIGH,
    ConditionKind.OPTICAL_DROP,
    ConditionKind.OPTICAL_TREND,
    ConditionKind.BATTERY_LOW,
    ConditionKind.ON_BATTERY,
    ConditionKind.HARDWARE,
    ConditionKind.TEMPERATURE,
)
"""Of two kinds that share a cause the first speaks."""
_SEVERITY = (Severity.CRITICAL, Severity.MAJOR, Severity.WARNING, Severity.INFO)


@dataclass(frozen=True, slots=True)
class Cause:
    """Of whom a mark speaks."""

    key: str
    components: tuple[Component, ...]
    offices: tuple[OfficeId, ...] = ()
    wider: tuple[Component, ...] = ()
    """What is blamed instead when more than one place is bad; empty: the components all the same."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure judged."""

    at: datetime
    side: Side
    severity: Severity
    badness: float
    """The higher the worse, among marks of one kind."""
    why: str
    facts: tuple[Fact, ...]


@dataclass(slots=True)
class _Mark:
    hold: Hold
    cause: Cause
    kind: ConditionKind
    reading: Reading | None
    """The newest; for one that an earlier process raised there is none yet."""
    place: str = ""

    def place_of(self, condition: Condition) -> bool:
        return _stood_at(condition, self.place)


GONE_AFTER = timedelta(days=1)
_MarkId = tuple[str, ConditionKind, str]


class Ledger:
    def __init__(self) -> None:
        self._marks: dict[_MarkId, _Mark] = {}
        self._of_key: dict[str, list[_MarkId]] = {}
        self._found: dict[str, Condition] = {}
        self._recalled: dict[str, Condition] = {}
        """As an earlier process left them, until evidence speaks of them."""
        self._dirty: set[str] = set()

    def note(
        self, cause: Cause, kind: ConditionKind, place: str, reading: Reading, patience: Patience
    ) -> None:
        """Take in what was measured at a place. Of what was never bad nothing is held."""
        id_ = (cause.key, kind, place)
        mark = self._marks.get(id_)
        if mark is None:
            recalled = self._recalled.get(cause.key)
            stood = recalled is not None and recalled.kind is kind and _stood_at(recalled, place)
            if reading.side is not Side.BAD and not stood:
                return
            mark = self._marks[id_] = _Mark(Hold(patience), cause, kind, None, place)
            self._of_key.setdefault(cause.key, []).append(id_)
            if recalled is not None and stood:
                mark.hold.recall(recalled.since, reading.at, int(_fact(recalled, "returned") or 1))
        if mark.hold.feed(reading.at, reading.side) or mark.hold.standing:
            self._dirty.add(cause.key)
        mark.cause, mark.reading = cause, reading
        if len(self._of_key[cause.key]) > 1:
            self._drop_gone(cause.key, kind, reading.at)

    def _drop_gone(self, key: str, kind: ConditionKind, at: datetime) -> None:
        """A sensor or module that is told of no more, while others beside it are, was taken out."""
        for id_ in list(self._of_key[key]):
            reading = self._marks[id_].reading
            if id_[1] is kind and reading is not None and at - reading.at > GONE_AFTER:
                del self._marks[id_]
                self._of_key[key].remove(id_)
                self._dirty.add(key)

    def raised(self, cause_key: str, kind: ConditionKind, place: str) -> bool:
        mark = self._marks.get((cause_key, kind, place))
        return mark is not None and mark.hold.standing is True

    def recall(self, condition: Condition) -> None:
        """It stood when an earlier process ended."""
        self._recalled[condition.key] = self._found[condition.key] = condition

    def forget(self, key: str, at: datetime, why: str) -> None:
        """What it is about is no more: it is over."""
        if (known := self._found.get(key)) is not None:
            self._found[key] = replace(known, standing=False, since=at, why=why)
        for id_ in self._of_key.pop(key, ()):
            del self._marks[id_]
        self._recalled.pop(key, None)
        self._dirty.discard(key)

    def conditions(self) -> Iterable[Condition]:
        """Of everything that was ever raised."""
        for key in self._dirty:
            self._judge(key)
        self._dirty.clear()
        return self._found.values()

    def _judge(self, key: str) -> None:
        marks = [self._marks[id_] for id_ in self._of_key.get(key, ())]
        standing = [m for m in marks if m.hold.standing]
        if standing:
            self._found[key] = _worst(standing)
            self._recalled.pop(key, None)
        elif (known := self._found.get(key)) is not None and known.standing:
            if key in self._recalled and not any(m.kind is known.kind and m.place_of(known) for m in marks):
                return  # nobody has measured yet what was raised
            self._recalled.pop(key, None)
            since = max((m.hold.since for m in marks if m.hold.since is not None), default=known.since)
            self._found[key] = replace(known, standing=False, since=since, why="within its limits again")


def _worst(marks: list[_Mark]) -> Condition:
    def order(mark: _Mark) -> tuple[int, int, float]:
        rank = _RANK.index(mark.kind) if mark.kind in _RANK else 0
        reading = mark.reading
        if reading is None:
            return rank, len(_SEVERITY), 0.0
        return rank, _SEVERITY.index(reading.severity), -reading.badness

    first = min(marks, key=order)
    reading = first.reading
    assert reading is not None  # a mark stands because of a reading, or was recalled when one came
    alike = [m for m in marks if m.kind is first.kind]
    facts: list[Fact] = [("place", first.place)] if first.place else []
    facts += reading.facts
    why = reading.why
    if len(alike) > 1:
        facts.append(("places", len(alike)))
        why = f"{why} (and {len(alike) - 1} more)"
    if first.hold.damped(reading.at):
        times, patience = first.hold.returned(reading.at), first.hold.patience
        facts += [
            ("returned", times),
            ("flap_window_s", patience.flap_window_s),
            ("held_s", patience.damped_clear_for_s),
        ]
        window_h, calm_min = patience.flap_window_s / 3600, patience.damped_clear_for_s / 60
        why = f"{why}; raised {times} times in {window_h:g} h, so it is held until {calm_min:g} min are good"
    since = min(m.hold.since for m in marks if m.hold.since is not None)
    return Condition(
        key=first.cause.key,
        kind=first.kind,
        components=(len(alike) > 1 and first.cause.wider) or first.cause.components,
        severity=reading.severity,
        standing=True,
        since=since,
        why=why,
        facts=tuple(facts),
        offices=first.cause.offices,
    )


def facts_of(*facts: tuple[str, str | float | None], digits: int = 1) -> tuple[Fact, ...]:
    """Those that are known; rounded, so that a last digit's noise is no news."""
    return tuple(
        (name, round(v, digits) if isinstance(v, float) else v) for name, v in facts if v is not None
    )


def _stood_at(condition: Condition, place: str) -> bool:
    return _fact(condition, "place") in (place, None)


def _fact(condition: Condition, name: str) -> str | float | None:
    return next((value for known, value in condition.facts if known == name), None)
