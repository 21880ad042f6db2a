"""Tokens made beside a running server: known at once, taken from `RONDA_TOKEN`, gone when revoked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

INVENTORY = """\
version: 1
network: {name: Uji}
vantage: core
hubs: [hub]
offices: [{id: hub, name: Hub, kind: dinas}]
devices: [{id: core, office: hub}]
links: []
"""
PATIENCE_S = 60


def ronda(where: Path, *arguments: str, token: str | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "NO_COLOR": "1"} | ({"RONDA_TOKEN": token} if token else {})
    return subprocess.run(
        [sys.executable, "-m", "ronda", *arguments],
        cwd=where,
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def soon(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Its directory and address."""
    (tmp_path / "inventory.yaml").write_text(INVENTORY, encoding="utf-8")
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ronda", "serve", "--port", "0", "--data-dir", "data"],
            cwd=tmp_path,
            stdout=log,
            stderr=log,
        )
    try:
        found: list[str] = []

        def listening() -> bool:
            assert process.poll() is None, (tmp_path / "log").read_text()
            words = (tmp_path / "log").read_text().replace('"', " ").split()
            found.extend(w.rstrip("/,") for w in words if "http://127.0.0.1:" in w and not w.endswith(":0"))
            return bool(found)

        assert soon(listening), (tmp_path / "log").read_text()
        yield tmp_path, "http" + found[0].split("http", 1)[1]
    finally:
        process.terminate()
        process.wait(20)


def test_a_token_is_known_at_once_and_gone_at_once(server: tuple[Path, str]) -> None:
    where, url = server

    def status(token: str | None = None) -> int:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.get(f"{url}/api/v1/offices", headers=headers).status_code

    assert status() == 200  # nobody made a token yet: this machine may
    made = ronda(
        where, "token", "create", "--role", "oncall", "--label", "piket", "--data-dir", "data", "--json"
    )
    assert made.returncode == 0, made.stderr
    token: dict[str, Any] = json.loads(made.stdout)
    assert soon(lambda: status(token["token"]) == 200)
    assert soon(lambda: status() == 401)

    told = ronda(where, "status", "--url", url, "--json", token=token["token"])
    assert told.returncode in (0, 1), told.stderr
    assert json.loads(told.stdout)
    assert ronda(where, "status", "--url", url, "--json").returncode == 2
    unknown = ronda(where, "ack", "R-0", "--url", url, token=token["token"])
    assert unknown.returncode == 2
    assert "R-0" in unknown.stderr + unknown.stdout

    assert ronda(where, "token", "revoke", token["id"], "--data-dir", "data").returncode == 0
    assert soon(lambda: status(token["token"]) == 401)
    assert ronda(where, "status", "--url", url, "--json", token=token["token"]).returncode == 2
