"""Long texts made to fit. Pure."""

from __future__ import annotations

import re
from html import escape, unescape

_TAG = re.compile(r"<[^>]*>")
MORE = "…"


def utf16_length(text: str) -> int:
    """How Telegram counts: a character beyond the basic plane is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fit_html(html: str, limit: int) -> str:
    """Whole lines as long as they fit; no tag is cut, as none of ours spans lines. A first line that alone is
    too long loses its tags and its end."""
    if utf16_length(html) <= limit:
        return html
    kept: list[str] = []
    left = limit - utf16_length(MORE)
    for line in html.split("\n"):
        needed = utf16_length(line) + 1
        if needed > left:
            break
        kept.append(line)
        left -= needed
    if not kept:
        return _shortened(html.split("\n", 1)[0], limit)
    return "\n".join([*kept, MORE])


def fit_text(text: str, limit: int) -> str:
    """Whole lines as long as they fit, then an ellipsis."""
    if len(text) <= limit:
        return text
    at = text.rfind("\n", 0, limit - len(MORE))
    return text[: at + 1] + MORE if at > 0 else text[: limit - len(MORE)] + MORE


def _shortened(line: str, limit: int) -> str:
    plain = unescape(_TAG.sub("", line))
    while utf16_length(escape(plain, quote=False)) + utf16_length(MORE) > limit:
        over = utf16_length(escape(plain, quote=False)) + utf16_length(MORE) - limit
        plain = plain[: -max(1, over // 5)]
    return escape(plain, quote=False) + MORE
