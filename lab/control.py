"""How other processes steer a running lab: one JSON line there, one back, over loopback TCP with a token.

The address and the token stand in `lab.json` of the run directory, readable by its owner only.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

from lab.answers import Answer, BadArgumentError, UnknownIdError
from lab.commands import COMMANDS

FILE_NAME = "lab.json"
TIMEOUT_S = 5.0
HOST = "127.0.0.1"


class NoLabError(Exception):
    """No lab runs there; the text says where was looked."""


class RefusedError(Exception):
    """The lab refused a command; the text is its reason."""


@dataclass(frozen=True, slots=True)
class RunFile:
    """`lab.json`."""

    pid: int
    host: str
    port: int
    token: str
    inventory: str
    """The inventory file the monitor should read: it has the addresses really served."""

    def write(self, run_dir: Path) -> Path:
        path = run_dir / FILE_NAME
        temporary = path.with_suffix(f".{self.pid}")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(asdict(self), out)
        temporary.replace(path)
        return path


def read_run_file(run_dir: Path) -> RunFile:
    """Raises NoLabError when there is none, or the process that wrote it is gone."""
    path = run_dir / FILE_NAME
    try:
        found = RunFile(**json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        raise NoLabError(
            f"no lab runs in {run_dir} (start one with `ronda lab run` or `ronda demo`)"
        ) from None
    except (ValueError, TypeError) as err:
        raise NoLabError(f"{path} is not a lab's file: {err}") from err
    if not _alive(found.pid):
        raise NoLabError(f"the lab in {run_dir} has ended (process {found.pid} is gone); start it again")
    return found


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class ControlServer:
    def __init__(self, run: Callable[..., Answer]) -> None:
        """`run` is `Lab.command`."""
        self._run = run
        self._server: asyncio.Server | None = None
        self.token = token_hex(16)
        self.commands = 0
        self.refused = 0

    async def start(self, port: int = 0) -> int:
        """The port it listens on."""
        self._server = await asyncio.start_server(self._connected, HOST, port)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, TimeoutError, ValueError):
            line = await asyncio.wait_for(reader.readline(), TIMEOUT_S)
            writer.write(json.dumps(self.answer(line)).encode() + b"\n")
            await writer.drain()
        writer.close()

    def answer(self, line: bytes) -> dict[str, Any]:
        """The reply to one request line: `{ok, message, data}`."""
        try:
            request = json.loads(line)
            token, name = str(request["token"]), str(request["command"])
            arguments = dict(request.get("arguments", {}))
        except (ValueError, TypeError, KeyError):
            return self._refuse("not a request of this lab's control protocol")
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return self._refuse("wrong token")
        if name not in COMMANDS:
            return self._refuse(f"no command is called {name}")
        try:
            answer = self._run(name, **arguments)
        except (UnknownIdError, BadArgumentError) as err:
            return self._refuse(str(err))
        except TypeError as err:
            return self._refuse(f"{name}: {err}")
        self.commands += 1
        return {"ok": True, "message": answer.message, "data": answer.data}

    def _refuse(self, message: str) -> dict[str, Any]:
        self.refused += 1
        return {"ok": False, "message": message, "data": {}}


def send(run_dir: Path, command: str, **arguments: Any) -> Answer:
    """Have the lab in `run_dir` carry out a command. Raises NoLabError or RefusedError."""
    target = read_run_file(run_dir)
    request = {"token": target.token, "command": command, "arguments": arguments}
    try:
        with socket.create_connection((target.host, target.port), timeout=TIMEOUT_S) as connection:
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as replies:
                line = replies.readline()
        reply = json.loads(line)
    except (OSError, ValueError) as err:
        raise NoLabError(f"the lab in {run_dir} does not answer: {err}") from err
    if not reply["ok"]:
        raise RefusedError(reply["message"])
    return Answer(reply["message"], reply["data"])
