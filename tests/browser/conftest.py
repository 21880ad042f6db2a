"""A lab, a server and a real browser, as a user has them. Skipped by name where Chromium is missing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.secrets import demo_environment
from topology.inventory import load_inventory

ROOT = Path(__file__).resolve().parents[2]
RONDA = [sys.executable, "-m", "ronda"]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def eventually(check: Callable[[], Any], within_s: float, what: str) -> Any:
    until = time.monotonic() + within_s
    while True:
        if found := check():
            return found
        if time.monotonic() > until:
            pytest.fail(f"not within {within_s:g} s: {what}")
        time.sleep(0.05)


class House:
    """A lab and a server as processes, ended by the pid they were started with."""

    def __init__(self, folder: Path) -> None:
        self.dir = folder
        self.command = RONDA
        self.url = ""
        self.environ = {**os.environ, **demo_environment(load_inventory(ROOT / "inventory.yaml"))}
        self.processes: list[subprocess.Popen[bytes]] = []
        (folder / "ronda.yaml").write_text(
            f"probe: {{wire: lab}}\ndata_dir: {folder / 'data'}\napi: {{port: 0}}\n", encoding="utf-8"
        )

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.dir / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*RONDA, *arguments],
                env=self.environ,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def start_lab(self) -> None:
        place = ["--run-dir", str(self.dir / "lab"), "--addresses", "ephemeral"]
        self.start("lab", "lab", "run", str(ROOT / "inventory.yaml"), *place)
        eventually((self.dir / "lab" / "lab.json").exists, 30, "the lab is ready")

    def serve(self) -> subprocess.Popen[bytes]:
        (self.dir / "serve.log").unlink(missing_ok=True)
        inventory = json.loads((self.dir / "lab" / "lab.json").read_text())["inventory"]
        process = self.start("serve", "serve", "-i", inventory, "-s", str(self.dir / "ronda.yaml"))
        self.url = self.wait_for_start(process)
        eventually(self.all_well, 40, "every active office is connected")
        return process

    def wait_for_start(self, process: subprocess.Popen[bytes]) -> str:
        return str(eventually(lambda: self._started(process), 30, "the server is ready")["url"])

    def _started(self, process: subprocess.Popen[bytes]) -> dict[str, Any] | None:
        text = (self.dir / "serve.log").read_text(errors="replace")
        assert process.poll() is None, text
        return next((json.loads(line) for line in text.splitlines() if '"started"' in line), None)

    def lab(self, *arguments: str) -> None:
        command = [*RONDA, "lab", *arguments, "--run-dir", str(self.dir / "lab")]
        subprocess.run(command, env=self.environ, cwd=ROOT, check=True, capture_output=True)

    def get(self, path: str, **parameters: Any) -> Any:
        return httpx.get(f"{self.url}/api/v1{path}", params=parameters, timeout=10).raise_for_status().json()

    def offices(self) -> dict[str, str]:
        return {row["id"]: row["connectivity"] for row in self.get("/offices", limit=500)["items"]}

    def all_well(self) -> bool:
        return set(self.offices().values()) == {"connected", "not_connected"}

    def end(self) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(8)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Closed with its module: while it is open, Playwright's own event loop runs in this thread."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    flags = [
        "--disable-gpu",
        "--disable-background-networking",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ]
    with api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all tests: whoever breaks something mends it."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    house = House(tmp_path_factory.mktemp("house"))
    try:
        house.start_lab()
        house.serve()
        yield house
    finally:
        house.end()


class Visit:
    """A page, and what went wrong on it: script errors, dialogs, refused by our policy, asked of others."""

    def __init__(self, page: Any, house: House) -> None:
        self.page = page
        self.house = house
        self.trouble: list[str] = []
        page.on("pageerror", lambda error: self.trouble.append(f"script error: {error}"))
        page.on("dialog", lambda dialog: self.trouble.append(f"dialog: {dialog.message}"))
        page.on("request", lambda r: None if r.url.startswith(house.url) else self.trouble.append(r.url))
        page.on("console", lambda m: self.trouble.append(m.text) if "Content Security" in m.text else None)

    def go(self, path: str) -> Any:
        self.page.goto(self.house.url + path)
        return self.page

    def overflow(self) -> tuple[int, int]:
        """Pixels by which the page is wider and taller than the screen."""
        root = "document.documentElement"
        found = self.page.evaluate(f"[{root}.scrollWidth - innerWidth, {root}.scrollHeight - innerHeight]")
        return found[0], found[1]


@pytest.fixture
def visit(chromium: Any, house: House) -> Iterator[Callable[..., Visit]]:
    contexts: list[Any] = []
    visits: list[Visit] = []

    def make(width: int = 1440, height: int = 900, **options: Any) -> Visit:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        visits.append(Visit(context.new_page(), house))
        return visits[-1]

    yield make
    for context in contexts:
        context.close()
    assert [t for v in visits for t in v.trouble] == []
