"""What happens on the way to a device and in its shell, each a typed fault with the device's words."""

from __future__ import annotations

import asyncio
import socket
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh
import pytest

from collector.known_hosts import HostKey, KnownHosts
from collector.profile import load_profiles
from collector.secrets import SshSecret
from collector.ssh import SshSettings
from collector.ssh_faults import SendRefusedError, SshFault
from lab.cli.host import Login, Shell
from topology.model import Address, Credential, CredentialId, CredentialKind
from topology.observations import Light, Means, OpticalReading, PollFault, PollResult, Reachability

if TYPE_CHECKING:
    from conftest import Serve

USER, PASSWORD = "noc", "rahasia-uji"
CREDENTIAL = CredentialId("noc-ssh")

TRANSCEIVERS = """
           Temperature  Voltage  Tx Power  Rx Power
Port       (Celsius)    (Volts)  (dBm)     (dBm)
---------  -----------  -------  --------  --------
Te1/1        23.1       3.29      -2.2      -3.0
Te1/2        23.1       3.29      -2.2      -40.0 --
"""


def ios(line: str) -> str:
    texts = {"show interfaces transceiver detail": TRANSCEIVERS, "show version": "Cisco IOS Software, X"}
    return texts.get(line, "")


IOS = Shell("sw1#", ios)


def host_key_of(key: asyncssh.SSHKey) -> HostKey:
    return HostKey(key.get_algorithm(), key.public_data)


def faults(result: PollResult) -> list[PollFault]:
    return [error.fault for error in result.errors]


def reach(result: PollResult) -> Reachability | None:
    return next((o for o in result.observations if isinstance(o, Reachability)), None)


async def test_a_poll_brings_reachability_by_ssh_and_what_was_read(serve: Serve) -> None:
    place = await serve(IOS)
    result = await place.poller.poll(place.device)
    assert result.errors == ()
    assert result.means is Means.SSH
    seen = reach(result)
    assert seen is not None
    assert (seen.answered, seen.means) == (True, Means.SSH)
    optics = [(o.name, o.light, o.rx_dbm) for o in result.observations if isinstance(o, OpticalReading)]
    assert optics == [("Te1/1", Light.LIT, -3.0), ("Te1/2", Light.DARK, None)]


async def test_a_key_that_nobody_trusted_is_refused_before_any_password(serve: Serve) -> None:
    place = await serve(IOS, trust=False)
    result = await place.poller.poll(place.device)
    assert faults(result) == [PollFault.HOST_KEY_UNKNOWN]
    assert host_key_of(place.key).fingerprint in result.errors[0].message
    assert place.host.logins == place.host.refused == 0
    assert not place.known.path.exists()


async def test_a_changed_key_is_refused_with_both_fingerprints(serve: Serve) -> None:
    place = await serve(IOS, trust=False)
    other = asyncssh.generate_private_key("ssh-ed25519")
    place.known.trust("127.0.0.1", place.port, host_key_of(other))
    result = await place.poller.poll(place.device)
    assert faults(result) == [PollFault.HOST_KEY_CHANGED]
    for key in (place.key, other):
        assert host_key_of(key).fingerprint in result.errors[0].message
    assert place.host.logins == place.host.refused == 0
    seen = reach(result)
    assert seen is not None
    assert not seen.answered, "somebody else may be answering"


async def test_a_key_of_another_type_is_a_changed_key(serve: Serve) -> None:
    place = await serve(IOS, trust=False)
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
    place.known.trust("127.0.0.1", place.port, host_key_of(other))
    assert faults(await place.poller.poll(place.device)) == [PollFault.HOST_KEY_CHANGED]


async def test_a_wrong_password_names_the_credential_and_never_the_password(serve: Serve) -> None:
    place = await serve(IOS, password="salah-sekali")
    result = await place.poller.poll(place.device)
    assert faults(result) == [PollFault.AUTHENTICATION]
    assert "noc-ssh" in result.errors[0].message
    assert "salah-sekali" not in result.errors[0].message
    seen = reach(result)
    assert seen is not None
    assert seen.answered, "it is the device: its key is the trusted one"


async def test_a_key_file_logs_in(serve: Serve, tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(tmp_path / "id")
    place = await serve(IOS, login=Login(USER, None, (key,)))
    secret = SshSecret(CREDENTIAL, USER, None, str(tmp_path / "id"), place.port)
    place.poller._ways._secrets[CREDENTIAL] = secret
    assert (await place.poller.poll(place.device)).errors == ()


async def test_a_key_file_that_is_not_there(serve: Serve, tmp_path: Path) -> None:
    place = await serve(IOS)
    place.poller._ways._secrets[CREDENTIAL] = SshSecret(
        CREDENTIAL, USER, None, str(tmp_path / "no"), place.port
    )
    result = await place.poller.poll(place.device)
    assert faults(result) == [PollFault.CONFIGURATION]
    assert reach(result) is None, "nothing was asked of the device"


async def test_nobody_listens(serve: Serve) -> None:
    place = await serve(IOS)
    await place.host.stop()
    assert faults(await place.poller.poll(place.device)) == [PollFault.REFUSED]


async def test_a_server_that_says_nothing_is_ended_at_the_deadline(serve: Serve) -> None:
    place = await serve(IOS)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        secret = SshSecret(CREDENTIAL, USER, PASSWORD, port=mute.getsockname()[1])
        place.poller._ways._secrets[CREDENTIAL] = secret
        result = await place.poller.poll(place.device, deadline_s=1.0)
    assert faults(result)[0] in (PollFault.TIMEOUT, PollFault.DEADLINE)


async def test_a_hang_after_the_login_is_ended_at_the_deadline_and_frees_its_place(
    serve: Serve, tmp_path: Path
) -> None:
    settings = SshSettings(places=1, deadline_s=2.0, known_hosts=tmp_path / "known_hosts")
    hanging = Shell("", lambda _: "")
    place = await serve(hanging, settings=settings)
    result = await place.poller.poll(place.device)
    assert faults(result) == [PollFault.DEADLINE]
    seen = reach(result)
    assert seen is not None
    assert seen.answered
    for _ in range(200):
        if place.poller.counters["ssh_sessions"] == 0:
            break
        await asyncio.sleep(0.05)
    assert place.poller.counters["ssh_sessions"] == 0
    assert [t.name for t in threading.enumerate() if t.name.startswith("ssh_")] != [], "the pool itself stays"
    place.host._shell = IOS
    assert (await place.poller.poll(place.device, deadline_s=20.0)).errors == ()


async def test_what_was_read_before_the_device_fell_silent_counts(serve: Serve) -> None:
    def silent_later(line: str) -> str:
        if line == "show interfaces":
            place.host.drop()
        return ios(line)

    place = await serve(Shell("sw1#", silent_later))
    result = await place.poller.poll(place.device, deadline_s=8.0)
    assert faults(result)[0] in (PollFault.REFUSED, PollFault.DEADLINE)
    assert any(isinstance(o, OpticalReading) for o in result.observations)


async def test_a_paging_prompt_is_told_as_such(serve: Serve) -> None:
    def paging(line: str) -> str:
        return "a\nb\n --More-- " if line == "show interfaces" else ios(line)

    place = await serve(Shell("sw1#", paging, waits="--More-- "))
    result = await place.poller.poll(place.device, deadline_s=20.0)
    assert PollFault.PAGING in faults(result)
    assert "--More--" in result.errors[-1].message


async def test_a_question_instead_of_a_prompt(serve: Serve) -> None:
    place = await serve(Shell("Your password has expired. New password: ", lambda _: ""))
    result = await place.poller.poll(place.device, deadline_s=20.0)
    assert faults(result) in ([PollFault.PROMPT], [PollFault.DEADLINE])
    assert "password has expired" in result.errors[0].message


async def test_a_flood_before_the_prompt_is_stopped(serve: Serve) -> None:
    place = await serve(Shell("sw1", lambda _: "", banner="Selamat datang\n" * 80_000))
    result = await place.poller.poll(place.device, deadline_s=25.0)
    assert faults(result)[0] in (PollFault.TOO_BIG, PollFault.DEADLINE)


async def test_a_long_banner_is_no_trouble(serve: Serve) -> None:
    place = await serve(replace(IOS, banner="Hanya untuk yang berhak.\n" * 400))
    assert (await place.poller.poll(place.device)).errors == ()


async def test_the_device_refuses_a_command(serve: Serve) -> None:
    def strict(line: str) -> str:
        return "% Authorization failed." if line == "show interfaces" else ios(line)

    place = await serve(Shell("sw1#", strict))
    result = await place.poller.poll(place.device)
    assert faults(result) == [PollFault.PRIVILEGE]
    assert "Authorization failed" in result.errors[0].message
    assert any(isinstance(o, OpticalReading) for o in result.observations)


async def test_only_lines_of_the_profile_can_be_asked(serve: Serve) -> None:
    place = await serve(IOS)
    for line in ("reload", "show interfaces\nreload", "show interfaces ; reload", "configure terminal"):
        with pytest.raises(SendRefusedError, match="not in the profile"):
            await place.poller.ask(place.device, [line])


async def test_through_a_jump_host_both_keys_are_checked(serve: Serve) -> None:
    place = await serve(IOS)
    gate = await _Gate.open()
    try:
        jump = CredentialId("gate")
        place.poller._ways._credentials[CREDENTIAL] = Credential(
            CREDENTIAL, CredentialKind.SSH, USER, jump=f"gate/127.0.0.1:{gate.port}"
        )
        place.poller._ways._secrets[jump] = SshSecret(jump, USER, PASSWORD)
        result = await place.poller.poll(place.device)
        assert faults(result) == [PollFault.HOST_KEY_UNKNOWN]
        assert f"[127.0.0.1]:{gate.port}" in result.errors[0].message
        place.known.trust("127.0.0.1", gate.port, host_key_of(gate.key))
        assert (await place.poller.poll(place.device)).errors == ()
        assert gate.forwarded == [place.port]
    finally:
        gate.close()


async def test_the_hello_tells_the_platform(serve: Serve) -> None:
    place = await serve(replace(IOS, hello="Cisco-1.25"), profile="auto")
    result = await place.poller.poll(place.device)
    assert result.errors == ()
    place = await serve(replace(IOS, hello="Mystery_1"), profile="auto")
    result = await place.poller.poll(place.device)
    assert faults(result) == [PollFault.CONFIGURATION]
    assert "Mystery_1" in result.errors[0].message


async def test_the_loop_goes_on_while_sessions_wait(serve: Serve) -> None:
    place = await serve(Shell("", lambda _: ""))
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0.01)

    beating = asyncio.create_task(beat())
    await asyncio.gather(*(place.poller.poll(place.device, deadline_s=2.0) for _ in range(4)))
    beating.cancel()
    assert beats > 40


async def test_an_address_is_needed(serve: Serve) -> None:
    place = await serve(IOS)
    device = replace(place.device, address=None)
    assert faults(await place.poller.poll(device)) == [PollFault.CONFIGURATION]
    with pytest.raises(SshFault, match="no address"):
        await place.poller.ask(device, ["show version"])


def test_every_profile_names_a_driver_that_exists() -> None:
    from collector.ssh_session import known_device_type

    having = [p.ssh.netmiko for p in load_profiles().by_name.values() if p.ssh is not None]
    assert having
    assert all(known_device_type(name) for name in having)


class _Gate:
    """A jump host: lets its user through to anywhere on loopback."""

    def __init__(self, acceptor: asyncssh.SSHAcceptor, key: asyncssh.SSHKey, forwarded: list[int]) -> None:
        self._acceptor = acceptor
        self.key = key
        self.port = acceptor.get_port()
        self.forwarded = forwarded

    @classmethod
    async def open(cls) -> _Gate:
        key = asyncssh.generate_private_key("ssh-ed25519")
        forwarded: list[int] = []

        class Server(asyncssh.SSHServer):
            def begin_auth(self, username: str) -> bool:
                return True

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == (USER, PASSWORD)

            def connection_requested(
                self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
            ) -> bool:
                forwarded.append(dest_port)
                return True

        acceptor = await asyncssh.create_server(Server, "127.0.0.1", 0, server_host_keys=[key])
        return cls(acceptor, key, forwarded)

    def close(self) -> None:
        self._acceptor.close()


def test_addresses_with_ports_stand_in_brackets(tmp_path: Path) -> None:
    known = KnownHosts(tmp_path / "k")
    key = host_key_of(asyncssh.generate_private_key("ssh-ed25519"))
    known.trust("192.0.2.1", 22, key)
    known.trust("192.0.2.1", 2222, key)
    lines = known.path.read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["192.0.2.1", "[192.0.2.1]:2222"]
    assert Address("192.0.2.1")
