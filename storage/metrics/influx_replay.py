"""Spooled lines to the server, in order. Lines that it will never take are set aside with its reason.
Blocking."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from storage.metrics.influx_rollup import Marks
from storage.metrics.influx_wire import InfluxError, Trouble
from storage.metrics.spool import Position, Spool

MAX_QUARANTINE_BYTES = 64 * 1024**2


class Quarantine:
    """`quarantine.jsonl`: {"at_s", "reason", "line"} a line. When full, it replaces `quarantine.1.jsonl`."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "quarantine.jsonl"
        self._unsettled: set[bytes] = set()
        """Lines set aside of a batch that is not done with: when it is sent again, they are left out."""
        self.count = 0

    def without_known(self, body: bytes) -> bytes:
        if not self._unsettled:
            return body
        return b"".join(line for line in body.splitlines(keepends=True) if line not in self._unsettled)

    def settle(self) -> None:
        """The batch is done with."""
        self._unsettled.clear()

    def add(self, line: bytes, reason: str, now_s: int) -> None:
        text = line.rstrip(b"\n").decode("utf-8", "backslashreplace")
        entry = {"at_s": now_s, "reason": reason, "line": text}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            full = file.tell() >= MAX_QUARANTINE_BYTES
        if full:
            self._file.replace(self._file.with_name("quarantine.1.jsonl"))
        self._unsettled.add(line)
        self.count += 1


class Replayer:
    """Takes the queue to the server: whole batches, or, around a line that is refused, record by record and
    in halves. Each record that is done with is committed, so that trouble in between costs little."""

    def __init__(
        self,
        spool: Spool,
        marks: Marks,
        send: Callable[[bytes], None],
        quarantine: Quarantine,
        *,
        max_bytes: int,
        alive: Callable[[], None],
    ) -> None:
        self._spool = spool
        self._marks = marks
        self._send = send
        self._quarantine = quarantine
        self._max_bytes = max_bytes
        self._alive = alive
        """Called when the server has judged lines, whichever way: new ones need not wait for the rest."""
        self._careful_until: Position | None = None
        self._reason = ""
        self.requests = 0
        self.batches_with_expired_lines = 0

    def once(self, now_s: int) -> bool:
        """Sends the oldest batch. False: nothing waits.

        Raises InfluxError when the server can't be used now, OSError when the queue or the quarantine can't
        be: then the batch is sent again, which overwrites what was stored with the same.
        """
        careful = self._careful_until is not None
        batch = self._spool.peek(1 if careful else self._max_bytes)
        if batch is None:
            return False
        body = self._quarantine.without_known(batch.lines.body)
        if body and not self._try(body):
            if batch.records > 1:
                self._careful_until = batch.end
                return True
            self._split(body.splitlines(keepends=True), now_s)
        self._spool.commit(batch.end, batch.lines.count)
        self._marks.move_back(batch.lines.oldest_s)
        self._quarantine.settle()
        if self._careful_until is not None and batch.end >= self._careful_until:
            self._careful_until = None
        return True

    def _try(self, body: bytes) -> bool:
        """False: the server refuses the lines as they are."""
        self.requests += 1
        try:
            self._send(body)
        except InfluxError as error:
            if error.trouble is Trouble.EXPIRED:
                self.batches_with_expired_lines += 1
            elif error.trouble in (Trouble.POISON, Trouble.TOO_LARGE):
                self._reason = str(error)
                self._alive()
                return False
            else:
                raise
        self._alive()
        return True

    def _split(self, lines: list[bytes], now_s: int) -> None:
        """The whole of `lines` was refused: finds out which of them are to blame."""
        if len(lines) == 1:
            self._quarantine.add(lines[0], self._reason, now_s)
            return
        half = len(lines) // 2
        for side in (lines[:half], lines[half:]):
            if not self._try(b"".join(side)):
                self._split(side, now_s)
