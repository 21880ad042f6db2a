"""What came of sending one message, and when to try again. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from alerts.model import Outcome


@dataclass(frozen=True, slots=True)
class Delivery:
    outcome: Outcome
    """SENT, RETRY (time may cure it) or FAILED (it won't)."""
    error: str | None = None
    retry_after_s: float | None = None
    """When the receiver itself said how long to wait."""


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
