"""What `ronda doctor` finds: one finding a check, each with its cure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Health(StrEnum):
    GOOD = "good"
    NOTE = "note"
    """Works, but a person should know."""
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    part: str
    """What was looked at: inventory, echo, time, channel piket, ..."""
    health: Health
    words: str
    """What is so."""
    cure: str | None = None
    """What to do about it; None when nothing is to be done."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def good(part: str, words: str) -> Finding:
    return Finding(part, Health.GOOD, words)


def note(part: str, words: str, cure: str) -> Finding:
    return Finding(part, Health.NOTE, words, cure)


def bad(part: str, words: str, cure: str) -> Finding:
    return Finding(part, Health.BAD, words, cure)
