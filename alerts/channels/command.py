"""A program of the user's: the message as JSON on its stdin. Exit 0: sent; 75 (EX_TEMPFAIL of sysexits.h):
try again; anything else: failed for good."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from dataclasses import dataclass

from alerts.channels.webhook import body_of
from alerts.delivery import Delivery
from alerts.model import Notification, Outcome

EX_TEMPFAIL = 75
KEPT_BYTES = 1000


@dataclass(frozen=True, slots=True)
class CommandSettings:
    argv: tuple[str, ...]
    timeout_s: float = 20.0


class CommandChannel:
    def __init__(self, settings: CommandSettings) -> None:
        self._settings = settings

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def deliver(self, notification: Notification) -> Delivery:
        name = self._settings.argv[0]
        try:
            process = await asyncio.create_subprocess_exec(
                *self._settings.argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # ended with its children
            )
        except (OSError, ValueError) as error:
            return Delivery(Outcome.FAILED, f"{name} can't be started: {error}")
        body = json.dumps(body_of(notification), ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                _, said = await asyncio.gather(_feed(process, body), _tail(process))
                code = await process.wait()
        except TimeoutError:
            return Delivery(
                Outcome.RETRY, f"{name}: no end within {self._settings.timeout_s:g} s", maybe_arrived=True
            )
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if code == 0:
            return Delivery(Outcome.SENT, answer=f"{name}: exit 0")
        text = f"{name}: exit {code} {said}".strip()
        return Delivery(Outcome.RETRY if code == EX_TEMPFAIL else Outcome.FAILED, text)


async def _feed(process: asyncio.subprocess.Process, body: bytes) -> None:
    assert process.stdin is not None
    with contextlib.suppress(
        BrokenPipeError, ConnectionResetError
    ):  # it doesn't want to read: its exit tells
        process.stdin.write(body)
        await process.stdin.drain()
        process.stdin.close()


async def _tail(process: asyncio.subprocess.Process) -> str:
    """The end of what it said on stderr, however much that is."""
    assert process.stderr is not None
    kept = b""
    while chunk := await process.stderr.read(65536):
        kept = (kept + chunk)[-KEPT_BYTES:]
    return " ".join(kept.decode("utf-8", "replace").split())
