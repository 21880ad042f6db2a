"""Whether something changes too often to be reported change by change.

The way Icinga 1 and Nagios do it: the weighted share of changes among the last 20 samples, newer changes
weighing more (0.8 to 1.2), with a high threshold to begin and a low one to end.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

SLOTS = 20


def flapping(
    samples: Sequence[tuple[datetime, int]], high: float, low: float, least: int
) -> tuple[float, datetime] | None:
    """(share of changes now, since when it has been flapping), or None. `samples` are in order of time."""
    changes = [i for i in range(1, len(samples)) if samples[i][1] != samples[i - 1][1]]
    if len(changes) < least:
        return None
    since = None
    share = 0.0
    for now in range(changes[0], len(samples)):
        share = sum(_weight(now - i) for i in changes if 0 <= now - i < SLOTS) / SLOTS
        if since is None and share >= high:
            since = samples[now][0]
        elif since is not None and share < low:
            since = None
    return None if since is None else (min(share, 1.0), since)


def _weight(age: int) -> float:
    """Of a change so many samples ago: 1.2 for the newest, 0.8 for the oldest that counts."""
    return 1.2 - 0.4 * age / (SLOTS - 1)


def confirmed(samples: Sequence[tuple[datetime, int]], probes: int) -> list[tuple[datetime, int]]:
    """Probes (1 answered, 0 not) as confirmed states: down only after so many in a row."""
    found, missed, state = [], 0, 1
    for at, value in samples:
        missed = 0 if value else missed + 1
        state = 1 if value else 0 if missed >= probes else state
        found.append((at, state))
    return found
