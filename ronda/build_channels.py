"""Receivers' settings to channels. Secrets are looked up here, by reference, and go nowhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alerts.channels.alertmanager import AlertmanagerChannel, Standing
from alerts.channels.alertmanager import AlertmanagerSettings as Alertmanager
from alerts.channels.apprise import AppriseChannel, installed
from alerts.channels.apprise import AppriseSettings as Apprise
from alerts.channels.command import CommandChannel
from alerts.channels.command import CommandSettings as Command
from alerts.channels.console import ConsoleChannel
from alerts.channels.email import EmailChannel
from alerts.channels.email import EmailSettings as Email
from alerts.channels.gateway import BodyTemplateError, GatewayChannel
from alerts.channels.gateway import GatewaySettings as Gateway
from alerts.channels.memory import Memory, OnAck
from alerts.channels.telegram import TelegramChannel
from alerts.channels.telegram import TelegramSettings as Telegram
from alerts.channels.telegram_bot import WORDS, Chat, TelegramBot
from alerts.channels.webhook import WebhookChannel
from alerts.channels.webhook import WebhookSettings as Webhook
from alerts.delivery import Manner, Overtaken
from alerts.model import ReceiverId
from alerts.outbox import Channel
from ronda.alert_settings import AlertsSettings
from ronda.heartbeat_settings import HeartbeatSettings
from ronda.receiver_settings import (
    DEFAULT_PER_MINUTE,
    AlertmanagerSettings,
    AppriseSettings,
    CommandSettings,
    EmailSettings,
    GatewaySettings,
    ReceiverSettings,
    TelegramSettings,
    WebhookSettings,
)
from ronda.section import Section, SettingsError, is_web_address
from topology.clock import Clock
from topology.model import Language

TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
_MACHINES = (AlertmanagerSettings, CommandSettings, WebhookSettings)


@dataclass(frozen=True, slots=True)
class Parts:
    """What channels lean on."""

    clock: Clock
    memory: Memory
    on_ack: OnAck | None = None
    standing: Standing | None = None
    language: Language = Language.ID


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
    bots = Bots(environ, parts)
    return {
        ReceiverId(r.id): {
            name: _channel(c, r, f"{r.id}/{name}", environ, parts, bots)
            for name, c in zip(_names(r), r.channels, strict=True)
        }
        for r in settings.receivers
    }


def telegram_hooks(
    settings: AlertsSettings,
    environ: Mapping[str, str],
    channels: Mapping[ReceiverId, Mapping[str, Channel]],
) -> dict[str, tuple[TelegramChannel, str]]:
    """Of receivers with `acknowledge: webhook`: the channel and Telegram's secret. Raises SettingsError."""
    hooks: dict[str, tuple[TelegramChannel, str]] = {}
    for receiver in settings.receivers:
        for name, one in zip(_names(receiver), receiver.channels, strict=True):
            channel = channels[ReceiverId(receiver.id)][name]
            if isinstance(one, TelegramSettings) and one.acknowledge == "webhook":
                where = f"alerts.receivers {receiver.id!r}"
                secret = required(one, "webhook_secret", where, environ)
                assert isinstance(channel, TelegramChannel)
                hooks[receiver.id] = (channel, secret)
    return hooks


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
    settings: Section,
    receiver: ReceiverSettings,
    owner: str,
    environ: Mapping[str, str],
    parts: Parts,
    bots: Bots,
) -> Channel:
    """`owner`: under which name it remembers."""
    where = f"alerts.receivers {receiver.id!r}"
    match settings:
        case WebhookSettings():
            url = settings.url or required(settings, "url", where, environ)
            secret = named(settings, "secret", where, environ)
            return WebhookChannel(Webhook(url, secret, timeout_s=settings.timeout_s), parts.clock)
        case TelegramSettings():
            return bots.channel(settings, where, owner)
        case EmailSettings():
            mail = Email(
                host=settings.host,
                sender=settings.sender,
                to=tuple(settings.to),
                security=settings.security,
                port=settings.port,
                user=settings.user,
                password=named(settings, "password", where, environ),
                ca_file=settings.ca_file,
                timeout_s=settings.timeout_s,
            )
            if settings.ca_file is not None:
                of_file(settings.ca_file, f"{where}: ca_file")
            return EmailChannel(mail, owner, parts.clock, parts.memory)
        case AlertmanagerSettings():
            manager = Alertmanager(
                url=settings.url,
                user=settings.user,
                password=named(settings, "password", where, environ),
                labels=settings.labels,
                resend_s=settings.resend_s,
                timeout_s=settings.timeout_s,
            )
            return AlertmanagerChannel(manager, owner, parts.clock, parts.memory, parts.standing)
        case GatewaySettings():
            return _gateway(settings, where, environ)
        case AppriseSettings():
            if not installed():
                raise SettingsError(
                    f"{where}: kind apprise needs the package apprise, which is not installed: "
                    "pip install 'ronda[apprise]'"
                )
            return AppriseChannel(Apprise(required(settings, "url", where, environ), settings.timeout_s))
        case CommandSettings():
            return CommandChannel(Command(tuple(settings.argv), settings.timeout_s))
    return ConsoleChannel()


def _gateway(settings: GatewaySettings, where: str, environ: Mapping[str, str]) -> Channel:
    secret = {h: of_variable(n, f"{where}: headers_env", environ) for h, n in settings.headers_env.items()}
    secret |= {h: of_file(f, f"{where}: headers_file") for h, f in settings.headers_file.items()}
    url = settings.url or required(settings, "url", where, environ)
    hidden = (*secret.values(), *(() if settings.url else (url,)))
    try:
        return GatewayChannel(
            Gateway(
                url=url,
                body=settings.body,
                method=settings.method,
                headers={**settings.headers, **secret},
                secrets=hidden,
                content_type=settings.content_type,
                success_status=frozenset(settings.success_status),
                success_field=settings.success_field,
                retry_status=frozenset(settings.retry_status),
                max_chars=settings.max_chars,
                timeout_s=settings.timeout_s,
            )
        )
    except BodyTemplateError as error:
        raise SettingsError(f"{where}: {error}") from error


class Bots:
    """One bot a token: only one may ask Telegram for its presses."""

    def __init__(self, environ: Mapping[str, str], parts: Parts) -> None:
        self._environ = environ
        self._parts = parts
        self._bots: dict[tuple[str, str], TelegramBot] = {}

    def channel(self, settings: TelegramSettings, where: str, owner: str) -> TelegramChannel:
        """Raises SettingsError."""
        token = required(settings, "token", where, self._environ)
        if not TOKEN.fullmatch(token):
            raise SettingsError(f"{where}: the token is not of the form 123456:ABC... that BotFather gives")
        bot = self._bots.get((token, settings.api_url))
        if bot is None:
            parts = self._parts
            bot = TelegramBot(
                token, settings.api_url, settings.timeout_s, parts.memory, parts.on_ack, WORDS[parts.language]
            )
            self._bots[token, settings.api_url] = bot
        chat = Chat(
            f"telegram:{owner}",
            settings.chat_id,
            frozenset(settings.allowed_users),
            settings.acknowledge == "poll",
        )
        bot.add(chat)
        wanted = Telegram(
            settings.chat_id,
            settings.thread_id,
            button=settings.acknowledge != "off" and self._parts.on_ack is not None,
            quiet_warnings=settings.quiet_warnings,
        )
        return TelegramChannel(wanted, bot, chat, self._parts.memory)


def required(settings: Section, what: str, where: str, environ: Mapping[str, str]) -> str:
    """Raises SettingsError."""
    found = named(settings, what, where, environ)
    if found is None:
        raise SettingsError(f"{where}: no {what}")
    return found


def heartbeat_url(settings: HeartbeatSettings, environ: Mapping[str, str]) -> str | None:
    """None: no heartbeat is wanted. Raises SettingsError."""
    url = settings.url or named(settings, "url", "alerts.heartbeat", environ)
    if url is not None and not is_web_address(url):
        raise SettingsError(
            "alerts.heartbeat: the URL is not of the form http://HOST/... or https://HOST/..."
        )
    return url


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
