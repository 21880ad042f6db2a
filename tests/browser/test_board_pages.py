"""Every page, for everybody: axe finds nothing, nothing runs out of the screen, and a keyboard is enough."""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real

PAGES = {
    "home": ("/", "#map svg"),
    "topology": ("/topology", "#graph canvas"),
    "office": ("/office/bkad", ".heading h1"),
    "plan": ("/office/pkm-long-kali", ".heading h1"),
    "provider": ("/provider/telkom", "#circuits-title"),
    "rollout": ("/rollout", "#waiting-title"),
    "maintenance": ("/maintenance", "#windows-title"),
    "discovery": ("/discovery", "#discovery-title"),
    "missing": ("/office/none", ".trouble"),
    "login": ("/login", "#token"),
    "wall": ("/wall", ".wall-foot"),
}
THUMB_PX = 44
LONG = bool(os.environ.get("RONDA_LONG"))
"""Every page in every theme, language and width; else each page once, and each theme, language and width."""
SCHEMES, LANGUAGES, WIDTHS = ("light", "dark"), ("id", "en"), (320, 360, 800, 1280, 2560)


def some(*choices: Any) -> list[Any]:
    """All combinations in the long run; else each page with the next of the others."""
    pages, *others = choices
    if LONG:
        return list(product(pages, *others))
    return [(page, *(o[(n + n // len(o)) % len(o)] for o in others)) for n, page in enumerate(pages)]


def opened(visit: Any, name: str, **options: Any) -> Any:
    path, selector = PAGES[name]
    one = visit(**options)
    one.go(path)
    one.page.wait_for_selector(selector)
    one.page.wait_for_timeout(300)  # what is drawn after the text
    return one


@pytest.mark.parametrize(("name", "scheme", "language"), some(PAGES, SCHEMES, ("id", "id", "en")))
def test_axe_finds_nothing(visit: Any, name: str, scheme: str, language: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    path, selector = PAGES[name]
    page = visit(color_scheme=scheme).go(f"{path}?lang={language}")
    page.wait_for_selector(selector)
    if name == "home":
        page.click("[data-do=travel]")
        page.wait_for_selector(".travel")
    page.wait_for_timeout(300)
    result = axe.run(page)
    assert result.violations_count == 0, result.generate_report()
    assert page.get_attribute("html", "lang") == language


@pytest.mark.parametrize(
    ("name", "width"), [*some([n for n in PAGES if n != "wall"], WIDTHS), ("office", 320)]
)
def test_nothing_runs_out_of_the_side(visit: Any, name: str, width: int) -> None:
    one = opened(visit, name, width=width, height=740)
    assert one.overflow()[0] <= 0


@pytest.mark.parametrize("size", [(1366, 768), (3840, 2160), (1080, 1920), *([(1920, 1080)] if LONG else [])])
def test_a_wall_never_scrolls_and_nothing_is_cut_off(visit: Any, size: tuple[int, int]) -> None:
    one = opened(visit, "wall", width=size[0], height=size[1])
    assert one.overflow() == (0, 0)
    hidden = one.page.evaluate(
        """() => [...document.querySelectorAll("#wall p, #wall li, #wall h1")].filter((e) => {
          const b = e.getBoundingClientRect();
          return b.left < 0 || b.top < 0 || b.right > innerWidth || b.bottom > innerHeight
            || e.scrollWidth > e.clientWidth + 1;
        }).map((e) => e.textContent)"""
    )
    assert hidden == []
    height = one.page.evaluate("document.querySelector('.big .figure').getBoundingClientRect().height")
    assert height >= min(size) / 8, "read across a room"


@pytest.mark.parametrize(
    "name", ["home", "topology", "office", "provider", "rollout", "maintenance", "login"]
)
def test_a_thumb_hits_every_button_on_a_phone(visit: Any, name: str) -> None:
    one = opened(visit, name, width=360, height=740, has_touch=True)
    small = one.page.evaluate(
        """(least) => [...document.querySelectorAll("button, a[href], summary, input")].filter((e) => {
          const b = e.getBoundingClientRect();
          const inText = getComputedStyle(e).display === "inline";
          return b.width && !e.closest(".hidden, .skip, table") && !inText && b.height < least - 0.5;
        }).map((e) => `${e.outerHTML.slice(0, 80)} ${e.getBoundingClientRect().height}`)""",
        THUMB_PX,
    )
    assert small == []


def test_a_keyboard_is_enough(visit: Any) -> None:
    page = opened(visit, "home").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "view"
    page.keyboard.press("/")
    page.keyboard.type("tanjung aru")
    page.locator("#results a").first.wait_for()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent").startswith("Puskesmas Tanjung Aru")
    page.keyboard.press("Enter")
    page.wait_for_url("**/office/pkm-tanjung-aru")
    page.wait_for_selector(".heading h1")
    assert page.evaluate("document.activeElement.id") == "view", "a reader starts at the new page"
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    assert not page.evaluate("document.querySelector('dialog').open")
    page.go_back()
    page.wait_for_selector(".counts")
    for _ in range(40):
        page.keyboard.press("Tab")
        ring = page.evaluate(
            "(() => { const s = getComputedStyle(document.activeElement);"
            " const text = document.activeElement.outerHTML.slice(0, 80);"
            " return [text, parseFloat(s.outlineWidth), s.outlineStyle]; })()"
        )
        assert ring[1] >= 2 or ring[0].startswith(("<body", "<main")), f"no visible focus: {ring}"
        assert ring[2] != "none" or ring[0].startswith(("<body", "<main"))


def test_who_wants_no_motion_gets_none(visit: Any) -> None:
    page = opened(visit, "home", reduced_motion="reduce").page
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter((e) => { const s = getComputedStyle(e);"
        " return s.animationName !== 'none' || parseFloat(s.transitionDuration) > 0; }).length"
    )
    assert moving == 0


def test_on_paper_everything_is_there(visit: Any, tmp_path: Path) -> None:
    one = opened(visit, "home")
    one.page.emulate_media(media="print")
    assert not one.page.is_visible(".pages")
    assert one.page.is_visible(".counts")
    assert one.page.pdf(path=tmp_path / "board.pdf")


def test_colours_are_not_the_only_sign(visit: Any) -> None:
    """Each state has a shape and a word of its own."""
    page = opened(visit, "home").page
    marks = page.evaluate(
        "[...document.querySelectorAll('.counts .symbol')]"
        ".map((s) => s.innerHTML.replace(/class=.[^ ]+ [a-z_]+./, ''))"
    )
    assert len(set(marks)) == 5
    assert all(page.locator(".counts .what").all_inner_texts())
