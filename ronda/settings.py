"""Every setting: from `ronda.yaml` (or --settings), then the environment (`RONDA_...`), then these defaults.

No secret stands in a settings file: those are named (`token_env`, `secret_env`), never written. The list in
docs/settings.md is generated from here.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from ronda.alert_checks import cross_check_alerts, cross_check_what_can_be_read
from ronda.alert_settings import AlertsSettings
from ronda.auth_settings import ProxyAuthSettings, cross_check_auth, networks_of
from ronda.backup_settings import BackupSection
from ronda.condition_settings import ConditionsSection, SelfWatchSection, cross_check_conditions
from ronda.discovery_settings import DiscoverySection
from ronda.section import Section, SettingsError, is_web_address
from ronda.settings_source import overlay, read_file
from ronda.settings_words import problems_of
from ronda.ssh_settings import SshTuning
from topology.settings import WEIGHTS


class ApiSettings(Section):
    """The web server: API, board and /metrics."""

    host: str = Field(
        "127.0.0.1",
        description="Address to listen on. Anything but loopback is refused until there is a token "
        "(`ronda token create`), or a login by `proxy_auth`.",
    )
    unguarded: bool = Field(
        False,
        description="Listen beyond loopback though there are no tokens yet: whoever reaches the address may "
        "do everything, until the first token is made.",
    )
    port: int = Field(8064, ge=0, le=65535, description="TCP port; 0 takes a free one.")
    hosts: list[str] = Field(
        default_factory=lambda: ["localhost", "127.0.0.1", "[::1]"],
        description="Host names that requests may be addressed to; behind a reverse proxy, the public name.",
    )
    loopback: Literal["auto", "open", "wall", "guarded"] = Field(
        "auto",
        description="Who asks from this machine without a token: `auto` may do everything while no token was "
        "ever made, and nothing afterwards; `open` always everything; `wall` sees what a wall screen sees; "
        "`guarded` nothing.",
    )
    session_hours: float = Field(
        12, gt=0, le=720, description="How long a login of a browser lasts; a wall screen's as its token."
    )
    trusted_proxies: list[str] = Field(
        default_factory=list,
        description="Addresses or networks of reverse proxies whose `X-Forwarded-For` and "
        "`X-Forwarded-Proto` are believed.",
    )
    proxy_auth: ProxyAuthSettings = ProxyAuthSettings()

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, texts: list[str]) -> list[str]:
        networks_of(texts)
        return texts


class ProbeSettings(Section):
    """Reachability probing."""

    wire: Literal["auto", "raw", "datagram", "fping", "lab"] = Field(
        "auto", description="How echo requests travel; `auto` takes the best that this machine allows."
    )
    timeout_s: float = Field(1.0, gt=0, le=30, description="How long an echo reply may take.")


class SnmpTuning(Section):
    """SNMP polling."""

    timeout_s: float = Field(2.0, gt=0, le=60, description="How long one SNMP answer may take.")
    retries: int = Field(1, ge=0, le=10, description="Repeats of an unanswered request.")


class TrapTuning(Section):
    """SNMP traps and informs: hints that make an outage known sooner."""

    host: str = Field("0.0.0.0", description="Address to listen on.")
    port: int | None = Field(
        None, ge=0, le=65535, description="UDP port (162 is usual); unset: traps are not listened for."
    )


class MetricsSettings(Section):
    """Where measured values go."""

    kind: Literal["embedded", "influx"] = Field(
        "embedded", description="`embedded`: SQLite in the data directory. `influx`: InfluxDB 1.x, 2.x or 3."
    )
    url: str = Field("http://127.0.0.1:8086", description="InfluxDB's URL.")
    database: str = Field("ronda", description="Database (1.x) or bucket (2.x, 3).")
    org: str | None = Field(None, description="Organisation (2.x).")
    user: str | None = Field(None, description="User name (1.x).")
    password_env: str | None = Field(None, description="Environment variable with the password (1.x).")
    token_env: str | None = Field(None, description="Environment variable with the token (2.x, 3).")
    version: Literal["auto", "1", "2", "3"] = Field(
        "auto", description="InfluxDB's family; `auto` asks the server at the start."
    )
    verify_tls: bool = Field(True, description="Check InfluxDB's certificate.")
    ca_file: Path | None = Field(None, description="PEM of an authority to trust besides the system's.")
    spool_max_mb: int = Field(2048, ge=16, description="Most that the queue on disk may hold.")
    spool_max_days: float = Field(7, gt=0, description="Oldest that a queued point may be.")


class RetentionSettings(Section):
    """How long what is measured and recorded is kept."""

    raw_days: int = Field(14, ge=1, description="Metrics as they were measured.")
    five_minutes_days: int = Field(90, ge=1, description="Metrics in periods of five minutes.")
    hourly_days: int = Field(730, ge=1, description="Metrics in periods of an hour.")
    events_days: int = Field(800, ge=397, description="Changes of state; an SLA report needs 13 months.")
    incidents_days: int = Field(800, ge=397, description="Resolved incidents.")
    messages_days: int = Field(90, ge=1, description="Finished messages of the outbox.")


class VerdictTuning(Section):
    """How evidence becomes a verdict (docs/verdict.md says what each means)."""

    stale_after_intervals: float = Field(2.5, ge=1, description="Evidence counts for this many intervals.")
    silent_after_probes: int = Field(3, ge=1, description="Unanswered probes in a row that mean silent.")
    management_after_polls: int = Field(
        2,
        ge=1,
        description="Unanswered SNMP polls in a row, while echo answers, that mean a management fault.",
    )
    settle_s: float = Field(
        5.0, ge=0, description="Longest wait for ancestors and neighbours to answer before a verdict is told."
    )
    agent_cache_s: float = Field(
        3.0,
        ge=0,
        description="Agents answer for their ports from a table that may be this old: a port's `up`, said so "
        "soon after its neighbour fell silent, is asked for once more.",
    )
    together_s: float = Field(
        60.0, ge=0, description="Symptoms that began further apart are not put down to one duct or feed."
    )
    blind_share: float = Field(
        0.9, gt=0, le=1, description="Share of devices silent at which the monitor doubts itself."
    )
    blind_least: int = Field(4, ge=1, description="... and how many at least.")
    flap_high: float = Field(0.30, gt=0, le=1, description="Share of changes from which a component flaps.")
    flap_low: float = Field(0.25, gt=0, le=1, description="... and below which it no longer does.")
    flap_least: int = Field(4, ge=1, description="Changes that there must be at all.")
    application_stale_s: float = Field(
        300.0, gt=0, description="Age at which an application's check is void."
    )
    hypotheses: int = Field(12, ge=1, description="Most explanations listed for one group of symptoms.")
    slack: float = Field(
        0.5, ge=0, description="Explanations this much heavier than the best are listed too."
    )
    doubt: float = Field(4.6, gt=0, description="One more failure is e**doubt times less likely.")
    search: int = Field(4000, ge=1, description="Steps of the exact search before it turns greedy.")
    weights: dict[str, float] = Field(
        default_factory=lambda: dict(WEIGHTS), description="What blaming a kind of component costs."
    )


class Settings(Section):
    """All of them."""

    inventory: Path = Field(Path("inventory.yaml"), description="The inventory file.")
    data_dir: Path = Field(Path("var/ronda"), description="Where databases and the spool live.")
    records_url: str | None = Field(
        None, description="SQLAlchemy URL of the records; unset: SQLite in the data directory."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="`auto`: for people on a terminal, JSON lines elsewhere."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level logged.")
    api: ApiSettings = ApiSettings()
    probe: ProbeSettings = ProbeSettings()
    poll: SnmpTuning = SnmpTuning()
    ssh: SshTuning = SshTuning()
    traps: TrapTuning = TrapTuning()
    metrics: MetricsSettings = MetricsSettings()
    retention: RetentionSettings = RetentionSettings()
    verdict: VerdictTuning = VerdictTuning()
    alerts: AlertsSettings = AlertsSettings()
    conditions: ConditionsSection = ConditionsSection()
    self_watch: SelfWatchSection = SelfWatchSection()
    discovery: DiscoverySection = DiscoverySection()
    backup: BackupSection = BackupSection()


def load_settings(path: Path | None, environ: dict[str, str] | None = None) -> Settings:
    """Read them. `path` None: `ronda.yaml` if there is one. Raises SettingsError with every problem."""
    source = path or Path("ronda.yaml")
    data: dict[str, Any] = {}
    if source.exists():
        data = read_file(source)
    elif path is not None:
        raise SettingsError(f"{path}: no such settings file")
    variables = overlay(data, os.environ if environ is None else environ, Settings.model_fields)
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        lines = problems_of(error, Settings, str(source), variables)
        if "alerts" in data:
            lines += [f"{source}: {p}" for p in cross_check_what_can_be_read(data["alerts"])]
        raise SettingsError("\n".join(lines)) from error
    if problems := _cross_check(settings):
        raise SettingsError("\n".join(f"{source}: {problem}" for problem in problems))
    return settings


def _cross_check(settings: Settings) -> list[str]:
    problems = cross_check_alerts(settings.alerts) + cross_check_auth(settings.api)
    problems += cross_check_conditions(settings.conditions)
    if settings.metrics.kind == "influx" and not is_web_address(settings.metrics.url):
        problems.append(
            f"metrics.url: {settings.metrics.url!r} is not of the form http://HOST/... or https://HOST/..."
        )
    return problems
