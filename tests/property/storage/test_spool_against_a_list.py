"""The spool beside a plain list: whatever happens, and wherever the process dies, both hold the same."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from storage.metrics.line import Lines
from storage.metrics.spool import Batch, Spool
from storage.settings import SpoolSettings

NOW = 1_800_000_000


class SpoolMachine(RuleBasedStateMachine):
    @initialize(segment_bytes=st.sampled_from([1, 100, 300, 100_000]))
    def begin(self, segment_bytes: int) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.settings = SpoolSettings(segment_bytes=segment_bytes)
        self.oracle: list[bytes] = []
        self.number = 0
        self.batch: tuple[Batch, int] | None = None
        self.reopen()

    def reopen(self) -> None:
        self.spool = Spool(Path(self.directory.name), self.settings)
        self.spool.open()
        self.batch = None

    @rule(size=st.integers(0, 150))
    def append(self, size: int) -> None:
        self.number += 1
        body = b"%d %s\n" % (self.number, b"x" * size)
        assert self.spool.append(Lines(body, 1, NOW), NOW)
        self.oracle.append(body)

    @rule(max_bytes=st.integers(1, 400))
    def peek(self, max_bytes: int) -> None:
        batch = self.spool.peek(max_bytes)
        if batch is None:
            assert not self.oracle
            return
        count = batch.lines.count
        assert batch.lines.body == b"".join(self.oracle[:count])
        assert count == 1 or len(batch.lines.body) <= max_bytes
        self.batch = batch, count

    @rule()
    def commit(self) -> None:
        if self.batch is not None:
            batch, count = self.batch
            self.spool.commit(batch.end, count)
            del self.oracle[:count]
            self.batch = None

    @rule()
    def die(self) -> None:
        """kill -9: nothing is closed."""
        self.reopen()

    @rule(garbage=st.binary(min_size=1, max_size=60))
    def die_while_writing(self, garbage: bytes) -> None:
        """The last record was written in part: it was not acknowledged."""
        segments = sorted(Path(self.directory.name).glob("*.seg"))
        if segments:
            with segments[-1].open("ab") as file:
                file.write(b"RND1" + garbage)
        self.reopen()

    @rule()
    def close_well(self) -> None:
        self.spool.close()
        self.reopen()

    @invariant()
    def says_whether_it_is_empty(self) -> None:
        if hasattr(self, "spool"):
            assert self.spool.empty == (not self.oracle)

    def teardown(self) -> None:
        if hasattr(self, "directory"):
            self.directory.cleanup()


TestSpool = SpoolMachine.TestCase
TestSpool.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
