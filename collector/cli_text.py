"""What a terminal adds to a command's output, taken off: paging, prompts, echoes, log lines. Pure."""

from __future__ import annotations

import re

MOST_CHARS = 8_000_000
"""More than any command prints; the rest is left out."""
MOST_CHARS_A_LINE = 4_000

# Each repeats a bounded number of times: a line of dashes, or of blanks, may be thousands long.
_MORE = (
    r"(?:-{1,12} ?<?-{0,12} ?More ?-{0,12}>? ?-{0,12}|<-{1,12} ?More ?-{1,12}>|---\(more[^)\n]{0,20}\)---"
    r"|\( ?Press[^)\n]{0,80}\)|-- ?MORE ?--(?:[^\n\r\x08\x1b]{0,80}?(?:Control-C|\^C|quit: Q))?"
    r"|\[Q quit\|[^\]\n]{0,120}\])"
)
_ESCAPES = r"\x1b\[[0-9;?]{0,20}[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>78cDEHM]|\x1b\][^\x07\n]{0,200}\x07"
_PAGED_LINE = re.compile(rf"^[ \t]*{_MORE}[ \t]*\n", re.IGNORECASE | re.MULTILINE)
_PAGED = re.compile(rf"(?<![ \t])[ \t]*{_MORE} ?(?:[ \t]*(?:{_ESCAPES}|\x08|\r(?!\n)))*", re.IGNORECASE)
"""With what wipes it out, but not the indentation of the line that follows in its place."""
_LEFT = re.compile(r" \x1b\[\d*D(?=\S)")
"""Huawei puts a space before what it prints and steps back over it."""
_ESCAPE = re.compile(_ESCAPES)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LOG = re.compile(
    r"^(?:\d\d:\d\d:\d\d echo: "  # RouterOS
    r"|[*.]?(?:[A-Z][a-z]{2}\s+\d+\s+)?[\d:. ]{0,40}[^\n]{0,60}%+"  # Cisco, Huawei: %LINK-3-UPDOWN:
    r"[A-Z][A-Z0-9_]*-(?:[A-Z0-9_]+-)?\d-[A-Z0-9_]+(?:\([a-z]\))?[:\[])"
)
_PROMPT = re.compile(
    r"^(?:\S{1,80}[>#%$]"  # router1#  user@host:~$  host>
    r"|\[[^\]\n]{1,80}\](?: ?(?:/[\w /-]*)?>)?"  # [admin@MikroTik] >  [Huawei]
    r"|<[^<>\s]{1,80}>"  # <Huawei>
    r"|\{(?:master|primary|backup|linecard)[^}\n]*\}(?:\[[^\]\n]*\])?)[ \t]*$"  # {master:0} of Junos
)
_ECHO = re.compile(r"^(?:[\w.@()/:~-]{1,80}[>#%$]|\[[^\]]{1,80}\](?: ?>)?|<[^<>\s]{1,80}>) ?/?(\S.*)")
"""A prompt with a command behind it."""
_PAGING_NOW = re.compile(rf"(?:^|\n)[ \t]*{_MORE}[ \t]*$", re.IGNORECASE)


def paging_prompt(text: str) -> str | None:
    """The words with which the device waits for a key, when `text` ends so."""
    found = _PAGING_NOW.search(text[-200:])
    return found.group().strip() if found else None


def clean(text: str, command: str = "") -> list[str]:
    """The output's lines, without what the terminal put between. Never raises."""
    text = text[:MOST_CHARS].replace("\r\r\n", "\n").replace("\r\n", "\n")
    text = text.removeprefix("\ufeff")
    text = _PAGED.sub("", _PAGED_LINE.sub("", text))
    text = _LEFT.sub("", text)
    text = _ESCAPE.sub("", text)
    text = _backed(text)
    lines: list[str] = []
    for raw in text.split("\n"):
        line = raw.rpartition("\r")[2] or raw.replace("\r", "")
        line = _CONTROL.sub("", line.expandtabs(8)).rstrip()[:MOST_CHARS_A_LINE]
        if not _LOG.match(line):
            lines.append(line)
    return _unwrapped(lines, " ".join(command.split()).lower())


def _backed(text: str) -> str:
    """With what was stepped back over gone; never over the line's beginning."""
    if "\x08" not in text:
        return text
    kept: list[str] = []
    for char in text:
        if char != "\x08":
            kept.append(char)
        elif kept and kept[-1] != "\n":
            kept.pop()
    return "".join(kept)


def _unwrapped(lines: list[str], command: str) -> list[str]:
    """Without the command's echo above and the prompt below."""
    start, end = 0, len(lines)
    first_word = command.lstrip("/").partition(" ")[0]
    for n, line in enumerate(lines[:4]):
        said = " ".join(line.split()).lower()
        if not command or len(said) > len(command) + 100:
            continue
        echo = _ECHO.match(said)
        if said.endswith(command) or (echo is not None and echo.group(1).startswith(first_word)):
            start = n + 1
    while end > start and (not lines[end - 1].strip() or _PROMPT.match(lines[end - 1])):
        end -= 1
    while start < end and (not lines[start].strip() or _PROMPT.match(lines[start])):
        start += 1
    return lines[start:end]
