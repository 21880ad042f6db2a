"""Builds the whole system, starts and stops it.

The only place where stages meet: it carries a `PollResult` to the store and to the judge, and a verdict's
incidents to the records and the outbox.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from importlib.metadata import version

import structlog

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
from collector.traps import TrapListener
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
from ronda.config_backup import ConfigBackup
from ronda.discovery import Discovery
from ronda.heartbeat import Heartbeat
from ronda.intake import Intake
from ronda.keeper import Keeper
from ronda.lock import DirectoryError, DirectoryLock
from ronda.metrics_writer import MetricsWriter
from ronda.own_side import OwnSide
from ronda.patrol import Patrol
from ronda.resume import FUTURE
from ronda.rounds import Rounds
from ronda.section import SettingsError
from ronda.server import CannotListenError, WebServer
from ronda.settings import Settings
from ronda.ssh_settings import ssh_settings
from ronda.telegram_hook import hook_router
from ronda.upkeep import Upkeep
from ronda.watch import Watch
from storage.metrics.point_maker import PointMaker
from storage.metrics.store import StoreError
from storage.records import Records, RecordsError
from storage.settings import StorageSettings
from topology.clock import Clock
from topology.model import Inventory

log = structlog.get_logger(__name__)

DIGEST_REACHES_BACK = timedelta(days=9)
"""A weekly digest tells of what ended up to a week ago."""


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
        self.intake, self.rounds, self.upkeep = Intake(self), Rounds(self), Upkeep(self)
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
        self.writer = MetricsWriter(self.store, self.counters)
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
            self.intake.take_poll,
            clock,
            every_s=settings.ssh.every_s,
            alone_every_s=settings.ssh.alone_every_s,
            rescue_gap_s=settings.ssh.rescue_gap_s,
        )
        self.echo_windows = EchoWindows()
        self.checker = ApplicationChecker(inventory.applications.values(), clock)
        self.traps = build_traps(
            settings.traps, inventory, environ, profiles.trap_words(), self.intake.take_trap, clock
        )
        self.schedule = Schedule(
            inventory.devices.values(),
            poll=self.intake.poll,
            probe=lambda targets: self.prober.probe(targets, timeout_s=settings.probe.timeout_s),
            deliver=self.intake.take_poll,
            deliver_probes=self.intake.take_probes,
            clock=clock,
        )
        self.backend = AppBackend(self)
        web = create_app(
            self.backend, version=version("ronda"), hosts=settings.api.hosts, auth=auth_policy(settings.api)
        )
        web.include_router(hook_router(telegram_hooks(settings.alerts, environ, channels)))
        self.web = WebServer(web, settings.api.host, settings.api.port)
        self.condition_jobs = ConditionJobs(self)
        self.discovery = Discovery(self)
        self.config_backup = ConfigBackup(self)
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
        for key, interval_s, run in self.checker.turns(self.intake.take_check):
            self.schedule.every(key, interval_s, run)
        for key, interval_s, run in self.ssh_turns.turns(self.inventory.devices.values()):
            self.schedule.every(key, interval_s, run)
        for key, interval_s, run in self.upkeep.turns():
            self.schedule.every(key, interval_s, run)
        await self.rounds.start()
        await self.upkeep.start()
        await self.condition_jobs.start()
        await self.discovery.start()
        await self.config_backup.start()
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
        await self.config_backup.stop()
        await self.discovery.stop()
        await self.condition_jobs.stop()
        await self.schedule.stop()
        await self.rounds.stop()
        await self.upkeep.stop()
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
        await self.writer.stop()
        await self.store.stop()
        if self._resumed:
            await self.upkeep.last_words()
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
        known = [i.changed_at for i in active if i.changed_at is not None] + [seen.at for seen in evidence]
        newest = max(known, default=now)
        if newest > now + FUTURE:
            log.warning(
                "the records are from the future: the clock was set back, or is wrong now",
                newest=newest.isoformat(),
                now=now.isoformat(),
            )
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

    # --- between the parts ---

    def put(self, conditions: Iterable[Condition]) -> None:
        """What was found beside the polls: a changed configuration, a neighbour not declared, ourselves."""
        self.patrol.put(conditions)
        self.rounds.poke()

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
