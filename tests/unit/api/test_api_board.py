"""The board in a real browser, on a backend that says what a test wants; skipped by name without one."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alerts.model import Severity
from topology.findings import Component, ComponentKind
from topology.model import DeviceId, LinkEnd, LinkId, Location, OfficeId

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

BOARD = Path(__file__).parents[3] / "api" / "board"
SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(2)>'
OFFICE = "camat-long-kali"


@pytest.fixture
async def page(url: str) -> AsyncIterator[Any]:
    """Fails for requests to elsewhere, script errors, what our policy refuses, and dialogs (an alert ran)."""
    trouble: list[str] = []
    flags = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = await browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("pageerror", lambda error: trouble.append(f"script error: {error}"))
        page.on("dialog", lambda dialog: trouble.append(f"dialog: {dialog.message}"))
        page.on("request", lambda r: trouble.append(r.url) if not r.url.startswith(url) else None)
        page.on("console", lambda m: trouble.append(m.text) if "Content Security" in m.text else None)
        yield page
        await browser.close()
    assert trouble == []


@needs_chromium
async def test_a_cut_is_shown_at_once_and_its_end_too(backend: Any, url: str, page: Any) -> None:
    backend.judge()
    await page.goto(url)
    await page.wait_for_selector(f".places [data-office={OFFICE}].connected")
    assert await page.locator(".count.cut .figure").inner_text() == "0"
    assert "Semua SKPD yang aktif terhubung" in await page.inner_text("#incidents")
    backend.cut()
    await page.wait_for_selector(f".places [data-office={OFFICE}].cut", timeout=3000)
    assert await page.locator(".count.cut .figure").inner_text() == "1"
    assert "Long Ikis" in await page.inner_text(".incident h3")
    assert "(1 putus)" in await page.title()
    assert await page.locator("#map line.link.down").count() == 1
    backend.restore()
    await page.wait_for_selector(f".places [data-office={OFFICE}].connected", timeout=3000)
    assert await page.locator(".incident").count() == 0


@needs_chromium
async def test_new_and_ended_incidents_are_told_once_to_who_listens(
    backend: Any, url: str, page: Any
) -> None:
    backend.judge()
    await page.goto(url)
    await page.wait_for_selector(".pulse.live")
    await page.wait_for_selector(".calm")
    backend.cut()
    await page.wait_for_function("() => document.querySelectorAll('#announcer p').length === 1")
    backend.feed.publish()
    backend.feed.publish()
    backend.restore()
    await page.wait_for_function("() => document.querySelectorAll('#announcer p').length === 2")
    new, over = await page.locator("#announcer p").all_text_contents()
    assert "Gangguan baru" in new
    assert "1 SKPD" in new
    assert "Pulih" in over


@needs_chromium
@pytest.mark.parametrize("evil", [SCRIPT, IMAGE, "'><svg onload=alert(3)>", "{who} javascript:alert(4)"])
async def test_names_are_text_on_every_page(backend: Any, url: str, page: Any, evil: str) -> None:
    inventory = backend.inventory
    backend.inventory = replace(
        inventory,
        network=replace(inventory.network, name=evil),
        offices={
            k: replace(o, name=evil, kecamatan=o.kecamatan and evil) for k, o in inventory.offices.items()
        },
        devices={k: replace(d, name=evil) for k, d in inventory.devices.items()},
        links={k: replace(link, name=evil, circuit_id=evil) for k, link in inventory.links.items()},
        providers={k: replace(p, name=evil) for k, p in inventory.providers.items()},
    )
    incident = backend.cut()
    backend.told = [replace(incident, why=evil, acknowledged_by=evil, ticket=evil, assigned_to=evil)]
    for path in (
        "/",
        "/topology",
        f"/office/{OFFICE}",
        "/provider/telkom",
        f"/incident/{incident.id}",
        "/wall",
    ):
        await page.goto(url + path)
        await page.wait_for_selector("h1")
        await page.wait_for_function("text => document.body.textContent.includes(text)", arg=evil)
        found = "main script, main img, main svg[onload], header img, header script"
        assert await page.locator(found).count() == 0, path
    await page.goto(url)
    await page.keyboard.press("/")
    await page.wait_for_selector("#search")
    await page.fill("#search", "alert")
    await page.wait_for_selector("#results a")
    assert await page.locator("#results img, #results script").count() == 0


@needs_chromium
async def test_what_people_do_with_an_incident(backend: Any, url: str, page: Any) -> None:
    incident = backend.cut()
    await page.goto(url)
    await page.click("[data-do=take]")
    await page.keyboard.press("Enter")
    assert await page.get_attribute("#field-who", "aria-invalid") == "true"
    await page.fill("#field-who", "Rina")
    await page.fill("#field-note", "ke lokasi")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".incident .taken")
    assert backend.told[0].acknowledged_by == "Rina"
    assert backend.told[0].timeline[-1].why == "ke lokasi"
    await page.click(".incident h3 a")
    for kind, field, value in (
        ("comment", "text", "menunggu"),
        ("assign", "to", "Budi"),
        ("ticket", "ticket", "IN-1"),
    ):
        await page.click(f"[data-do={kind}]")
        assert await page.input_value("#field-who") == "Rina", "asked once"
        await page.fill(f"#field-{field}", value)
        await page.click("[data-do=submit]")
        await page.wait_for_function("() => !document.querySelector('dialog').open")
    await page.get_by_text("Ditugaskan kepada Budi").wait_for()
    await page.get_by_text("IN-1").first.wait_for()
    assert backend.told[0].assigned_to == "Budi"
    assert backend.told[0].ticket == "IN-1"
    assert await page.get_by_text("menunggu").count() == 1
    assert page.url.endswith(incident.id)


@needs_chromium
async def test_english_and_dark_are_kept(backend: Any, url: str, page: Any) -> None:
    backend.cut()
    await page.goto(url)
    await page.click("#menu summary")
    await page.click("#language")
    await page.locator(".incident h3", has_text="fiber").first.wait_for()
    for _ in range(2):
        await page.click("#theme")
    await page.reload()
    await page.wait_for_selector(".incident")
    assert await page.get_attribute("html", "lang") == "en"
    assert await page.get_attribute("html", "data-theme") == "dark"
    assert "Broken now" in await page.inner_text("#broken-title")


def crowd(backend: Any, count: int) -> None:
    """So many more offices, each on its own cable from Long Ikis."""
    inventory = backend.inventory
    offices, devices, links = dict(inventory.offices), dict(inventory.devices), dict(inventory.links)
    office, device = offices[OfficeId(OFFICE)], devices[DeviceId("long-kali-r1")]
    link = links[LinkId("long-ikis-long-kali")]
    kecamatan = sorted({o.kecamatan for o in offices.values() if o.kecamatan})
    for n in range(count):
        place = Location(-1.2 - (n % 40) / 40, 115.8 + (n // 40) / 40)
        name = f"Kantor Desa dengan nama yang panjang sekali nomor {n}"
        id_, box = OfficeId(f"desa-{n}"), DeviceId(f"desa-{n}-r1")
        offices[id_] = replace(
            office, id=id_, name=name, location=place, kecamatan=kecamatan[n % len(kecamatan)]
        )
        devices[box] = replace(device, id=box, office=id_, address=None)
        cable = LinkId(f"cable-{n}")
        links[cable] = replace(link, id=cable, b=LinkEnd(box, "sfp1"))
    backend.inventory = replace(inventory, offices=offices, devices=devices, links=links)


@needs_chromium
async def test_a_thousand_offices_and_a_hundred_incidents(backend: Any, url: str, page: Any) -> None:
    crowd(backend, 1000)
    incident = backend.cut()
    many = tuple(Component(ComponentKind.DEVICE, d) for d in list(backend.inventory.devices)[:60])
    backend.told = [
        replace(incident, id=f"R-{n}", severity=Severity.WARNING, components=many) for n in range(100)
    ] + [replace(incident, severity=Severity.CRITICAL)]
    backend.judge([OFFICE, *(f"desa-{n}" for n in range(300))])
    await page.goto(url)
    await page.wait_for_selector(".incident")
    assert await page.get_attribute("article >> nth=0", "data-incident") == incident.id, "the worst first"
    assert await page.locator(".incident").count() <= 12
    assert await page.locator("#map .bubble").count() > 5, "offices that would hide each other are counted"
    assert await page.locator(".places li[data-office]").count() < 600
    await page.fill("#filter", "nomor 777")
    await page.wait_for_function("() => document.querySelectorAll('.places li[data-office]').length === 1")
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    await page.set_viewport_size({"width": 1920, "height": 1080})
    await page.goto(f"{url}/topology")
    await page.wait_for_selector("#graph canvas")
    await page.keyboard.press("/")
    await page.keyboard.type("cable-777")
    await page.locator("#results a").first.click()
    await page.wait_for_selector("[data-key=focus] h2")
    assert "cable-777" in await page.inner_text("[data-key=focus] h2")
    await page.goto(f"{url}/wall")
    await page.wait_for_selector(".card")
    assert await page.locator(".card").count() == 3
    assert "1 dari 101" in await page.inner_text(".page")
    first = await page.get_attribute(".card >> nth=0", "data-office")
    await page.wait_for_function(
        "id => document.querySelector('.card').dataset.office !== id", arg=first, timeout=15_000
    )
    assert await page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0


@needs_chromium
@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (403, {}, "Peran Anda tidak boleh"),
        (429, {"Retry-After": "7"}, "Terlalu banyak permintaan"),
        (503, {"Retry-After": "1"}, "Catatan belum dapat dibaca"),
        (500, {}, "kesalahan pada server"),
    ],
)
async def test_every_trouble_says_what_to_do(
    backend: Any, url: str, page: Any, status: int, headers: dict[str, str], said: str
) -> None:
    backend.judge()
    body = json.dumps({"status": status, "detail": "no"})
    problem = {"status": status, "headers": headers, "body": body, "content_type": "application/problem+json"}

    async def refuse(route: Any) -> None:
        await route.fulfill(**problem)

    await page.route("**/api/v1/topology*", refuse)
    await page.goto(url)
    await page.wait_for_selector(".trouble")
    assert said in await page.inner_text(".trouble")
    if status == 503:
        await page.unroute("**/api/v1/topology*")
        await page.wait_for_selector(".counts", timeout=10_000)


@needs_chromium
async def test_data_that_was_shown_stays_when_the_next_reading_fails(
    backend: Any, url: str, page: Any
) -> None:
    backend.judge()
    await page.goto(url)
    await page.wait_for_selector(".counts")
    await page.route("**/api/v1/summary*", lambda route: route.abort())
    backend.cut()
    await page.wait_for_selector(".banner")
    assert "Data tidak dapat dibaca" in await page.inner_text(".banner")
    assert await page.locator(".counts").count() == 1


@needs_chromium
async def test_who_is_not_known_logs_in_and_lands_where_he_wanted(backend: Any, url: str, page: Any) -> None:
    backend.judge()
    secret = backend.access.make("oncall", label="rina")
    await page.goto(f"{url}/office/{OFFICE}")
    await page.wait_for_url("**/login?next=*")
    await page.fill("#token", "rnd_wrong")
    await page.click("#enter")
    await page.get_by_text("Token ini tidak berlaku").wait_for()
    await page.fill("#token", secret)
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".heading.connected")
    assert page.url == f"{url}/office/{OFFICE}"
    assert secret not in await page.content()
    await page.click("#menu summary")
    await page.click("[data-do=logout]")
    await page.wait_for_selector("#token")


@needs_chromium
@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"]
)
async def test_a_login_never_leads_elsewhere(backend: Any, url: str, page: Any, target: str) -> None:
    backend.judge()
    secret = backend.access.make("viewer")
    await page.goto(f"{url}/login?next={target}")
    await page.fill("#token", secret)
    await page.click("#enter")
    await page.wait_for_selector(".counts")
    assert page.url == f"{url}/"
    assert await page.locator("[data-do=take]").count() == 0, "a viewer may look only"


@needs_chromium
async def test_a_wall_enters_by_its_fragment_which_no_server_sees(backend: Any, url: str, page: Any) -> None:
    backend.cut()
    secret = backend.access.make("wall", label="bupati")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{url}/wall")
    await page.get_by_text("Layar ini perlu token").first.wait_for()
    await page.goto(f"{url}/wall#token={secret}")
    await page.wait_for_selector(".card")
    assert page.url == f"{url}/wall", "nobody reads it from the screen"
    assert not [one for one in asked if secret in one]
    await page.reload()
    await page.wait_for_selector(".card")


@needs_chromium
async def test_blind_is_not_cut_and_the_first_verdict_is_waited_for(
    backend: Any, url: str, page: Any
) -> None:
    await page.goto(url)
    await page.get_by_text("Menunggu penilaian pertama").wait_for()
    backend.judge(blind=True)
    await page.get_by_text("Pemantau sendiri terputus").wait_for()
    await page.goto(f"{url}/wall")
    await page.wait_for_selector(".wall.doubt")
    assert "belum dapat dipastikan" in await page.inner_text(".sentence")


@needs_chromium
async def test_both_languages_have_the_same_words(backend: Any, url: str, page: Any) -> None:
    backend.judge()
    await page.goto(url)
    found = await page.evaluate(
        """async () => {
          const { ID } = await import("/static/js/words-id.js");
          const { EN } = await import("/static/js/words-en.js");
          const holes = (text) => [...text.matchAll(/{[a-z]+}/g)].map(String).sort().join();
          const keys = [...new Set([...Object.keys(ID), ...Object.keys(EN)])];
          return keys.filter((k) => !ID[k] || !EN[k] || holes(ID[k]) !== holes(EN[k]));
        }"""
    )
    assert found == []


@needs_chromium
async def test_the_api_page_works_without_a_network(url: str, page: Any) -> None:
    await page.goto(f"{url}/docs")
    await page.wait_for_selector('[data-path="/api/v1/offices"]')


def test_vendored_files_are_those_that_the_notice_names() -> None:
    notice = (BOARD / "vendor" / "NOTICE.md").read_text(encoding="utf-8")
    named = dict(re.findall(r"\| `([^`]+)` \| `([0-9a-f]{64})` \|", notice))
    folders = [f for f in (BOARD / "vendor").iterdir() if f.is_dir()]
    found = {
        f"{folder.name}/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest()
        for folder in folders
        for file in folder.iterdir()
    }
    assert named == found
    assert all((folder / "LICENSE").exists() for folder in folders)


def test_our_scripts_never_make_markup_of_text() -> None:
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|\bstyle="
    )
    for file in [*BOARD.glob("js/**/*.js"), *BOARD.glob("*.html")]:
        assert not forbidden.search(file.read_text(encoding="utf-8")), file.name


def test_every_word_that_is_asked_for_exists() -> None:
    words = (BOARD / "js" / "words-id.js").read_text(encoding="utf-8")
    known = set(re.findall(r'[ {,](\w+): "', words))
    for file in BOARD.glob("js/**/*.js"):
        asked = re.findall(r'\bw\("(\w+)"', file.read_text(encoding="utf-8"))
        assert set(asked) <= known, file.name


@pytest.mark.parametrize(("page", "start"), [("index.html", "main.js"), ("wall.html", "wall.js")])
def test_modules_are_asked_for_together_and_not_one_after_another(page: str, start: str) -> None:
    scripts = BOARD / "js"
    needed, todo = set(), [scripts / start]
    while todo:
        file = todo.pop()
        for name in re.findall(r'from "(\.[^"]+)"', file.read_text(encoding="utf-8")):
            other = (file.parent / name).resolve()
            if other not in needed:
                needed.add(other)
                todo.append(other)
    text = (BOARD / page).read_text(encoding="utf-8")
    listed = re.findall(r'rel="modulepreload" href="/static/js/([^"]+)"', text)
    assert sorted(listed) == sorted(str(f.relative_to(scripts.resolve())) for f in needed)


def test_the_map_has_every_kecamatan_and_says_that_it_is_schematic() -> None:
    drawn = json.loads((BOARD / "data" / "paser.geojson").read_text(encoding="utf-8"))
    assert len(drawn["features"]) == 10
    assert "Schematic" in drawn["note"]
    for feature in drawn["features"]:
        ring = feature["geometry"]["coordinates"][0]
        assert ring[0] == ring[-1]
        assert all(115 < lon < 118 and -3 < lat < 0 for lon, lat in ring)
