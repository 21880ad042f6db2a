"""A real snmpd on a port of its own, and net-snmp's commands."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

AUTH_KEY, PRIV_KEY = "authpass123", "privpass123"
USERS = (
    ("md5des", "MD5", "DES"),
    ("shaaes", "SHA", "AES"),
    ("sha224", "SHA-224", None),
    ("sha256aes", "SHA-256", "AES"),
    ("sha384", "SHA-384", None),
    ("sha512aes256", "SHA-512", "AES-256"),
    ("shaaes192", "SHA", "AES-192"),
    ("open", None, None),
)


@dataclass
class Snmpd:
    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environ = {**os.environ, "MIBS": "", "SNMP_PERSISTENT_DIR": str(self.folder / "state")}
        self.process = subprocess.Popen(
            ["snmpd", "-C", "-c", str(self.folder / "snmpd.conf"), "-f", "-Lf", str(self.folder / "log")],
            env=environ,
            stdin=subprocess.DEVNULL,
        )
        until = time.monotonic() + 10
        while time.monotonic() < until:
            found = subprocess.run(
                [
                    "snmpget",
                    "-v2c",
                    "-cpublic",
                    "-t0.2",
                    "-r0",
                    f"127.0.0.1:{self.port}",
                    "1.3.6.1.2.1.1.3.0",
                ],
                env=environ,
                capture_output=True,
                check=False,
            )
            if found.returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError((self.folder / "log").read_text(errors="replace"))

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)

    def reboot(self) -> None:
        """Another process with the same state: engineBoots grows by one."""
        self.stop()
        self.start()


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def snmpd(tmp_path: Path) -> Iterator[Snmpd]:
    if shutil.which("snmpd") is None or shutil.which("snmpget") is None:
        pytest.skip("snmpd and snmpget are not installed (Debian: snmpd, snmp)")
    server = Snmpd(_free_port(), tmp_path)
    lines = [f"agentaddress udp:127.0.0.1:{server.port}", "rocommunity public", "sysName real"]
    for name, auth, priv in USERS:
        auth_part = f" {auth} {AUTH_KEY}" if auth else ""
        priv_part = f" {priv} {PRIV_KEY}" if priv else ""
        level = "priv" if priv else "auth" if auth else "noauth"
        lines += [f"createUser {name}{auth_part}{priv_part}", f"rouser {name} {level}"]
    (tmp_path / "snmpd.conf").write_text("\n".join(lines) + "\n")
    server.start()
    yield server
    server.stop()
