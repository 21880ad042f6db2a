"""One SSH session, in a thread: connect, log in hop by hop, ask, close. netmiko on paramiko.

Everything here blocks. `collector.ssh_threads` runs it beside the event loop and ends it from outside:
`kill` may be called from any thread.
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import paramiko  # type: ignore[import-untyped]  # it ships none
from netmiko.exceptions import NetmikoBaseException
from netmiko.ssh_dispatcher import CLASS_MAPPER

from collector.known_hosts import HostKey
from collector.profile_ssh import Ssh
from collector.ssh_faults import SendRefusedError, SshFault, quoted
from collector.ssh_guard import GuardedChannel
from collector.ssh_login import CONNECT_S, HELLO_S, LOGIN_S, connected, handshake_fault, hello_of, login
from collector.ssh_ways import Hop
from topology.clock import Clock
from topology.observations import PollFault

_WIDTH, _HEIGHT = 511, 1000


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
        self._socket = connected(first, min(CONNECT_S, self._left_s()))
        if len(self._hops) == 1:
            self.hello = hello_of(self._socket, min(HELLO_S, self._left_s()))
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
        client = login(target, str(netmiko.username), self.way(), self._left_s(), self._clients)
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
            client = login(hop, hop.secret.user, sock, self._left_s(), self._clients)
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
            return self._out_of_time()
        if "closed" in str(error).lower() or type(error).__name__ in ("ReadException", "WriteException"):
            return self._ended(error)
        what = "no prompt came" if self.doing == "prompt" else f"no prompt came after {self.doing!r}"
        return SshFault(PollFault.PROMPT, f"{what}; it last said {quoted(self._tail)}", answered=True)

    def _ended(self, error: BaseException) -> SshFault:
        if self.expired:
            return self._out_of_time()
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
            raise handshake_fault(hops[-1], error) from error
        finally:
            session.kill()
            transport.close()
        return HostKey(key.get_name(), key.asbytes())
    finally:
        session.close()


@lru_cache(maxsize=64)
def _driver(device_type: str) -> type[Any]:
    """netmiko's class for it, which neither connects nor says good-bye by itself."""
    base = CLASS_MAPPER[device_type]

    def nothing(self: Any, *args: Any, **kwargs: Any) -> None:
        """Connections are closed, not talked out of."""

    return type(f"Guarded{base.__name__}", (base,), {"cleanup": nothing, "establish_connection": nothing})


def known_device_type(device_type: str) -> bool:
    return device_type in CLASS_MAPPER
