"""The first set-up as values: answers in, the texts of three files out. Asks nothing, writes nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from ronda.commands.poll_ssh import split_target
from ronda.errors import BadInputError

SECRETS_FILE = "secrets.env"
COMMUNITY, AUTH, PRIV = "RONDA_SNMP_COMMUNITY", "RONDA_V3_AUTH", "RONDA_V3_PRIV"
INFLUX_TOKEN, INFLUX_PASSWORD = "RONDA_INFLUX_TOKEN", "RONDA_INFLUX_PASSWORD"  # names of variables
TELEGRAM_TOKEN, WEBHOOK_URL = "RONDA_TELEGRAM_TOKEN", "RONDA_WEBHOOK_URL"  # names of variables


@dataclass(frozen=True, slots=True)
class SnmpAnswer:
    """How the first device is asked. A community (2c), or a v3 user with pass phrases."""

    community: str | None = None
    user: str | None = None
    auth: str | None = None
    auth_key: str | None = None
    priv: str | None = None
    priv_key: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    network: str
    timezone: str
    language: str
    office: str
    device: str
    address: str
    snmp: SnmpAnswer
    influx_url: str | None = None
    """None: the embedded store."""
    influx_database: str = "ronda"
    influx_token: str | None = None
    telegram_chat: str | None = None
    telegram_token: str | None = None
    webhook_url: str | None = None


def slug(name: str) -> str:
    """An id from a name: lower case letters, digits and dashes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "kantor"


def checked_timezone(text: str) -> str:
    """Raises BadInputError."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInputError(
            f"no time zone is called {text!r}: for example Asia/Makassar, Asia/Jakarta"
        ) from error
    return text


def checked_language(text: str) -> str:
    """Raises BadInputError."""
    if text not in ("id", "en"):
        raise BadInputError(f"{text!r}: id (Indonesian) or en (English)")
    return text


def checked_address(text: str) -> str:
    """A host, host:port or [v6]:port. Raises BadInputError."""
    split_target(text)
    return text


def checked_url(text: str) -> str:
    """Raises BadInputError."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInputError(f"{text!r} is not of the form http://HOST:PORT or https://HOST")
    return text.rstrip("/")


def files(answers: Answers) -> Mapping[str, str]:
    """File name to text. Secrets stand in `secrets.env` only."""
    return {
        "inventory.yaml": _inventory(answers),
        "ronda.yaml": _settings(answers),
        SECRETS_FILE: _secrets(answers),
    }


def _inventory(answers: Answers) -> str:
    office, device = slug(answers.office), slug(answers.device)
    snmp = answers.snmp
    if snmp.user is None:
        credential = f"{{id: snmp, kind: snmp_v2c, community_env: {COMMUNITY}}}"
    else:
        parts = [f"id: snmp, kind: snmp_v3, user: {_quoted(snmp.user)}"]
        if snmp.auth_key:
            parts.append(f"auth: {snmp.auth or 'SHA256'}, auth_key_env: {AUTH}")
        if snmp.priv_key:
            parts.append(f"priv: {snmp.priv or 'AES128'}, priv_key_env: {PRIV}")
        credential = "{" + ", ".join(parts) + "}"
    return f"""\
# The network as it is declared. What each key means: docs/inventory.md. After every change: ronda check
version: 1
network: {{name: {_quoted(answers.network)}, timezone: {answers.timezone}, language: {answers.language}}}

vantage: {device}      # the device that this machine is plugged into
hubs: [{office}]       # an office is connected when it reaches one of these

defaults: {{snmp: snmp, poll_interval_s: 60, probe_interval_s: 10}}

credentials:           # never a secret here: the name of an environment variable or a file
  - {credential}

offices:
  - {{id: {office}, name: {_quoted(answers.office)}, kind: dinas, priority: 1, connection: active}}

devices:
  - {{id: {device}, office: {office}, address: {_quoted(answers.address)}, role: core}}

# `ronda discover --from {device} --write` adds what its neighbours tell.
links: []
"""


def _settings(answers: Answers) -> str:
    settings: dict[str, object] = {"inventory": "inventory.yaml", "data_dir": "var/ronda"}
    if answers.influx_url:
        metrics = {"kind": "influx", "url": answers.influx_url, "database": answers.influx_database}
        if answers.influx_token:
            metrics["token_env"] = INFLUX_TOKEN
        settings["metrics"] = metrics
    receivers: list[dict[str, object]] = [{"id": "layar", "kind": "console"}]
    if answers.telegram_chat:
        chat: int | str = answers.telegram_chat
        if re.fullmatch(r"-?\d+", answers.telegram_chat):
            chat = int(answers.telegram_chat)
        channel = {"kind": "telegram", "token_env": TELEGRAM_TOKEN, "chat_id": chat}
        receivers.append({"id": "piket", **channel})
    if answers.webhook_url:
        receivers.append({"id": "webhook", "kind": "webhook", "url_env": WEBHOOK_URL})
    routes = [{"receivers": [r["id"] for r in receivers]}]
    settings["alerts"] = {"receivers": receivers, "routes": routes}
    text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
    return f"# All settings: docs/settings.md. Secrets are named here and lie in {SECRETS_FILE}.\n{text}"


def _secrets(answers: Answers) -> str:
    snmp = answers.snmp
    held = {
        COMMUNITY: snmp.community,
        AUTH: snmp.auth_key,
        PRIV: snmp.priv_key,
        INFLUX_TOKEN: answers.influx_token,
        TELEGRAM_TOKEN: answers.telegram_token,
        WEBHOOK_URL: answers.webhook_url,
    }
    lines = [f"{name}={_shell(value)}" for name, value in held.items() if value]
    return "\n".join(
        ["# Readable by you only; never commit it. `set -a; . ./secrets.env; set +a`", *lines, ""]
    )


def _shell(value: str) -> str:
    """Fits `sh` and systemd's EnvironmentFile alike. Raises BadInputError."""
    if any(c in value for c in "'\n\r\0"):
        raise BadInputError(
            "a secret with a quote or a line break can't stand in secrets.env: use a file instead"
        )
    return f"'{value}'"


def _quoted(text: str) -> str:
    return yaml.safe_dump(text, default_style='"', allow_unicode=True, width=10_000).strip()
