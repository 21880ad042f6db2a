"""Which echo requests are out, and what an arriving packet settles. Pure: no socket, no clock.

An answer counts when three things agree: the identifier (the wire's, checked before `settle`), the
sequence number of a request that is still out, and the payload: a token drawn at start and this
request's serial number, so that neither another program's ping nor an answer to a sequence number used
65,536 requests ago can pass for ours.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from collector.icmp_wire import EchoError, EchoReply
from topology.model import Address, DeviceId

SEQUENCES = 1 << 16
TOKEN_BYTES = 8
_SERIAL_BYTES = 8

OWN_SIDE_ERRNOS = frozenset(
    {"ENETUNREACH", "ENETDOWN", "EHOSTUNREACH", "EPERM", "EACCES", "ENOBUFS", "EADDRNOTAVAIL"}
)
"""Send errors that speak of this machine (no route, no permission, no buffer), not of the target."""


@dataclass(frozen=True, slots=True)
class ProbeTarget:
    device: DeviceId
    address: Address
    """Its port is used by the wire "lab" only."""
    patience_s: float | None = None
    """Not to be waited for longer than this, when less than the time-out of all."""


@dataclass(slots=True)
class EchoCounters:
    """What the prober did since it started. All only grow."""

    sent: int = 0
    answered: int = 0
    unanswered: int = 0
    """Sent, and no valid answer in time."""
    unsent: int = 0
    """Never left this machine: a send error, an unresolved name, no wire."""
    duplicate: int = 0
    late: int = 0
    """Ours, but after its time-out."""
    foreign: int = 0
    """Somebody else's identifier, sequence or payload."""
    malformed: int = 0
    elsewhere: int = 0
    """Answers (counted as answered) from another address than the one asked: a multi-homed router."""
    unresolved: int = 0
    kernel_dropped: int = 0
    """Datagrams the kernel threw away because the receive buffer was full."""
    icmp_errors: Counter[str] = field(default_factory=Counter)
    """ICMP errors about our requests, by reason (`collector.icmp_wire`)."""
    send_errors: Counter[str] = field(default_factory=Counter)
    """By errno name. ENETUNREACH means that our own machine has no route."""
    receive_errors: Counter[str] = field(default_factory=Counter)
    """By errno name."""

    @property
    def own_side_errors(self) -> int:
        """Send errors that speak of this machine."""
        return sum(n for name, n in self.send_errors.items() if name in OWN_SIDE_ERRNOS)

    def samples(self) -> Iterator[tuple[str, dict[str, str], int]]:
        """(name, labels, value) for whoever exposes metrics."""
        for name in (
            "sent",
            "answered",
            "unanswered",
            "unsent",
            "duplicate",
            "late",
            "foreign",
            "malformed",
            "elsewhere",
            "unresolved",
            "kernel_dropped",
        ):
            yield name, {}, getattr(self, name)
        for reason, n in sorted(self.icmp_errors.items()):
            yield "icmp_errors", {"reason": reason}, n
        for errno_name, n in sorted(self.send_errors.items()):
            yield "send_errors", {"errno": errno_name}, n
        for errno_name, n in sorted(self.receive_errors.items()):
            yield "receive_errors", {"errno": errno_name}, n
        yield "own_side_errors", {}, self.own_side_errors


@dataclass(slots=True)
class Echo:
    """One request and what became of it."""

    target: ProbeTarget
    sent_at: datetime
    sent_s: float
    timeout_s: float
    destination: str = ""
    """The numeric address it went to."""
    serial: int = -1
    """Given by the ledger."""
    sent: bool = False
    """Whether it left this machine."""
    rtt_s: float | None = None
    """``None``: not answered (yet)."""
    error: str | None = None
    """The reason of an ICMP error about it. It may still be answered: anybody can forge an error."""

    @property
    def sequence(self) -> int:
        return self.serial % SEQUENCES


class SequencesExhaustedError(Exception):
    """All 65,536 sequence numbers are out."""


class EchoLedger:
    """Invariant: `_out` holds exactly the echoes issued and neither answered nor given up."""

    def __init__(self, token: bytes, counters: EchoCounters) -> None:
        if len(token) != TOKEN_BYTES:
            raise ValueError(f"the token has {TOKEN_BYTES} bytes")
        self._token = token
        self._counters = counters
        self._out: dict[int, Echo] = {}
        self._next = 0
        self._answered = array("q", [-1]) * SEQUENCES
        """The serial that was last answered on a sequence number: tells a duplicate from a late one."""

    def __len__(self) -> int:
        return len(self._out)

    def issue(self, echo: Echo) -> bytes:
        """Gives the echo its serial and returns the payload to send. Raises SequencesExhaustedError."""
        if len(self._out) >= SEQUENCES:
            raise SequencesExhaustedError
        while self._next % SEQUENCES in self._out:
            self._next += 1
        echo.serial = self._next
        self._next += 1
        self._out[echo.sequence] = echo
        return self._token + echo.serial.to_bytes(_SERIAL_BYTES)

    def give_up(self, echo: Echo) -> None:
        """Its time is over (or it could not be sent): what comes now is late."""
        if self._out.get(echo.sequence) is echo:
            del self._out[echo.sequence]

    def settle(self, reply: EchoReply, source: str, arrived_s: float) -> Echo | None:
        """The echo that this reply answers in time; else ``None``, and it is counted why not."""
        counters = self._counters
        serial = self._serial(reply.payload)
        if serial is None or serial % SEQUENCES != reply.sequence:
            counters.foreign += 1
            return None
        echo = self._out.get(reply.sequence)
        if echo is None or echo.serial != serial:
            if self._answered[reply.sequence] == serial:
                counters.duplicate += 1
            elif serial < self._next:
                counters.late += 1
            else:
                counters.foreign += 1
            return None
        rtt_s = max(0.0, arrived_s - echo.sent_s)
        if rtt_s > echo.timeout_s:
            counters.late += 1
            self.give_up(echo)
            return None
        echo.rtt_s = rtt_s
        del self._out[reply.sequence]
        self._answered[reply.sequence] = serial
        if source != echo.destination:
            counters.elsewhere += 1
        return echo

    def note_error(self, error: EchoError) -> Echo | None:
        """Notes why an echo is likely to stay unanswered. Old routers quote 8 bytes, so no token."""
        echo = self._out.get(error.sequence)
        # A router may cut the quotation short or pad it: what is there of ours must agree.
        cut = error.payload[: TOKEN_BYTES + _SERIAL_BYTES]
        if (
            echo is None
            or echo.destination != error.destination
            or not (self._token + echo.serial.to_bytes(_SERIAL_BYTES)).startswith(cut)
        ):
            self._counters.foreign += 1
            return None
        if echo.error is None:
            echo.error = error.reason
        self._counters.icmp_errors[error.reason] += 1
        return echo

    def _serial(self, payload: bytes) -> int | None:
        if len(payload) != TOKEN_BYTES + _SERIAL_BYTES or payload[:TOKEN_BYTES] != self._token:
            return None
        return int.from_bytes(payload[TOKEN_BYTES:])
