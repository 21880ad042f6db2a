"""A dead man's heartbeat: a URL is asked every minute as long as Ronda watches, so that silence alarms.

Made for services as healthchecks.io: no ping, and they call somebody. It beats only while verdicts are fresh
and what was found is on disk; otherwise it is silent, or says so at once on URL/fail.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable

import structlog

from alerts.channels.peer import HttpPeer
from alerts.delivery import Delivery
from alerts.model import Outcome

log = structlog.get_logger(__name__)

TIMEOUT_S = 10.0
RETRY_S = 5.0


class Heartbeat:
    def __init__(self, url: str, every_s: float, why_not: Callable[[], str | None], *, fail: bool) -> None:
        """`why_not`: what is wrong with the watch, or None when all is well."""
        self._url = url.rstrip("/")
        self._every_s = every_s
        self._why_not = why_not
        self._fail = fail
        self._peer = HttpPeer(TIMEOUT_S, [url])
        self._task: asyncio.Task[None] | None = None
        self._failing = False
        self.counters: Counter[str] = Counter()

    async def start(self) -> None:
        await self._peer.start()
        self._task = asyncio.create_task(self._run(), name="heartbeat")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self._peer.stop()

    async def beat(self) -> bool:
        """One look, one ping (or none); whether it arrived."""
        why = self._why_not()
        if why is None:
            self._failing = False
            return await self._ping(self._url, "pings")
        self.counters["withheld"] += 1
        if not self._failing:
            log.warning("heartbeat withheld", why=why)
        if self._fail and not self._failing:
            self._failing = await self._ping(f"{self._url}/fail", "fail_pings")
        else:
            self._failing = True
        return True

    async def _run(self) -> None:
        while True:
            arrived = False
            try:
                arrived = await self.beat()
            except Exception as error:  # noqa: BLE001  # must go on beating; counted and said
                self.counters["errors"] += 1
                log.warning("heartbeat failed", error=type(error).__name__)
            await asyncio.sleep(self._every_s if arrived else min(RETRY_S, self._every_s))

    async def _ping(self, url: str, counted: str) -> bool:
        answer = await self._peer.send("GET", url, content=b"", headers={})
        delivery = answer if isinstance(answer, Delivery) else self._peer.judge(answer)
        if delivery.outcome is Outcome.SENT:
            self.counters[counted] += 1
            return True
        self.counters["errors"] += 1
        if self.counters["errors"] in (1, 10, 100) or not self.counters["errors"] % 1000:
            log.warning("heartbeat does not arrive", error=delivery.error, times=self.counters["errors"])
        return False
