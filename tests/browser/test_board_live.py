"""A fiber is cut in the lab: what the regent's room and the person on call see, and how soon."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

LINK = "kuaro-pkm"
OFFICE = "pkm-kuaro"
LINE = f".places [data-office={OFFICE}]"
SEEN_WITHIN_MS = 3000
LONG = bool(os.environ.get("RONDA_LONG"))

pytestmark = pytest.mark.real


def eventually(check: Callable[[], Any], within_s: float, what: str) -> Any:
    until = time.monotonic() + within_s
    while not (found := check()):
        assert time.monotonic() < until, what
        time.sleep(0.05)
    return found


@pytest.fixture
def cut(house: Any) -> Iterator[datetime]:
    """From here on one office is cut off; the moment before it is given."""
    before = datetime.fromisoformat(house.get("/events", limit=500)["items"][-1]["at"])
    house.lab("cut", LINK)
    try:
        eventually(lambda: house.offices()[OFFICE] == "cut", 30, "the verdict")
        yield before
    finally:
        house.lab("restore", LINK)
        eventually(house.all_well, 40, "all is well again")


def test_the_board_and_the_wall_show_a_cut_at_once_and_its_end(house: Any, visit: Any) -> None:
    desk, wall = visit(), visit(1920, 1080)
    board, screen = desk.go("/"), wall.go("/wall")
    board.wait_for_selector(f"{LINE}.connected")
    screen.wait_for_selector(".wall.calm")
    assert "Semua kantor terhubung" in screen.inner_text(".sentence")

    house.lab("cut", LINK)
    eventually(lambda: house.offices()[OFFICE] == "cut", 30, "the verdict")
    board.wait_for_selector(f"{LINE}.cut", timeout=SEEN_WITHIN_MS)
    screen.wait_for_selector(".wall.alarm .card", timeout=SEEN_WITHIN_MS)
    assert board.inner_text(".count.cut .figure") == "1"
    board.wait_for_selector(".incident h3", timeout=10_000)
    assert "Puskesmas Kuaro" in board.inner_text(".incident")
    assert "(1 putus)" in board.title()
    assert "1 kantor terputus" in screen.inner_text(".sentence")
    assert "Puskesmas Kuaro" in screen.inner_text(".card")
    assert board.locator(f"#map [data-office={OFFICE}].cut").count() == 1
    assert board.locator("#map line.link.down").count() >= 1

    house.lab("restore", LINK)
    eventually(lambda: house.offices()[OFFICE] == "connected", 40, "the verdict")
    board.wait_for_selector(f"{LINE}.connected", timeout=SEEN_WITHIN_MS)
    screen.wait_for_selector(".wall.calm", timeout=SEEN_WITHIN_MS)
    eventually(house.all_well, 40, "all is well again")


def test_the_incident_is_taken_on_and_others_see_it(house: Any, visit: Any, cut: datetime) -> None:
    one, other = visit(360, 740, has_touch=True), visit()
    phone, desk = one.go("/"), other.go("/")
    phone.locator(".incident button", has_text="Tangani").tap()
    phone.fill("#field-who", "Rina")
    phone.fill("#field-note", "ke lokasi")
    phone.keyboard.press("Enter")
    desk.get_by_text("Ditangani Rina").first.wait_for(timeout=SEEN_WITHIN_MS)
    phone.get_by_text("Ditangani Rina").first.wait_for(timeout=SEEN_WITHIN_MS)
    desk.locator(".incident h3 a").first.click()
    desk.wait_for_url(re.compile("/incident/"))
    desk.get_by_text("ke lokasi").wait_for()


def test_the_cause_stands_out_in_the_topology(house: Any, visit: Any, cut: datetime) -> None:
    page = visit().go("/topology")
    page.wait_for_selector("#graph canvas")
    assert "Kuaro" in page.inner_text(".side .incident h3")
    page.locator("summary", has_text="Sebagai tabel").click()
    first = page.locator(".topology table tbody tr").first
    assert "putus" in first.inner_text()
    assert page.locator("#__________cytoscape_stylesheet").count() == 1


def test_axe_finds_nothing_while_something_is_broken(house: Any, visit: Any, cut: datetime) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    incident = eventually(lambda: house.get("/incidents")["items"], 15, "an incident")[0]["id"]
    then = (cut + timedelta(seconds=1)).isoformat().replace("+", "%2B")
    pages = {f"/incident/{incident}": ".happened li", f"/?at={then}": ".banner.past", "/": ".incident"}
    for n, (path, selector) in enumerate(pages.items()):
        looks = [(s, e) for s in ("light", "dark") for e in ("id", "en")]
        for scheme, language in looks if LONG else (looks[n], looks[3 - n]):
            page = visit(color_scheme=scheme).go(f"{path}{'&' if '?' in path else '?'}lang={language}")
            page.wait_for_selector(selector)
            page.wait_for_timeout(300)
            found = axe.run(page)
            assert found.violations_count == 0, (path, scheme, language, found.generate_report())


def test_an_office_shows_its_way_its_light_and_its_past(house: Any, visit: Any, cut: datetime) -> None:
    page = visit(1440, 1400).go(f"/office/{OFFICE}")
    page.wait_for_selector(".heading.cut")
    assert page.locator(".path .hop").count() >= 1 or page.get_by_text("Tidak ada jalur yang tersisa").count()
    page.wait_for_selector("#light canvas", timeout=10_000)
    page.wait_for_selector("#rtt canvas", timeout=10_000)
    assert re.search(r"-\d+,\d dBm", page.inner_text("[data-key=light]"))
    page.get_by_text("Gangguan 31 hari terakhir").wait_for()
    page.wait_for_selector(".incident")
    connected = visit().go("/office/bkad")
    connected.wait_for_selector(".path .stop")
    assert "BKAD" in connected.inner_text(".path >> nth=0")
    assert "DKISP" in connected.inner_text(".path >> nth=0")
    assert connected.locator(".path").count() == 2, "it has a spare way"


def test_the_past_is_shown_and_said_to_be_the_past(house: Any, visit: Any, cut: datetime) -> None:
    page = visit().go("/")
    page.wait_for_selector(f"{LINE}.cut")
    page.click("[data-do=travel]")
    page.wait_for_selector(".travel .bar")
    page.click("[data-do=back]")
    page.wait_for_selector(".banner.past")
    assert "masa lalu" in page.inner_text(".banner.past")
    assert page.locator("[data-do=take]").count() == 0, "the past can't be changed"
    then = (cut + timedelta(seconds=1)).isoformat()
    page.goto(f"{house.url}/?at={then.replace('+', '%2B')}")
    page.wait_for_selector(f"{LINE}.connected")
    page.click(".banner.past button")
    page.wait_for_selector(f"{LINE}.cut")
    assert page.locator(".banner.past").count() == 0
    assert "at=" not in page.url


def test_the_hand_on_the_clock_obeys_the_keyboard(house: Any, visit: Any) -> None:
    page = visit().go("/")
    page.wait_for_selector(f"{LINE}.connected")
    page.keyboard.press("Tab")
    page.click("[data-do=travel]")
    hand = page.locator("#hand")
    hand.focus()
    page.keyboard.press("Home")
    page.wait_for_selector(".banner.past")
    page.click("[data-do=play]")
    at = page.url
    page.wait_for_function("url => location.href !== url", arg=at)
    page.click("[data-do=play]")
    page.click(".travel [data-do=toNow]")
    page.wait_for_selector(".pulse.live")


def test_silence_is_said_out_loud_and_its_end_is_noticed(house: Any, visit: Any) -> None:
    desk, wall = visit(), visit(1920, 1080)
    board, screen = desk.go("/"), wall.go("/wall")
    board.wait_for_selector(".pulse.live")
    screen.wait_for_selector(".wall.calm")
    server = house.processes[-1]
    server.send_signal(signal.SIGKILL)
    server.wait()
    board.wait_for_selector(".banner.alarm", timeout=25_000)
    assert "tidak ada kabar dari server sejak" in board.inner_text(".banner.alarm")
    assert board.locator("body.stale").count() == 1
    screen.wait_for_selector(".stale-band", timeout=25_000)
    assert "LAYAR TIDAK DIPERBARUI" in screen.inner_text(".stale-band")
    assert wall.overflow() == (0, 0)
    port = house.url.rsplit(":", 1)[1]
    settings = house.dir / "ronda.yaml"
    settings.write_text(settings.read_text().replace("port: 0", f"port: {port}"), encoding="utf-8")
    house.serve()
    board.wait_for_selector(".pulse.live", timeout=45_000)
    screen.wait_for_selector(".wall.calm:not(.stale)", timeout=45_000)
    assert board.locator(".banner.alarm").count() == 0
