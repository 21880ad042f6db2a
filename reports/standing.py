"""How an office stood at every moment of a period, from the event log. Pure.

The log says what changed; it does not say that somebody was looking. So what it says counts only while
Ronda watched: a gap in the watch, a monitor that was blind and missing evidence are all `UNKNOWN`, never up
or down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from reports.spans import Span, edges, union
from storage.records.events import RecordedChange
from topology.findings import Connectivity
from topology.history import BLIND


class Standing(StrEnum):
    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"
    ABSENT = "absent"
    """Not connected yet: the plan says so, or the inventory did not have it."""


class Gap(StrEnum):
    """Why nothing is known."""

    NOT_WATCHED = "not_watched"
    """Ronda was not running."""
    BLIND = "blind"
    """The monitor itself was cut off."""
    NO_EVIDENCE = "no_evidence"
    """Nothing fresh was heard, and nothing proved it cut off."""
    BEHIND_ANOTHER_FAULT = "behind_another_fault"
    """A circuit whose office was cut off by something else: it can't be judged meanwhile."""


_STANDINGS = {
    Connectivity.CONNECTED.value: Standing.UP,
    Connectivity.DEGRADED.value: Standing.UP,
    Connectivity.CUT.value: Standing.DOWN,
    Connectivity.NOT_CONNECTED.value: Standing.ABSENT,
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """An office standing one way."""

    span: Span
    standing: Standing
    event: int | None = None
    """The line of the log that made it so."""
    gap: Gap | None = None
    """For UNKNOWN: why."""


def blind_spans(changes: Iterable[RecordedChange], frame: Span) -> list[Span]:
    """When the monitor was blind, from its own lines of the log."""
    found: list[Span] = []
    since: datetime | None = None
    for recorded in _in_order(changes):
        if recorded.change.now == BLIND:
            since = since or recorded.change.at
        elif since is not None:
            found.append(Span(since, recorded.change.at))
            since = None
    if since is not None and since < frame.until:
        found.append(Span(since, frame.until))
    return union(cut for one in found if (cut := one.cut(frame)) is not None)


def stretches(
    changes: Iterable[RecordedChange], watched: Sequence[Span], blind: Sequence[Span], frame: Span
) -> list[Stretch]:
    """All of `frame`, in order and without a gap. `changes`: one office's, the last before `frame` included.

    Of two changes at one moment the later line counts. `watched` and `blind` may overlap, in any order.
    """
    lines = _in_order(changes)
    watched, blind = union(watched), union(blind)
    said = [Span(r.change.at, frame.until) for r in lines if r.change.at < frame.until]
    moments = edges(frame, watched, blind, said)
    found: list[Stretch] = []
    line = watch = dark = 0
    for since, until in pairwise(moments):
        while line < len(lines) and lines[line].change.at <= since:
            line += 1
        while watch < len(watched) and watched[watch].until <= since:
            watch += 1
        while dark < len(blind) and blind[dark].until <= since:
            dark += 1
        seen = watch < len(watched) and watched[watch].since <= since
        in_the_dark = dark < len(blind) and blind[dark].since <= since
        newest = lines[line - 1] if line else None
        one = _stretch(Span(since, until), newest, seen, in_the_dark)
        last = found[-1] if found else None
        if last is not None and (last.standing, last.event, last.gap) == (one.standing, one.event, one.gap):
            found[-1] = Stretch(Span(last.span.since, until), one.standing, one.event, one.gap)
        else:
            found.append(one)
    return found


def _stretch(span: Span, newest: RecordedChange | None, seen: bool, blind: bool) -> Stretch:
    said = None if newest is None else _STANDINGS.get(newest.change.now, Standing.UNKNOWN)
    event = None if newest is None else newest.id
    if said is Standing.ABSENT:
        return Stretch(span, Standing.ABSENT, event)  # the plan is known, watched or not
    if not seen:
        return Stretch(span, Standing.UNKNOWN, event, Gap.NOT_WATCHED)
    if blind:
        return Stretch(span, Standing.UNKNOWN, event, Gap.BLIND)
    if said is None:
        return Stretch(span, Standing.ABSENT)  # watched, and never judged: it was not in the inventory
    return Stretch(span, said, event, Gap.NO_EVIDENCE if said is Standing.UNKNOWN else None)


def _in_order(changes: Iterable[RecordedChange]) -> list[RecordedChange]:
    return sorted(changes, key=lambda r: (r.change.at, r.id))
