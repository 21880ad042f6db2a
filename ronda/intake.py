"""What collectors bring: to the judge, and as points to the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from collector.traps import TrapEvent
from storage.metrics.point_maker import points_of_checks
from topology.model import Device
from topology.observations import ApplicationCheck, Observation, PollResult, Reachability

if TYPE_CHECKING:
    from ronda.app import App

POLL_SHARE = 0.75
"""Of its interval a poll may take, so that it ends by itself before the schedule ends it."""


class Intake:
    """Inert. Called by the schedule, the trap listener and the application checks."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def poll(self, device: Device) -> PollResult:
        """By SNMP; over SSH where there is no SNMP."""
        app = self._app
        if not device.snmp:
            if device.ssh is not None:
                return await app.ssh_turns.alone(device)
            return PollResult(device.id, app.clock.now(), 0.0)  # reached by echo only, as declared
        result = await app.poller.poll(device, deadline_s=device.poll_interval_s * POLL_SHARE)
        app.ssh_turns.after_snmp(device, result)
        return result

    def take_poll(self, result: PollResult) -> None:
        app = self._app
        app.counters["polls"] += 1
        app.counters["poll_errors"] += len(result.errors)
        self._see(result.observations)
        app.discovery.take(result)
        app.writer.write(app.points.of_poll(result))

    def take_probes(self, probes: Sequence[Reachability]) -> None:
        app = self._app
        app.counters["probes"] += len(probes)
        app.ssh_turns.note_probes(probes)
        app.echo_windows.add(probes)
        self._see(app.own_side.sift(probes))
        app.writer.write(app.points.of_probes(probes))

    def take_check(self, check: ApplicationCheck) -> None:
        app = self._app
        self._see([check])
        times = app.checker.response_times(check.application)
        app.writer.write(points_of_checks([(check, times)]))

    def take_trap(self, event: TrapEvent) -> None:
        """A hint: the sender lives; it and whoever is at the other ends of its links are asked at once."""
        app = self._app
        app.counters["traps"] += event.count
        self._see([event.reachability()])
        neighbours = {other for _, other in app.patrol.judge.graph.neighbours(event.device)}
        app.schedule.poll_now([event.device, *neighbours])
        app.schedule.probe_now(neighbours, burst=True)
        app.config_backup.on_trap(event.device, event.kinds, event.at)

    def _see(self, observations: Iterable[Observation]) -> None:
        self._app.patrol.see(observations)
        self._app.rounds.poke()
