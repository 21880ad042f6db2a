"""Receivers' settings to channels. Secrets are looked up here, by reference, and go nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from alerts.channels.console import ConsoleChannel
from alerts.channels.webhook import WebhookChannel
from alerts.channels.webhook import WebhookSettings as Webhook
from alerts.model import ReceiverId
from alerts.outbox import Channel
from ronda.alert_settings import AlertsSettings
from ronda.receiver_settings import ConsoleSettings, WebhookSettings
from ronda.section import Section, SettingsError


def build_channels(
    settings: AlertsSettings, environ: Mapping[str, str]
) -> dict[ReceiverId, Sequence[Channel]]:
    """Raises SettingsError when a secret is not where the settings say."""
    return {
        ReceiverId(r.id): [_channel(c, f"alerts.receivers {r.id!r}", environ) for c in r.channels]
        for r in settings.receivers
    }


def _channel(settings: Section, where: str, environ: Mapping[str, str]) -> Channel:
    match settings:
        case ConsoleSettings():
            return ConsoleChannel()
        case WebhookSettings():
            url = settings.url or named(settings, "url", where, environ)
            if url is None:
                raise SettingsError(f"{where}: no url")
            return WebhookChannel(
                Webhook(url, named(settings, "secret", where, environ), timeout_s=settings.timeout_s)
            )
    raise SettingsError(f"{where}: this version has no channel of that kind")


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
