"""Who is due when: polls and other work on APScheduler's turns, probes by `collector.reprobe`.

Nothing here touches the network: `poll` and `probe` are handed in, and what they bring goes to `deliver`
and `deliver_probes`. An exception of any of the four is counted and logged, and the schedule goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

import structlog

from collector.echo import ProbeTarget
from collector.places import Places
from collector.poll_turns import PollTurns
from collector.probe_turns import ProbeTurns
from collector.schedule_counters import ScheduleCounters
from collector.schedule_settings import ScheduleSettings
from collector.seldom import Seldom
from collector.turns import Turns
from topology.clock import Clock
from topology.model import Device, DeviceId
from topology.observations import PollResult, Reachability

__all__ = ["Schedule", "ScheduleCounters", "ScheduleSettings"]

_STOP_S = 1.5
_log = structlog.get_logger(__name__)


class Schedule:
    """Inert until `start`. What it did is in `counters`."""

    def __init__(
        self,
        devices: Iterable[Device],
        poll: Callable[[Device], Awaitable[PollResult]],
        probe: Callable[[Sequence[ProbeTarget]], Awaitable[list[Reachability]]],
        deliver: Callable[[PollResult], None],
        deliver_probes: Callable[[Sequence[Reachability]], None],
        clock: Clock,
        settings: ScheduleSettings | None = None,
    ) -> None:
        settings = settings or ScheduleSettings()
        places = Places(settings.polls_quick, settings.polls_slow, settings.yield_place_after_s)
        self.counters = ScheduleCounters(places.counters)
        self._devices = _monitored(devices)
        self._seldom = Seldom(_log, clock)
        self._turns = Turns(clock, self.counters, self._seldom, clock_step_s=settings.clock_step_s)
        self._polls = PollTurns(
            poll=poll,
            deliver=deliver,
            complain=self._complain,
            turns=self._turns,
            places=places,
            counters=self.counters,
            clock=clock,
            settings=settings,
        )
        self._probes = ProbeTurns(
            probe=probe,
            deliver=deliver_probes,
            complain=self._complain,
            each_second=self._turns.watch_clock,
            counters=self.counters,
            clock=clock,
            settings=settings,
        )
        self._pump: asyncio.Task[None] | None = None

    async def start(self) -> None:
        if self._pump is not None:
            return
        self._turns.start()
        self._set_devices()
        self._pump = asyncio.create_task(self._probes.run(), name="probe pump")

    async def stop(self) -> None:
        """Ends what is in flight, within two seconds; its results are not delivered."""
        if self._pump is None:
            return
        pump, self._pump = self._pump, None
        self._turns.stop()
        pump.cancel()
        await asyncio.wait({pump, *self._polls.cancel(), *self._probes.cancel()}, timeout=_STOP_S)

    def reload(self, devices: Iterable[Device]) -> None:
        """Takes the new list. What is unchanged keeps its turns; what is gone is asked no more, and what
        is in flight for it is not delivered."""
        self._devices = _monitored(devices)
        if self._pump is not None:
            self._set_devices()

    def poll_now(self, devices: Iterable[DeviceId]) -> int:
        """Polls at once, or as soon as the rate limit allows. Returns how many polls were added: none
        for a device whose poll is asked for already, that isn't monitored, or while stopped."""
        return 0 if self._pump is None else self._polls.now(devices)

    def probe_now(self, devices: Iterable[DeviceId], *, burst: bool = False) -> int:
        """Probes at once, or as soon as the gap allows. Returns how many looks were added. `burst`: three in
        a row without waiting for the first's time-out, for devices that probably have gone."""
        return 0 if self._pump is None else self._probes.now(devices, burst=burst)

    def missing_answers(self, device: DeviceId) -> int:
        """Probes in a row that the device has left unanswered."""
        return self._probes.missing(device)

    def polls_in_flight(self) -> frozenset[DeviceId]:
        """Devices that are being polled at this moment."""
        return self._polls.in_flight()

    def every(self, key: str, interval_s: float, run: Callable[[], Awaitable[None]]) -> None:
        """Runs something else regularly (application checks, discovery), with the same care: its own
        phase, never twice at a time. Replaces what has the same key."""

        async def turn() -> None:
            self.counters.started += 1
            try:
                await run()
            except Exception as error:  # noqa: BLE001 - a callback's: counted and said, the schedule goes on
                self._complain("every", key, error)
            self.counters.finished += 1

        self._turns.add(f"every:{key}", interval_s, turn)

    def never(self, key: str) -> None:
        """Ends what `every` began; unknown keys are fine."""
        self._turns.remove(f"every:{key}")

    def _set_devices(self) -> None:
        self._polls.set_devices(self._devices)
        self._probes.set_devices(self._devices)

    def _complain(self, where: str, about: str, error: Exception) -> None:
        self.counters.failed[where] += 1
        self._seldom.say("a callback of the schedule failed", where=where, about=about, error=repr(error))


def _monitored(devices: Iterable[Device]) -> dict[DeviceId, Device]:
    return {device.id: device for device in devices if device.monitored}
