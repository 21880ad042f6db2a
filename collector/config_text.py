"""A configuration as a device printed it, made fit to be kept; and whether it is all of it. Pure."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache

from collector.config_masks import COMMON, masked
from collector.profile_ssh import SshConfig

LEAST_SHARE = 0.5
"""A configuration that has lost more of its lines since the last time was cut off, or is another's."""
LEAST_LINES_TO_COMPARE = 20
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Fit:
    """Without secrets and without what changes by itself."""

    text: str
    who: str | None = None
    """Who changed it last, in the device's words."""


def make_fit(config: SshConfig, raw: str) -> Fit:
    who = next((m.group("who") for p in _compiled(config.changed_by) if (m := p.search(raw))), None)
    volatile = _compiled(config.volatile)
    lines = [line.rstrip() for line in raw.replace("\r", "").split("\n")]
    text = "\n".join(line for line in lines if not any(p.search(line) for p in volatile)).strip("\n")
    text = masked(text, (*_compiled(tuple(mask.match for mask in config.masks)), *COMMON))
    return Fit(f"{text}\n" if text else "", who)


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(p) for p in patterns)


def why_not_whole(text: str, before: str | None, *, complete: bool) -> str | None:
    """Why this must not take the place of what is kept; None when it may."""
    if not text.strip():
        return "it is empty"
    if not complete:
        return "its end is missing: it was cut off"
    if before is None:
        return None
    had, has = before.count("\n"), text.count("\n")
    if had >= LEAST_LINES_TO_COMPARE and has < had * LEAST_SHARE:
        return f"{has} lines instead of {had}: more than half is gone, so it was taken for cut off"
    return None


def summary(before: str | None, after: str) -> str:
    """Which parts changed, in a few words: the headings above the changed lines."""
    if before is None:
        return "first copy"
    old, new = before.split("\n"), after.split("\n")
    named: dict[str, None] = {}
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for lines, first, last in ((old, i1, i2), (new, j1, j2)):
            for n in range(first, last):
                if lines[n].strip(" #!"):
                    named.setdefault(_heading(lines, n))
    found = list(named)
    words = "; ".join(found[:_MOST_NAMED])
    return words + (f"; {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else "") or "empty lines"


def _heading(lines: list[str], n: int) -> str:
    """The line itself, or the one that it stands under: less indented, or a RouterOS path."""
    line = lines[n]
    if line[:1].isspace():
        above = next(
            (lines[i] for i in range(n, -1, -1) if lines[i][:1].strip() and lines[i].strip("#! ")), line
        )
        return above.strip().rstrip("{").strip()[:60]
    if line.startswith(("set ", "add ")):
        path = next((lines[i] for i in range(n, -1, -1) if lines[i].startswith("/")), None)
        if path is not None:
            return path.strip()[:60]
        return " ".join(line.split()[:4])[:60]
    return line.strip()[:60]
