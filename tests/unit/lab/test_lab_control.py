"""Steering a lab from another process: token, run file, and plain words when it can't be."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab.control import FILE_NAME, HOST, ControlServer, NoLabError, RefusedError, RunFile, read_run_file, send
from lab.lab import Lab
from topology.model import Inventory

RUBBISH = (
    b"",
    b"\n",
    b"{}\n",
    b"[1]\n",
    b"\xff\n",
    b'{"token": 1}\n',
    b'{"token":"x","command":"cut","arguments":3}\n',
)
GONE_PID = 2**22 + 1
"""Above the kernel's largest process id."""


@pytest.fixture
async def lab(inventory: Inventory) -> AsyncIterator[Lab]:
    async with Lab(inventory, addresses="ephemeral", environment={}, boot_s=0.0) as lab:
        yield lab


@pytest.fixture
async def run_dir(lab: Lab, tmp_path: Path) -> AsyncIterator[Path]:
    server = ControlServer(lab.command)
    port = await server.start()
    RunFile(os.getpid(), HOST, port, server.token, "inventory.yaml").write(tmp_path)
    yield tmp_path
    await server.stop()


async def test_a_command_reaches_the_lab(lab: Lab, run_dir: Path) -> None:
    answer = await asyncio.to_thread(send, run_dir, "cut", link="pkm-fiber")
    assert answer.data["silent"] == ["pkm-r1"]
    assert "pkm-r1" in answer.message
    assert not lab.network.reachable("pkm-r1")  # type: ignore[arg-type]  # a DeviceId in the file


@pytest.mark.parametrize(
    ("command", "arguments", "reason"),
    [
        ("cut", {"link": "pkm-fibre"}, "the nearest is pkm-fiber"),
        ("cut", {"device": "core"}, "unexpected keyword"),
        ("dim", {"link": "desa-radio", "db": 3.0}, "not fiber"),
        ("explode", {}, "no command is called explode"),
    ],
)
async def test_what_the_lab_refuses_it_says_why(
    run_dir: Path, command: str, arguments: dict[str, object], reason: str
) -> None:
    with pytest.raises(RefusedError, match=reason):
        await asyncio.to_thread(send, run_dir, command, **arguments)


async def test_a_wrong_token_changes_nothing(lab: Lab, run_dir: Path) -> None:
    path = run_dir / FILE_NAME
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "token": "guess"}), encoding="utf-8")
    with pytest.raises(RefusedError, match="wrong token"):
        await asyncio.to_thread(send, run_dir, "cut", link="pkm-fiber")
    assert lab.network.truth.cut == set()


@pytest.mark.parametrize("line", RUBBISH)
async def test_rubbish_is_refused(lab: Lab, line: bytes) -> None:
    server = ControlServer(lab.command)
    assert server.answer(line)["ok"] is False
    assert server.refused == 1


def test_only_the_owner_reads_the_run_file(tmp_path: Path) -> None:
    path = RunFile(os.getpid(), HOST, 1, "token", "inventory.yaml").write(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_run_file(tmp_path).token == "token"


def test_no_lab_a_dead_one_and_a_silent_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(NoLabError, match="no lab runs in"):
        send(tmp_path, "status")
    RunFile(GONE_PID, HOST, 1, "token", "inventory.yaml").write(tmp_path)
    with pytest.raises(NoLabError, match="has ended"):
        send(tmp_path, "status")
    RunFile(os.getpid(), HOST, 1, "token", "inventory.yaml").write(tmp_path)
    with pytest.raises(NoLabError, match="does not answer"):
        send(tmp_path, "status")
    (tmp_path / FILE_NAME).write_text("[]", encoding="utf-8")
    with pytest.raises(NoLabError, match="not a lab's file"):
        send(tmp_path, "status")
