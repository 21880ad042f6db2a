"""Settings to the values and parts that the stages take. Secrets are looked up here, by reference."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from alerts.incident import IncidentSettings
from collector.secrets import SecretError, SnmpSecret, SshSecret, resolve
from collector.settings import PollSettings
from collector.traps import TrapEvent, TrapListener, TrapSettings
from ronda.alert_settings import AlertsSettings
from ronda.section import SettingsError
from ronda.settings import (
    RetentionSettings,
    Settings,
    SnmpTuning,
    TrapTuning,
    VerdictTuning,
)
from storage.metrics.embedded import EmbeddedStore
from storage.metrics.influx import InfluxStore
from storage.metrics.store import MetricStore
from storage.settings import (
    DAY_S,
    InfluxSettings,
    InfluxVersion,
    MetricsKind,
    RecordsRetention,
    Retention,
    SpoolSettings,
    StorageSettings,
)
from topology.clock import Clock
from topology.model import Inventory
from topology.verdict import VerdictSettings


def secret(name: str | None, environ: Mapping[str, str], where: str) -> str | None:
    """The variable's value; None when none is named. Raises SettingsError when it is named and not set."""
    if name is None:
        return None
    if not environ.get(name):
        raise SettingsError(f"{where}: the environment variable {name} is not set")
    return environ[name]


def verdict_settings(tuning: VerdictTuning) -> VerdictSettings:
    return VerdictSettings(**tuning.model_dump())


def incident_settings(settings: AlertsSettings) -> IncidentSettings:
    return IncidentSettings(
        reopen_window_s=settings.reopen_window_s,
        update_quiet_s=settings.update_quiet_s,
        update_at_most_s=settings.update_at_most_s,
        calm_s=settings.calm_s,
    )


def storage_settings(settings: Settings, environ: Mapping[str, str]) -> StorageSettings:
    """Raises SettingsError when a secret is not where the settings say."""
    metrics = settings.metrics
    return StorageSettings(
        data_dir=settings.data_dir,
        metrics_kind=MetricsKind(metrics.kind),
        influx=InfluxSettings(
            url=metrics.url,
            database=metrics.database,
            org=metrics.org or "-",
            user=metrics.user,
            password=secret(metrics.password_env, environ, "metrics.password_env"),
            token=secret(metrics.token_env, environ, "metrics.token_env"),
            version=InfluxVersion(metrics.version),
            verify_tls=metrics.verify_tls,
            ca_file=metrics.ca_file,
        ),
        retention=_retention(settings.retention),
        spool=SpoolSettings(
            max_bytes=metrics.spool_max_mb * 1024**2, max_age_s=round(metrics.spool_max_days * DAY_S)
        ),
        records_url=settings.records_url,
        records_retention=RecordsRetention(
            events_s=settings.retention.events_days * DAY_S,
            incidents_s=settings.retention.incidents_days * DAY_S,
            outbox_s=settings.retention.messages_days * DAY_S,
        ),
    )


def _retention(settings: RetentionSettings) -> Retention:
    try:
        return Retention(
            raw_s=settings.raw_days * DAY_S,
            five_minutes_s=settings.five_minutes_days * DAY_S,
            hourly_s=settings.hourly_days * DAY_S,
        )
    except ValueError as error:
        raise SettingsError(str(error)) from error


def build_store(storage: StorageSettings, clock: Clock) -> MetricStore:
    if storage.metrics_kind is MetricsKind.EMBEDDED:
        return EmbeddedStore(storage.metrics_file, retention=storage.retention)
    return InfluxStore(
        storage.influx, storage.spool_dir, clock, spool=storage.spool, retention=storage.retention
    )


def open_for_reading(storage: StorageSettings, clock: Clock) -> MetricStore:
    """Beside a running server: nothing is written."""
    if storage.metrics_kind is MetricsKind.EMBEDDED:
        return EmbeddedStore(storage.metrics_file, retention=storage.retention, read_only=True)
    # A spool of its own: the running server's may have one reader only.
    own = Path(tempfile.gettempdir()) / f"ronda-reader-{os.getpid()}"
    return build_store(replace(storage, data_dir=own), clock)


def build_traps(
    settings: TrapTuning,
    inventory: Inventory,
    environ: Mapping[str, str],
    words: Mapping[str, str],
    on_event: Callable[[TrapEvent], None],
    clock: Clock,
) -> TrapListener | None:
    """None when traps are not listened for."""
    if settings.port is None:
        return None
    hosts = [(d.address.host, d.id) for d in inventory.devices.values() if d.address is not None]
    shared = {host for host, count in Counter(host for host, _ in hosts).items() if count > 1}
    # Of devices behind one address nobody can tell who sent it.
    sources = {host: device for host, device in hosts if host not in shared}
    return TrapListener(
        sources,
        _snmp_secrets(inventory, environ),
        on_event,
        clock,
        TrapSettings(host=settings.host, port=settings.port),
        words=words,
    )


def _snmp_secrets(inventory: Inventory, environ: Mapping[str, str]) -> list[SnmpSecret]:
    """Those that can be had; what is missing is said at the polls that need it."""
    found: list[SnmpSecret] = []
    for credential in inventory.credentials.values():
        try:
            secret = resolve(credential, environ)
        except SecretError:
            continue
        if not isinstance(secret, SshSecret):
            found.append(secret)
    return found


def poll_settings(settings: SnmpTuning) -> PollSettings:
    return PollSettings(timeout_s=settings.timeout_s, retries=settings.retries)
