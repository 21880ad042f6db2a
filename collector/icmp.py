"""Reachability by ICMP echo, thousands of targets at a time, from one socket a family.

What is asked comes from RFC 792 and RFC 4443; which wire carries it is chosen at start (docs/probing.md).
A reply in time is an answer; everything else (silence, an ICMP error, a send error) is none, and the
counters say which. Nothing that the network or the kernel does raises out of `probe`.
"""

from __future__ import annotations

import asyncio
import errno
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from collector.echo import TOKEN_BYTES, Echo, EchoCounters, EchoLedger, ProbeTarget, SequencesExhaustedError
from collector.fping import Fping, FpingError
from collector.icmp_sockets import OPENERS, EchoSocket, Wire, errno_name
from collector.icmp_wire import EchoReply, IpVersion, decode
from collector.pace import Pace
from collector.resolve import Resolved, Resolver
from topology.clock import Clock
from topology.observations import Means, Reachability

__all__ = ["ProbeTarget", "Prober", "ProberSettings", "Wire", "WireNotAllowedError"]

_BUFFER_FULL = frozenset({"ENOBUFS", "EAGAIN", "EWOULDBLOCK"})
_READ_AT_ONCE = 512
_READ_AT_END = 64 * _READ_AT_ONCE
_WIRES = ("auto", *(wire for wire in Wire if wire is not Wire.NONE))
_HOW_RAW = (
    "raw ICMP needs CAP_NET_RAW: AmbientCapabilities=CAP_NET_RAW in the systemd unit, "
    "or cap_add: [NET_RAW] in a container"
)
_HOW_DATAGRAM = (
    'datagram ICMP needs this process\'s group in sysctl net.ipv4.ping_group_range (e.g. "0 2147483647")'
)


@dataclass(frozen=True, slots=True)
class ProberSettings:
    wire: str = "auto"
    """auto (raw, else datagram, else fping), or one of raw, datagram, fping, lab."""
    packets_per_s: float = 5000.0
    """Over all probes together."""
    burst: int = 32
    """Packets sent back to back before the loop may read answers."""
    source_v4: str | None = None
    source_v6: str | None = None
    name_ttl_s: float = 300.0
    name_retry_s: float = 30.0
    fping: str = "fping"


class WireNotAllowedError(Exception):
    """The wire that the settings demand can't be opened; the text says how to allow it."""


class _Round:
    """Requests that are waited for together."""

    def __init__(self) -> None:
        self.echoes: list[Echo] = []
        self.open = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def closed(self) -> None:
        self.open -= 1
        if self.open == 0 and not self.done.done():
            self.done.set_result(None)


class Prober:
    """Inert until `start`. `wire` and `why` say what is used, and how to allow a better one."""

    def __init__(self, settings: ProberSettings, clock: Clock) -> None:
        if settings.wire not in _WIRES:
            raise ValueError(f"wire is one of {', '.join(_WIRES)}, not {settings.wire!r}")
        self._settings = settings
        self._clock = clock
        self.counters = EchoCounters()
        self.wire = Wire.NONE
        self.why = "not started"
        self._sockets: dict[IpVersion, EchoSocket] = {}
        self._dropped: dict[IpVersion, int] = {}
        self._ledger = EchoLedger(bytes(TOKEN_BYTES), self.counters)
        self._rounds: dict[int, _Round] = {}
        """By the serial of each echo that is out."""
        self._pace = Pace(settings.packets_per_s, clock)
        self._resolver = Resolver(clock, settings.name_ttl_s, settings.name_retry_s)
        self._fping = Fping(settings.fping, settings.packets_per_s)

    async def start(self) -> None:
        """Opens the sockets. Raises WireNotAllowedError when the settings demand a wire that isn't to be had;
        with "auto" and none to be had, `wire` is "none" and every probe gives no observation at all."""
        if self.wire is not Wire.NONE:
            return
        self._ledger = EchoLedger(secrets.token_bytes(TOKEN_BYTES), self.counters)
        demanded = self._settings.wire
        candidates = [Wire.RAW, Wire.DATAGRAM, Wire.FPING] if demanded == "auto" else [Wire(demanded)]
        refusals: list[str] = []
        for wire in candidates:
            refusal = await self._try_fping() if wire is Wire.FPING else self._try_sockets(wire)
            if refusal is None:
                self.wire = wire
                self.why = "; ".join([f"{wire} is used", *refusals])
                return
            refusals.append(refusal)
        self.why = "; ".join(["no wire can be used", *refusals])
        if demanded != "auto":
            raise WireNotAllowedError(self.why)

    async def stop(self) -> None:
        self._close_sockets()
        for round_ in set(self._rounds.values()):
            if not round_.done.done():
                round_.done.set_result(None)
        await self._resolver.stop()
        self.wire = Wire.NONE
        self.why = "stopped"

    async def probe(
        self,
        targets: Sequence[ProbeTarget],
        count: int = 1,
        timeout_s: float = 1.0,
        interval_s: float = 1.0,
    ) -> list[Reachability]:
        """One observation a target and round, round by round, in the order of `targets`.

        Rounds start `interval_s` apart and do not wait for each other. An observation's `at` is when the
        answer arrived, or when the unanswered request was sent. `sent` is 0 where nothing could leave this
        machine (`counters.send_errors`, `counters.unresolved`).
        """
        if not targets:
            return []
        if self.wire is Wire.NONE:
            self.counters.unsent += len(targets) * count
            return []
        one = self._fping_round if self.wire is Wire.FPING else self._round
        if count == 1:
            return await one(targets, timeout_s, 0.0)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(targets, timeout_s, n * interval_s)) for n in range(count)]
        return [observation for task in tasks for observation in task.result()]

    @property
    def in_flight(self) -> int:
        """Requests that are waited for now."""
        return len(self._ledger)

    def _try_sockets(self, wire: Wire) -> str | None:
        ident = secrets.randbelow(1 << 16)
        sources = {IpVersion.V4: self._settings.source_v4, IpVersion.V6: self._settings.source_v6}
        for version, source in sources.items():
            try:
                sock = OPENERS[wire](version, source, ident)
            except OSError as error:
                # A machine without one of the versions: targets of it will count as EAFNOSUPPORT.
                optional = version is IpVersion.V6 and source is None and bool(self._sockets)
                if optional or error.errno == errno.EAFNOSUPPORT:
                    continue
                self._close_sockets()
                how = {Wire.RAW: _HOW_RAW, Wire.DATAGRAM: _HOW_DATAGRAM}.get(wire, "the lab's UDP")
                return f"{how} ({error.strerror})"
            self._sockets[version] = sock
            self._watch(sock)
        return None if self._sockets else "neither IPv4 nor IPv6 here"

    def _close_sockets(self) -> None:
        loop = asyncio.get_running_loop()
        for sock in self._sockets.values():
            loop.remove_reader(sock.fileno())
            sock.close()
        self._sockets.clear()

    async def _try_fping(self) -> str | None:
        refusal = await self._fping.works()
        return refusal and f"fping does not work ({refusal})"

    async def _round(
        self, targets: Sequence[ProbeTarget], timeout_s: float, delay_s: float
    ) -> list[Reachability]:
        if delay_s:
            await asyncio.sleep(delay_s)
        addresses = await self._resolve(targets, timeout_s)
        loop = asyncio.get_running_loop()
        round_ = _Round()
        round_.open = 1  # held open until all is sent
        burst = self._settings.burst
        try:
            for start in range(0, len(targets), burst):
                end = start + burst
                await self._pace.turn(min(end, len(targets)) - start)
                for target, to in zip(targets[start:end], addresses[start:end], strict=True):
                    await self._launch(round_, target, to, timeout_s)
            round_.closed()
            timer = loop.call_later(timeout_s, _finish, round_.done)
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
        if not self._sockets:  # stopped meanwhile: who has not answered yet is not silent for that
            round_.echoes = [echo for echo in round_.echoes if echo.rtt_s is not None]
        return [self._observation(echo) for echo in round_.echoes]

    async def _resolve(self, targets: Sequence[ProbeTarget], timeout_s: float) -> list[Resolved | None]:
        known = self._resolver.known
        addresses = [known(target.address.host) for target in targets]
        if None in addresses:
            missing = [t.address.host for t, a in zip(targets, addresses, strict=True) if a is None]
            await self._resolver.wait(missing, timeout_s)
            addresses = [known(target.address.host) for target in targets]
        return addresses

    async def _launch(
        self, round_: _Round, target: ProbeTarget, to: Resolved | None, timeout_s: float
    ) -> None:
        echo = Echo(target, self._clock.now(), self._clock.monotonic_s(), timeout_s)
        round_.echoes.append(echo)
        if to is None:
            self.counters.unresolved += 1
            return
        sock = self._sockets.get(to.version)
        if sock is None:
            self.counters.send_errors["EAFNOSUPPORT"] += 1
            return
        echo.destination = to.address[0]
        try:
            payload = self._ledger.issue(echo)
        except SequencesExhaustedError:
            self.counters.send_errors["sequences_exhausted"] += 1
            return
        for wait_s in (0.005, 0.02, None):
            try:
                sock.send(echo.sequence, payload, to.address, target.address.port)
            except OSError as error:
                name = errno_name(error)
                self.counters.send_errors[name] += 1
                if name in _BUFFER_FULL and wait_s is not None:
                    await asyncio.sleep(wait_s)
                    echo.sent_at, echo.sent_s = self._clock.now(), self._clock.monotonic_s()
                    continue
                self._ledger.give_up(echo)
                echo.serial = -1
                return
            break
        self.counters.sent += 1
        self._rounds[echo.serial] = round_
        round_.open += 1

    def _observation(self, echo: Echo) -> Reachability:
        sent = int(echo.serial >= 0)
        if echo.rtt_s is None:
            if sent:
                self.counters.unanswered += 1
            else:
                self.counters.unsent += 1
            return Reachability(echo.target.device, echo.sent_at, False, Means.ICMP, None, sent, 0)
        self.counters.answered += 1
        arrived_at = echo.sent_at + timedelta(seconds=echo.rtt_s)
        return Reachability(echo.target.device, arrived_at, True, Means.ICMP, echo.rtt_s, sent, 1)

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
                    self.counters.receive_errors[errno_name(error)] += 1
                continue
            if packet is None:
                return False
            if packet.dropped is not None and packet.dropped != self._dropped.get(sock.version, 0):
                self.counters.kernel_dropped += packet.dropped - self._dropped.get(sock.version, 0)
                self._dropped[sock.version] = packet.dropped
            # The kernel's stamp takes out the time a busy loop let the packet wait.
            waited_s = 0.0 if packet.stamp_s is None else wall_s - packet.stamp_s
            arrived_s = now_s - waited_s if 0.0 <= waited_s < 60.0 else now_s
            self._settle(sock, packet.data, packet.source, arrived_s)
        return True

    def _read_errors(self, sock: EchoSocket) -> None:
        some = False
        while error := sock.receive_error():
            some = True
            if error is True:
                self.counters.malformed += 1
            else:
                self._ledger.note_error(error)
        if some:
            # uvloop stops watching a descriptor that had an error; asyncio goes on. Watched anew, both do.
            asyncio.get_running_loop().call_soon(self._watch, sock)

    def _watch(self, sock: EchoSocket) -> None:
        if sock in self._sockets.values():
            loop = asyncio.get_running_loop()
            loop.remove_reader(sock.fileno())
            loop.add_reader(sock.fileno(), self._read, sock)

    def _settle(self, sock: EchoSocket, data: bytes, source: str, arrived_s: float) -> None:
        message = decode(data, sock.message_version, ip_header=sock.ip_header)
        if message is None:
            self.counters.malformed += 1
            return
        if message.ident != sock.ident:
            self.counters.foreign += 1
            return
        if not isinstance(message, EchoReply):
            self._ledger.note_error(message)
            return
        echo = self._ledger.settle(message, source, arrived_s)
        if echo is not None:
            round_ = self._rounds.pop(echo.serial, None)
            if round_ is not None:
                round_.closed()

    async def _fping_round(
        self, targets: Sequence[ProbeTarget], timeout_s: float, delay_s: float
    ) -> list[Reachability]:
        if delay_s:
            await asyncio.sleep(delay_s)
        addresses = await self._resolve(targets, timeout_s)
        echoes = [Echo(t, self._clock.now(), self._clock.monotonic_s(), timeout_s) for t in targets]
        for echo, to in zip(echoes, addresses, strict=True):
            echo.destination = "" if to is None else to.address[0]
        self.counters.unresolved += sum(to is None for to in addresses)
        wanted = sorted({echo.destination for echo in echoes} - {""})
        times: dict[str, float | None] = {}
        if wanted:
            try:
                output = await self._fping.round(wanted, timeout_s)
                times = output.times_s
                self.counters.icmp_errors.update(output.errors)
            except FpingError:
                self.counters.send_errors["fping_failed"] += 1
        for echo in echoes:
            if echo.destination in times:
                echo.serial = 0  # sent, by fping
                self.counters.sent += 1
                echo.rtt_s = times[echo.destination]
        return [self._observation(echo) for echo in echoes]


def _finish(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
