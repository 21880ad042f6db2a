"""Into one SSH server: the connection, its host key against the trusted ones, the login; and why one of them
failed, in words. Everything here blocks."""

from __future__ import annotations

import re
import socket
from typing import Any

import paramiko  # type: ignore[import-untyped]  # it ships none

from collector.known_hosts import HostKey, KnownHostsError
from collector.ssh_faults import SshFault, quoted
from collector.ssh_ways import Hop
from topology.observations import PollFault

CONNECT_S, HELLO_S, LOGIN_S = 10.0, 10.0, 20.0
_HELLO_BYTES = 255


class _Refuse(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # paramiko has no types
    """Every key is unknown to paramiko here: the file is asked, and has the last word."""

    def __init__(self, hop: Hop) -> None:
        self._hop = hop

    def missing_host_key(self, client: Any, hostname: str, key: paramiko.PKey) -> None:  # noqa: ARG002 - its form
        try:
            self._hop.known_hosts.check(
                self._hop.host, self._hop.port, HostKey(key.get_name(), key.asbytes())
            )
        except KnownHostsError as error:
            raise SshFault(PollFault.CONFIGURATION, f"known hosts can't be read: {error}") from error


def connected(hop: Hop, timeout_s: float) -> socket.socket:
    try:
        return socket.create_connection((hop.host, hop.port), timeout=max(0.01, timeout_s))
    except TimeoutError as error:
        raise SshFault(PollFault.TIMEOUT, f"no answer from {hop} (TCP) within {timeout_s:.0f} s") from error
    except ConnectionRefusedError as error:
        raise SshFault(
            PollFault.REFUSED, f"{hop} refuses the connection: no SSH server listens there"
        ) from error
    except OSError as error:
        raise SshFault(PollFault.UNREACHABLE, f"{hop} can't be reached: {error.strerror or error}") from error


def hello_of(sock: socket.socket, timeout_s: float) -> str | None:
    """The hello, left where it is for paramiko to read."""
    sock.settimeout(max(0.01, timeout_s))
    try:
        first = sock.recv(_HELLO_BYTES, socket.MSG_PEEK)
    except OSError:
        return None  # paramiko will say what is wrong
    found = re.search(rb"^(SSH-[0-9.]+-[^\r\n]*)", first, re.MULTILINE)
    return None if found is None else found.group(1).decode("ascii", "replace")


def login(
    hop: Hop, user: str, sock: Any, left_s: float, clients: list[paramiko.SSHClient]
) -> paramiko.SSHClient:
    client = paramiko.SSHClient()
    clients.append(client)
    client.set_missing_host_key_policy(_Refuse(hop))
    secret = hop.secret
    try:
        _prefer_trusted(client, hop)
        client.connect(
            hop.host,
            hop.port,
            username=user,
            password=secret.password,
            key_filename=secret.key_file,
            look_for_keys=False,
            allow_agent=secret.agent,
            timeout=min(CONNECT_S, left_s),
            banner_timeout=min(HELLO_S, left_s),
            auth_timeout=min(LOGIN_S, left_s),
            sock=sock,
        )
    except SshFault:
        raise
    except paramiko.BadHostKeyException as error:
        shown = HostKey(error.key.get_name(), error.key.asbytes())
        hop.known_hosts.check(hop.host, hop.port, shown)
        raise SshFault(PollFault.HOST_KEY_CHANGED, str(error)) from error
    except paramiko.PasswordRequiredException as error:
        raise SshFault(
            PollFault.CONFIGURATION, f"the key {secret.key_file} is encrypted: its passphrase is missing"
        ) from error
    except paramiko.AuthenticationException as error:
        raise _refused(hop, user, client, error) from error
    except FileNotFoundError as error:
        raise SshFault(PollFault.CONFIGURATION, f"no key file {secret.key_file}") from error
    except (paramiko.SSHException, OSError, EOFError, ValueError) as error:
        raise handshake_fault(hop, error) from error
    return client


def _prefer_trusted(client: paramiko.SSHClient, hop: Hop) -> None:
    """A server with several keys is asked for the one that is trusted."""
    try:
        for key in hop.known_hosts.keys_of(hop.host, hop.port):
            name = hop.host if hop.port == 22 else f"[{hop.host}]:{hop.port}"
            client.get_host_keys().add(name, key.type, paramiko.PKey.from_type_string(key.type, key.blob))
    except KnownHostsError as error:
        raise SshFault(PollFault.CONFIGURATION, f"known hosts can't be read: {error}") from error


def _refused(
    hop: Hop, user: str, client: paramiko.SSHClient, error: paramiko.AuthenticationException
) -> SshFault:
    transport = client.get_transport()
    raw = transport.get_banner() if transport is not None else None
    banner = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    said = f"; its banner: {quoted(banner)}" if banner else ""
    ways = (
        f" (it takes {', '.join(error.allowed_types)})"
        if isinstance(error, paramiko.BadAuthenticationType)
        else ""
    )
    secret = hop.secret
    by = [
        *(["password"] if secret.password is not None else []),
        *([f"key {secret.key_file}"] if secret.key_file else []),
        *(["agent"] if secret.agent else []),
    ]
    plain_user = user.partition("+")[0]
    return SshFault(
        PollFault.AUTHENTICATION,
        f"{hop} refuses the login of {plain_user!r} with {' or '.join(by) or 'nothing'}: {error}{ways}{said}"
        f"; check credential {secret.id}",
        answered=True,
    )


def handshake_fault(hop: Hop, error: BaseException) -> SshFault:
    words = str(error) or type(error).__name__
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        return SshFault(
            PollFault.ALGORITHM,
            f"{hop} and Ronda have no algorithm in common: {words}; bring its SSH server up to date, or let "
            "it make a new host key (RSA with 2048 bits or more, ECDSA or Ed25519)",
        )
    if isinstance(error, TimeoutError) or "banner" in words or "imeout" in words:
        return SshFault(
            PollFault.TIMEOUT, f"{hop} took the connection and then said nothing that is SSH: {words}"
        )
    if isinstance(error, ValueError):
        return SshFault(PollFault.CONFIGURATION, f"the key file can't be used: {words}")
    if "private key" in words or "key file" in words:
        return SshFault(PollFault.CONFIGURATION, f"the key {hop.secret.key_file} can't be used: {words}")
    return SshFault(PollFault.REFUSED, f"{hop} broke off while keys were exchanged: {words}")
