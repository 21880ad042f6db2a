"""`ronda status` and `ronda ack`, asked of what is no Ronda or can't be read."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ronda.cli import app as command

INVENTORY = """\
version: 1
network: {name: Net}
vantage: core
hubs: [hub]
offices: [{id: hub, name: Hub, kind: dinas}]
devices: [{id: core, office: hub}]
links: []
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inventory.yaml").write_text(INVENTORY, encoding="utf-8")
    return tmp_path


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(command, list(arguments))
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    return result.output


@pytest.fixture
def stranger() -> Iterator[tuple[str, list[str]]]:
    """A web server that is no Ronda: its address, and the paths it was asked for."""
    asked: list[str] = []

    class Page(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            asked.append(self.path)
            self.send_response(404 if self.command == "POST" else 200)
            self.end_headers()
            self.wfile.write(b"<html>")

        do_GET = do_POST = answer  # noqa: N815  # the base class's names

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("url", ["nonsense", "http://[::1", "http://127.0.0.1:1"])
def test_an_address_where_nobody_answers(url: str) -> None:
    assert "ronda serve" in refused("status", "--url", url)
    assert "ronda serve" in refused("ack", "R-261121-001", "--url", url)


def test_a_stranger_answers(stranger: tuple[str, list[str]]) -> None:
    assert "not as Ronda does" in refused("status", "--url", stranger[0])


def test_an_incident_id_never_becomes_another_path(stranger: tuple[str, list[str]]) -> None:
    url, asked = stranger
    refused("ack", "../../secret?a", "--url", url)
    assert asked == ["/api/v1/incidents/..%2F..%2Fsecret%3Fa/acknowledge"]


def test_records_that_are_none(here: Path) -> None:
    (here / "data").mkdir()
    (here / "data" / "records.sqlite").write_bytes(b"this is no database" * 1000)
    said = refused("status", "--at", "2026-11-21 12:00", "--data-dir", "data")
    assert "ronda storage check" in said


def test_the_version_is_told() -> None:
    result = CliRunner().invoke(command, ["--version"])
    assert (result.exit_code, result.output) == (0, f"ronda {version('ronda')}\n")
