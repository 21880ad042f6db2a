"""The board in a real browser: Chromium, driven by Playwright; skipped by name where they are missing."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from alerts.model import Severity
from topology.findings import Component, ComponentKind

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

EVIL = "<script>alert(1)</script>"


@pytest.fixture
async def page(url: str) -> AsyncIterator[Any]:
    """At the board. Requests to elsewhere, script errors, and dialogs (an alert that ran) fail the test."""
    trouble: list[str] = []
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page()
        page.on("pageerror", lambda error: trouble.append(f"script error: {error}"))
        page.on("dialog", lambda dialog: trouble.append(f"dialog: {dialog.message}"))
        page.on("request", lambda r: trouble.append(r.url) if not r.url.startswith(url) else None)
        page.on("console", lambda m: trouble.append(m.text) if "Content Security Policy" in m.text else None)
        await page.goto(url)
        yield page
        await browser.close()
    assert trouble == []


async def test_a_cut_is_shown_at_once_and_its_end_too(backend: Any, url: str, page: Any) -> None:
    backend.judge()
    await page.wait_for_selector("[data-office=camat-long-kali].connected")
    assert await page.locator(".count.cut .figure").inner_text() == "0"
    assert "Tidak ada gangguan" in await page.inner_text("#incidents")
    backend.cut()
    await page.wait_for_selector("[data-office=camat-long-kali].cut", timeout=3000)
    assert await page.locator(".count.cut .figure").inner_text() == "1"
    assert "Long Ikis" in await page.inner_text(".incident h3")
    assert "putus" in await page.title()
    assert await page.locator("line.link.down").count() == 1
    backend.restore()
    await page.wait_for_selector("[data-office=camat-long-kali].connected", timeout=3000)
    assert await page.locator(".incident").count() == 0


async def test_an_office_named_like_a_script_is_shown_as_text(backend: Any, url: str, page: Any) -> None:
    backend.judge()
    await page.wait_for_selector("[data-office=pkm-kuaro]")
    assert EVIL in await page.inner_text("[data-office=pkm-kuaro]")
    assert EVIL in await page.locator("#map svg").text_content()
    assert await page.locator("main script").count() == 0


async def test_taking_an_incident_on(backend: Any, url: str, page: Any) -> None:
    backend.cut()
    await page.click(".incident button")
    await page.fill("#take-who", "Rina")
    await page.fill("#take-note", "ke lokasi")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".incident .taken")
    assert backend.told[0].acknowledged_by == "Rina"
    assert backend.told[0].timeline[-1].why == "ke lokasi"


async def test_english_and_dark_are_kept(backend: Any, url: str, page: Any) -> None:
    backend.cut()
    await page.click("#language")
    await page.locator(".incident h3", has_text="fiber").first.wait_for()
    await page.click("#theme")
    await page.click("#theme")
    await page.reload()
    await page.wait_for_selector(".incident")
    assert await page.get_attribute("html", "lang") == "en"
    assert await page.get_attribute("html", "data-theme") == "dark"
    assert "Broken now" in await page.inner_text("#broken-title")


@pytest.mark.parametrize("width", [390, 1920])
async def test_nothing_runs_out_of_the_screen(backend: Any, url: str, page: Any, width: int) -> None:
    backend.cut()
    await page.set_viewport_size({"width": width, "height": 1080 if width > 1000 else 844})
    await page.wait_for_selector(".incident")
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    if width > 1000:
        tall = await page.evaluate("document.documentElement.scrollHeight - innerHeight")
        assert tall <= 0, "a wall screen has nobody to scroll it"


async def test_many_incidents_stay_on_the_wall_and_the_worst_comes_first(
    backend: Any, url: str, page: Any
) -> None:
    incident = backend.cut()
    everything = tuple(Component(ComponentKind.DEVICE, d) for d in backend.inventory.devices)
    backend.told = [
        replace(incident, id=f"R-{n}", severity=Severity.WARNING, components=everything) for n in range(30)
    ] + [replace(incident, severity=Severity.CRITICAL)]
    backend.feed.publish()
    await page.set_viewport_size({"width": 1920, "height": 1080})
    await page.wait_for_selector("[data-incident=R-29]")
    assert await page.get_attribute("article >> nth=0", "data-incident") == incident.id
    assert "dan 30 lagi" in await page.inner_text("[data-incident=R-29] h3")
    assert await page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0


async def test_silence_is_said_out_loud(backend: Any, url: str, page: Any) -> None:
    backend.judge()
    await page.wait_for_selector(".pulse.live")
    await page.route("**/stream", lambda route: route.abort())
    backend.feed.close()
    await page.wait_for_selector(".pulse.silent", timeout=20_000)
    assert "Data basi" in await page.inner_text("#live")


async def test_the_api_page_works_without_a_network(url: str, page: Any) -> None:
    await page.goto(f"{url}/docs")
    await page.wait_for_selector('[data-path="/api/v1/offices"]')
