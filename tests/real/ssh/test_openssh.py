"""A real OpenSSH server with bash behind it, started by the test on a loopback port with its own keys."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import pytest

from collector.known_hosts import HostKey, KnownHosts
from collector.profile import load_profiles
from collector.secrets import SshSecret
from collector.ssh import SshPoller, SshSettings
from ronda.clock import SystemClock
from topology.model import Address, CredentialId, Device, DeviceId
from topology.observations import OperStatus, PollFault, PortStatus, SystemInfo

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
CREDENTIAL = CredentialId("real")

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(SSHD is None, reason="OpenSSH's sshd is not installed (apt install openssh-server)"),
]


@dataclass
class Sshd:
    """One server, its keys, and the poller that asks it."""

    folder: Path
    port: int
    host_key: HostKey
    user_key: asyncssh.SSHKey
    known: KnownHosts
    poller: SshPoller
    device: Device
    process: subprocess.Popen[bytes]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _text(path: Path) -> str:
    return path.read_text(errors="replace")


def _ran(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _interfaces() -> set[str]:
    return {path.name for path in Path("/sys/class/net").iterdir()} - {"bonding_masters"}


@pytest.fixture
def privileged() -> Iterator[None]:
    """As root sshd wants an empty directory of its own; Debian's service makes it, and so does this."""
    own = Path("/run/sshd")
    if os.geteuid() != 0 or own.is_dir():
        yield
        return
    own.mkdir()
    yield
    with contextlib.suppress(OSError):
        own.rmdir()


def _started(tmp_path: Path, port: int) -> tuple[asyncssh.SSHKey, asyncssh.SSHKey, subprocess.Popen[bytes]]:
    """Host key, user key, and the server."""
    assert SSHD is not None
    tmp_path.chmod(0o700)
    host, user = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    host.write_private_key(tmp_path / "host")
    user.write_private_key(tmp_path / "user")
    user.write_public_key(tmp_path / "authorized")
    for name in ("host", "user", "authorized"):
        (tmp_path / name).chmod(0o600)
    (tmp_path / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {tmp_path}/authorized\nStrictModes no\nPasswordAuthentication no\n"
        "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nPrintMotd no\n"
    )
    command = [SSHD, "-D", "-f", str(tmp_path / "sshd_config"), "-E", str(tmp_path / "log")]
    return host, user, subprocess.Popen(command, stdin=subprocess.DEVNULL)


async def _listens(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        if process.poll() is not None:
            pytest.fail(f"sshd ended: {_text(log)[-800:]}")
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    pytest.fail("sshd does not listen")


@pytest.fixture
async def sshd(tmp_path: Path, privileged: None) -> AsyncIterator[Sshd]:
    port = _free_port()
    host, user, process = _started(tmp_path, port)
    await _listens(port, process, tmp_path / "log")
    known = KnownHosts(tmp_path / "known_hosts")
    secret = SshSecret(CREDENTIAL, getpass.getuser(), None, str(tmp_path / "user"), port)
    poller = SshPoller(
        {}, load_profiles(), SystemClock(), {},
        settings=SshSettings(known_hosts=known.path, deadline_s=40.0), secrets={CREDENTIAL: secret},
    )  # fmt: skip
    await poller.start()
    device = Device(DeviceId("host"), None, Address("127.0.0.1"), profile="linux", ssh=CREDENTIAL)
    key = HostKey(host.get_algorithm(), host.public_data)
    try:
        yield Sshd(tmp_path, port, key, user, known, poller, device, process)
    finally:
        await poller.stop()
        process.terminate()
        process.wait(10)


async def test_a_linux_host_says_its_ports_and_its_uptime(sshd: Sshd) -> None:
    sshd.known.trust("127.0.0.1", sshd.port, sshd.host_key)
    result = await sshd.poller.poll(sshd.device)
    told = {error.what: error.message for error in result.errors}
    assert set(told) <= {"ssh lldp", "ssh optics"}, told  # this machine may have neither
    ports = {o.port.if_name: o for o in result.observations if isinstance(o, PortStatus)}
    assert set(ports) == _interfaces()
    assert ports["lo"].oper is OperStatus.UP
    (system,) = (o for o in result.observations if isinstance(o, SystemInfo))
    assert system.sys_name == socket.gethostname()
    assert system.uptime_s is not None
    assert system.uptime_s > 0


async def test_its_key_is_shown_and_refused_until_it_is_trusted(sshd: Sshd) -> None:
    ((_, _, shown),) = await sshd.poller.host_keys(sshd.device, 10.0)
    assert shown == sshd.host_key
    (error,) = (await sshd.poller.poll(sshd.device)).errors
    assert error.fault is PollFault.HOST_KEY_UNKNOWN
    assert shown.fingerprint in error.message


async def test_the_fingerprint_is_the_one_that_ssh_keygen_prints(sshd: Sshd) -> None:
    printed = _ran("ssh-keygen", "-lf", str(sshd.folder / "host"))
    assert sshd.host_key.fingerprint in printed.split()


async def test_a_known_hosts_file_of_openssh_with_hashed_names_is_read(sshd: Sshd) -> None:
    sshd.known.trust("127.0.0.1", sshd.port, sshd.host_key)
    _ran("ssh-keygen", "-Hf", str(sshd.known.path))
    assert sshd.known.path.read_text().startswith("|1|")
    faults = [e.fault for e in (await sshd.poller.poll(sshd.device)).errors]
    assert PollFault.HOST_KEY_UNKNOWN not in faults


async def test_a_key_that_the_host_does_not_take(sshd: Sshd) -> None:
    sshd.known.trust("127.0.0.1", sshd.port, sshd.host_key)
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(sshd.folder / "user")
    (error,) = (await sshd.poller.poll(sshd.device)).errors
    assert error.fault is PollFault.AUTHENTICATION
    assert "check credential real" in error.message


async def test_a_host_that_was_set_up_anew(sshd: Sshd) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")
    sshd.known.trust("127.0.0.1", sshd.port, HostKey(other.get_algorithm(), other.public_data))
    (error,) = (await sshd.poller.poll(sshd.device)).errors
    assert error.fault is PollFault.HOST_KEY_CHANGED
    sshd.known.trust("127.0.0.1", sshd.port, sshd.host_key, replace=True)
    assert sshd.known.keys_of("127.0.0.1", sshd.port) == [sshd.host_key]


async def test_a_host_that_hangs_is_ended_and_its_session_is_gone(sshd: Sshd) -> None:
    sshd.known.trust("127.0.0.1", sshd.port, sshd.host_key)
    with (sshd.folder / "authorized").open("w") as out:
        public = (sshd.user_key.export_public_key("openssh")).decode().strip()
        out.write(f'command="exec sleep 600" {public}\n')
    (error,) = (await sshd.poller.poll(sshd.device, deadline_s=4.0)).errors
    assert error.fault is PollFault.DEADLINE
    for _ in range(100):
        if sshd.poller.counters["ssh_sessions"] == 0:
            return
        await asyncio.sleep(0.1)
    pytest.fail("the session is still there")
