"""Receivers' settings to channels. Secrets are looked up here, by reference, and go nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alerts.channels.console import ConsoleChannel
from alerts.channels.memory import Memory, OnAck
from alerts.channels.webhook import WebhookChannel
from alerts.channels.webhook import WebhookSettings as Webhook
from alerts.delivery import Manner, Overtaken
from alerts.model import ReceiverId
from alerts.outbox import Channel
from ronda.alert_settings import AlertsSettings
from ronda.receiver_settings import (
    DEFAULT_PER_MINUTE,
    AlertmanagerSettings,
    CommandSettings,
    ConsoleSettings,
    ReceiverSettings,
    WebhookSettings,
)
from ronda.section import Section, SettingsError
from topology.clock import Clock

_MACHINES = (AlertmanagerSettings, CommandSettings, WebhookSettings)


@dataclass(frozen=True, slots=True)
class Parts:
    """What channels lean on."""

    clock: Clock
    memory: Memory
    on_ack: OnAck | None = None


def build_manners(settings: AlertsSettings) -> dict[ReceiverId, Manner]:
    return {
        ReceiverId(r.id): Manner(
            tuple(_names(r)) if r.use == "all" and len(r.channels) > 1 else (),
            _limit(r),
            Overtaken(r.when_overtaken),
        )
        for r in settings.receivers
    }


def build_channels(
    settings: AlertsSettings, environ: Mapping[str, str], parts: Parts
) -> dict[ReceiverId, dict[str, Channel]]:
    """By receiver and name. Raises SettingsError when a secret is not where the settings say."""
    return {
        ReceiverId(r.id): {
            name: _channel(c, r, f"{r.id}/{name}", environ, parts)
            for name, c in zip(_names(r), r.channels, strict=True)
        }
        for r in settings.receivers
    }


def _names(receiver: ReceiverSettings) -> list[str]:
    """Each channel's kind; of several of one kind the second is `email-2`."""
    kinds: list[str] = [c.kind for c in receiver.channels]
    return [k if not (n := kinds[:i].count(k)) else f"{k}-{n + 1}" for i, k in enumerate(kinds)]


def _limit(receiver: ReceiverSettings) -> int | None:
    if receiver.at_most_per_minute is not None:
        return receiver.at_most_per_minute or None
    only_machines = all(isinstance(c, _MACHINES) for c in receiver.channels)
    return None if only_machines else DEFAULT_PER_MINUTE


def _channel(
    settings: Section, receiver: ReceiverSettings, owner: str, environ: Mapping[str, str], parts: Parts
) -> Channel:
    where = f"alerts.receivers {receiver.id!r}"
    match settings:
        case ConsoleSettings():
            return ConsoleChannel()
        case WebhookSettings():
            url = settings.url or required(settings, "url", where, environ)
            secret = named(settings, "secret", where, environ)
            return WebhookChannel(Webhook(url, secret, timeout_s=settings.timeout_s), parts.clock)
    raise SettingsError(f"{where}: this version has no channel of that kind")


def required(settings: Section, what: str, where: str, environ: Mapping[str, str]) -> str:
    """Raises SettingsError."""
    found = named(settings, what, where, environ)
    if found is None:
        raise SettingsError(f"{where}: no {what}")
    return found


def named(settings: Section, what: str, where: str, environ: Mapping[str, str]) -> str | None:
    """What `{what}_env` or `{what}_file` refers to; None when neither is given. Raises SettingsError."""
    name: str | None = getattr(settings, f"{what}_env", None)
    file: Path | None = getattr(settings, f"{what}_file", None)
    if name is not None:
        return of_variable(name, f"{where}: {what}_env", environ)
    return None if file is None else of_file(file, f"{where}: {what}_file")


def of_variable(name: str, where: str, environ: Mapping[str, str]) -> str:
    """Raises SettingsError."""
    if not environ.get(name):
        raise SettingsError(f"{where}: the environment variable {name} is not set")
    return environ[name]


def of_file(file: Path, where: str) -> str:
    """Its text without the line's end. Raises SettingsError."""
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{where}: {file} can't be read: {error}") from error
    if not text:
        raise SettingsError(f"{where}: {file} is empty")
    return text
