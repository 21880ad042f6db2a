"""A front that misbehaves before a real InfluxDB, and an own PostgreSQL; in directories that go away.
Records on SQLite and on that PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from storage.records import Records


class Front:
    """Stands before a real server: passes requests on, or answers as told. Remembers accepted bodies."""

    def __init__(self, behind: Any) -> None:
        front = self
        self.behind = behind
        self.status: int | None = None
        """Answer every write with this instead of passing it on."""
        self.delay_s = 0.0
        self.remember = True
        self.client = httpx.Client(timeout=30)
        self.accepted: list[bytes] = []
        self.refused = 0

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65536  # one packet an answer: two would wait for each other (Nagle, delayed ACK)

            def do_POST(self) -> None:
                front.handle(self)

            def do_GET(self) -> None:
                front.handle(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        is_write = request.path.startswith(("/write", "/api/v2/write"))
        if is_write:
            time.sleep(self.delay_s)
        if is_write and self.status is not None:
            self.refused += 1
            return self.answer(request, self.status, b'{"error":"as told"}', {})
        headers = {k: v for k, v in request.headers.items() if k.lower() not in ("host", "connection")}
        try:
            answer = self.client.request(
                request.command, self.behind.url + request.path, content=body, headers=headers
            )
        except httpx.HTTPError:
            return self.answer(request, 502, b"behind is away", {})
        if self.remember and is_write and answer.status_code == 204:
            self.accepted.append(body)
        kept = {k: v for k, v in answer.headers.items() if k.lower().startswith("x-influxdb") or k == "date"}
        return self.answer(request, answer.status_code, answer.content, kept)

    @staticmethod
    def answer(request: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]) -> None:
        with contextlib.suppress(OSError):  # the client may have given up
            request.send_response_only(status)
            for name, value in headers.items():
                request.send_header(name, value)
            if status != 204:
                request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            if status != 204:
                request.wfile.write(body)


@pytest.fixture
def front(own_influxd: Any) -> Iterator[Front]:
    made = Front(own_influxd)
    made.thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    made.client.close()


def _postgres_programs() -> Path | None:
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return newest[-1].parent if newest else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of an own PostgreSQL that listens on a socket in a directory that goes away."""
    pytest.importorskip("psycopg", reason="psycopg is not installed (the extra `postgres`)")
    programs = _postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    as_user: list[str] = []
    if os.getuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("running as root, and there is no setpriv to start PostgreSQL as somebody else")
    directory = Path(tempfile.mkdtemp(prefix="ronda-pg-"))
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        try:
            shutil.chown(directory, "postgres")
        except LookupError:
            directory.rmdir()
            pytest.skip("running as root, and there is no user postgres to start PostgreSQL as")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = directory / "data"
    subprocess.run(
        [
            *as_user,
            str(programs / "initdb"),
            "-D",
            str(data),
            "-U",
            "ronda",
            "-A",
            "trust",
            "-N",
            "-E",
            "UTF8",
        ],
        check=True,
        capture_output=True,
        cwd="/",
    )
    server = subprocess.Popen(
        [
            *as_user,
            str(programs / "postgres"),
            "-D",
            str(data),
            "-k",
            str(directory),
            "-c",
            "listen_addresses=",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
    )
    try:
        until = time.monotonic() + 30
        ready = [str(programs / "pg_isready"), "-h", str(directory), "-q"]
        while subprocess.run(ready, check=False).returncode != 0:
            assert time.monotonic() < until, "PostgreSQL did not start"
            time.sleep(0.1)
        yield f"postgresql+psycopg://ronda@/postgres?host={directory}"
    finally:
        server.send_signal(signal.SIGINT)  # fast shutdown
        server.wait(30)
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.real)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of records, on each database that they are for; made and dropped."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'records.sqlite'}"
        return
    server = request.getfixturevalue("postgres")
    name = f"t{uuid.uuid4().hex}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield server.replace("/postgres?", f"/{name}?")
    with engine.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def records(url: str) -> Iterator[Records]:
    made = Records(url)
    made.start()
    yield made
    made.stop()
