"""When SSH is asked: rarely; at once when SNMP falls silent on a device that still echoes; and, of a device
without SNMP, at its polls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial

from collector.counters import Counters
from collector.ssh import SshPoller
from topology.clock import Clock
from topology.model import Device, DeviceId
from topology.observations import (
    Means,
    PollFault,
    PollResult,
    Reachability,
    SystemInfo,
)

_SILENCE = frozenset({PollFault.TIMEOUT, PollFault.REFUSED, PollFault.DEADLINE, PollFault.AUTHENTICATION})


class SshTurns:
    """Inert: it asks when it is told of something. `stop` ends what it began."""

    def __init__(
        self,
        poller: SshPoller,
        deliver: Callable[[PollResult], None],
        clock: Clock,
        *,
        every_s: float,
        alone_every_s: float,
        rescue_gap_s: float,
    ) -> None:
        self._poller = poller
        self._deliver = deliver
        self._clock = clock
        self._every_s = every_s
        self._alone_every_s = alone_every_s
        self._rescue_gap_s = rescue_gap_s
        self._echoes: dict[DeviceId, bool] = {}
        """Whether each device's last echo was answered."""
        self._asked_s: dict[DeviceId, float] = {}
        self._tasks: dict[DeviceId, asyncio.Task[None]] = {}
        self._counters = Counters()

    @property
    def counters(self) -> dict[str, int | float]:
        return {**self._poller.counters, **self._counters.snapshot()}

    def turns(self, devices: Iterable[Device]) -> Iterator[tuple[str, float, Callable[[], Awaitable[None]]]]:
        """(key, interval_s, run) of each device that has both SNMP and SSH, for `Schedule.every`."""
        for device in devices:
            if device.monitored and device.ssh is not None and device.snmp:
                yield f"ssh:{device.id}", self._every_s, partial(self._turn, device)

    def note_probes(self, probes: Iterable[Reachability]) -> None:
        for probe in probes:
            if probe.sent:
                self._echoes[probe.device] = probe.answered

    async def alone(self, device: Device) -> PollResult:
        """The poll of a device without SNMP; says nothing when it was asked only just."""
        last_s = self._asked_s.get(device.id)
        now_s = self._clock.monotonic_s()
        if last_s is not None and now_s - last_s < self._alone_every_s - 1.0:
            return PollResult(device.id, self._clock.now(), 0.0, means=Means.SSH)
        self._asked_s[device.id] = now_s
        return await self._poller.poll(device)

    def after_snmp(self, device: Device, result: PollResult) -> bool:
        """Takes note of an SNMP poll; True when SSH is asked because of it."""
        for seen in result.observations:
            if isinstance(seen, SystemInfo) and seen.profile is not None:
                self._poller.learn(device.id, seen.profile)
        answered = any(isinstance(s, Reachability) and s.answered for s in result.observations)
        silent = not answered and any(error.fault in _SILENCE for error in result.errors)
        if device.ssh is None or not silent or not self._echoes.get(device.id, False):
            return False
        last_s = self._asked_s.get(device.id)
        if last_s is not None and self._clock.monotonic_s() - last_s < self._rescue_gap_s:
            return False
        if device.id in self._tasks:
            return False
        self._counters.add("ssh_rescues")
        task = asyncio.create_task(self._turn(device), name=f"ssh {device.id}")
        self._tasks[device.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(device.id, None))
        return True

    async def stop(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _turn(self, device: Device) -> None:
        self._asked_s[device.id] = self._clock.monotonic_s()
        self._deliver(await self._poller.poll(device))
