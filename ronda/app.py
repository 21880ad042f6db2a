"""Builds the whole system, starts and stops it.

The only place where stages meet: it carries a `PollResult` to the store and to the judge, and a verdict's
incidents to the records and the outbox.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from importlib.metadata import version

import structlog
from sqlalchemy import Connection

from alerts.conditions import Condition
from alerts.message import prepare
from alerts.outbox import Outbox
from alerts.summary import summary_of
from api.app import create_app
from collector.echo_window import EchoWindows
from collector.http import ApplicationChecker
from collector.icmp import Prober, ProberSettings, WireNotAllowedError
from collector.poll import Poller
from collector.profile import load_profiles
from collector.schedule import Schedule
from collector.ssh import SshPoller
from collector.ssh_turns import SshTurns
from collector.traps import TrapEvent, TrapListener
from ronda.access import auth_policy, who_gets_in
from ronda.ack_by_channel import acknowledged_by_channel
from ronda.auth_settings import unknown_providers
from ronda.backend import VERDICT_FRESH_S, AppBackend
from ronda.build import (
    build_store,
    build_traps,
    incident_settings,
    poll_settings,
    storage_settings,
    verdict_settings,
)
from ronda.build_channels import Parts, build_channels, build_manners, heartbeat_url, telegram_hooks
from ronda.build_routing import build_routing
from ronda.channel_memory import ChannelMemory
from ronda.condition_settings import condition_settings
from ronda.conditions import ConditionJobs
from ronda.heartbeat import Heartbeat
from ronda.keeper import Keeper, Unsaved
from ronda.lock import DirectoryError, DirectoryLock
from ronda.own_side import OwnSide
from ronda.patrol import Patrol, Round
from ronda.section import SettingsError
from ronda.server import CannotListenError, WebServer
from ronda.settings import Settings
from ronda.ssh_settings import ssh_settings
from ronda.telegram_hook import hook_router
from ronda.watch import Watch
from storage.metrics.points import PointMaker, points_of_checks, points_of_self
from storage.metrics.store import StoreError
from storage.metrics.verdict_points import points_of_incidents
from storage.records import Records, RecordsError
from storage.records.history import keep_watch
from storage.settings import StorageSettings
from topology.clock import Clock
from topology.findings import Verdict
from topology.model import Device, Inventory
from topology.observations import ApplicationCheck, Observation, PollResult, Reachability

log = structlog.get_logger(__name__)

GATHER_S = 0.05
"""Observations that come within this time share one verdict."""
KEEP_EVIDENCE_EVERY_S = 10.0
SELF_EVERY_S = 30.0
PRUNE_EVERY_S = 6 * 3600.0
WINDOWS_EVERY_S = 30.0
"""Windows that were written past this process (`ronda maintenance` with no server to be found) are seen."""
DIGEST_REACHES_BACK = timedelta(days=9)
"""A weekly digest tells of what ended up to a week ago."""
POLL_SHARE = 0.75
"""Of its interval a poll may take, so that it ends by itself before the schedule ends it."""


class StartError(Exception):
    """It can't run as it is set up; the text says why and what to do."""


class App:
    def __init__(
        self, settings: Settings, inventory: Inventory, clock: Clock, environ: Mapping[str, str]
    ) -> None:
        """Raises SettingsError when a secret is not where the settings say."""
        self._settings = settings
        self.inventory = inventory
        self.clock = clock
        self.counters: Counter[str] = Counter()
        self.patrol = Patrol(
            inventory,
            build_routing(settings.alerts),
            verdict_settings(settings.verdict),
            incident_settings(settings.alerts),
            condition_settings(settings.conditions),
        )
        self._storage = storage = storage_settings(settings, environ)
        self.records = Records(storage.records)
        manners = build_manners(settings.alerts)
        self.keeper = Keeper(self.records, clock, manners)
        self.store = build_store(storage, clock)
        self.points = PointMaker(inventory)
        language = inventory.network.language
        memory = ChannelMemory(self.keeper, self.records, clock)
        parts = Parts(clock, memory, self._acknowledge, self._standing, language)
        channels = build_channels(settings.alerts, environ, parts)
        self.outbox = Outbox(
            self.keeper,
            channels,
            clock,
            manners=manners,
            summarise=lambda held, now: summary_of(held, now, language),
        )
        url = heartbeat_url(settings.alerts.heartbeat, environ)
        beat = settings.alerts.heartbeat
        self.heartbeat = Heartbeat(url, beat.every_s, self._why_no_beat, fail=beat.fail) if url else None
        self.prober = Prober(ProberSettings(wire=settings.probe.wire), clock)
        profiles = load_profiles()
        self.watch = Watch()
        self.own_side = OwnSide(sum(d.monitored for d in inventory.devices.values()))
        self.poller = Poller(
            inventory.credentials, profiles, clock, environ, settings=poll_settings(settings.poll)
        )
        self.ssh = SshPoller(
            inventory.credentials,
            profiles,
            clock,
            environ,
            settings=ssh_settings(settings.ssh, settings.data_dir),
        )
        self.ssh_turns = SshTurns(
            self.ssh,
            self._take_poll,
            clock,
            every_s=settings.ssh.every_s,
            alone_every_s=settings.ssh.alone_every_s,
            rescue_gap_s=settings.ssh.rescue_gap_s,
        )
        self.echo_windows = EchoWindows()
        self.checker = ApplicationChecker(inventory.applications.values(), clock)
        self.traps = build_traps(
            settings.traps, inventory, environ, profiles.trap_words(), self._take_trap, clock
        )
        self.schedule = Schedule(
            inventory.devices.values(),
            poll=self._poll,
            probe=lambda targets: self.prober.probe(targets, timeout_s=settings.probe.timeout_s),
            deliver=self._take_poll,
            deliver_probes=self._take_probes,
            clock=clock,
        )
        self.backend = AppBackend(self)
        web = create_app(
            self.backend, version=version("ronda"), hosts=settings.api.hosts, auth=auth_policy(settings.api)
        )
        web.include_router(hook_router(telegram_hooks(settings.alerts, environ, channels)))
        self.web = WebServer(web, settings.api.host, settings.api.port)
        self.condition_jobs = ConditionJobs(self)
        self._changed = asyncio.Event()
        self._next_at: datetime | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._writes: set[asyncio.Task[object]] = set()
        self._lock = DirectoryLock(settings.data_dir)  # two in one directory would alert twice
        self._resumed = False

    @property
    def url(self) -> str:
        return self.web.url

    @property
    def settings(self) -> Settings:
        return self._settings

    @property
    def storage_settings(self) -> StorageSettings:
        return self._storage

    # --- life ---

    async def start(self) -> None:
        """Raises StartError."""
        try:
            prepare(self.inventory.network.language)
            self._lock.take()
            await self.keeper.start()
            await self._check_who_gets_in()
            await self._resume()
            await self.store.start()
            await self.prober.start()
            await self.poller.start()
            await self.ssh.start()
            await self.checker.start()
            await self.outbox.start()
            await self.web.start()
            if self.traps is not None:
                await self._listen_for_traps(self.traps)
            await self.schedule.start()
        except (CannotListenError, DirectoryError, SettingsError, WireNotAllowedError) as error:
            raise StartError(str(error)) from error
        except (RecordsError, StoreError) as error:
            raise StartError(f"{error}. `ronda storage check` says what to do.") from error
        for key, interval_s, run in self.checker.turns(self._take_check):
            self.schedule.every(key, interval_s, run)
        for key, interval_s, run in self.ssh_turns.turns(self.inventory.devices.values()):
            self.schedule.every(key, interval_s, run)
        self.schedule.every("self", SELF_EVERY_S, self._measure_self)
        self.schedule.every("prune", PRUNE_EVERY_S, self._prune)
        self.schedule.every("maintain", 60.0, self._maintain)
        self.schedule.every("windows", WINDOWS_EVERY_S, self.reload_windows)
        self._tasks = [
            asyncio.create_task(self._rounds(), name="rounds"),
            asyncio.create_task(self._keep_evidence(), name="evidence"),
        ]
        await self.condition_jobs.start()
        if self.heartbeat is not None:
            await self.heartbeat.start()
        log.info(
            "started",
            url=self.web.url,
            devices=len(self.inventory.devices),
            wire=str(self.prober.wire),
            probing=self.prober.why,
        )

    async def stop(self) -> None:
        """In the order of the flow: nothing new comes in, what is there is brought to safety."""
        if self.heartbeat is not None:
            await self.heartbeat.stop()
        await self.condition_jobs.stop()
        await self.schedule.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.traps is not None:
            await self.traps.stop()
        await self.ssh_turns.stop()
        await self.ssh.stop()
        await self.poller.stop()
        await self.prober.stop()
        await self.checker.stop()
        self.backend.feed.close()
        await self.web.stop()
        await self.outbox.stop()
        if self._writes:
            await asyncio.wait(self._writes, timeout=1.0)
        await self.store.stop()
        if self._resumed:
            try:
                await self._save_evidence()
            except RecordsError as error:  # the next start knows less; nothing else is lost
                log.warning("evidence can't be saved", error=str(error))
        await self.keeper.stop()
        self._lock.release()
        log.info("stopped")

    async def _check_who_gets_in(self) -> None:
        api = self._settings.api
        who = who_gets_in(api, await self.keeper.call(self.records.access.tokens))
        if missing := unknown_providers(api, self.inventory):
            raise StartError(f"api.proxy_auth.roles: the inventory has no provider {', '.join(missing)}")
        if who is None:
            raise StartError(
                f"api.host {api.host} can be reached by others, and there is no token yet. Make one "
                "(`ronda token create --role admin`), listen on 127.0.0.1, or set api.unguarded: true."
            )
        log.info("the API lets in", who=who)

    async def _resume(self) -> None:
        """Go on where the last process stopped."""
        now = self.clock.now()
        active, recent, owing, windows, history, evidence = await self.keeper.call(
            lambda: (
                self.records.active_incidents(),
                self.records.incidents(since=now - timedelta(days=1)),
                self.records.incidents(since=now - DIGEST_REACHES_BACK, limit=10_000),
                self.records.maintenance_windows(now - timedelta(days=1)),
                self.records.changes_until(now),
                self.records.load_evidence(),
            )
        )
        incidents = {i.id: i for i in (*recent, *active)}
        self.patrol.resume(incidents.values(), history, evidence, now)
        self.patrol.teller.resume(owing)
        self.patrol.plan_maintenance(windows)
        self._resumed = True
        if active:
            log.info("resumed", open_incidents=[i.id for i in active])

    async def _listen_for_traps(self, traps: TrapListener) -> None:
        settings = self._settings.traps
        try:
            await traps.start()
        except OSError as error:
            raise StartError(
                f"can't listen for traps on {settings.host} UDP {settings.port}: {error.strerror}. "
                "Ports below 1024 need CAP_NET_BIND_SERVICE; choose another with traps.port, or unset it."
            ) from error

    # --- observations in ---

    async def _poll(self, device: Device) -> PollResult:
        if not device.snmp:
            if device.ssh is not None:
                return await self.ssh_turns.alone(device)
            return PollResult(device.id, self.clock.now(), 0.0)  # reached by echo only, as declared
        result = await self.poller.poll(device, deadline_s=device.poll_interval_s * POLL_SHARE)
        self.ssh_turns.after_snmp(device, result)
        return result

    def _take_poll(self, result: PollResult) -> None:
        self.counters["polls"] += 1
        self.counters["poll_errors"] += len(result.errors)
        self._see(result.observations)
        self._write(self.points.of_poll(result))

    def _take_probes(self, probes: Sequence[Reachability]) -> None:
        self.counters["probes"] += len(probes)
        self.ssh_turns.note_probes(probes)
        self.echo_windows.add(probes)
        self._see(self.own_side.sift(probes))
        self._write(self.points.of_probes(probes))

    def _take_check(self, check: ApplicationCheck) -> None:
        self._see([check])
        times = self.checker.response_times(check.application)
        self._write(points_of_checks([(check, times)]))

    def _take_trap(self, event: TrapEvent) -> None:
        """A hint: the sender lives; it and whoever is at the other ends of its links are asked at once."""
        self.counters["traps"] += event.count
        self._see([event.reachability()])
        neighbours = {other for _, other in self.patrol.judge.graph.neighbours(event.device)}
        self.schedule.poll_now([event.device, *neighbours])
        self.schedule.probe_now(neighbours)

    def _see(self, observations: Iterable[Observation]) -> None:
        self.patrol.see(observations)
        self._changed.set()

    def put(self, conditions: Iterable[Condition]) -> None:
        """What was found beside the polls: a changed configuration, a neighbour not declared, ourselves."""
        self.patrol.put(conditions)
        self._changed.set()

    def _write(self, points: Sequence[object]) -> None:
        """The store takes them in its own time; it never holds up a verdict."""
        if not points:
            return
        task = asyncio.create_task(self.store.write(points))  # type: ignore[arg-type]  # Points, as made above
        self._writes.add(task)
        task.add_done_callback(self._written)

    def _written(self, task: asyncio.Task[object]) -> None:
        self._writes.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.counters["write_errors"] += 1
            if self.counters["write_errors"] in (1, 10, 100):
                log.error("metrics can't be written", error=str(task.exception()))

    # --- verdicts out ---

    async def _rounds(self) -> None:
        while True:
            await self._wait()
            try:
                await self.look()
            except Exception as error:  # the watch goes on; a fault of ours must be seen, not end the night
                self.counters["round_errors"] += 1
                log.exception("a round failed", error=str(error))
                await asyncio.sleep(1.0)

    async def _wait(self) -> None:
        """Until something was seen, or the time to look again has come."""
        wait_s = 1.0
        if self._next_at is not None:
            wait_s = min(wait_s, max(0.0, (self._next_at - self.clock.now()).total_seconds()))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._changed.wait()
        await asyncio.sleep(GATHER_S)
        self._changed.clear()

    async def look(self) -> Round:
        """One verdict, and all that follows from it."""
        now = self.clock.now()
        before = self.patrol.verdict
        round_ = self.patrol.look(now)
        self._next_at = round_.next_at
        self.counters["verdicts"] += 1
        self.watch.look(now)
        self.keeper.add(Unsaved(round_.moved.incidents, round_.moved.notifications, round_.changes))
        if round_.verdict.wanted:
            self.schedule.probe_now(round_.verdict.wanted)
            self.schedule.poll_now(round_.verdict.wanted)
        if self.keeper.waiting and await self.keeper.save():
            self.outbox.poke()
        if round_.changes or round_.moved.incidents:
            self.backend.changed(round_)
        self._write(points_of_incidents(round_.moved.incidents, now))
        if round_.changes or before is None:
            self._write_verdict(round_.verdict)
        return round_

    async def _acknowledge(self, incident_id: str, who: str, via: str) -> str:
        """A button somebody pressed (alerts.channels.memory.OnAck): as if by the API."""
        return await acknowledged_by_channel(self.backend, incident_id, who, via)

    def _why_no_beat(self) -> str | None:
        """What the heartbeat must not hide, or None when all is well."""
        verdict = self.patrol.verdict
        if verdict is None:
            return "no verdict yet"
        age_s = (self.clock.now() - verdict.at).total_seconds()
        if age_s > VERDICT_FRESH_S:
            return f"the last verdict is {age_s:.0f} s old"
        return f"{self.keeper.waiting} changes can't be saved" if self.keeper.waiting > 1 else None

    async def _standing(self) -> list[str]:
        """Ids of the incidents that are active, for channels that have to keep theirs alive."""
        return [i.id for i in await self.keeper.call(self.records.active_incidents)]

    # --- upkeep ---

    async def _keep_evidence(self) -> None:
        while True:
            await asyncio.sleep(KEEP_EVIDENCE_EVERY_S)
            try:
                await self._save_evidence()
            except Exception as error:  # noqa: BLE001  # only a convenience for the next start: counted and said
                self.counters["evidence_errors"] += 1
                if self.counters["evidence_errors"] in (1, 10, 100):
                    log.warning("evidence can't be saved", error=str(error))

    async def _save_evidence(self) -> None:
        evidence, watched = self.patrol.judge.evidence(), self.watch.to_save()

        def keep(connection: Connection) -> None:
            for since, until in watched:
                keep_watch(connection, since, until)

        await self.keeper.call(lambda: self.records.save_evidence(evidence))
        await self.keeper.call(lambda: self.records.write(keep))
        self.watch.saved(watched)

    async def _measure_self(self) -> None:
        self._write(points_of_self(self.backend.self_counters(), self.clock.now()))
        windows = {d: w for d in self.inventory.devices if (w := self.echo_windows.of(d)) is not None}
        self._write(self.points.of_windows(windows, self.clock.now()))
        if self.patrol.verdict is not None:
            self._write_verdict(self.patrol.verdict)

    def _write_verdict(self, verdict: Verdict) -> None:
        incidents = sum(i.told for i in self.patrol.book.active)
        self._write(self.points.of_verdict(verdict, incidents))

    async def _prune(self) -> None:
        now, policy = self.clock.now(), self._storage.records_retention
        await self.keeper.call(lambda: self.records.prune(now, policy))

    async def reload_windows(self) -> None:
        """Maintenance as the records have it."""
        since = self.clock.now() - timedelta(days=1)
        self.patrol.plan_maintenance(await self.keeper.call(lambda: self.records.maintenance_windows(since)))
        self._changed.set()

    async def _maintain(self) -> None:
        await self.store.maintain(int(self.clock.now().timestamp()))
