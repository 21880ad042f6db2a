"""Probes of devices: what `collector.reprobe` says is due, sent in batches, its outcome told back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace

from collector.echo import ProbeTarget
from collector.reprobe import Reprobe
from collector.schedule_counters import ScheduleCounters
from collector.schedule_settings import ScheduleSettings
from topology.clock import Clock
from topology.model import Device, DeviceId
from topology.observations import Reachability

_IDLE_S = 1.0
_FORGET = 0.97
"""The slowest round trip fades by so much with each answer."""


class ProbeTurns:
    def __init__(
        self,
        *,
        probe: Callable[[Sequence[ProbeTarget]], Awaitable[list[Reachability]]],
        deliver: Callable[[Sequence[Reachability]], None],
        complain: Callable[[str, str, Exception], None],
        each_second: Callable[[], None],
        counters: ScheduleCounters,
        clock: Clock,
        settings: ScheduleSettings,
    ) -> None:
        self._probe = probe
        self._deliver = deliver
        self._complain = complain
        self._each_second = each_second
        self._counters = counters
        self._clock = clock
        self._settings = settings
        self._reprobe = Reprobe(settings.reprobe)
        self._targets: dict[DeviceId, ProbeTarget] = {}
        self._slowest_s: dict[DeviceId, float] = {}
        """The slowest round trip of late."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._second_s = float("-inf")

    def set_devices(self, devices: dict[DeviceId, Device]) -> None:
        self._targets = {
            device.id: ProbeTarget(device.id, device.address)
            for device in devices.values()
            if device.address is not None
        }
        self._slowest_s = {d: s for d, s in self._slowest_s.items() if d in self._targets}
        intervals_s = {device_id: devices[device_id].probe_interval_s for device_id in self._targets}
        self._reprobe.set_devices(intervals_s, self._clock.monotonic_s())
        self._wake.set()

    def now(self, devices: Iterable[DeviceId], *, burst: bool = False) -> int:
        """Probes at once, or as soon as the gap allows. Returns how many looks were added."""
        now_s = self._clock.monotonic_s()
        added = sum([self._reprobe.ask(device, now_s, burst=burst) for device in devices])
        if added:
            self._wake.set()
        return added

    def missing(self, device: DeviceId) -> int:
        return self._reprobe.missing(device)

    def cancel(self) -> list[asyncio.Task[None]]:
        """Ends what is in flight; returns what is still to be waited for."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        return tasks

    async def run(self) -> None:
        """Never ends by itself."""
        while True:
            self._wake.clear()
            try:
                wait_s = self._send_due()
            except Exception as error:  # noqa: BLE001 - a mistake of ours must not silence all probes: said
                self._complain("probe pump", "", error)
                wait_s = _IDLE_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(wait_s, self._settings.probe_tick_s)):
                    await self._wake.wait()

    def _send_due(self) -> float:
        """Returns how long nothing will be due."""
        now_s = self._clock.monotonic_s()
        if now_s - self._second_s >= 1.0:
            self._second_s = now_s
            self._each_second()
        due = self._reprobe.due(now_s)
        self._counters.probes_skipped = self._reprobe.overrun + self._reprobe.coalesced
        urgent = [self._impatient(device) for device in due.urgent]
        if len(urgent) <= self._settings.urgent_alone:
            for target in urgent:
                self._send([target])
        else:
            self._send(urgent)
        if due.regular:
            self._send([self._targets[device] for device in due.regular])
        next_s = self._reprobe.next_s()
        return _IDLE_S if next_s is None else min(_IDLE_S, next_s - now_s)

    def _impatient(self, device: DeviceId) -> ProbeTarget:
        """Somebody waits for this answer, and it is known how long the device takes."""
        target, slowest_s = self._targets[device], self._slowest_s.get(device)
        if slowest_s is None:
            return target
        settings = self._settings.reprobe
        return replace(target, patience_s=max(settings.patience_least_s, settings.patience_rtts * slowest_s))

    def _heard(self, answer: Reachability) -> None:
        if answer.rtt_s is not None:
            before_s = self._slowest_s.get(answer.device, 0.0)
            self._slowest_s[answer.device] = max(answer.rtt_s, before_s * _FORGET)

    def _send(self, targets: Sequence[ProbeTarget]) -> None:
        self._counters.probes_due += len(targets)
        task = asyncio.create_task(self._batch(targets), name="probes")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _batch(self, targets: Sequence[ProbeTarget]) -> None:
        sent_s = self._clock.monotonic_s()
        told: set[DeviceId] = set()
        self._counters.probes_in_flight += len(targets)
        try:
            async with asyncio.timeout(self._settings.probe_limit_s):
                answers = await self._probe(targets)
            now_s = self._clock.monotonic_s()
            for answer in answers:
                told.add(answer.device)
                if answer.answered:
                    self._heard(answer)
                    self._reprobe.heard(answer.device, sent_s)
                else:
                    self._reprobe.missed(answer.device, sent_s, now_s)
            self._counters.probes_done += len(told)
            if not all(answer.answered for answer in answers):
                self._wake.set()  # an extra look may be due at once
            known = [answer for answer in answers if answer.device in self._targets]
            if known:
                self._deliver(known)
        except Exception as error:  # noqa: BLE001 - a callback's: counted and said, the schedule goes on
            self._complain("probe", f"{len(targets)} targets", error)
        finally:
            self._counters.probes_in_flight -= len(targets)
            for target in targets:
                if target.device not in told:
                    self._reprobe.dropped(target.device)
