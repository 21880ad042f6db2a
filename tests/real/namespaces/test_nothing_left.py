"""The lab ends as a whole, however it ends; and an ordinary user may have one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from lab.namespaces import control, generate
from lab.namespaces.client import ROOT, LabProcess

NAMESPACES = [sys.executable, "-m", "lab.namespaces"]


@pytest.fixture
def four(tmp_path: Path) -> Path:
    path = tmp_path / "four.yaml"
    path.write_text(generate.inventory(4))
    return path


def processes_of(run_dir: Path) -> list[int]:
    """Those that have the run directory in their command line: daemons log there."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(run_dir).encode() in command and int(process.name) != os.getpid():
            found.append(int(process.name))
    return found


def gone(run_dir: Path) -> None:
    until = time.monotonic() + 10
    while left := processes_of(run_dir):
        assert time.monotonic() < until, left
        time.sleep(0.05)


@pytest.mark.parametrize("victim", ["outer", "inner"])
def test_kill_minus_nine_leaves_nothing(may_run: None, four: Path, tmp_path: Path, victim: str) -> None:
    before = {"netns": _netns(), "mounts": Path("/proc/mounts").read_text(), "links": _links()}
    lab = LabProcess(four, tmp_path / "lab")
    lab.start()
    assert lab.process is not None
    assert len(processes_of(lab.run_dir)) > 10
    outer = lab.process.pid
    children = Path(f"/proc/{outer}/task/{outer}/children").read_text().split()
    os.kill(outer if victim == "outer" else int(children[0]), signal.SIGKILL)
    lab.process.wait()
    gone(lab.run_dir)
    assert {"netns": _netns(), "mounts": Path("/proc/mounts").read_text(), "links": _links()} == before
    with pytest.raises(control.NoLabError):
        lab.ask("status")


def _netns() -> str:
    return subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout


def _links() -> str:
    return subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout


def test_from_the_command_line(may_run: None, four: Path, tmp_path: Path) -> None:
    def lab(*argv: str, ok: bool = True) -> str:
        run = [*NAMESPACES, argv[0], "--run-dir", str(tmp_path / "lab"), *argv[1:]]
        done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
        assert (done.returncode == 0) is ok, done.stderr
        return done.stdout if ok else done.stderr

    assert "no lab runs" in lab("status", ok=False)
    lab("up", str(four))
    try:
        assert "already runs" in lab("up", str(four), ok=False)
        lab("cut", "k01-k04")
        truth = json.loads(lab("truth", "--json"))
        assert truth["offices_cut"] == truth["offices_cut_by_echo"] == ["k04"]
        lab("power-off", "k02")
        assert json.loads(lab("status", "--json"))["offices_cut"] == ["k02", "k04"]
        assert "the nearest is k01-k04" in lab("cut", "k01-k4", ok=False)
        assert "percent" in lab("loss", "k01-k02", "300", ok=False)
        assert "k01-r1" in lab("inside", "k01-r1", "hostname")
        assert "100.127.255.1" in lab("exec", "monitor", "--", "ip", "-4", "addr")
    finally:
        lab("down")
    gone(tmp_path / "lab")


AS_SOMEBODY = r"""
set -e
cp /etc/passwd "$1/passwd"; echo "labuser:x:4001:4001::$1:/bin/bash" >>"$1/passwd"
mount --bind "$1/passwd" /etc/passwd
# The project and its Python, should their own places be closed to others.
mkdir -p "$1/root" "$1/python"; mount --bind . "$1/root"; mount --bind "$2" "$1/python"
echo "labuser:200000:65536" >"$1/sub"
mount --bind "$1/sub" /etc/subuid; mount --bind "$1/sub" /etc/subgid
install -m 755 /usr/sbin/lldpcli "$1/lldpcli"
chown 4001:4001 "$1" "$1"/*.yaml
[ -d "$1/lab" ] && chown -R 4001:4001 "$1/lab"
export HOME="$1" RONDA_LAB_LLDPCLI="$1/lldpcli" PYTHONPATH="$1/root:$3"
cd "$1/root"
shift 3
exec setpriv --reuid 4001 --regid 4001 --clear-groups "$@"
"""


def test_an_ordinary_user_may_have_one(may_run: None, four: Path, tmp_path: Path) -> None:
    """As a user that exists for this test only, with the sub ids that `uidmap` uses."""
    if os.getuid() != 0 or shutil.which("newuidmap") is None or shutil.which("setpriv") is None:
        pytest.skip("needs root (to become somebody else), setpriv and uidmap")
    directory = Path("/tmp") / f"ronda-rootless-{os.getpid()}"
    directory.mkdir(mode=0o755)
    shutil.copy(four, directory / "four.yaml")
    run_dir = directory / "lab"

    def somebody(*argv: str) -> str:
        packages = Path(sysconfig.get_paths()["purelib"])
        if packages.is_relative_to(ROOT):
            packages = directory / "root" / packages.relative_to(ROOT)
        script = ["unshare", "--mount", "bash", "-c", AS_SOMEBODY, "-", str(directory)]
        script += [sys.base_prefix, str(packages)]
        done = subprocess.run(
            [*script, *argv], cwd=ROOT, capture_output=True, text=True, check=False, timeout=100
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    try:
        program = f"{directory}/python/bin/python3 -m lab.namespaces"
        said = somebody(
            "bash",
            "-c",
            f"{program} up {directory}/four.yaml --run-dir {run_dir} && "
            f"{program} cut k01-k04 --run-dir {run_dir} && "
            f"{program} truth --json --run-dir {run_dir}; "
            f"{program} exec --run-dir {run_dir} monitor -- fping -c1 -q 10.254.0.2; "
            f"{program} down --run-dir {run_dir}",
        )
        truth = next(json.loads(line) for line in said.splitlines() if line.startswith("{"))
        assert truth["offices_cut"] == truth["offices_cut_by_echo"] == ["k04"]
    finally:
        shutil.rmtree(directory)
