"""The whole system as a user runs it: `ronda lab run` and `ronda serve` as processes, a webhook that listens.

Real here: SNMP over UDP to some thirty agents, echo on the lab's wire, SQLite, HTTP, signals. What follows
from a cut is checked at the webhook and in the API, with deadlines; nothing is timed to the millisecond.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.secrets import demo_environment
from topology.inventory import load_inventory

ROOT = Path(__file__).resolve().parents[3]
RONDA = [sys.executable, "-m", "ronda"]


@dataclass
class Hook:
    """Listens, answers 204, remembers."""

    notes: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def of(self, incident: str) -> list[str]:
        return [n["reason"] for n in self.notes if n["incident"] == incident]


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            hook.notes.append(json.loads(self.rfile.read(length)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hook.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield hook
    server.shutdown()
    server.server_close()


def eventually(check: Callable[[], Any], within_s: float, what: str) -> Any:
    until = time.monotonic() + within_s
    while True:
        if found := check():
            return found
        if time.monotonic() > until:
            pytest.fail(f"not within {within_s:g} s: {what}")
        time.sleep(0.05)


class House:
    """A lab and a server, both processes, started and ended by pid."""

    def __init__(self, tmp_path: Path, hook: Hook) -> None:
        self.dir = tmp_path
        self.hook = hook
        self.environ = {**os.environ, **demo_environment(load_inventory(ROOT / "inventory.yaml"))}
        self.processes: list[subprocess.Popen[bytes]] = []
        (tmp_path / "ronda.yaml").write_text(
            "alerts:\n"
            f"  receivers: [{{id: hook, kind: webhook, url: '{hook.url}'}}]\n"
            "  routes: [{receivers: [hook]}]\n"
            "probe: {wire: lab}\n"
            f"data_dir: {tmp_path / 'data'}\n"
            "api: {port: 0}\n",
            encoding="utf-8",
        )

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        log = (self.dir / f"{name}.log").open("ab")
        process = subprocess.Popen(
            [*RONDA, *arguments], env=self.environ, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        self.processes.append(process)
        return process

    def start_lab(self) -> None:
        inventory = str(ROOT / "inventory.yaml")
        run_dir = str(self.dir / "lab")
        self.start("lab", "lab", "run", inventory, "--run-dir", run_dir, "--addresses", "ephemeral")
        eventually((self.dir / "lab" / "lab.json").exists, 20, "the lab is ready")

    def serve(self) -> subprocess.Popen[bytes]:
        (self.dir / "serve.log").unlink(missing_ok=True)
        inventory = json.loads((self.dir / "lab" / "lab.json").read_text())["inventory"]
        process = self.start("serve", "serve", "-i", inventory, "-s", str(self.dir / "ronda.yaml"))
        started = eventually(lambda: self._started(process), 20, "the server is ready")
        self.url = started["url"]
        return process

    def _started(self, process: subprocess.Popen[bytes]) -> dict[str, Any] | None:
        text = (self.dir / "serve.log").read_text(errors="replace")
        assert process.poll() is None, text
        return next((json.loads(t) for t in text.splitlines() if '"started"' in t), None)

    def lab(self, *arguments: str) -> None:
        subprocess.run(
            [*RONDA, "lab", *arguments, "--run-dir", str(self.dir / "lab")],
            env=self.environ,
            cwd=ROOT,
            check=True,
            capture_output=True,
        )

    def offices(self) -> dict[str, str]:
        page = httpx.get(f"{self.url}/api/v1/offices", params={"limit": 500}, timeout=5).json()
        return {row["id"]: row["connectivity"] for row in page["items"]}

    def all_well(self) -> bool:
        return set(self.offices().values()) == {"connected", "not_connected"}

    def end(self) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(6)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


@pytest.fixture
def house(tmp_path: Path, hook: Hook) -> Iterator[House]:
    house = House(tmp_path, hook)
    house.start_lab()
    yield house
    house.end()


BRANCH = "kuaro-pkm"


@pytest.mark.real
@pytest.mark.xdist_group("namespaces")  # not beside the lab of namespaces: it wants quick answers
def test_one_cut_one_alert_one_pulih_and_a_crash_between(house: House, hook: Hook) -> None:
    server = house.serve()
    eventually(house.all_well, 30, "every active office is connected")
    assert hook.notes == []

    house.lab("cut", BRANCH)
    opened = eventually(lambda: hook.notes[:1], 15, "the alert")[0]
    assert opened["reason"] == "opened"
    assert opened["components"] == [{"kind": "link", "id": BRANCH}]
    assert opened["offices"] == ["pkm-kuaro"]
    assert house.offices()["pkm-kuaro"] == "cut"

    server.send_signal(signal.SIGKILL)
    server.wait()
    server = house.serve()
    eventually(lambda: house.offices()["camat-kuaro"] == "connected", 20, "the new process sees the network")
    time.sleep(6)  # longer than it takes to settle: a repeated alert would be out by now
    assert house.offices()["pkm-kuaro"] == "cut"
    assert [n["reason"] for n in hook.notes] == ["opened"]

    house.lab("restore", BRANCH)
    eventually(lambda: len(hook.notes) > 1, 30, "the all-clear")
    assert hook.of(opened["incident"]) == ["opened", "resolved"]
    assert len(hook.notes) == 2
    eventually(house.all_well, 10, "every active office is connected again")

    before = time.monotonic()
    server.terminate()
    assert server.wait(5) == 0
    assert time.monotonic() - before < 5
