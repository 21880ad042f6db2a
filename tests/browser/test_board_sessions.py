"""Who may see what, in a browser: a provider, a screen on a wall, and a session that ends."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.secrets import demo_environment
from topology.inventory import load_inventory

pytestmark = pytest.mark.real

OWN = "starlink"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def guarded(house: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A second server on the same lab, where tokens were made: nobody comes in without one."""
    folder = tmp_path_factory.mktemp("guarded")
    second = type(house)(folder)
    second.environ = house.environ | demo_environment(load_inventory(ROOT / "inventory.yaml"))
    second.inventory = json.loads((house.dir / "lab" / "lab.json").read_text())["inventory"]
    second.token = lambda *options: token(second, *options)
    second.admin = second.token("--role", "admin", "--label", "uji")
    process = second.start("serve", "serve", "-i", second.inventory, "-s", str(folder / "ronda.yaml"))
    try:
        second.url = second.wait_for_start(process)
        yield second
    finally:
        second.end()


def token(server: Any, *options: str) -> str:
    return str(run(server, "create", *options, "-i", server.inventory)["token"])


def run(server: Any, what: str, *options: str) -> Any:
    command = [*server.command, "token", what, *options, "-s", str(server.dir / "ronda.yaml"), "--json"]
    done = subprocess.run(command, env=server.environ, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def revoke(server: Any, token_id: str) -> None:
    command = [*server.command, "token", "revoke", token_id, "-s", str(server.dir / "ronda.yaml")]
    subprocess.run(command, env=server.environ, cwd=ROOT, check=True, capture_output=True)


def enter(page: Any, server: Any, secret: str, path: str = "/") -> None:
    page.goto(f"{server.url}{path}")
    page.wait_for_url(re.compile("/login"))
    page.fill("#token", secret)
    page.keyboard.press("Enter")
    page.wait_for_selector(".pulse.live")


@pytest.fixture
def page(chromium: Any, guarded: Any) -> Iterator[Any]:
    """Keeps every answer that it got: `page.heard` is a list of (address, text)."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.heard = []
    page.troubles = []

    def hear(route: Any) -> None:
        if route.request.url.endswith("/stream"):
            route.continue_()
            return
        response = route.fetch()
        page.heard.append((route.request.url, response.text()))
        route.fulfill(response=response)

    context.route("**/api/v1/**", hear)
    page.on("pageerror", lambda error: page.troubles.append(str(error)))
    yield page
    context.unroute_all(behavior="ignoreErrors")  # an answer that is still on its way has no page any more
    context.close()
    assert page.troubles == []


def foreign_words() -> list[str]:
    """Names and ids of what is not Starlink's, and does not stand at the way of its own circuits."""
    inventory = load_inventory(ROOT / "inventory.yaml")
    own_links = [link for link in inventory.links.values() if link.provider == OWN]
    own_devices = {end.device for link in own_links for end in (link.a, link.b) if end.device}
    own_offices = {inventory.devices[d].office for d in own_devices if inventory.devices[d].office}
    own_offices |= {o.id for o in inventory.offices.values() if o.provider == OWN}
    offices = [o for o in inventory.offices.values() if o.id not in own_offices | set(inventory.hubs)]
    circuits = [c.circuit_id for c in inventory.links.values() if c.provider != OWN and c.circuit_id]
    providers = [p.name for p in inventory.providers.values() if p.id != OWN]
    return [*(o.name for o in offices), *circuits, *providers]


def test_a_provider_walks_every_page_and_meets_nobody_else(guarded: Any, page: Any) -> None:
    secret = guarded.token("--role", "provider", "--provider", OWN, "--label", "NOC")
    enter(page, guarded, secret)
    mine = next(o.id for o in load_inventory(ROOT / "inventory.yaml").offices.values() if o.provider == OWN)
    walked = ["/", "/topology", "/rollout", "/maintenance", f"/office/{mine}", f"/provider/{OWN}"]
    walked += ["/office/bkad", "/provider/telkom", "/incident/R-1", "/wall"]
    words = foreign_words()
    assert len(words) > 20
    for path in walked:
        page.goto(f"{guarded.url}{path}")
        page.wait_for_selector(".wall-foot" if path == "/wall" else "#view > *:not(.waiting-for)")
        page.wait_for_timeout(300)
        for kind in ("take", "assign", "comment", "planOpen", "cancelWindow"):
            assert page.locator(f"[data-do={kind}]").count() == 0, (path, kind)
        shown = page.content()
        assert [w for w in words if w in shown] == [], path
        assert page.heard or path == "/wall"
        for url, text in page.heard:
            assert [w for w in words if w in text] == [], url
        page.heard.clear()
    page.goto(f"{guarded.url}/rollout")
    page.wait_for_selector(f"[data-office={mine}] [data-do=progress]")
    page.keyboard.press("/")
    page.keyboard.type("telkom")
    page.wait_for_selector("#results li")
    assert page.locator("#results a").count() == 0, "nor is it found by searching"


def test_a_provider_reports_progress_and_the_office_shows_it(guarded: Any, page: Any) -> None:
    secret = guarded.token("--role", "provider", "--provider", OWN, "--label", "Sari")
    mine = next(o.id for o in load_inventory(ROOT / "inventory.yaml").offices.values() if o.provider == OWN)
    enter(page, guarded, secret, f"/office/{mine}")
    page.click("[data-do=progress]")
    page.click("#dialog-submit")
    page.wait_for_function("() => document.querySelector('#dialog-error').textContent.length > 0")
    page.select_option("#field-stage", "installing")
    page.fill("#field-note", "Parabola sudah terpasang")
    page.fill("#field-promised_date", "2027-05-01")
    page.click("#dialog-submit")
    page.get_by_text("Parabola sudah terpasang").wait_for()
    page.goto(f"{guarded.url}/rollout")
    row = page.locator(f"[data-office={mine}]")
    row.get_by_text("1 Mei 2027").wait_for()
    assert "dipasang" in row.inner_text()


def test_a_wall_token_opens_the_wall_and_no_more(guarded: Any, page: Any) -> None:
    secret = guarded.token("--role", "wall", "--label", "ruang bupati")
    page.goto(f"{guarded.url}/wall#token={secret}")
    page.wait_for_selector(".wall-foot")
    assert secret not in page.url
    page.wait_for_timeout(500)
    asked = {url.split("/api/v1")[1].split("?")[0] for url, _ in page.heard}
    assert "/summary" in asked
    assert not asked & {"/events", "/rollout", "/maintenance", "/audit", "/providers"}
    drawn = page.evaluate("async () => (await fetch('/api/v1/topology')).text()")
    inventory = load_inventory(ROOT / "inventory.yaml")
    assert [d for d in inventory.devices if f'"{d}"' in drawn] == []
    assert [c.circuit_id for c in inventory.links.values() if c.circuit_id and c.circuit_id in drawn] == []
    page.goto(f"{guarded.url}/")
    page.wait_for_selector(".counts")
    assert page.locator("a[href='/rollout'], a[href='/maintenance']").count() == 0
    assert page.locator("[data-do=take]").count() == 0
    for path in ("/devices", "/maintenance", "/rollout", "/events", "/audit"):
        status = page.evaluate("async (p) => (await fetch('/api/v1' + p)).status", path)
        assert status in (403, 404), path


def test_login_logout_and_a_token_that_ends_meanwhile(guarded: Any, page: Any) -> None:
    page.goto(f"{guarded.url}/office/bkad")
    page.wait_for_url(re.compile("/login"))
    page.fill("#token", "rnd_wrong")
    page.keyboard.press("Enter")
    page.get_by_text("Token ini tidak berlaku.").wait_for()
    page.fill("#token", guarded.token("--role", "oncall", "--label", "Budi"))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/office/bkad"))
    page.wait_for_selector(".heading h1")
    page.click("#menu summary")
    page.click("[data-do=logout]")
    page.wait_for_url(re.compile("/login"))
    assert page.evaluate("async () => (await fetch('/api/v1/offices')).status") == 401
    page.goto(f"{guarded.url}/")
    page.wait_for_url(re.compile("/login"))

    before = {t["id"] for t in run(guarded, "list")}
    secret = guarded.token("--role", "engineer", "--label", "Dewi")
    enter(page, guarded, secret, "/maintenance")
    page.wait_for_selector("[data-do=planOpen]")
    (made,) = {t["id"] for t in run(guarded, "list")} - before
    revoke(guarded, str(made))
    page.wait_for_url(re.compile("/login"), timeout=20_000)
    assert page.locator("[data-do=planOpen]").count() == 0
