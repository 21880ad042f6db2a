"""What a log line must never do: tell a secret, forge another line, or come a thousand times."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

import structlog

MASK = "***"
EVERY_S = 60.0
AT_MOST = 10
"""Lines of one kind within EVERY_S."""
KINDS = 1000
"""Kinds that are remembered."""
SHORT = 8
"""A shorter secret is masked where it stands alone: it may be part of a word."""
OWN_LINES = frozenset({"exception", "stack"})
"""Values that may have several lines."""
TELLING = ("receiver", "device", "where", "channel", "path", "incident", "what", "logger")
"""Values that make two lines of the same event different ones."""

_SECRET_KEYS = re.compile(
    r"(?i)^(.*_)?(password|passphrase|token|secret|community|authorization|cookie|api_?key)$"
)
_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\brnd_[\w-]+"), f"rnd_{MASK}"),
    (re.compile(r"(?<![\w])(bot)?\d{6,}:[\w-]{30,}"), MASK),
    (re.compile(r"(://)[^/\s@'\"]+@"), rf"\1{MASK}@"),
    (re.compile(r"(?i)\b(bearer|basic|token)\s+[\w.~+/=-]{12,}"), rf"\1 {MASK}"),
    (re.compile(r"(?i)([?&][\w-]*(?:key|token|secret|password|sig)[\w-]*=)[^&\s'\"]+"), rf"\1{MASK}"),
)
"""What looks like a secret wherever it stands: our own tokens, Telegram's, URLs with a password or key."""


class Masker:
    """Replaces secrets in texts. Knows shapes from the start, and values as they are told."""

    def __init__(self) -> None:
        self._known: re.Pattern[str] | None = None

    def learn(self, secrets: Iterable[str]) -> None:
        """These values, and the forms that they take in URLs, headers and quoted texts, are never written."""
        long: set[str] = set()
        short: set[str] = set()
        for secret in secrets:
            if not secret:
                continue
            encoded = b64encode(secret.encode()).decode().rstrip("=")
            forms = {secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1], encoded}
            forms.add(cleaned(secret))
            for form in forms:
                (long if len(form) >= SHORT else short).add(re.escape(form))
        by_length = sorted(long, key=len, reverse=True)
        alone = [rf"(?<![\w-]){form}(?![\w-])" for form in sorted(short, key=len, reverse=True)]
        self._known = re.compile("|".join([*by_length, *alone])) if long or short else None

    def masked(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(MASK, text)
        for pattern, instead in _SHAPES:
            text = pattern.sub(instead, text)
        return text

    def __call__(
        self, _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """As a structlog processor."""
        return {k: MASK if _is_secret(k, v) else self._safe(v, k in OWN_LINES) for k, v in event.items()}

    def _safe(self, value: Any, lines: bool = False) -> Any:
        if isinstance(value, bool | int | float | None):
            return value
        if isinstance(value, Mapping):
            return {str(k): MASK if _is_secret(str(k), v) else self._safe(v) for k, v in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._safe(v) for v in value]
        text = self.masked(str(value))
        if lines:
            return "\n    ".join(cleaned(line) for line in text.split("\n"))
        return cleaned(text)


def _is_secret(key: str, value: Any) -> bool:
    return _SECRET_KEYS.match(key) is not None and not isinstance(value, bool | int | None)


def cleaned(text: str) -> str:
    """On one line, and without what a terminal obeys: such characters are written as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@dataclass(slots=True)
class _Kind:
    began_s: float
    said: int = 0
    unsaid: int = 0


class Limiter:
    """The same event at most so often; the first line after a silence says how many were left out."""

    def __init__(self, now_s: Callable[[], float], at_most: int = AT_MOST, every_s: float = EVERY_S) -> None:
        self._now_s = now_s
        self._at_most = at_most
        self._every_s = every_s
        self._kinds: OrderedDict[tuple[object, ...], _Kind] = OrderedDict()
        self.left_out = 0

    def admit(self, *kind: object) -> int | None:
        """None: not to be written; else how many like it were left out since the last one."""
        now_s = self._now_s()
        known = self._kinds.get(kind)
        unsaid = 0
        if known is None or now_s - known.began_s >= self._every_s:
            unsaid = known.unsaid if known is not None else 0
            known = self._kinds[kind] = _Kind(now_s)
            self._kinds.move_to_end(kind)
            while len(self._kinds) > KINDS:
                self._kinds.popitem(last=False)
        if known.said >= self._at_most:
            known.unsaid += 1
            self.left_out += 1
            return None
        known.said += 1
        return unsaid

    def __call__(
        self, _logger: Any, method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """As a structlog processor. Raises structlog.DropEvent."""
        unsaid = self.admit(event.get("event"), method, *(str(event.get(key)) for key in TELLING))
        if unsaid is None:
            raise structlog.DropEvent
        if unsaid:
            event["left_out"] = unsaid
        return event
