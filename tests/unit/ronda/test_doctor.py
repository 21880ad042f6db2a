"""`ronda doctor` finds what is wrong, and says the cure."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ronda import checkup_machine as machine
from ronda.checkup import Health
from ronda.cli import app

INVENTORY = """\
version: 1
network: {name: Uji}
vantage: r1
hubs: [dkisp]
credentials: [{id: snmp, kind: snmp_v2c, community_env: DOCTOR_TEST_COMMUNITY}]
defaults: {snmp: snmp}
offices: [{id: dkisp, name: DKISP, connection: active}]
devices: [{id: r1, office: dkisp, address: 127.0.0.1}]
links: []
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCTOR_TEST_COMMUNITY", "x")
    (tmp_path / "inventory.yaml").write_text(INVENTORY)
    return tmp_path


def ask(settings: str, *arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
    Path("ronda.yaml").write_text(settings)
    done = CliRunner().invoke(app, ["doctor", "--json", *arguments])
    return done.exit_code, {finding["part"]: finding for finding in json.loads(done.stdout)}


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_nothing_wrong_is_exit_0(home: Path) -> None:
    code, found = ask(f"api: {{port: {free_port()}}}\nprobe: {{wire: lab}}\n", "--offline")
    assert code == 0, found
    assert found["inventory"]["health"] == "good"
    assert found["credential snmp"]["health"] == "good"


def test_every_bad_finding_has_a_cure(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCTOR_TEST_COMMUNITY")
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    dead = free_port()
    settings = f"""
api: {{port: {taken.getsockname()[1]}}}
probe: {{wire: lab}}
alerts:
  receivers:
    - {{id: hook, kind: webhook, url: "http://127.0.0.1:{dead}/x"}}
    - {{id: bot, kind: telegram, token_env: DOCTOR_TEST_BOT, chat_id: 5, api_url: "http://127.0.0.1:{dead}"}}
  routes: [{{receivers: [hook, bot]}}]
"""
    code, found = ask(settings)
    taken.close()
    assert code == 1
    bad = {part: f for part, f in found.items() if f["health"] == "bad"}
    assert all(f["cure"] for f in bad.values())
    assert "DOCTOR_TEST_COMMUNITY" in bad["credential snmp"]["words"]
    assert "taken by another program" in bad["web port"]["words"]
    assert {"receiver hook", "receiver bot"} <= set(bad)


def test_a_broken_inventory_is_said_with_its_line(home: Path) -> None:
    (home / "inventory.yaml").write_text(INVENTORY.replace("vantage: r1", "vantage: r9"))
    code, found = ask(f"api: {{port: {free_port()}}}\nprobe: {{wire: lab}}\n", "--offline")
    assert code == 1
    assert "inventory.yaml:3" in found["inventory"]["words"]


def test_a_receiver_s_port_that_listens_is_good(home: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
        settings = f"""
api: {{port: {free_port()}}}
probe: {{wire: lab}}
alerts: {{receivers: [{{id: hook, kind: webhook, url: "{url}"}}], routes: [{{receivers: [hook]}}]}}
"""
        code, found = ask(settings)
    assert found["receiver hook"]["health"] == "good"
    assert code == 0, found


def test_bad_settings_are_exit_2(home: Path) -> None:
    Path("ronda.yaml").write_text("api: {prot: 1}\n")
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 2


@pytest.mark.parametrize(("kept", "health"), [(True, Health.GOOD), (False, Health.NOTE), (None, Health.NOTE)])
def test_a_clock_that_nobody_keeps_is_noted(kept: bool | None, health: Health) -> None:
    assert machine.time_sync(lambda: kept).health is health


def test_the_kernel_can_be_asked_about_its_clock() -> None:
    assert machine.clock_is_kept() in (True, False, None)


def test_a_directory_that_others_can_read_is_noted(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert machine.directory(tmp_path).health is Health.NOTE
    tmp_path.chmod(0o700)
    assert machine.directory(tmp_path).health is Health.GOOD


def test_too_few_files_are_said() -> None:
    assert machine.open_files(10**9).health is Health.BAD
