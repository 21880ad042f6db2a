"""SNMP over gufo-snmp's sockets: one device, one UDP socket, one request in flight.

gufo-snmp encodes, encrypts and decodes. What this adds is what it leaves out (docs/decisions/snmp-engine.md):
time-outs and retries, a lock, walks that end when an agent runs in circles, an error where an agent's
refusal looks like an empty table, smaller requests for agents that can't take big ones, and SNMPv3
re-synchronisation. Raises nothing but SnmpFault (and CancelledError).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from gufo.snmp import NoSuchInstance, SnmpEncodeError, User
from gufo.snmp._fast import GetIter, SnmpV1ClientSocket, SnmpV2cClientSocket, SnmpV3ClientSocket

from collector.counters import Counters
from collector.faults import SnmpFault
from collector.gufo import from_gufo_error, from_os_error, usm_user
from collector.secrets import SnmpSecret, UsmSecret
from collector.transport import NOT_THERE, Limits, Tuning, Value, Walk
from topology.observations import PollFault

_END: Final = object()
_RESYNC_IDLE_S = 100.0
"""SNMPv3's time window is 150 s (RFC 3414, 2.2.3); gufo's clock of the agent stands still between answers."""


class GufoSession:
    """Opened with `open()`, closed with `close()`; a lock keeps one request in flight."""

    def __init__(
        self,
        host: str,
        port: int,
        secret: SnmpSecret,
        tuning: Tuning,
        limits: Limits,
        counters: Counters,
        user: User | None = None,
    ) -> None:
        self.address = (host, port)
        self._address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._secret = secret
        self._user = user
        self._tuning = tuning
        self.limits = limits
        self._counters = counters
        self._sock: Any = None
        self._fd = -1
        self._loop: asyncio.AbstractEventLoop
        self._lock = asyncio.Lock()
        self._waiter: asyncio.Future[Any] | None = None
        self._receive: Callable[[], Any] = lambda: None
        self.heard_s: float | None = None
        self.first_asked_s: float | None = None
        self.answered = False
        self.answers = 0
        self.rtt_s: float | None = None
        """Of the last answer."""
        self._slowest_s = 0.0

    # -- opening and closing -------------------------------------------------------------------

    async def open(self) -> None:
        """Opens the socket; SNMPv3 also discovers the engine and its clock (RFC 3414, 4)."""
        if self._sock is not None:
            return
        self._loop = asyncio.get_running_loop()
        try:
            self._sock = self._new_socket()
        except OSError as error:
            raise from_os_error(error) from error
        self._fd = self._sock.get_fd()
        self._loop.add_reader(self._fd, self._on_readable)
        if isinstance(self._secret, UsmSecret):
            await self._discover()

    def close(self) -> None:
        if self._sock is not None:
            self._loop.remove_reader(self._fd)
            self._sock = None
        if self._waiter is not None and not self._waiter.done():
            self._waiter.cancel()

    def _new_socket(self) -> Any:
        if isinstance(self._secret, UsmSecret):
            self._user = self._user or usm_user(self._secret)
            return SnmpV3ClientSocket(self._address, b"", "", 0, b"", 0, b"", 0, 0, 0, 0)
        socket_class = SnmpV1ClientSocket if self._secret.version == "1" else SnmpV2cClientSocket
        return socket_class(self._address, self._secret.community, 0, 0, 0, 0)

    async def _discover(self) -> None:
        try:
            await self._exchange(self._sock.send_refresh, self._sock.recv_refresh)
            user = self._user
            assert user is not None
            self._sock.set_keys(
                user.name, user.get_auth_alg(), user.get_auth_key(), user.get_priv_alg(), user.get_priv_key()
            )
            if user.require_auth():
                await self._exchange(self._sock.send_refresh, self._sock.recv_refresh)
        except BaseException:
            self.close()  # the next try begins anew
            raise

    # -- the four requests -----------------------------------------------------------------------

    async def get(self, oids: Sequence[str]) -> dict[str, Value]:
        """One GET, one packet. Objects that the agent does not have, or did not give, are left out."""
        wanted = oids if isinstance(oids, list) else list(oids)
        if self.answered and self._waiter is None and not self._lock.locked() and not self._idle():
            answer = await self._get_at_once(wanted)
            if answer is not None:
                return answer
        async with self._lock:
            answer = await self._request(
                lambda: self._sock.send_get_many(wanted), lambda: self._sock.recv_get_many()
            )
        return answer if isinstance(answer, dict) else {}

    async def _get_at_once(self, oids: list[str]) -> dict[str, Value] | None:
        """The first try of a GET, without the ways around it: nearly every request of a poll is this one.

        None when it did not come to a plain answer; then the patient way is gone.
        """
        loop = self._loop
        waiter: asyncio.Future[Any] = loop.create_future()
        self._waiter = waiter
        self._receive = self._sock.recv_get_many
        self._counters.add("snmp_requests")
        began_s = loop.time()
        timer = loop.call_later(self._patience_s(), _expire, waiter)
        try:
            self._sock.send_get_many(oids)
            answer = await waiter
        except (SnmpFault, OSError, SnmpEncodeError, ValueError):
            self._counters.add("snmp_retries")
            return None
        finally:
            timer.cancel()
            self._waiter = None
        self._note_answer(began_s)
        return answer if type(answer) is dict else None

    def _idle(self) -> bool:
        """Not open, or silent for so long that an SNMPv3 agent's clock has to be asked anew."""
        if self._sock is None:
            return True
        if not isinstance(self._secret, UsmSecret):
            return False
        return self._loop.time() - (self.heard_s or 0.0) > _RESYNC_IDLE_S

    def _patience_s(self) -> float:
        tuning = self._tuning
        return min(tuning.timeout_s, max(tuning.timeout_floor_s, 10.0 * self._slowest_s))

    def _note_answer(self, began_s: float) -> None:
        self.heard_s = self._loop.time()
        self.rtt_s = self.heard_s - began_s
        if self.first_asked_s is None:
            self.first_asked_s = began_s
        self._slowest_s = max(self.rtt_s, self._slowest_s * 0.9)
        self.answered = True
        self.answers += 1

    async def get_one(self, oid: str) -> Value | None:
        """One object. NOT_THERE when the agent says so; None when it gave an error or nothing."""
        async with self._lock:
            answer: Value | None = await self._request(
                lambda: self._sock.send_get(oid), lambda: self._sock.recv_get()
            )
        return answer

    async def walk(self, base: str, max_rows: int) -> Walk:
        """Every row below `base`. An agent in trouble gives the rows that it gave, and the fault."""
        rows: dict[str, Value] = {}
        bulk = self._secret.version != "1" if not isinstance(self._secret, UsmSecret) else True
        while True:
            try:
                async with self._lock:
                    await self._walk_once(base, max_rows, rows, bulk)
                return Walk(rows)
            except SnmpFault as fault:
                if bulk and self.answered and self._shrink_repetitions(fault):
                    continue  # from the start: gufo's iterator can't be told where to begin
                return Walk(rows, fault)

    async def _walk_once(self, base: str, max_rows: int, rows: dict[str, Value], bulk: bool) -> None:
        repetitions = self.limits.max_repetitions if bulk else 1
        cursor = GetIter(base, repetitions)
        seen: set[str] = set()
        while True:
            if bulk:
                answer = await self._request(
                    lambda: self._sock.send_get_bulk(cursor), lambda: self._sock.recv_get_bulk(cursor)
                )
            else:
                answer = await self._request(
                    lambda: self._sock.send_get_next(cursor), lambda: self._sock.recv_get_next(cursor)
                )
                answer = answer if answer is _END else [answer]
            if answer is _END or not answer:
                return
            new = False
            for row in answer:
                if row is None:
                    return
                oid, value = row
                if oid in seen:
                    continue
                seen.add(oid)
                rows[oid] = value
                new = True
            if not new:
                self._counters.add("snmp_loops_stopped")
                raise SnmpFault(
                    PollFault.LOOP, "the agent's OIDs do not increase; walk stopped", answer[-1][0]
                )
            if len(seen) > max_rows:
                self._counters.add("snmp_loops_stopped")
                raise SnmpFault(PollFault.LOOP, f"more than {max_rows} rows; walk stopped", base)

    def _shrink_repetitions(self, fault: SnmpFault) -> bool:
        if fault.fault not in (PollFault.DECODE, PollFault.TIMEOUT, PollFault.TOO_BIG):
            return False
        if self.limits.max_repetitions <= 1:
            return False
        self.limits.max_repetitions = max(1, self.limits.max_repetitions // 3)
        self._counters.add("snmp_requests_shrunk")
        return True

    # -- one exchange -------------------------------------------------------------------------------

    async def _request(self, send: Callable[[], None], receive: Callable[[], Any]) -> Any:
        """With retries, and for SNMPv3 one re-synchronisation. The lock is held by the caller."""
        if self._sock is None:
            await self.open()
        if isinstance(self._secret, UsmSecret) and self.answered:
            if self._idle():
                await self._resync()
            try:
                return await self._exchange(send, receive, tries=1)
            except SnmpFault as fault:
                if fault.fault not in (PollFault.AUTHENTICATION, PollFault.TIMEOUT):
                    raise
            # The agent rebooted or was replaced: its clock or its engine is not the one we know. It says
            # so in a report that gufo may not hand on, so silence means the same (and is asked again).
            await self._resync()
        return await self._exchange(send, receive)

    async def _resync(self) -> None:
        self._counters.add("snmp_v3_resyncs")
        self.close()
        await self.open()

    async def _exchange(
        self, send: Callable[[], None], receive: Callable[[], Any], tries: int | None = None
    ) -> Any:
        tuning = self._tuning
        if tries is None:
            tries = 1 + (tuning.retries_alive if self.answered else tuning.retries)
        timeout_s = self._patience_s() if self.answered else tuning.timeout_s
        fault = SnmpFault(PollFault.TIMEOUT, "no answer")
        for attempt in range(tries):
            if attempt:
                self._counters.add("snmp_retries")
            try:
                return await self._once(send, receive, timeout_s)
            except SnmpFault as problem:
                fault = problem
                if problem.fault not in (PollFault.TIMEOUT, PollFault.DECODE):
                    raise
                if problem.fault is PollFault.DECODE and attempt:
                    raise  # twice the same: not the wire's noise
            timeout_s = min(tuning.timeout_s, timeout_s * 2)
        raise fault

    async def _once(self, send: Callable[[], None], receive: Callable[[], Any], timeout_s: float) -> Any:
        loop = self._loop
        waiter: asyncio.Future[Any] = loop.create_future()
        self._waiter = waiter
        self._receive = receive
        began_s = loop.time()
        self._counters.add("snmp_requests")
        try:
            send()
        except OSError as error:
            raise from_os_error(error) from error
        except (SnmpEncodeError, ValueError) as error:
            raise SnmpFault(PollFault.TOO_BIG, f"the request can't be encoded: {error}") from error
        timer = loop.call_later(timeout_s, _expire, waiter)
        try:
            answer = await waiter
        finally:
            timer.cancel()
            self._waiter = None
        self._note_answer(began_s)
        return answer

    def _on_readable(self) -> None:
        """Reads what came. Without a request in flight it is a late or second answer, and dropped."""
        waiter = self._waiter
        try:
            answer = self._receive()
        except BlockingIOError:
            return
        except StopAsyncIteration:
            answer = _END
        except NoSuchInstance:
            answer = NOT_THERE
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            # A panic of gufo's Rust decoder, as some truncated packets bring about, is no Exception.
            if waiter is not None and not waiter.done():
                waiter.set_exception(from_gufo_error(error))
            else:
                self._counters.add("snmp_stray_packets")
            return
        if waiter is None or waiter.done():
            self._counters.add("snmp_stray_packets")
            return
        waiter.set_result(answer)


def _expire(waiter: asyncio.Future[Any]) -> None:
    if not waiter.done():
        waiter.set_exception(SnmpFault(PollFault.TIMEOUT, "no answer"))
