"""The lab as a process: `ronda lab ...` from outside, a clean end, and what a killed one leaves behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lab.control import FILE_NAME, NoLabError, read_run_file
from lab.process import write_derived
from ronda.commands.lab import app
from topology.inventory import load_inventory

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[3]


@dataclass
class Playing:
    process: subprocess.Popen[str]
    run_dir: Path
    started_s: float
    environment: dict[str, str] = field(default_factory=dict)

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


def play(inventory: Path, run_dir: Path) -> Playing:
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "lab", str(inventory), "--run-dir", str(run_dir), "--addresses", "ephemeral"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (run_dir / FILE_NAME).exists():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() - began < 15.0
        time.sleep(0.02)
    return Playing(process, run_dir, time.monotonic() - began)


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
    (playing.run_dir / FILE_NAME).rename(playing.run_dir / "old.json")
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


def test_it_starts_within_three_seconds_and_polling_it_is_cheap(tmp_path: Path) -> None:
    """The project's own network; the bound is wide because the machine may be busy."""
    playing = play(ROOT / "inventory.yaml", tmp_path / "run")
    try:
        assert playing.started_s < 3.0
        ticks = Path(f"/proc/{playing.process.pid}/stat")
        if ticks.exists():
            fields = ticks.read_text().rsplit(")", 1)[1].split()
            cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            assert cpu_s < 3.0
    finally:
        playing.stop(signal.SIGTERM)
        playing.process.communicate()
