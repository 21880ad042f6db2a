"""Echo requests out and replies in, over one socket a family: pacing, time-outs, what a packet settles."""

from __future__ import annotations

import asyncio
import errno
import secrets
from collections.abc import Mapping, Sequence

from collector.echo import TOKEN_BYTES, Echo, EchoCounters, EchoLedger, ProbeTarget, SequencesExhaustedError
from collector.icmp_sockets import OPENERS, EchoSocket, Wire, errno_name
from collector.icmp_wire import EchoReply, IpVersion, decode
from collector.pace import Pace
from collector.resolve import Resolved
from topology.clock import Clock

_BUFFER_FULL = frozenset({"ENOBUFS", "EAGAIN", "EWOULDBLOCK"})
_BUFFER_WAITS_S = (0.005, 0.02, None)
"""How long to wait for room before each further try; ``None``: no further."""
_READ_AT_ONCE = 512
_READ_AT_END = 64 * _READ_AT_ONCE
_OLDEST_STAMP_S = 60.0
"""A packet that claims to have waited longer was stamped by a clock that has since been set."""


class _Round:
    """Requests that are waited for together."""

    def __init__(self) -> None:
        self.echoes: list[Echo] = []
        self.open = 1
        """Echoes out, and one more until all are sent."""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def closed(self) -> None:
        self.open -= 1
        if self.open == 0:
            self.finish()

    def finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


class EchoExchange:
    """Inert until `open`."""

    def __init__(self, clock: Clock, counters: EchoCounters, *, packets_per_s: float, burst: int) -> None:
        self._clock = clock
        self._counters = counters
        self._burst = burst
        self._pace = Pace(packets_per_s, clock)
        self._sockets: dict[IpVersion, EchoSocket] = {}
        self._dropped: dict[IpVersion, int] = {}
        self._ledger = EchoLedger(bytes(TOKEN_BYTES), counters)
        self._rounds: dict[int, _Round] = {}
        """By the serial of each echo that is out."""

    @property
    def in_flight(self) -> int:
        return len(self._ledger)

    def open(self, wire: Wire, sources: Mapping[IpVersion, str | None]) -> OSError | None:
        """Opens a socket for each version this machine has; ``None`` when that went well."""
        self._ledger = EchoLedger(secrets.token_bytes(TOKEN_BYTES), self._counters)
        ident = secrets.randbelow(1 << 16)
        for version, source in sources.items():
            try:
                sock = OPENERS[wire](version, source, ident)
            except OSError as error:
                # A machine without one of the versions: targets of it will count as EAFNOSUPPORT.
                optional = version is IpVersion.V6 and source is None and bool(self._sockets)
                if optional or error.errno == errno.EAFNOSUPPORT:
                    continue
                self.close()
                return error
            self._sockets[version] = sock
            self._watch(sock)
        return None if self._sockets else OSError(errno.EAFNOSUPPORT, "neither IPv4 nor IPv6 here")

    def close(self) -> None:
        """Rounds under way end at once."""
        loop = asyncio.get_running_loop()
        for sock in self._sockets.values():
            loop.remove_reader(sock.fileno())
            sock.close()
        self._sockets.clear()
        for round_ in set(self._rounds.values()):
            round_.finish()

    async def round(
        self, targets: Sequence[ProbeTarget], addresses: Sequence[Resolved | None], timeout_s: float
    ) -> list[Echo]:
        """One echo to each, and what became of it. Only those answered when it was closed meanwhile."""
        round_ = _Round()
        try:
            for start in range(0, len(targets), self._burst):
                end = min(start + self._burst, len(targets))
                await self._pace.turn(end - start)
                for target, to in zip(targets[start:end], addresses[start:end], strict=True):
                    await self._launch(round_, target, to, timeout_s)
            round_.closed()
            timer = asyncio.get_running_loop().call_later(timeout_s, round_.finish)
            await round_.done
            timer.cancel()
            # What has arrived but waits to be read (a busy loop) is an answer too.
            for sock in self._sockets.values():
                for _ in range(_READ_AT_END // _READ_AT_ONCE):
                    if not self._read(sock):
                        break
        finally:
            for echo in round_.echoes:
                if self._rounds.pop(echo.serial, None) is not None:
                    self._ledger.give_up(echo)
        if self._sockets:
            return round_.echoes
        # Closed meanwhile: who has not answered yet is not silent for that.
        return [echo for echo in round_.echoes if echo.rtt_s is not None]

    async def _launch(
        self, round_: _Round, target: ProbeTarget, to: Resolved | None, timeout_s: float
    ) -> None:
        echo = Echo(target, self._clock.now(), self._clock.monotonic_s(), timeout_s)
        round_.echoes.append(echo)
        if to is None:
            self._counters.unresolved += 1
            return
        sock = self._sockets.get(to.version)
        if sock is None:
            self._counters.send_errors["EAFNOSUPPORT"] += 1
            return
        echo.destination = to.address[0]
        try:
            payload = self._ledger.issue(echo)
        except SequencesExhaustedError:
            self._counters.send_errors["sequences_exhausted"] += 1
            return
        for wait_s in _BUFFER_WAITS_S:
            try:
                sock.send(echo.sequence, payload, to.address, target.address.port)
            except OSError as error:
                name = errno_name(error)
                self._counters.send_errors[name] += 1
                if name in _BUFFER_FULL and wait_s is not None:
                    await asyncio.sleep(wait_s)
                    echo.sent_at, echo.sent_s = self._clock.now(), self._clock.monotonic_s()
                    continue
                self._ledger.give_up(echo)
                return
            break
        echo.sent = True
        self._counters.sent += 1
        self._rounds[echo.serial] = round_
        round_.open += 1

    def _watch(self, sock: EchoSocket) -> None:
        if sock in self._sockets.values():
            loop = asyncio.get_running_loop()
            loop.remove_reader(sock.fileno())
            loop.add_reader(sock.fileno(), self._read, sock)

    def _read(self, sock: EchoSocket) -> bool:
        """Takes what has arrived, up to a limit. Whether there may be more."""
        if sock.error_queue:
            self._read_errors(sock)
        now_s = self._clock.monotonic_s()
        wall_s = self._clock.now().timestamp()
        for _ in range(_READ_AT_ONCE):
            try:
                packet = sock.receive()
            except OSError as error:
                if not sock.error_queue:  # there it is an ICMP error, and the queue tells it better
                    self._counters.receive_errors[errno_name(error)] += 1
                continue
            if packet is None:
                return False
            if packet.dropped is not None and packet.dropped != self._dropped.get(sock.version, 0):
                self._counters.kernel_dropped += packet.dropped - self._dropped.get(sock.version, 0)
                self._dropped[sock.version] = packet.dropped
            # The kernel's stamp takes out the time a busy loop let the packet wait.
            waited_s = 0.0 if packet.stamp_s is None else wall_s - packet.stamp_s
            arrived_s = now_s - waited_s if 0.0 <= waited_s < _OLDEST_STAMP_S else now_s
            self._settle(sock, packet.data, packet.source, arrived_s)
        return True

    def _read_errors(self, sock: EchoSocket) -> None:
        some = False
        while error := sock.receive_error():
            some = True
            if error is True:
                self._counters.malformed += 1
            else:
                self._ledger.note_error(error)
        if some:
            # uvloop stops watching a descriptor that had an error; asyncio goes on. Watched anew, both do.
            asyncio.get_running_loop().call_soon(self._watch, sock)

    def _settle(self, sock: EchoSocket, data: bytes, source: str, arrived_s: float) -> None:
        message = decode(data, sock.message_version, ip_header=sock.ip_header)
        if message is None:
            self._counters.malformed += 1
        elif message.ident != sock.ident:
            self._counters.foreign += 1
        elif not isinstance(message, EchoReply):
            self._ledger.note_error(message)
        else:
            echo = self._ledger.settle(message, source, arrived_s)
            round_ = None if echo is None else self._rounds.pop(echo.serial, None)
            if round_ is not None:
                round_.closed()
