"""A lab from outside: start it, command it, run programs in it, end it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.namespaces import control, wrap
from lab.namespaces.plan import MONITOR
from lab.namespaces.supervisor import FAILED, READY
from lab.sockets import LabError

ROOT = Path(__file__).resolve().parents[2]


class LabProcess:
    """`with LabProcess(...) as lab:` the lab runs in between; it also ends when this process does."""

    def __init__(
        self,
        inventory: Path,
        run_dir: Path,
        *,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        die_with_parent: bool = True,
        within_s: float = 180.0,
    ) -> None:
        """`arguments` are those of `python -m lab.namespaces run`."""
        self.run_dir = run_dir.resolve()
        self._inventory = inventory
        self._arguments = list(arguments)
        self._environment = environment
        self._die_with_parent = die_with_parent
        self._within_s = within_s
        self.process: subprocess.Popen[bytes] | None = None
        self.ready: dict[str, Any] = {}

    def __enter__(self) -> LabProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Raises LabError."""
        if lacking := wrap.missing():
            raise LabError(f"a lab of namespaces needs {', '.join(lacking)}")
        wrap.check_run_dir(self.run_dir)
        self.run_dir.mkdir(parents=True, exist_ok=True)
        if is_running(self.run_dir):
            raise LabError(f"a lab already runs in {self.run_dir}")
        for name in (READY, FAILED):
            (self.run_dir / name).unlink(missing_ok=True)
        argv = supervisor_command(self._inventory, self.run_dir, self._arguments)
        with (self.run_dir / "lab.log").open("wb") as log:
            self.process = subprocess.Popen(
                argv,
                env=dict(os.environ if self._environment is None else self._environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                start_new_session=True,
                preexec_fn=wrap.die_with_parent if self._die_with_parent else None,
            )
        self._wait()

    def _wait(self) -> None:
        assert self.process is not None
        until = time.monotonic() + self._within_s
        ready, failed = self.run_dir / READY, self.run_dir / FAILED
        while not ready.exists():
            if self.process.poll() is not None:
                said = failed.read_text() if failed.exists() else self._log()
                raise LabError(f"the lab did not start: {said}")
            if time.monotonic() > until:
                self.kill()
                raise LabError(f"the lab was not ready within {self._within_s:g} s")
            time.sleep(0.05)
        self.ready = json.loads(ready.read_text())

    def _log(self) -> str:
        return (self.run_dir / "lab.log").read_text(errors="replace")[-3000:]

    def stop(self) -> None:
        if self.process is None:
            return
        try:
            self.ask("down")
            self.process.wait(20)
        except (control.NoLabError, control.RefusedError, OSError, subprocess.TimeoutExpired):
            self.kill()
        self.process = None

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    @property
    def inventory(self) -> Path:
        """The inventory to monitor."""
        return Path(self.ready["inventory"])

    @property
    def secrets(self) -> dict[str, str]:
        """Environment variables that the lab had to make up."""
        return made_up_secrets(self.run_dir)

    def ask(self, command: str, timeout_s: float = 120.0, **arguments: Any) -> Any:
        return control.ask(self.run_dir, command, timeout_s, **arguments)

    def enter(self, where: str = MONITOR) -> None:
        """Move the calling thread there."""
        wrap.enter(self.run_dir, where)

    def popen(self, argv: Sequence[str], where: str = MONITOR, **options: Any) -> subprocess.Popen[bytes]:
        """Start a program in a network namespace of the lab."""
        inside = [sys.executable, "-m", "lab.namespaces", "exec", "--run-dir", str(self.run_dir), where, "--"]
        return subprocess.Popen([*inside, *argv], **{"cwd": ROOT, **options})


def supervisor_command(inventory: Path, run_dir: Path, arguments: Sequence[str]) -> list[str]:
    own = [sys.executable, "-m", "lab.namespaces", "supervise", str(inventory.resolve())]
    return wrap.command([*own, "--run-dir", str(run_dir.resolve()), *arguments])


def made_up_secrets(run_dir: Path) -> dict[str, str]:
    """Environment variables that the inventory names and nobody had set; none without a lab."""
    try:
        found: dict[str, str] = json.loads((run_dir / "environment.json").read_text())
    except OSError:
        return {}
    return found


def wait_ended(run_dir: Path, within_s: float = 30.0) -> None:
    """After `down`: until its control socket is gone. Raises LabError."""
    until = time.monotonic() + within_s
    while (run_dir / control.SOCKET_NAME).exists():
        if time.monotonic() > until:
            raise LabError(f"the lab in {run_dir} has not ended after {within_s:g} s")
        time.sleep(0.02)


def is_running(run_dir: Path) -> bool:
    try:
        control.ask(run_dir, "status", 10.0)
    except (control.NoLabError, OSError):
        return False
    return True
