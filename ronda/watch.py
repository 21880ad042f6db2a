"""When Ronda watched: unbroken stretches of verdicts. Reports call the time between them unknown. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

PAUSE = timedelta(seconds=60)
"""Verdicts follow each other within seconds; a longer pause (a machine asleep) ends the watch."""


class Watch:
    """`look` at every verdict; `to_save` what the records don't have yet, `saved` when they do."""

    def __init__(self) -> None:
        self._stretches: list[tuple[datetime, datetime]] = []

    def look(self, at: datetime) -> None:
        last = self._stretches[-1] if self._stretches else None
        if last is not None and last[1] <= at <= last[1] + PAUSE:
            self._stretches[-1] = (last[0], at)
        elif last is None or at > last[1]:
            self._stretches.append((at, at))

    def to_save(self) -> tuple[tuple[datetime, datetime], ...]:
        """(since, until), oldest first; the last one grows on and is saved again."""
        return tuple(self._stretches)

    def saved(self, stretches: tuple[tuple[datetime, datetime], ...]) -> None:
        """Those that can't grow any more are forgotten."""
        done = {since for since, _ in stretches}
        self._stretches = [s for s in self._stretches[:-1] if s[0] not in done] + self._stretches[-1:]
