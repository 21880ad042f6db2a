"""How a poller behaves. Every setting stands in docs/collector.md."""

from __future__ import annotations

from dataclasses import dataclass

from collector.transport import Tuning


@dataclass(frozen=True, slots=True)
class PollSettings:
    timeout_s: float = 2.0
    """How long a device that never answered is waited for, each time it is asked."""
    retries: int = 1
    """Asked again so often while it has not answered."""
    payload_bytes: int = 1400
    """Answers are kept below this; halved for devices that can't, and remembered."""
    max_repetitions: int = 30
    """Rows a GETBULK asks for while rows are learned."""
    learn_every_s: float = 900.0
    """Names, aliases, speeds and limits are read again after this, and new rows found."""
    relearn_at_least_s: float = 120.0
    """Rows that come and go have a device walked not oftener than this (a reboot does at once)."""
    neighbors_every_s: float = 300.0
    """LLDP and CDP are walked this often, and at once when the agent says that they changed."""
    max_rows: int = 100_000
    """A column with more rows is an agent running in circles."""
    port: int = 161
    """Where a device without a port in its address listens."""

    def tuning(self) -> Tuning:
        return Tuning(timeout_s=self.timeout_s, retries=self.retries)
