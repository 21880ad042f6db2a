"""An SSH device of the test's own on a loopback port, and the poller that asks it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import pytest

from collector.known_hosts import HostKey, KnownHosts
from collector.profile import load_profiles
from collector.secrets import SshSecret
from collector.ssh import SshPoller, SshSettings
from lab.cli.host import CliHost, Login, Shell
from ronda.clock import SystemClock
from topology.model import Address, CredentialId, Device, DeviceId

USER, PASSWORD = "noc", "rahasia-uji"
CREDENTIAL = CredentialId("noc-ssh")
PROFILES = load_profiles()


@dataclass
class Place:
    """A device that listens, and what is needed to ask it."""

    host: CliHost
    port: int
    key: asyncssh.SSHKey
    known: KnownHosts
    poller: SshPoller
    device: Device


def listening() -> socket.socket:
    found = socket.socket()
    found.bind(("127.0.0.1", 0))
    return found


def host_key_of(key: asyncssh.SSHKey) -> HostKey:
    return HostKey(key.get_algorithm(), key.public_data)


Serve = Callable[..., Awaitable[Place]]


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """`await serve(shell, profile=..., trust=True, password=...)`: all of it is gone after the test."""
    places: list[Place] = []

    async def start(
        shell: Shell,
        profile: str = "cisco-ios",
        *,
        trust: bool = True,
        password: str = PASSWORD,
        settings: SshSettings | None = None,
        login: Login | None = None,
        secret: SshSecret | None = None,
    ) -> Place:
        sock = listening()
        port = sock.getsockname()[1]
        key = asyncssh.generate_private_key("ssh-ed25519")
        host = CliHost(shell, login or Login(USER, PASSWORD), key)
        await host.start(sock)
        known = KnownHosts(tmp_path / "known_hosts")
        if trust:
            known.trust("127.0.0.1", port, host_key_of(key))
        poller = SshPoller(
            {},
            PROFILES,
            SystemClock(),
            {},
            settings=settings or SshSettings(known_hosts=known.path, deadline_s=30.0),
            secrets={CREDENTIAL: secret or SshSecret(CREDENTIAL, USER, password, port=port)},
        )
        await poller.start()
        device = Device(DeviceId("r1"), None, Address("127.0.0.1"), profile=profile, ssh=CREDENTIAL)
        place = Place(host, port, key, known, poller, device)
        places.append(place)
        return place

    yield start
    for place in places:
        await place.poller.stop()
        await place.host.stop()
