"""Receivers: who can be told, and by which channels. One settings class a kind of channel.

A secret is never written here: it is named, as an environment variable (`..._env`) or a file (`..._file`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, model_validator

from ronda.section import Section, is_web_address

DEFAULT_PER_MINUTE = 20
_OWN_KEYS = {"id", "channels", "use", "at_most_per_minute", "when_overtaken", "audience"}
_MAIL = re.compile(r"[^@\s<>,\"]+@[^@\s<>,\"]+")


class ConsoleSettings(Section):
    """Prints on the terminal that Ronda runs in."""

    kind: Literal["console"] = Field(description="A panel a message on stdout.")


class WebhookSettings(Section):
    """POSTs JSON, signed when a secret is named (docs/channels.md)."""

    kind: Literal["webhook"] = Field(description="JSON to a URL.")
    url: str | None = Field(None, description="Where to POST.")
    url_env: str | None = Field(None, description="Environment variable with the URL.")
    url_file: Path | None = Field(None, description="File with the URL.")
    secret_env: str | None = Field(None, description="Variable with the secret that signs the body.")
    secret_file: Path | None = Field(None, description="File with that secret.")
    timeout_s: float = Field(10.0, gt=0, le=30, description="How long an answer may take.")


class TelegramSettings(Section):
    """Telegram's Bot API: a message, a button to acknowledge, and the first message kept up to date."""

    kind: Literal["telegram"] = Field(description="A chat, group or channel of Telegram.")
    token_env: str | None = Field(None, description="Variable with the bot's token, as BotFather gave it.")
    token_file: Path | None = Field(None, description="File with that token.")
    chat_id: int | str = Field(description="The chat: a number, or @name of a public channel.")
    thread_id: int | None = Field(None, description="The topic, in a group that has topics.")
    acknowledge: Literal["poll", "webhook", "off"] = Field(
        "poll",
        description="Button to acknowledge: `poll` asks Telegram for presses (works behind any firewall), "
        "`webhook` waits for Telegram to call `/hooks/telegram/RECEIVER`, `off` shows none.",
    )
    allowed_users: list[int] = Field(
        default_factory=list,
        description="Telegram user ids that may press it. Empty: everybody in `chat_id`, and nobody else.",
    )
    webhook_secret_env: str | None = Field(
        None, description="webhook: variable with the secret_token that Telegram has to send along."
    )
    quiet_warnings: bool = Field(True, description="Warnings arrive without a sound.")
    api_url: str = Field("https://api.telegram.org", description="The Bot API, or your own server of it.")
    timeout_s: float = Field(15.0, gt=0, le=30, description="How long an answer may take.")


class EmailSettings(Section):
    """SMTP: one thread an incident, text and HTML."""

    kind: Literal["email"] = Field(description="Mail.")
    host: str = Field(description="The mail server.")
    port: int | None = Field(None, ge=1, le=65535, description="Unset: 587, 465 with `tls`, 25 with `none`.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="`none` only to a server on this machine or in a trusted network."
    )
    user: str | None = Field(None, description="Login name; unset: no login.")
    password_env: str | None = Field(None, description="Variable with the password.")
    password_file: Path | None = Field(None, description="File with the password.")
    ca_file: Path | None = Field(None, description="PEM of an authority to trust besides the system's.")
    sender: str = Field(description="From: `ronda@paser.example` or `Ronda <ronda@paser.example>`.")
    to: list[str] = Field(min_length=1, description="Addresses.")
    timeout_s: float = Field(20.0, gt=0, le=30, description="How long the whole conversation may take.")


class AlertmanagerSettings(Section):
    """Prometheus Alertmanager: its own routing takes over."""

    kind: Literal["alertmanager"] = Field(description="POSTs to `/api/v2/alerts`.")
    url: str = Field(description="Its base URL, as http://127.0.0.1:9093.")
    user: str | None = Field(None, description="Basic authentication: user.")
    password_env: str | None = Field(None, description="Variable with the password.")
    password_file: Path | None = Field(None, description="File with the password.")
    labels: dict[str, str] = Field(default_factory=dict, description="Put on every alert: {site: paser}.")
    resend_s: float = Field(60.0, ge=1, le=3600, description="A standing alert is sent again this often.")
    timeout_s: float = Field(10.0, gt=0, le=30, description="How long an answer may take.")


class GatewaySettings(Section):
    """Any HTTP gateway that takes a text: WhatsApp by WAHA or the Cloud API, an SMS modem, a chat server."""

    kind: Literal["gateway"] = Field(description="Your own HTTP endpoint, with a body of your own.")
    url: str | None = Field(None, description="The endpoint.")
    url_env: str | None = Field(None, description="Variable with the endpoint, when it holds a key.")
    url_file: Path | None = Field(None, description="File with it.")
    method: Literal["POST", "PUT"] = Field("POST", description="HTTP method.")
    headers: dict[str, str] = Field(default_factory=dict, description="Headers that are no secret.")
    headers_env: dict[str, str] = Field(
        default_factory=dict, description="Header to variable: {X-Api-Key: WAHA_KEY}."
    )
    headers_file: dict[str, Path] = Field(default_factory=dict, description="Header to file.")
    body: dict[str, Any] | str = Field(
        description="A mapping, sent as JSON, each string in it a jinja2 template; or one template as text."
    )
    content_type: str | None = Field(None, description="For a text body; unset: application/json.")
    success_status: list[int] = Field(
        default_factory=list, description="Status codes that mean sent; empty: any 2xx."
    )
    success_field: str | None = Field(
        None, description="Path in the JSON answer that has to be there and not false: `messages.0.id`."
    )
    retry_status: list[int] = Field(
        default_factory=list, description="More status codes that time may cure, besides 408, 425, 429, 5xx."
    )
    max_chars: int = Field(4000, ge=160, description="Longer texts are cut at a line.")
    timeout_s: float = Field(15.0, gt=0, le=30, description="How long an answer may take.")


class AppriseSettings(Section):
    """Any of Apprise's services by its URL (needs `pip install 'ronda[apprise]'`)."""

    kind: Literal["apprise"] = Field(description="One of a hundred services.")
    url_env: str | None = Field(None, description="Variable with the Apprise URL: it holds keys.")
    url_file: Path | None = Field(None, description="File with it.")
    timeout_s: float = Field(20.0, gt=0, le=40, description="How long it may take.")


class CommandSettings(Section):
    """Runs a program: the message as JSON on its stdin."""

    kind: Literal["command"] = Field(description="A program of yours.")
    argv: list[str] = Field(min_length=1, description="Program and arguments; no shell.")
    timeout_s: float = Field(20.0, gt=0, le=40, description="After this it is ended, and tried again later.")


ChannelSettings = Annotated[
    ConsoleSettings
    | WebhookSettings
    | TelegramSettings
    | EmailSettings
    | AlertmanagerSettings
    | GatewaySettings
    | AppriseSettings
    | CommandSettings,
    Field(discriminator="kind"),
]
CHANNEL_KINDS: tuple[type[Section], ...] = get_args(get_args(ChannelSettings)[0])


class ReceiverSettings(Section):
    """Somebody to be told: `{id, kind, ...}`, or `{id, channels: [{kind, ...}, ...]}` for several."""

    id: str = Field(min_length=1, max_length=60, description="Its name in routes.")
    channels: list[ChannelSettings] = Field(
        min_length=1, description="By `kind`; a single channel's keys may stand beside `id`."
    )
    use: Literal["all", "first"] = Field(
        "all", description="Of several channels: `all`, or the `first` that takes the message."
    )
    at_most_per_minute: int | None = Field(
        None,
        ge=0,
        description="Messages a minute; what is over it comes as one summary. 0: no limit. Unset: "
        f"{DEFAULT_PER_MINUTE}, for webhook, alertmanager and command none.",
    )
    when_overtaken: Literal["drop", "combine", "keep"] = Field(
        "drop",
        description="What could not be sent before its incident was over: `drop` it, and the all-clear with "
        "it; `combine`: only the all-clear goes out; `keep`: all of it, in order.",
    )

    audience: str | None = Field(
        None,
        pattern=r"^provider:.+$",
        description="`provider:ID`: a provider's contact. It gets only what is that provider's, cut to its "
        "circuits and offices, whatever a route says.",
    )

    @model_validator(mode="before")
    @classmethod
    def _one_channel(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "channels" in data or "kind" not in data:
            return data
        own = {k: v for k, v in data.items() if k in _OWN_KEYS}
        return {**own, "channels": [{k: v for k, v in data.items() if k not in _OWN_KEYS}]}


def console_receiver() -> ReceiverSettings:
    return ReceiverSettings(id="console", channels=[ConsoleSettings(kind="console")])


def receiver_problems(receivers: Sequence[ReceiverSettings]) -> list[str]:
    """Problems that no field can see by itself, one a line."""
    known = [receiver.id for receiver in receivers]
    problems = [
        f"alerts.receivers: {r!r} stands there twice" for r in sorted(set(known)) if known.count(r) > 1
    ]
    for receiver in receivers:
        if "/" in receiver.id or not receiver.id.isprintable():
            problems.append(f"alerts.receivers {receiver.id!r}: an id has no / and no control characters")
        for channel in receiver.channels:
            problems += _channel_problems(receiver.id, channel)
    return problems


def _channel_problems(receiver: str, channel: Section) -> list[str]:
    where = f"alerts.receivers {receiver!r}"
    problems: list[str] = []
    kind: str = channel.kind  # type: ignore[attr-defined]  # every member of the union has one
    match channel:
        case WebhookSettings() | GatewaySettings():
            if not (channel.url or channel.url_env or channel.url_file):
                problems.append(f"alerts.receivers: {kind} {receiver!r} needs url or url_env (or url_file)")
        case AppriseSettings():
            problems += _one_of(receiver, channel, "url")
        case TelegramSettings():
            problems += _one_of(receiver, channel, "token")
            if channel.acknowledge == "webhook" and channel.webhook_secret_env is None:
                problems.append(
                    f"{where}: acknowledge: webhook needs webhook_secret_env: without it anybody could press"
                )
        case EmailSettings():
            if channel.user is not None:
                problems += _one_of(receiver, channel, "password")
                if channel.security == "none":
                    problems.append(f"{where}: security: none would send the password in the clear")
            problems += [
                f"{where}: to: {a!r} is no mail address" for a in channel.to if not _MAIL.fullmatch(a)
            ]
            if not _MAIL.search(channel.sender) or not channel.sender.isprintable():
                problems.append(f"{where}: sender: {channel.sender!r} is no mail address")
        case AlertmanagerSettings():
            if channel.user is not None:
                problems += _one_of(receiver, channel, "password")
            problems += [
                f"{where}: labels: {name!r} is no label name (letters, digits, _)"
                for name in channel.labels
                if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
            ]
        case _:
            pass
    for name in ("url", "api_url"):
        url = getattr(channel, name, None)
        if url and not is_web_address(url):
            problems.append(
                f"{where}: {name}: {url!r} is not of the form http://HOST/... or https://HOST/..."
            )
    return problems


def _one_of(receiver: str, channel: Section, what: str) -> list[str]:
    named = [f"{what}_env", f"{what}_file"]
    given = [name for name in named if getattr(channel, name)]
    if len(given) == 1:
        return []
    kind: str = channel.kind  # type: ignore[attr-defined]  # every member of the union has one
    return [f"alerts.receivers: {kind} {receiver!r} needs {named[0]} or {named[1]}, and not both"]
