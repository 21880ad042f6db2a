"""The network at a past moment, as far as the records tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from topology.findings import Verdict


@dataclass(frozen=True, slots=True)
class Past:
    at: datetime
    verdict: Verdict | None
    """None: nobody watched then, or it is longer ago than the log reaches."""
