"""`ronda doctor` finds what is wrong, and says the cure."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ronda import checkup_machine as machine
from ronda.backup_settings import BackupSection
from ronda.checkup import Health
from ronda.checkup_copies import configurations
from ronda.cli import app
from storage.configs import ConfigStore
from topology.model import Address, CredentialId, Device, DeviceId

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


def test_an_empty_data_directory_is_a_first_start_and_no_fault(home: Path) -> None:
    (home / "data").mkdir(mode=0o700)
    code, found = ask(f"api: {{port: {free_port()}}}\nprobe: {{wire: lab}}\ndata_dir: data\n", "--offline")
    assert (code, found["storage"]["health"]) == (0, "note")
    assert "records" not in found


def test_records_that_are_gone_while_the_metrics_are_there_are_a_fault(home: Path) -> None:
    (home / "data").mkdir(mode=0o700)
    (home / "data" / "metrics.sqlite").touch()
    code, found = ask(f"api: {{port: {free_port()}}}\nprobe: {{wire: lab}}\ndata_dir: data\n", "--offline")
    assert (code, found["records"]["health"]) == (1, "bad")


def test_influx_is_asked_before_the_first_start_too(home: Path) -> None:
    settings = f"""
api: {{port: {free_port()}}}
probe: {{wire: lab}}
data_dir: data
metrics: {{kind: influx, url: "http://127.0.0.1:{free_port()}"}}
"""
    code, found = ask(settings)
    assert (code, found["metrics"]["health"]) == (1, "bad")
    assert (found["records"]["health"], found["disk"]["health"]) == ("note", "note")


def test_a_taken_port_may_be_our_own_where_nobody_asks(home: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        code, found = ask(f"api: {{port: {listener.getsockname()[1]}}}\nprobe: {{wire: lab}}\n", "--offline")
    assert (code, found["web port"]["health"]) == (0, "note")


def ssh_device(id_: str = "r1") -> Device:
    return Device(DeviceId(id_), None, Address("192.0.2.1"), ssh=CredentialId("noc"))


def test_copies_are_not_spoken_of_where_no_device_has_ssh(tmp_path: Path) -> None:
    plain = Device(DeviceId("r2"), None, Address("192.0.2.2"))
    assert list(configurations(BackupSection(), tmp_path, [plain])) == []


def test_copies_need_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (found,) = configurations(BackupSection(), tmp_path, [ssh_device()])
    assert found.health is Health.BAD
    assert "git is not installed" in found.words
    assert found.cure == "apt-get install git"


def test_a_store_that_can_be_used_is_good_and_another_directory_is_not(tmp_path: Path) -> None:
    settings = BackupSection(directory=tmp_path / "copies")
    (before,) = configurations(settings, tmp_path, [ssh_device()])
    ConfigStore(tmp_path / "copies").start()
    (after,) = configurations(settings, tmp_path, [ssh_device()])
    assert (before.health, after.health) == (Health.GOOD, Health.GOOD)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").touch()
    (wrong,) = configurations(BackupSection(directory=tmp_path / "full"), tmp_path, [ssh_device()])
    assert wrong.health is Health.BAD
    (off,) = configurations(BackupSection(enabled=False), tmp_path, [ssh_device()])
    assert off.health is Health.NOTE


def test_a_file_in_the_place_of_the_data_directory(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    assert machine.directory(tmp_path / "data").health is Health.BAD
    assert machine.directory(tmp_path / "data" / "deeper").health is Health.BAD
