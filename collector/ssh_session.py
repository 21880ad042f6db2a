"""One SSH session, in a thread: connect, check the host key, log in, ask, close. netmiko on paramiko.

Everything here blocks. `collector.ssh` runs it beside the event loop and ends it from outside: `kill` may be
called from any thread.
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any

import paramiko  # type: ignore[import-untyped]  # it ships none
from netmiko.exceptions import NetmikoBaseException
from netmiko.ssh_dispatcher import CLASS_MAPPER

from collector.known_hosts import HostKey, KnownHosts, KnownHostsError
from collector.profile_ssh import Ssh
from collector.secrets import SshSecret
from collector.ssh_faults import SendRefusedError, SshFault, quoted
from collector.ssh_guard import GuardedChannel
from topology.clock import Clock
from topology.observations import PollFault

CONNECT_S, HELLO_S, LOGIN_S = 10.0, 10.0, 20.0
_HELLO_BYTES = 255
_WIDTH, _HEIGHT = 511, 1000


@dataclass(frozen=True, slots=True)
class Hop:
    """A server to log in to."""

    host: str
    port: int
    secret: SshSecret = field(repr=False)
    known_hosts: KnownHosts

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


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


class Session:
    """`open`, `ask` as often as wanted, `close`. Raises SshFault."""

    def __init__(self, hops: Sequence[Hop], clock: Clock, ends_s: float) -> None:
        """`hops`: jump hosts in order, the device last. `ends_s`: the clock's monotonic time at which all is
        to be over."""
        self._hops = tuple(hops)
        self._clock = clock
        self._ends_s = ends_s
        self._socket: socket.socket | None = None
        self._clients: list[paramiko.SSHClient] = []
        self._killed = False
        self._netmiko: Any = None
        self._channel: GuardedChannel | None = None
        self.doing = "connect"
        self.hello: str | None = None

    # -- life ----------------------------------------------------------------------------------------

    def connect(self) -> None:
        """As far as the TCP connection, and the server's hello where it can be had without a login."""
        first = self._hops[0]
        self._socket = _connected(first, min(CONNECT_S, self._left_s()))
        if len(self._hops) == 1:
            self.hello = _peeked(self._socket, min(HELLO_S, self._left_s()))
        if self._killed:
            self._socket.close()

    def open(self, ssh: Ssh) -> None:
        """Log in and wait for the prompt."""
        if self._socket is None:
            self.connect()
        driver: Any = _driver(ssh.netmiko)
        target = self._hops[-1]
        self._netmiko = netmiko = driver(
            device_type=ssh.netmiko,
            host=target.host,
            port=target.port,
            username=target.secret.user,
            password=target.secret.password,
            auto_connect=False,
            fast_cli=True,
        )
        netmiko._modify_connection_params()
        self.doing = "login"
        client = _login(target, str(netmiko.username), self.way(), self._left_s(), self._clients)
        self.doing = "prompt"
        with self._translated():
            shell = client.invoke_shell(term="vt100", width=_WIDTH, height=_HEIGHT)
            shell.settimeout(LOGIN_S)
            self._channel = netmiko.channel = GuardedChannel(
                shell,
                netmiko.encoding,
                may_send=ssh.may_send,
                answers=frozenset(ssh.answers),
                expired=lambda: self.expired,
            )
            netmiko.remote_conn_pre, netmiko.remote_conn = client, shell
            netmiko.read_timeout_override = None
            netmiko.special_login_handler()
            netmiko._try_session_preparation()
            self._channel.ready = True

    def ask(self, command: str) -> str:
        """The command's output with its echo and the prompt behind it, whole: the prompt was seen.

        netmiko's own stripping would take the indentation of the first line, and with it the table's form.
        """
        assert self._netmiko is not None, "open first"
        self.doing = command
        with self._translated():
            output = self._netmiko.send_command(
                command,
                read_timeout=max(1.0, self._left_s()),
                cmd_verify=False,
                strip_prompt=False,
                strip_command=False,
            )
            return str(output)

    @property
    def expired(self) -> bool:
        return self._killed or self._left_s() <= 0.0

    @property
    def sent(self) -> tuple[str, ...]:
        """Every line that was sent."""
        return () if self._channel is None else tuple(self._channel.sent)

    def close(self) -> None:
        """Closes the connection; nothing is sent for it."""
        self.kill()
        for client in reversed(self._clients):
            with contextlib.suppress(Exception):  # it is gone already
                client.close()
        self._clients.clear()

    def kill(self) -> None:
        """End it now, from any thread: whatever it waits for fails."""
        self._killed = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                self._socket.close()

    # -- the way in -----------------------------------------------------------------------------------

    def _left_s(self) -> float:
        return max(0.0, self._ends_s - self._clock.monotonic_s())

    def way(self) -> Any:
        """A connection to the last hop: the socket, or a channel through the jump hosts, each key checked."""
        sock: Any = self._socket
        for hop, after in pairwise(self._hops):
            client = _login(hop, hop.secret.user, sock, self._left_s(), self._clients)
            transport = client.get_transport()
            assert transport is not None
            try:
                sock = transport.open_channel(
                    "direct-tcpip",
                    (after.host, after.port),
                    ("127.0.0.1", 0),
                    timeout=min(CONNECT_S, self._left_s()),
                )
            except (paramiko.SSHException, OSError) as error:
                message = f"the jump host {hop} does not get to {after}: {error}"
                raise SshFault(PollFault.UNREACHABLE, message) from error
        return sock

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """netmiko's and paramiko's exceptions to ours."""
        try:
            yield
        except (SshFault, SendRefusedError):
            raise
        except (NetmikoBaseException, ValueError, re.error, IndexError, AttributeError) as error:
            raise self._silent(error) from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise self._ended(error) from error

    def _silent(self, error: Exception) -> SshFault:
        if self.expired:
            return SshFault(
                PollFault.DEADLINE, f"out of time; it last said {quoted(self._tail)}", answered=True
            )
        if "closed" in str(error).lower() or type(error).__name__ in ("ReadException", "WriteException"):
            return self._ended(error)
        what = "no prompt came" if self.doing == "prompt" else f"no prompt came after {self.doing!r}"
        return SshFault(PollFault.PROMPT, f"{what}; it last said {quoted(self._tail)}", answered=True)

    def _ended(self, error: BaseException) -> SshFault:
        if self.expired:
            return SshFault(
                PollFault.DEADLINE, f"out of time; it last said {quoted(self._tail)}", answered=True
            )
        said = f"; it last said {quoted(self._tail)}" if self._tail else ""
        return SshFault(PollFault.REFUSED, f"the device ended the session ({error}){said}", answered=True)

    def _out_of_time(self) -> SshFault:
        message = f"out of time; it last said {quoted(self._tail)}"
        return SshFault(PollFault.DEADLINE, message, answered=True)

    @property
    def _tail(self) -> str:
        return "" if self._channel is None else self._channel.tail


def offered_key(hops: Sequence[Hop], clock: Clock, timeout_s: float) -> HostKey:
    """The key that the last hop shows; no login is tried there. Raises SshFault."""
    session = Session(hops, clock, clock.monotonic_s() + 3 * timeout_s)
    try:
        session.connect()
        transport = paramiko.Transport(session.way())
        try:
            transport.start_client(timeout=timeout_s)
            key = transport.get_remote_server_key()
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise _handshake(hops[-1], error) from error
        finally:
            session.kill()
            transport.close()
        return HostKey(key.get_name(), key.asbytes())
    finally:
        session.close()


def _connected(hop: Hop, timeout_s: float) -> socket.socket:
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


def _peeked(sock: socket.socket, timeout_s: float) -> str | None:
    """The hello, left where it is for paramiko to read."""
    sock.settimeout(max(0.01, timeout_s))
    try:
        first = sock.recv(_HELLO_BYTES, socket.MSG_PEEK)
    except OSError:
        return None  # paramiko will say what is wrong
    found = re.search(rb"^(SSH-[0-9.]+-[^\r\n]*)", first, re.MULTILINE)
    return None if found is None else found.group(1).decode("ascii", "replace")


def _login(
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
        raise _handshake(hop, error) from error
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


def _handshake(hop: Hop, error: BaseException) -> SshFault:
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


@lru_cache(maxsize=64)
def _driver(device_type: str) -> type[Any]:
    """netmiko's class for it, which neither connects nor says good-bye by itself."""
    base = CLASS_MAPPER[device_type]

    def nothing(self: Any, *args: Any, **kwargs: Any) -> None:
        """Connections are closed, not talked out of."""

    return type(f"Guarded{base.__name__}", (base,), {"cleanup": nothing, "establish_connection": nothing})


def known_device_type(device_type: str) -> bool:
    return device_type in CLASS_MAPPER
