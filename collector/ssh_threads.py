"""SSH sessions beside the event loop: they block, so each has a thread; a few at a time, each ended at its
deadline by closing its socket under it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from collector.counters import Counters
from collector.ssh_faults import SendRefusedError, SshFault
from collector.ssh_ways import Hop
from topology.clock import Clock
from topology.observations import PollFault

if TYPE_CHECKING:
    from collector.ssh_session import Session

_GRACE_S = 3.0
"""So long after its deadline a session may take to notice that its socket is gone."""


class SessionThreads:
    """Invariant: a place is taken from before a session's thread begins until it has ended."""

    def __init__(self, places: int, clock: Clock, counters: Counters) -> None:
        self._most = places
        self._clock = clock
        self._counters = counters
        self._places = asyncio.Semaphore(places)
        self._pool: ThreadPoolExecutor | None = None
        self._sessions: set[Session] = set()

    @property
    def open(self) -> int:
        return len(self._sessions)

    def start(self) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._most, thread_name_prefix="ssh")

    def stop(self) -> None:
        """Ends every session now."""
        for session in list(self._sessions):
            session.kill()
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    async def run(self, hops: Sequence[Hop], work: Callable[[Session], None], deadline_s: float) -> None:
        """`work` with a session to the last of `hops`, connected and not logged in. What it raises is raised
        here, SshFault with what the session was `doing`."""
        if self._pool is None:
            raise SshFault(PollFault.CONFIGURATION, "the SSH poller is not running")
        ends_s = self._clock.monotonic_s() + deadline_s
        try:
            async with asyncio.timeout(deadline_s):
                await self._places.acquire()
        except TimeoutError as error:
            self._counters.add("ssh_waited_in_vain")
            raise SshFault(
                PollFault.DEADLINE, f"no place among {self._most} sessions within {deadline_s:g} s"
            ) from error
        session: Session | None = None
        begun: Future[None] | None = None
        try:
            from collector.ssh_session import Session as Opened  # netmiko is slow to import

            session = Opened(hops, self._clock, ends_s)
            self._sessions.add(session)
            begun = self._pool.submit(self._thread, session, work)
            begun.add_done_callback(self._freed(session, asyncio.get_running_loop()))
            await _ended(begun, max(0.0, ends_s - self._clock.monotonic_s()), session.kill)
        except SshFault as error:
            if session is not None:
                error.doing = session.doing
            raise
        finally:
            if begun is None:
                self._places.release()
                if session is not None:
                    self._sessions.discard(session)
            elif session is not None:
                session.kill()  # a poll that was cancelled, too

    def _freed(self, session: Session, loop: asyncio.AbstractEventLoop) -> Callable[[Future[None]], None]:
        """The place is free when the thread has ended, not before: threads can't pile up."""

        def free() -> None:
            self._sessions.discard(session)
            self._places.release()

        def done(_: Future[None]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(free)

        return done

    def _thread(self, session: Session, work: Callable[[Session], None]) -> None:
        try:
            session.connect()
            work(session)
        except SendRefusedError:
            self._counters.add("ssh_sends_refused")
            raise
        except SshFault as error:
            if session.expired and error.fault in (PollFault.REFUSED, PollFault.TIMEOUT):
                message = f"out of time while doing: {session.doing}"  # its socket was closed under it
                raise SshFault(PollFault.DEADLINE, message, answered=error.answered) from error
            raise
        finally:
            session.close()


async def _ended(begun: Future[None], limit_s: float, kill: Callable[[], None]) -> None:
    """Waits for the thread; ends it at the limit. Raises what it raised."""
    waiting = asyncio.ensure_future(asyncio.wrap_future(begun))
    try:
        done, _ = await asyncio.wait({waiting}, timeout=limit_s)
        if not done:
            kill()
            done, _ = await asyncio.wait({waiting}, timeout=_GRACE_S)
        if not done:
            raise SshFault(
                PollFault.DEADLINE, f"stopped after {limit_s:.1f} s; the session is still being ended"
            )
        waiting.result()
    finally:
        if not waiting.done():
            kill()
            waiting.cancel()
