"""Documentation is tested: every setting, command and schema stands in docs/, as the program is now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ronda.docs import ROOT, generated


@pytest.mark.parametrize("path", sorted(generated()), ids=lambda p: p.name)
def test_generated_page_is_up_to_date(path: Path) -> None:
    assert path.exists(), "run `make docs`"
    assert path.read_text(encoding="utf-8") == generated()[path], "run `make docs`"


def test_links_between_pages_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not target.startswith(("http:", "https:", "mailto:")) and not (page.parent / target).exists()
    ]
    assert broken == []
