"""A real InfluxDB for these tests: started on a free loopback port, in a directory that goes away."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class InfluxServer:
    """Debian's influxd on its own directory: may be stopped, killed and started again."""

    def __init__(self, directory: Path, *, auth: bool = False, max_body: int = 25_000_000) -> None:
        self.directory = directory
        self.port = _free_port()
        self.auth = auth
        self.max_body = max_body
        self.login: tuple[str, str] | None = None
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *, wait: bool = True) -> None:
        config = self.directory / "influxdb.conf"
        config.write_text(
            f"""
reporting-disabled = true
bind-address = "127.0.0.1:{_free_port()}"
[meta]
  dir = "{self.directory}/meta"
[data]
  dir = "{self.directory}/data"
  wal-dir = "{self.directory}/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:{self.port}"
  log-enabled = false
  max-body-size = {self.max_body}
  auth-enabled = {str(self.auth).lower()}
[monitor]
  store-enabled = false
[logging]
  level = "error"
"""
        )
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["influxd", "run", "-config", str(config)],
                stdout=log,
                stderr=log,
                env={"GOMAXPROCS": "2", "HOME": str(self.directory), "PATH": os.environ["PATH"]},
            )
        if wait:
            self.wait()

    def wait(self) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/ping", timeout=2).status_code == 204:
                    return
            time.sleep(0.05)
        raise AssertionError((self.directory / "log").read_text()[-2000:])

    def kill(self, how: int = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None

    def pause(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def query(self, influxql: str, **parameters: str) -> list[dict[str, object]]:
        data = {"q": influxql, "epoch": "s", **parameters}
        answer = httpx.post(f"{self.url}/query", data=data, auth=self.login, timeout=60)
        assert answer.status_code == 200, answer.text
        result = answer.json()["results"][0]
        assert "error" not in result, result
        return result.get("series", [])


@pytest.fixture
def free_port() -> Callable[[], int]:
    return _free_port


@pytest.fixture(scope="session")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    """One server for the tests that only need a database of their own on it."""
    if shutil.which("influxd") is None:
        pytest.skip("influxd is not installed (Debian: influxdb)")
    server = InfluxServer(tmp_path_factory.mktemp("influxd"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def own_influxd(tmp_path: Path) -> Iterator[InfluxServer]:
    """A server that the test may break."""
    if shutil.which("influxd") is None:
        pytest.skip("influxd is not installed (Debian: influxdb)")
    directory = tmp_path / "influxd"
    directory.mkdir()
    server = InfluxServer(directory)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def server_on() -> Iterator[Callable[[Path], InfluxServer]]:
    """Starts a server on a directory of the test's."""
    if shutil.which("influxd") is None:
        pytest.skip("influxd is not installed (Debian: influxdb)")
    started: list[InfluxServer] = []

    def start(directory: Path) -> InfluxServer:
        server = InfluxServer(directory)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.kill()
