"""The lab as a process: `ronda lab ...` from outside, a clean end, and what a killed one leaves behind."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from gufo.snmp import SnmpVersion
from gufo.snmp.aio import SnmpSession
from typer.testing import CliRunner

from lab.control import FILE_NAME, NoLabError, read_run_file
from lab.process import write_derived
from ronda.commands.lab import app
from topology.inventory import load_inventory
from topology.model import Address, Inventory

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[3]
POLLED = [
    *(f"1.3.6.1.2.1.2.2.1.{column}" for column in (2, 3, 7, 8, 9, 13, 14, 19, 20)),
    *(f"1.3.6.1.2.1.31.1.1.1.{column}" for column in (1, 6, 10, 15, 18)),
]


@dataclass
class Playing:
    process: subprocess.Popen[str]
    run_dir: Path

    def cli(self, *arguments: str) -> tuple[int, str]:
        """Exit status and everything printed by `ronda lab ...`."""
        result = CliRunner().invoke(app, [*arguments, "--run-dir", str(self.run_dir)])
        return result.exit_code, result.output

    def stop(self, number: signal.Signals) -> float:
        """Seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(5.0)
        return time.monotonic() - began


def ready(run_dir: Path, pid: int) -> bool:
    try:
        return read_run_file(run_dir).pid == pid
    except NoLabError:
        return False


def play(inventory: Path, run_dir: Path) -> Playing:
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "lab", str(inventory), "--run-dir", str(run_dir), "--addresses", "ephemeral"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not ready(run_dir, process.pid):
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() - began < 15.0
        time.sleep(0.02)
    return Playing(process, run_dir)


@pytest.fixture
def playing(small_path: Path, tmp_path: Path) -> Iterator[Playing]:
    playing = play(small_path, tmp_path / "run")
    yield playing
    if playing.process.poll() is None:
        playing.process.kill()
    playing.process.communicate()


def test_the_whole_command_line(playing: Playing) -> None:
    status, output = playing.cli("cut", "pkm-fiber")
    assert (status, "silent now: pkm-r1" in output) == (0, True)
    status, output = playing.cli("status", "--json")
    data = json.loads(output)
    assert data["cut"] == ["pkm-fiber"]
    assert data["silent"] == ["pkm-r1"]
    for arguments in (
        ["restore", "pkm-fiber"],
        ["cut-duct", "duct-west"],
        ["restore", "duct-west"],
        ["power-off", "feed-east"],
        ["power-on", "feed-east"],
        ["dim", "ring-west", "3.5"],
        ["loss", "samu-sat", "20"],
        ["flap", "samu-sat", "--times", "2", "--every", "60"],
        ["stop-snmp", "core"],
        ["start-snmp", "core"],
        ["stop-app", "e-surat"],
        ["start-app", "e-surat"],
        ["reboot", "kuaro-r1"],
        ["renumber", "pkm-r1"],
        ["restore-all"],
        ["status"],
    ):
        status, output = playing.cli(*arguments)
        assert status == 0, output
        assert output.strip()


def test_mistakes_end_with_2_and_a_hint(playing: Playing, tmp_path: Path) -> None:
    status, output = playing.cli("cut", "pkm-fibr")
    assert status == 2
    assert "the nearest is pkm-fiber" in output
    result = CliRunner().invoke(app, ["status", "--run-dir", str(tmp_path / "nowhere")])
    assert result.exit_code == 2
    assert "no lab runs in" in result.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_within_a_second(playing: Playing, number: signal.Signals) -> None:
    assert playing.stop(number) < 1.0
    assert playing.process.returncode == 0
    assert not (playing.run_dir / FILE_NAME).exists()


def test_a_killed_lab_is_recognised_and_replaced(playing: Playing, small_path: Path) -> None:
    playing.stop(signal.SIGKILL)
    assert (playing.run_dir / FILE_NAME).exists()
    with pytest.raises(NoLabError, match="has ended"):
        read_run_file(playing.run_dir)
    again = play(small_path, playing.run_dir)
    assert again.stop(signal.SIGTERM) < 1.0
    again.process.communicate()


def test_a_second_lab_in_the_same_place_is_refused(playing: Playing, small_path: Path) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "lab", str(small_path), "--run-dir", str(playing.run_dir)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert second.returncode == 2
    assert "already runs" in second.stderr
    assert playing.cli("status")[0] == 0


def test_the_derived_inventory_is_what_is_served(playing: Playing, small_path: Path) -> None:
    served = read_run_file(playing.run_dir).inventory
    derived, original = load_inventory(served), load_inventory(small_path)
    assert derived.links == original.links
    for device in derived.devices.values():
        assert device.address is not None
        assert device.address.host == "127.0.0.1"
    text = Path(served).read_text("utf-8")
    assert text.startswith("# A small network"), "comments stay"


def test_the_derived_file_of_the_projects_network_loads(tmp_path: Path) -> None:
    source = ROOT / "inventory.yaml"
    inventory = load_inventory(source)
    write_derived(source, inventory, tmp_path / "copy.yaml")
    assert load_inventory(tmp_path / "copy.yaml") == inventory


def test_a_bad_inventory_is_told_with_its_places(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 1\nhubs: [x]\n", encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "lab", str(bad), "--run-dir", str(tmp_path / "run")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert ended.returncode == 2
    assert re.search(r"bad\.yaml:\d+", ended.stderr)


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def poll_all(inventory: Inventory, community: str) -> int:
    """One poll of every v2c device: system and 14 interface columns. The number of devices polled."""

    async def one(address: Address) -> None:
        async with SnmpSession(
            addr=address.host,
            port=address.port or 161,
            community=community,
            version=SnmpVersion.v2c,
            timeout=5.0,
            max_repetitions=30,
        ) as snmp:
            await snmp.get_many([f"1.3.6.1.2.1.1.{i}.0" for i in range(1, 7)])
            for column in POLLED:
                assert [row async for row in snmp.getbulk(column)]

    polled = [d.address for d in inventory.devices.values() if d.address and "paser-v2c" in d.snmp]
    await asyncio.gather(*map(one, polled))
    return len(polled)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc (Linux)")
def test_the_projects_network_starts_quickly_and_is_cheap_to_poll(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Goals: 3 s to start (of CPU here: the machine may be busy), and 35 devices polled every 10 s under a
    fifth of a core, which is 57 ms of it a poll."""
    monkeypatch.setenv("RONDA_SNMP_COMMUNITY", "demo-community")
    playing = play(ROOT / "inventory.yaml", tmp_path / "run")
    try:
        assert cpu_s(playing.process.pid) < 3.0
        inventory = load_inventory(read_run_file(playing.run_dir).inventory)
        before_s = cpu_s(playing.process.pid)
        polled = asyncio.run(poll_all(inventory, "demo-community"))
        each_s = (cpu_s(playing.process.pid) - before_s) / polled
        assert polled > 20
        assert each_s < 0.2 * 10.0 / 35.0
    finally:
        playing.stop(signal.SIGTERM)
        playing.process.communicate()
