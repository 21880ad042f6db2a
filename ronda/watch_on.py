"""Runs the application until it is told to stop; when the clock was set back, stops it and starts it anew.

After such a step nothing that is seen would count against what was seen "later", nor a message that is due
"later" go out, until that time has come. A start leaves such evidence out, and goes on where the records are.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from ronda.app import App, StartError

log = structlog.get_logger(__name__)

STOP_WITHIN_S = 4.5


async def watch_on(
    make: Callable[[], App], stopping: asyncio.Event, started: Callable[[App], None] = lambda _: None
) -> bool:
    """Whether all ended in time at the end. `started` is called after the first start. Raises StartError."""
    first = True
    while True:
        app = make()
        try:
            await app.start()
        except StartError:
            await _stop(app)
            raise
        if first:
            started(app)
            first = False
        waiting = {asyncio.create_task(one.wait()) for one in (stopping, app.rounds.clock_set_back)}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            in_time = await _stop(app)
        if stopping.is_set():
            return in_time
        log.warning("started anew, for the clock was set back")


async def _stop(app: App) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(app.stop(), STOP_WITHIN_S)
        return True
    return False
