"""Ronda at its place: `ronda serve`, InfluxDB, a webhook and a mail server in the lab's monitor namespace.

Used by the tests and the figures alike. Nothing here knows how Ronda thinks: it starts the real program and
listens.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx
import yaml

from lab.namespaces.client import LabProcess

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")


class Inside:
    """Calls made in the network of the monitoring namespace, from a thread that lives there."""

    def __init__(self, lab: LabProcess) -> None:
        self._pool = ThreadPoolExecutor(1, "inside", initializer=lab.enter)

    def __call__(self, do: Callable[[], T]) -> T:
        return self._pool.submit(do).result(60)

    def close(self) -> None:
        self._pool.shutdown(wait=False)


@dataclass(frozen=True, slots=True)
class Note:
    """A message as it arrived at the webhook."""

    at_s: float
    """Monotonic."""
    body: Mapping[str, Any]

    @property
    def reason(self) -> str:
        return str(self.body["reason"])

    @property
    def incident(self) -> str:
        return str(self.body["incident"])

    @property
    def components(self) -> set[str]:
        return {f"{c['kind']}:{c['id']}" for c in self.body["components"]}

    @property
    def offices(self) -> set[str]:
        return set(self.body["offices"])


@dataclass
class Hook:
    """A webhook that answers 204 and remembers."""

    notes: list[Note] = field(default_factory=list)
    url: str = ""

    def start(self, inside: Inside) -> None:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                hook.notes.append(Note(time.monotonic(), json.loads(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = inside(lambda: ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Mail:
    """An SMTP server that takes everything and remembers the messages."""

    messages: list[email.message.EmailMessage] = field(default_factory=list)
    port: int = 0

    def start(self, inside: Inside) -> None:
        from aiosmtpd.smtp import SMTP

        listener = inside(lambda: socket.create_server(("127.0.0.1", 0)))
        self.port = listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()

        async def serve() -> None:
            await self._loop.create_server(
                lambda: SMTP(self, hostname="mail.lab", loop=self._loop), sock=listener
            )

        self._loop.run_until_complete(serve())
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802  # aiosmtpd's
        found = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.messages.append(found)
        return "250 OK"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)


class Influx:
    """Debian's influxd 1.6, on its own directory."""

    def __init__(self, lab: LabProcess, inside: Inside, directory: Path) -> None:
        self._inside = inside
        directory.mkdir(parents=True)
        port, rpc = inside(_free_port), inside(_free_port)
        self.url = f"http://127.0.0.1:{port}"
        config = directory / "influxdb.conf"
        config.write_text(
            f'reporting-disabled = true\nbind-address = "127.0.0.1:{rpc}"\n'
            f'[meta]\n  dir = "{directory}/meta"\n'
            f'[data]\n  dir = "{directory}/data"\n  wal-dir = "{directory}/wal"\n'
            f'[http]\n  bind-address = "127.0.0.1:{port}"\n  log-enabled = false\n'
            '[monitor]\n  store-enabled = false\n[logging]\n  level = "error"\n'
        )
        with (directory / "log").open("wb") as log:
            self.process = lab.popen(["influxd", "run", "-config", str(config)], stdout=log, stderr=log)
        wait_for(self._answers, 90, "influxd answers")

    def _answers(self) -> bool:
        try:
            return self._inside(lambda: httpx.get(f"{self.url}/ping", timeout=2)).status_code == 204
        except httpx.HTTPError:
            return False

    def query(self, influxql: str, database: str = "ronda") -> list[dict[str, Any]]:
        """Rows as dictionaries, of all series."""
        series = self._series(influxql, database)
        return [dict(zip(s["columns"], values, strict=True)) for s in series for values in s["values"]]

    def tags(self, influxql: str, database: str = "ronda") -> list[dict[str, str]]:
        """The tags of every series, in the same order."""
        return [s.get("tags", {}) for s in self._series(influxql, database)]

    def _series(self, influxql: str, database: str) -> list[dict[str, Any]]:
        parameters = {"q": influxql, "db": database, "epoch": "s"}
        answer = self._inside(lambda: httpx.get(f"{self.url}/query", params=parameters, timeout=30)).json()
        found: list[dict[str, Any]] = answer["results"][0].get("series", [])
        return found

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class House:
    """All of it around one lab. `start`, then `ronda` runs; `stop` ends what was started."""

    def __init__(self, lab: LabProcess, directory: Path, settings: Mapping[str, Any] | None = None) -> None:
        self.lab = lab
        self.directory = directory
        self._more = dict(settings or {})
        self.inside = Inside(lab)
        self.hook, self.mail = Hook(), Mail()
        self.process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.heard = 0
        """So many lines of the log have been looked at."""

    def start(self, *, traps: bool = True) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.hook.start(self.inside)
        self.mail.start(self.inside)
        self.influx = Influx(self.lab, self.inside, self.directory / "influx")
        self.settings_file = self.directory / "ronda.yaml"
        self.settings_file.write_text(yaml.safe_dump(self._settings(traps)), encoding="utf-8")
        init = [sys.executable, "-m", "ronda", "storage", "init", "--settings", str(self.settings_file)]
        done = self.lab.popen(init, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = done.communicate(timeout=150)
        if done.returncode != 0:
            raise AssertionError(f"ronda storage init: {said.decode(errors='replace')}")
        self.serve()

    def _settings(self, traps: bool) -> dict[str, Any]:
        mail = {"id": "mail", "kind": "email", "host": "127.0.0.1", "port": self.mail.port}
        mail |= {"security": "none", "sender": "ronda@lab.example", "to": ["noc@lab.example"]}
        return {
            "alerts": {
                "receivers": [{"id": "hook", "kind": "webhook", "url": self.hook.url}, mail],
                "routes": [{"receivers": ["hook", "mail"]}],
            },
            "metrics": {"kind": "influx", "url": self.influx.url},
            "traps": {"port": 162} if traps else {},
            "data_dir": str(self.directory / "data"),
            "api": {"port": 0},
            "log_format": "json",
            **self._more,
        }

    def serve(self) -> None:
        """Start `ronda serve` (again)."""
        self.heard = 0
        self.log = self.directory / f"serve-{time.monotonic_ns()}.log"
        environment = {**os.environ, **self.lab.secrets}
        argv = [sys.executable, "-m", "ronda", "serve", "-i", str(self.lab.inventory)]
        argv += ["-s", str(self.settings_file)]
        with self.log.open("wb") as log:
            self.process = self.lab.popen(argv, env=environment, stdout=log, stderr=log)
        self.url = wait_for(self._started, 150, "ronda serves")

    def _started(self) -> str | None:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"ronda serve ended: {self.log.read_text(errors='replace')[-4000:]}")
        return next((line["url"] for line in self.log_lines() if line.get("event") == "started"), None)

    def log_lines(self) -> list[dict[str, Any]]:
        found = []
        for text in self.log.read_text(errors="replace").splitlines():
            try:
                line = json.loads(text)
            except json.JSONDecodeError:
                line = text
            # What isn't a line of the log was printed by somebody else: a traceback, a library's warning.
            found.append(line if isinstance(line, dict) else {"level": "raw", "event": text})
        return found

    def complaints(self) -> list[dict[str, Any]]:
        """What the log says of errors since `heard`: there should be none."""
        return [
            line
            for line in self.log_lines()[self.heard :]
            if line.get("level") in ("error", "critical")
            or "exception" in line
            or (line.get("level") == "raw" and "Traceback" in str(line["event"]))
        ]

    def get(self, path: str, **parameters: Any) -> Any:
        url = f"{self.url}{path}"
        answer = self.inside(lambda: httpx.get(url, params=parameters, timeout=60))
        if answer.status_code != 200:
            raise AssertionError(f"{path}: {answer.status_code} {answer.text}")
        return answer.json() if "json" in answer.headers["content-type"] else answer.text

    def offices(self) -> dict[str, str]:
        items = self.get("/api/v1/offices", limit=500)["items"]
        return {row["id"]: row["connectivity"] for row in items}

    def incidents(self, status: str = "active") -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get("/api/v1/incidents", status=status, limit=200)["items"]
        return items

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(8)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.influx.stop()
        self.hook.stop()
        self.mail.stop()
        self.inside.close()


def wait_for(check: Callable[[], T | None], within_s: float, what: str) -> T:
    """The first true answer. Raises AssertionError when there is none in time."""
    until = time.monotonic() + within_s
    while True:
        if found := check():
            return found
        if time.monotonic() > until:
            raise AssertionError(f"not within {within_s:g} s: {what}")
        time.sleep(0.05)
