"""One machine: its files, its process 1, its power."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.namespaces.plan import Machine
from lab.namespaces.shell import in_net, run
from lab.sockets import LabError
from topology.model import DeviceRole

_SCRIPT = Path(__file__).with_name("machine.sh")
_UPS = Path(__file__).with_name("ups.py")
_ROGUE = Path(__file__).with_name("rogue.py")
GOOD_PORT = 10161
"""Where the good agent listens while a rogue has its place."""


@dataclass(slots=True)
class Running:
    """A machine that was put together; `boot` and `kill` are its power switch."""

    machine: Machine
    directory: Path
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    rogue: subprocess.Popen[bytes] | None = None
    pid: int = 0
    """Of process 1, as the lab sees it."""

    @property
    def powered(self) -> bool:
        return self.process is not None

    @property
    def is_ups(self) -> bool:
        return self.machine.device.role is DeviceRole.UPS

    @property
    def agent(self) -> bool:
        return self.environment["AGENT"] == "1"

    @property
    def booted(self) -> bool:
        return (self.directory / "booted").exists()

    def write(self, files: Mapping[str, str]) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        settings = "".join(f"{name}='{value}'\n" for name, value in self.environment.items())
        for name, text in {**files, "machine.env": settings}.items():
            path = self.directory / name
            path.write_text(text)
            path.chmod(0o600 if "snmpd" in name or name == "shadow" else 0o644)
        if self.environment["SSH"] == "1" and not (self.directory / "hostkey").exists():
            key = str(self.directory / "hostkey")
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", self.machine.id, "-f", key])

    def boot(self) -> None:
        (self.directory / "booted").unlink(missing_ok=True)
        argv = ["unshare", "--pid", "--fork", "--kill-child=KILL", "--mount", "--uts", "--ipc"]
        argv += ["sh", str(_SCRIPT), "boot", str(self.directory)]
        with (self.directory / "boot.log").open("ab") as log:
            self.process = subprocess.Popen(
                in_net(self.machine.id, argv),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
            )

    def wait_booted(self, within_s: float) -> None:
        until = time.monotonic() + within_s
        while not self.booted:
            if self.process is None or self.process.poll() is not None:
                raise LabError(f"{self.machine.id} did not boot:\n{self.said()}")
            if time.monotonic() > until:
                raise LabError(f"{self.machine.id} did not boot within {within_s:g} s:\n{self.said()}")
            time.sleep(0.01)
        children = (
            Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children") if self.process else None
        )
        self.pid = int(children.read_text().split()[0]) if children else 0

    def said(self) -> str:
        return (self.directory / "boot.log").read_text(errors="replace")[-2000:]

    def kill(self) -> None:
        """All its processes at once, without a chance to say anything."""
        self.stop_rogue()
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def inside(self, argv: Sequence[str], timeout_s: float = 30.0) -> str:
        """Run a program in all of the machine's namespaces. Raises LabError."""
        if not self.powered:
            raise LabError(f"{self.machine.id} has no power")
        enter = ["nsenter", "-t", str(self.pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--"]
        return run([*enter, *argv], timeout_s=timeout_s)

    def service(self, what: str) -> None:
        """`snmpd`, `stop-snmpd`, `sshd`, `stop-sshd`."""
        self.inside(["sh", str(_SCRIPT), what, str(self.directory)])

    def start_rogue(self, mode: str) -> None:
        """It listens where the agent did; the agent goes to another port."""
        address = self.machine.device.address
        assert address is not None
        own = f"{address.host}:{address.port or 161}"
        self.stop_rogue()
        file = self.directory / "snmpd.conf"
        text = file.read_text()
        _, _, all_but_the_address = text.partition("\n")
        file.write_text(f"agentAddress udp:127.0.0.1:{GOOD_PORT}\n{all_but_the_address}")
        try:
            self.service("snmpd")
        finally:
            file.write_text(text)
        argv = [sys.executable, "-S", "-E", str(_ROGUE), mode, "--listen", own]
        argv += ["--agent", f"127.0.0.1:{GOOD_PORT}"]
        with (self.directory / "rogue.log").open("ab") as log:
            self.rogue = subprocess.Popen(in_net(self.machine.id, argv), stdout=log, stderr=log)

    def stop_rogue(self) -> None:
        if self.rogue is not None:
            self.rogue.kill()
            self.rogue.wait()
            self.rogue = None

    def on_battery(self, battery: bool) -> None:
        (self.directory / "ups-state").write_text("battery\n" if battery else "mains\n")


def ups_program(directory: Path) -> str:
    return f"{sys.executable} -S -E {_UPS} {directory / 'ups-state'}"


def find_lldpcli() -> str | None:
    """lldpd needs to run one, and Debian's may be run by its owner only: a copy does as well."""
    for candidate in (os.environ.get("RONDA_LAB_LLDPCLI"), shutil.which("lldpcli"), "/usr/sbin/lldpcli"):
        if candidate and os.access(candidate, os.R_OK):
            return candidate
    return None
