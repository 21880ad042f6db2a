"""What a poll needs of an SNMP engine, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from collector.faults import SnmpFault

Value = int | float | str | bytes | bool | None
"""As decoded from BER: numbers, OIDs and IP addresses (str), octets and Opaque (bytes)."""

NOT_THERE: Final[str] = "\x00not there"
"""noSuchObject, noSuchInstance: the agent answered, and has no such thing. No agent gives this string as
an OID or an address, and octets are bytes, so it can't be a value."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How patient a session is. Times in seconds."""

    timeout_s: float = 2.0
    retries: int = 1
    """While the device has not answered yet: a dead one should not cost long."""
    retries_alive: int = 3
    """Once it has: packets get lost, and some agents answer one in three."""
    timeout_floor_s: float = 0.4
    """Time-outs shrink to ten times the slowest answer seen, but not below this."""


@dataclass(slots=True)
class Limits:
    """What was learned of how much the agent takes at once. Kept with the device across sessions."""

    max_repetitions: int = 30
    payload_bytes: int = 1400


@dataclass(frozen=True, slots=True)
class Walk:
    """Rows by OID, in the agent's order; `fault` when the walk did not come to its end."""

    rows: dict[str, Value]
    fault: SnmpFault | None = None


class SnmpTransport(Protocol):
    limits: Limits
    answered: bool
    """Whether this device ever answered."""
    answers: int
    """How many answers came."""
    rtt_s: float | None
    heard_s: float | None
    """When the last answer came, by the event loop's clock."""
    first_asked_s: float | None
    """When the question was asked that was answered first since this was set to None (by whoever polls)."""

    async def open(self) -> None: ...

    def close(self) -> None: ...

    async def get(self, oids: Sequence[str]) -> dict[str, Value]: ...

    async def get_one(self, oid: str) -> Value | None: ...

    async def walk(self, base: str, max_rows: int) -> Walk: ...
