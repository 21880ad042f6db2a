"""Talking to a running lab: a Unix socket in its run directory (mode 0600: who may open it may command).

A line of JSON each way: `{"command", "arguments"}` and `{"ok", "answer"}` or `{"ok": false, "message"}`. To
`enter`, the answer carries the lab's user and network namespaces as file descriptors.
"""

from __future__ import annotations

import array
import json
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from lab.answers import UnknownIdError
from lab.namespaces.shell import NETNS_DIR
from lab.sockets import LabError

SOCKET_NAME = "control.sock"
_LINE_OCTETS = 1 << 20


class NoLabError(Exception):
    """No lab runs in that directory."""


class RefusedError(Exception):
    """The lab said no; the text says why."""


class ControlServer:
    def __init__(self, run_dir: Path, command: Callable[[str, dict[str, Any]], Any]) -> None:
        self._run_dir = run_dir
        self._command = command
        self._socket: socket.socket | None = None

    def start(self) -> None:
        path = self._run_dir / SOCKET_NAME
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _short(self._run_dir) as short:
            before = os.umask(0o177)
            try:
                self._socket.bind(short)
            finally:
                os.umask(before)
        self._socket.listen(64)
        threading.Thread(target=self._accept, name="control", daemon=True).start()

    def stop(self) -> None:
        (self._run_dir / SOCKET_NAME).unlink(missing_ok=True)
        if self._socket is not None:
            self._socket.close()

    def _accept(self) -> None:
        while self._socket is not None:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            line = _read_line(connection)
            files: list[int] = []
            try:
                asked = json.loads(line)
                if asked["command"] == "enter":
                    files = _open_namespaces(str(asked["arguments"]["where"]))
                    answer: Any = None
                else:
                    answer = self._command(asked["command"], asked["arguments"])
                reply = {"ok": True, "answer": answer}
            except (LabError, UnknownIdError, TypeError, ValueError, KeyError) as err:
                reply = {"ok": False, "message": str(err)}
            said = json.dumps(reply).encode() + b"\n"
            try:
                if files:
                    socket.send_fds(connection, [said], files)
                else:
                    connection.sendall(said)
            finally:
                for file in files:
                    os.close(file)


def _open_namespaces(where: str) -> list[int]:
    path = Path(NETNS_DIR) / where
    if "/" in where or not path.exists():
        raise LabError(f"no namespace {where}: `monitor` or the id of a device")
    return [os.open("/proc/self/ns/user", os.O_RDONLY), os.open(path, os.O_RDONLY)]


def ask(run_dir: Path, command: str, timeout_s: float = 120.0, **arguments: Any) -> Any:
    """Raises NoLabError, RefusedError."""
    with _connect(run_dir, timeout_s) as connection:
        connection.sendall(json.dumps({"command": command, "arguments": arguments}).encode() + b"\n")
        return _understood(_read_line(connection))


def namespace_files(run_dir: Path, where: str) -> tuple[int, int]:
    """Open files of the user and the network namespace. Raises NoLabError, RefusedError."""
    with _connect(run_dir, 10.0) as connection:
        connection.sendall(json.dumps({"command": "enter", "arguments": {"where": where}}).encode() + b"\n")
        line, ancillary, _, _ = connection.recvmsg(_LINE_OCTETS, socket.CMSG_SPACE(2 * 4))
        _understood(line)
        files = array.array("i")
        for _, _, data in ancillary:
            files.frombytes(data)
        return files[0], files[1]


def _understood(line: bytes) -> Any:
    if not line:
        raise NoLabError("the lab ended while it was asked")
    reply = json.loads(line)
    if not reply["ok"]:
        raise RefusedError(reply["message"])
    return reply["answer"]


def _connect(run_dir: Path, timeout_s: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        with _short(run_dir) as short:
            connection.connect(short)
    except OSError:
        connection.close()
        raise NoLabError(
            f"no lab runs in {run_dir}; start one with `python -m lab.namespaces up INVENTORY`"
        ) from None
    return connection


class _short:  # noqa: N801  # reads like a function
    """The socket's path by way of the open directory: a Unix socket's path may have 107 octets only."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir

    def __enter__(self) -> str:
        self._file = os.open(self._run_dir, os.O_RDONLY | os.O_DIRECTORY)
        return f"/proc/self/fd/{self._file}/{SOCKET_NAME}"

    def __exit__(self, *_: object) -> None:
        os.close(self._file)


def _read_line(connection: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n") and len(data) < _LINE_OCTETS:
        more = connection.recv(65_536)
        if not more:
            break
        data += more
    return data
