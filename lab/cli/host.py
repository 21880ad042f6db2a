"""An SSH server (asyncssh) with one shell: a prompt, lines in, texts out. Knows nothing of networks."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import asyncssh

_ENDS = frozenset(("exit", "quit", "logout", "/quit"))
_MOST_LINE_CHARS = 4096


@dataclass(frozen=True, slots=True)
class Shell:
    """How one vendor's command line behaves. `answer` gives a line's output, without the last newline."""

    prompt: str | Callable[[], str]
    answer: Callable[[str], str]
    banner: str = ""
    hello: str = "OpenSSH_9.2"
    waits: str = ""
    """An output that ends so is not at its end: a key is waited for, and no prompt comes."""

    @property
    def prompt_now(self) -> str:
        return self.prompt if isinstance(self.prompt, str) else self.prompt()


@dataclass(slots=True)
class Login:
    """Who gets in: a user with a password, with keys, or both."""

    user: str
    password: str | None = field(default=None, repr=False)
    keys: tuple[asyncssh.SSHKey, ...] = ()


class CliHost:
    """Constructed inert; `start` listens. Counts what happens to it."""

    def __init__(
        self,
        shell: Shell,
        login: Login,
        host_key: asyncssh.SSHKey,
        reachable: Callable[[], bool] | None = None,
    ) -> None:
        self._shell = shell
        self._login = login
        self._host_key = host_key
        self._reachable = reachable
        self._listener: asyncssh.SSHAcceptor | None = None
        self._writers: set[Any] = set()
        self.logins = 0
        self.refused = 0
        self.lines = 0
        self.heard: deque[str] = deque(maxlen=10_000)
        """All that came in, as it came."""

    async def start(self, listener: socket.socket) -> None:
        self._listener = await asyncssh.listen(
            sock=listener,
            server_factory=lambda: _Server(self),
            server_host_keys=[self._host_key],
            process_factory=self._serve,
            server_version=self._shell.hello,
            line_editor=False,
            encoding="utf-8",
            allow_scp=False,
            sftp_factory=None,
            login_timeout=20,
        )

    async def stop(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self.drop()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._listener.wait_closed()
            self._listener = None

    def drop(self) -> None:
        """End the sessions that are open: the device has gone."""
        for connection in list(self._writers):
            connection.abort()
        self._writers.clear()

    @property
    def reachable(self) -> bool:
        return self._reachable is None or self._reachable()

    async def _serve(self, process: asyncssh.SSHServerProcess[str]) -> None:
        self.logins += 1
        say = process.stdout
        if self._shell.banner:
            say.write(self._shell.banner.replace("\n", "\r\n"))
        say.write(f"\r\n{self._shell.prompt_now}")
        typed = ""
        with contextlib.suppress(asyncssh.BreakReceived, asyncssh.ConnectionLost, BrokenPipeError):
            while piece := await process.stdin.read(_MOST_LINE_CHARS):
                self.heard.append(piece)
                typed = (typed + piece).replace("\r\n", "\n").replace("\r", "\n")[-2 * _MOST_LINE_CHARS :]
                while "\n" in typed:
                    line, _, typed = typed.partition("\n")
                    say.write(f"{line}\r\n")
                    if not self.reachable:
                        process.channel.abort()
                        return
                    plain = line.strip()
                    if plain in _ENDS:
                        process.exit(0)
                        return
                    if plain:
                        self.lines += 1
                        output = self._shell.answer(plain).replace("\n", "\r\n")
                        if self._shell.waits and output.endswith(self._shell.waits):
                            say.write(output)
                            continue
                        say.write(f"{output}\r\n" if output else "")
                    say.write(self._shell.prompt_now)
        process.exit(0)


class _Server(asyncssh.SSHServer):
    def __init__(self, host: CliHost) -> None:
        self._host = host
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._host._writers.add(conn)
        if not self._host.reachable:
            conn.abort()  # nothing gets through to the device

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncssh's form
        self._host._writers.discard(self._connection)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - asyncssh's form
        return True

    def password_auth_supported(self) -> bool:
        return self._host._login.password is not None

    def validate_password(self, username: str, password: str) -> bool:
        login = self._host._login
        # RouterOS takes terminal settings behind a plus sign of the user's name.
        right = username.partition("+")[0] == login.user and password == login.password
        self._host.refused += not right
        return right

    def public_key_auth_supported(self) -> bool:
        return bool(self._host._login.keys)

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        login = self._host._login
        data = key.public_data
        return username.partition("+")[0] == login.user and any(k.public_data == data for k in login.keys)
