"""Pages for people who run networks: in both languages where promised, and quoting what is really said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ronda.cli import COMMANDS
from ronda.docs import ROOT

DOCS = ROOT / "docs"
PAIRS = {
    "install": "memasang",
    "first-device": "perangkat-pertama",
    "troubleshooting": "pemecahan-masalah",
}
FOR_PEOPLE = [
    *PAIRS, *PAIRS.values(), "credentials", "operations", "upgrade", "threat-model", "sizing",
    "monitoring-ronda", "deploy",
]  # fmt: skip
THEIRS = {
    "Permission denied", "Address already in use", "chat not found",
    "exec: operation not permitted", "database or disk is full", "STARTTLS extension not supported",
}  # fmt: skip
"""What others say: the kernel, Telegram, pydantic, container engines, SQLite."""


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("english", "indonesian"), PAIRS.items())
def test_both_languages_tell_the_same(english: str, indonesian: str) -> None:
    one, other = page(english), page(indonesian)
    assert f"]({indonesian}.md)" in one
    assert f"]({english}.md)" in other
    assert one.count("\n## ") == other.count("\n## ")
    for code in re.findall(r"```sh\n(.*?)```", one, re.S):
        commands = [line.split("  #")[0].strip() for line in code.splitlines()]
        missing = [c for c in commands if c and "YOUR-" not in c and c not in other]
        assert missing == []
    if english == "troubleshooting":
        assert quoted(one) == quoted(other)


def quoted(text: str) -> list[str]:
    """What stands in backquotes in the first column."""
    return [q for row in re.findall(r"^\| ([^|]*) \|", text, re.M) for q in re.findall(r"`([^`]+)`", row)]


def test_troubleshooting_has_what_people_meet_and_quotes_it_right() -> None:
    text = page("troubleshooting")
    rows = [r for r in text.splitlines() if r.startswith("| ") and not r.startswith(("| you see", "|--"))]
    assert len(rows) >= 40
    assert all(r.replace(r"\|", "").count("|") == 4 for r in rows), "symptom, cause, cure"
    rooms = ("alerts", "api", "collector", "ronda", "storage", "topology")
    files = [
        p for room in rooms for p in (ROOT / room).rglob("*") if p.suffix in {".py", ".j2", ".yaml", ".txt"}
    ]
    source = "\n".join(p.read_text(encoding="utf-8") for p in files)
    source = re.sub(r"\s+", " ", re.sub(r'"\s*\n\s*f?"', "", source))
    bits = [
        bit.strip(" .:'")
        for phrase in quoted(text)
        for bit in re.split(r"\.\.\.|;", re.sub(r"^\S+\.yaml:\S*\s?(\S+:)?", "", phrase))
    ]
    words = [b for b in bits if len(b) >= 8 and b not in THEIRS and not re.match(r"[\d/]|HTTP \d", b)]
    assert len(words) >= 12
    unknown = [w for w in words if not all(piece.strip("'` ") in source for piece in re.split(r"'\w+'", w))]
    assert unknown == []


@pytest.mark.parametrize("name", FOR_PEOPLE)
def test_every_command_on_a_page_is_one(name: str) -> None:
    known = {command for command, _, _ in COMMANDS}
    named = set(re.findall(r"(?:^\s*|`|sudo |exec |run --rm |ronda )ronda ([a-z]+)", page(name), re.M))
    assert named - known - {"ronda"} == set()  # `docker compose exec ronda ronda ...`


@pytest.mark.parametrize("name", FOR_PEOPLE)
def test_links_to_a_heading_find_it(name: str) -> None:
    broken = []
    for target, heading in re.findall(r"\]\(([\w./-]+\.md)?#([\w-]+)\)", page(name)):
        path: Path = DOCS / (target or f"{name}.md")
        anchors = {
            re.sub(r"[^\w\- ]", "", h).strip().lower().replace(" ", "-")
            for h in re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.M)
        }
        if heading not in anchors:
            broken.append(f"{target}#{heading}")
    assert broken == []
