"""What came of sending one message, when to try again, and how a receiver wants to be told. Pure."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from alerts.model import Notification, Outcome, ReceiverId

WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Delivery:
    outcome: Outcome
    """SENT, RETRY (time may cure it) or FAILED (it won't)."""
    error: str | None = None
    retry_after_s: float | None = None
    """When the receiver itself said how long to wait."""
    maybe_arrived: bool = False
    """It was handed over and no answer came: it may have arrived all the same."""
    answer: str | None = None
    """What the far end said, for whoever sends a test."""


class Overtaken(StrEnum):
    """What becomes of messages that could not be sent before their incident was over."""

    DROP = "drop"
    """They expire; of an incident that the receiver never heard of, so does the all-clear."""
    COMBINE = "combine"
    """They expire; the all-clear goes out: it says what it was, since when, and that it is over."""
    KEEP = "keep"
    """All goes out, in order."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How one receiver is told."""

    channels: tuple[str, ...] = ()
    """Names of its channels when each of them gets every message; empty: in turn, until one takes it."""
    at_most_per_minute: int | None = None
    overtaken: Overtaken = Overtaken.DROP


def spread(
    notifications: Iterable[Notification], manners: Mapping[ReceiverId, Manner]
) -> tuple[Notification, ...]:
    """One message a channel, for receivers who are told on all of theirs: one that is stuck doesn't hold up
    another."""
    spread_out: list[Notification] = []
    for one in notifications:
        channels = manners[one.receiver].channels if one.receiver in manners else ()
        if not channels or one.channel:
            spread_out.append(one)
        spread_out += [
            replace(one, channel=name, dedup_key=f"{one.dedup_key}/{name}")
            for name in channels
            if not one.channel
        ]
    return tuple(spread_out)


@dataclass(slots=True)
class RateWindow:
    """At most so many a minute; `None`: no limit."""

    at_most: int | None
    _sent_at_s: deque[float] = field(default_factory=deque)

    def wait_s(self, now_s: float) -> float:
        """How long until there is room again; 0 now."""
        if self.at_most is None:
            return 0.0
        while self._sent_at_s and self._sent_at_s[0] <= now_s - WINDOW_S:
            self._sent_at_s.popleft()
        if len(self._sent_at_s) < self.at_most:
            return 0.0
        return self._sent_at_s[0] + WINDOW_S - now_s

    def sent(self, now_s: float) -> None:
        if self.at_most is not None:
            self._sent_at_s.append(now_s)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    first_s: float = 2.0
    factor: float = 2.0
    at_most_s: float = 300.0
    give_up_after: int = 20
    """Tries; with the defaults about an hour and a half."""

    def delay_s(self, dedup_key: str, attempts: int) -> float:
        """Exponential, spread by up to a quarter so that a thousand messages don't come back together.

        The spread is drawn from the key and the attempt, so that it is the same in every run.
        """
        base = min(self.at_most_s, self.first_s * self.factor ** max(0, attempts - 1))
        digest = hashlib.blake2b(f"{dedup_key}#{attempts}".encode(), digest_size=4).digest()
        return base * (1 + int.from_bytes(digest) / 2**32 / 4)
