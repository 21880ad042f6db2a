"""Polls of devices: on their turns, and when asked for; never two of one device at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from collector.places import Places
from collector.reprobe import phase_of
from collector.schedule_counters import ScheduleCounters
from collector.schedule_settings import ScheduleSettings
from collector.turns import Turns
from topology.clock import Clock
from topology.model import Device, DeviceId
from topology.observations import PollError, PollFault, PollResult, Reachability

_DUMB = frozenset({PollFault.TIMEOUT, PollFault.UNREACHABLE, PollFault.REFUSED, PollFault.DEADLINE})
_AGAIN_S = 0.2
"""How soon a poll that was asked for looks again whether the one in flight has ended."""


class PollTurns:
    def __init__(
        self,
        *,
        poll: Callable[[Device], Awaitable[PollResult]],
        deliver: Callable[[PollResult], None],
        complain: Callable[[str, str, Exception], None],
        turns: Turns,
        places: Places,
        counters: ScheduleCounters,
        clock: Clock,
        settings: ScheduleSettings,
    ) -> None:
        self._poll = poll
        self._deliver = deliver
        self._complain = complain
        self._turns = turns
        self._places = places
        self._counters = counters
        self._clock = clock
        self._settings = settings
        self._devices: dict[DeviceId, Device] = {}
        self._polling: dict[DeviceId, asyncio.Task[None]] = {}
        self._polled_s: dict[DeviceId, float] = {}
        """When each device's last poll started."""
        self._asked: dict[DeviceId, asyncio.TimerHandle] = {}
        self._dumb: set[DeviceId] = set()
        """Devices whose last poll brought nothing but silence."""
        self._tasks: set[asyncio.Task[None]] = set()

    def set_devices(self, devices: dict[DeviceId, Device]) -> None:
        """What is unchanged keeps its turns; what is new or changed is polled soon."""
        old, self._devices = self._devices, devices
        for device_id in old.keys() - devices.keys():
            self._turns.remove(f"poll:{device_id}")
            self._polled_s.pop(device_id, None)
            self._dumb.discard(device_id)
            if (handle := self._asked.pop(device_id, None)) is not None:
                handle.cancel()
            self._stop_polling(device_id)
        for device_id, device in devices.items():
            before = old.get(device_id)
            if before == device:
                continue
            if before is None or before.poll_interval_s != device.poll_interval_s:
                self._turns.add(f"poll:{device_id}", device.poll_interval_s, partial(self._once, device_id))
            if before is None:
                within_s = min(device.poll_interval_s, self._settings.first_polls_s)
                self._ask_in(device_id, phase_of(device_id) * within_s)
                continue
            if before.address != device.address:
                self._stop_polling(device_id)
                self._dumb.discard(device_id)
            self.now([device_id])

    def now(self, devices: Iterable[DeviceId]) -> int:
        """Polls at once, or as soon as the rate limit allows; one that is in flight is followed by
        another, for it may have read too early. Returns how many polls were added."""
        added = 0
        for device_id in devices:
            wait_s = self._gap_left_s(device_id)
            if device_id not in self._devices or self._comes_within(device_id, wait_s):
                self._counters.asked_in_vain += 1
                continue
            if (planned := self._asked.pop(device_id, None)) is not None:
                planned.cancel()  # its first poll was to come later
            self._ask_in(device_id, wait_s)
            added += 1
        return added

    def in_flight(self) -> frozenset[DeviceId]:
        """Devices that are being polled, or whose poll waits for a place."""
        return frozenset(self._polling)

    def cancel(self) -> list[asyncio.Task[None]]:
        """Ends what is in flight; returns what is still to be waited for."""
        for handle in self._asked.values():
            handle.cancel()
        self._asked.clear()
        tasks = [*self._polling.values(), *self._tasks]
        for task in tasks:
            task.cancel()
        return tasks

    def _ask_in(self, device_id: DeviceId, wait_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._asked[device_id] = loop.call_later(wait_s, self._asked_due, device_id)

    def _comes_within(self, device_id: DeviceId, wait_s: float) -> bool:
        """Whether a poll that was asked for begins by then, but for a moment."""
        asked = self._asked.get(device_id)
        return asked is not None and asked.when() <= asyncio.get_running_loop().time() + wait_s + _AGAIN_S

    def _gap_left_s(self, device_id: DeviceId) -> float:
        last_s = self._polled_s.get(device_id, float("-inf"))
        return max(0.0, last_s + self._settings.poll_ask_gap_s - self._clock.monotonic_s())

    def _asked_due(self, device_id: DeviceId) -> None:
        wait_s = self._gap_left_s(device_id)
        if device_id in self._polling:
            wait_s = max(wait_s, _AGAIN_S)
        if wait_s > 0:
            self._ask_in(device_id, wait_s)
            return
        del self._asked[device_id]
        task = asyncio.create_task(self._once(device_id), name=f"poll {device_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _once(self, device_id: DeviceId) -> None:
        device = self._devices.get(device_id)
        task = asyncio.current_task()
        if device is None or task is None:
            return
        if device_id in self._polling:
            self._counters.overrun += 1
            return
        self._polling[device_id] = task
        try:
            async with self._places.place(slow=device_id in self._dumb):
                self._polled_s[device_id] = self._clock.monotonic_s()
                if (asked := self._asked.pop(device_id, None)) is not None:
                    asked.cancel()  # this poll, which begins after the wish, serves it
                self._counters.started += 1
                result = await self._within_deadline(device)
                self._counters.finished += 1
            self._judge(result)
            self._deliver(result)
        except Exception as error:  # noqa: BLE001 - a callback's: counted and said, the schedule goes on
            self._complain("deliver", device_id, error)
        finally:
            del self._polling[device_id]

    async def _within_deadline(self, device: Device) -> PollResult:
        started_at, started_s = self._clock.now(), self._clock.monotonic_s()
        limit_s = device.poll_interval_s * self._settings.deadline_ratio
        try:
            async with asyncio.timeout(limit_s):
                return await self._poll(device)
        except TimeoutError:
            self._counters.deadline += 1
            error = PollError(PollFault.DEADLINE, f"stopped after {limit_s:.1f} s", what="poll")
        except Exception as failure:  # noqa: BLE001 - a poll that raises is our own mistake: counted and said
            self._complain("poll", device.id, failure)
            error = PollError(PollFault.CONFIGURATION, f"the poll failed: {failure!r}", what="poll")
        duration_s = self._clock.monotonic_s() - started_s
        return PollResult(device.id, started_at, duration_s, errors=(error,))

    def _judge(self, result: PollResult) -> None:
        told = [o for o in result.observations if not (isinstance(o, Reachability) and not o.answered)]
        if not told and any(error.fault in _DUMB for error in result.errors):
            self._dumb.add(result.device)
        else:
            self._dumb.discard(result.device)

    def _stop_polling(self, device_id: DeviceId) -> None:
        if (task := self._polling.get(device_id)) is not None:
            task.cancel()
