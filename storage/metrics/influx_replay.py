"""Spooled lines to the server, in order. Lines that it will never take are set aside with its reason.
Blocking."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from storage.metrics.influx_wire import InfluxError, Trouble
from storage.metrics.line import Lines

MAX_QUARANTINE_BYTES = 64 * 1024**2


class Quarantine:
    """`quarantine.jsonl`: {"at_s", "reason", "line"} a line. When full, it replaces `quarantine.1.jsonl`."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "quarantine.jsonl"
        self.count = 0

    def add(self, line: bytes, reason: str, now_s: int) -> None:
        entry = {"at_s": now_s, "reason": reason, "line": line.decode("utf-8", "backslashreplace")}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            full = file.tell() >= MAX_QUARANTINE_BYTES
        if full:
            self._file.replace(self._file.with_name("quarantine.1.jsonl"))
        self.count += 1


class Delivery:
    """One batch's way: whole, or in halves down to the lines that are at fault."""

    def __init__(self, send: Callable[[bytes], None], quarantine: Quarantine) -> None:
        self._send = send
        self._quarantine = quarantine
        self.expired = 0
        """Batches of which the server said that some lines were older than what it keeps."""

    def deliver(self, lines: Lines, now_s: int) -> None:
        """Returns when every line is stored or set aside. Raises InfluxError when the server can't be used
        now: then all of it is to be delivered again, which overwrites what was stored with the same."""
        if not self._try(lines.body):
            self._split(lines.body.splitlines(keepends=True), now_s)

    def _try(self, body: bytes) -> bool:
        try:
            self._send(body)
        except InfluxError as error:
            if error.trouble is Trouble.EXPIRED:
                self.expired += 1
                return True
            if error.trouble in (Trouble.POISON, Trouble.TOO_LARGE):
                self._reason = str(error)
                return False
            raise
        return True

    def _split(self, lines: list[bytes], now_s: int) -> None:
        """The whole of `lines` was refused: finds out which of them are to blame."""
        waiting = [lines]
        while waiting:
            part = waiting.pop()
            if len(part) == 1:
                self._quarantine.add(part[0].rstrip(b"\n"), self._reason, now_s)
                continue
            half = len(part) // 2
            refused = []
            for side in (part[:half], part[half:]):
                if not self._try(b"".join(side)):
                    if len(side) == 1:  # its own reason is the one at hand
                        self._quarantine.add(side[0].rstrip(b"\n"), self._reason, now_s)
                    else:
                        refused.append(side)
            waiting += reversed(refused)

    _reason = ""
