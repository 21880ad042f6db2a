"""What is wrong with an inventory, said so that its writer can mend it without searching."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"


UNREADABLE = "unreadable"
SYNTAX = "syntax"
NOTHING_READ = frozenset({UNREADABLE, SYNTAX})
"""Codes after which nothing else could be looked at."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `line` and `column` count from 1; 0 is "the file as a whole"."""

    level: Level
    source: str
    line: int
    column: int
    path: str
    """Where in the document, e.g. ``links[3].a.device``."""
    message: str
    suggestion: str | None = None
    code: str = "invalid"
    """A short stable name of the kind of mistake, for programs."""

    def __str__(self) -> str:
        where = f"{self.source}:{self.line}:{self.column}" if self.line else self.source
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"{where}: {self.level}: {self.message}{hint}"

    def as_dict(self) -> dict[str, str | int | None]:
        return {
            "level": str(self.level),
            "source": self.source,
            "line": self.line,
            "column": self.column,
            "path": self.path,
            "code": self.code,
            "message": self.message,
            "suggestion": self.suggestion,
        }


class InventoryError(Exception):
    """The inventory can't be used. `problems` holds every error and warning found in it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was most likely meant to be, or None when none is near."""
    folded: dict[str, str] = {}
    for candidate in known:
        folded.setdefault(candidate.casefold(), candidate)
    found = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str | None = None) -> str | None:
    near = nearest(word, known)
    return f"did you mean {near!r}?" if near is not None else otherwise


def one_of(words: Iterable[str], *, at_most: int = 12) -> str:
    """A short list of what is allowed."""
    names = list(words)
    shown = ", ".join(names[:at_most])
    return f"one of: {shown}" if len(names) <= at_most else f"one of: {shown}, ... ({len(names)} in all)"
