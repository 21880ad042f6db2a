"""The whole program with every kind of secret and everything failing: nothing it says holds one.

Its peers are as bad as can be: whatever they are sent they send back in their error. The same house shows
that `/metrics` is complete, valid and documented.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import json
import logging
import re
import secrets
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest
import structlog
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from api import own_figures
from api.routes.health import ALL_FAMILIES
from lab.lab import Lab
from ronda import log
from ronda.app import App
from ronda.cli import app as cli
from ronda.clock import SystemClock
from ronda.docs import MONITORING
from ronda.secret_words import secret_words
from ronda.settings import load_settings
from topology.inventory import load_inventory

ROOT = Path(__file__).parents[3]
NAMES = (
    "RONDA_SNMP_COMMUNITY", "RONDA_V3_AUTH", "RONDA_V3_PRIV", "RONDA_SSH_PASSWORD", "INFLUX_TOKEN",
    "HOOK_URL", "HOOK_SECRET", "TELEGRAM_TOKEN", "MAIL_PASSWORD", "GATEWAY_KEY", "MANAGER_PASSWORD",
    "HEARTBEAT_URL",
)  # fmt: skip


async def echo_back(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An HTTP server that refuses, with all that it was sent as the reason."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        body = head + await reader.readexactly(int(length[1]) if length else 0)
        line = head.split(b"\r\n")[0].replace(b"\r", b"")
        text = json.dumps({"error": body.decode("latin-1"), "message": line.decode("latin-1")}).encode()
        writer.write(b"HTTP/1.1 401 no: " + line + b"\r\ncontent-type: application/json\r\n")
        writer.write(
            b"x-influxdb-version: v2.7.0\r\nx-influxdb-error: " + line + b"\r\nconnection: close\r\n"
        )
        writer.write(b"content-length: %d\r\n\r\n%s" % (len(text), text))
        await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def refuse_mail(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail\r\n")
    while line := await reader.readline():
        if line.upper().startswith(b"EHLO"):
            writer.write(b"250-mail\r\n250 AUTH PLAIN LOGIN\r\n")
        elif line.upper().startswith(b"AUTH"):
            writer.write(b"535 5.7.8 no: " + line.strip() + b"\r\n")
        else:
            writer.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"500 no\r\n")
        await writer.drain()
    writer.close()


def certified(where: Path) -> ssl.SSLContext:
    """For 127.0.0.1, signed by itself; the certificate lies in cert.pem."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    made = made.add_extension(alternative, critical=True)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (where / "cert.pem").write_bytes(pem)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (where / "key.pem").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(where / "cert.pem", where / "key.pem")
    return context


@dataclass
class House:
    app: App
    secrets: Mapping[str, str]
    said: io.StringIO
    client: httpx.AsyncClient
    settings: Path
    inventory: Path
    environ: Mapping[str, str]


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    yield stream
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level
    log.hide([])


@pytest.fixture
async def house(tmp_path: Path, logs: io.StringIO) -> AsyncIterator[House]:
    words = {name: f"s3cr3t{secrets.token_hex(12)}" for name in NAMES}
    web = await asyncio.start_server(echo_back, "127.0.0.1", 0)
    mail = await asyncio.start_server(refuse_mail, "127.0.0.1", 0, ssl=certified(tmp_path))
    at = f"http://127.0.0.1:{web.sockets[0].getsockname()[1]}"
    environ = dict(words)
    environ["HOOK_URL"] = f"{at}/hook/{words['HOOK_URL']}?key={words['HOOK_URL']}"
    environ["HEARTBEAT_URL"] = f"{at}/ping/{words['HEARTBEAT_URL']}"
    environ["TELEGRAM_TOKEN"] = f"8123456789:{words['TELEGRAM_TOKEN']}"
    receivers: list[dict[str, Any]] = [
        {"id": "hook", "kind": "webhook", "url_env": "HOOK_URL", "secret_env": "HOOK_SECRET"},
        {"id": "chat", "kind": "telegram", "token_env": "TELEGRAM_TOKEN", "chat_id": 1, "api_url": at},
        {"id": "mail", "kind": "email", "host": "127.0.0.1", "port": mail.sockets[0].getsockname()[1],
         "security": "tls", "ca_file": str(tmp_path / "cert.pem"), "user": "ronda",
         "password_env": "MAIL_PASSWORD", "sender": "r@x.example", "to": ["p@x.example"]},
        {"id": "wa", "kind": "gateway", "url": f"{at}/wa", "headers_env": {"X-Api-Key": "GATEWAY_KEY"},
         "body": {"text": "{{ message }}"}},
        {"id": "manager", "kind": "alertmanager", "url": at, "user": "ronda",
         "password_env": "MANAGER_PASSWORD"},
    ]  # fmt: skip
    written: dict[str, Any] = {
        "api": {"port": 0}, "probe": {"wire": "lab"}, "poll": {"timeout_s": 0.3, "retries": 0},
        "verdict": {"management_after_polls": 1}, "traps": {"host": "127.0.0.1"},
        "metrics": {"kind": "influx", "url": at, "version": "2", "org": "o", "token_env": "INFLUX_TOKEN"},
        "alerts": {"receivers": receivers, "routes": [{"receivers": [r["id"] for r in receivers]}],
                   "heartbeat": {"url_env": "HEARTBEAT_URL"}},
    }  # fmt: skip
    settings_file, inventory_file = tmp_path / "ronda.yaml", tmp_path / "inventory.yaml"
    settings_file.write_text(yaml.safe_dump(written))
    inventory_file.write_text((ROOT / "inventory.yaml").read_text())
    log.configure("json", "debug", logs)
    async with Lab(load_inventory(inventory_file), addresses="ephemeral", environment={}, boot_s=0) as lab:
        settings = load_settings(settings_file, {"RONDA_DATA_DIR": str(tmp_path / "data")})
        log.hide(secret_words(settings, lab.inventory, environ))
        app = App(settings, lab.inventory, SystemClock(), environ)
        await app.start()
        async with httpx.AsyncClient(base_url=app.url, timeout=30) as client:
            yield House(app, words, logs, client, settings_file, inventory_file, environ)
        await app.stop()
    web.close()
    mail.close()


async def until_all_have_failed(house: House) -> None:
    """Every receiver was tried, and InfluxDB, and the heartbeat."""
    async with asyncio.timeout(90):
        while True:
            text = house.said.getvalue()
            tried = set(re.findall(r'"receiver": "(\w+)"', text))
            figures = house.app.backend.self_counters()
            if (
                tried >= {"hook", "chat", "mail", "wa", "manager"}
                and figures.get("heartbeat_errors", 0)
                and figures.get("snmp_polls_with_errors", 0) >= 20
                and house.app.store.trouble
            ):
                return
            await asyncio.sleep(0.2)


def found_in(text: str, words: Mapping[str, str]) -> list[str]:
    """Names of the secrets that stand in `text`: as they are, in URLs, in base64, in hex, in pieces."""
    pieces = [text, unquote(text)]
    for word in set(re.findall(r"[A-Za-z0-9+/_-]{12,}={0,2}", text)):
        for cut in range(4):
            piece = word[cut:].rstrip("=")
            try:
                decoded = base64.b64decode(piece + "=" * (-len(piece) % 4), altchars=b"+/")
            except (binascii.Error, ValueError):
                continue
            pieces.append(decoded.decode("latin-1"))
    plain = "\n".join(pieces)
    return [
        name
        for name, word in words.items()
        if any(form in plain for form in (word, word[6:20], word.encode().hex(), quote(word)))
    ]


def test_the_search_finds_what_it_has_to() -> None:
    words = {"X": "s3cr3t0123456789abcdef01234567"}
    auth = base64.b64encode(b"\0ronda\0" + words["X"].encode()).decode()
    for text in (words["X"], f"AUTH PLAIN {auth}", words["X"].encode().hex(), f"...{words['X'][:22]}..."):
        assert found_in(text, words) == ["X"]
    assert found_in("nothing here", words) == []


@pytest.mark.timeout(240)
async def test_no_secret_is_told_by_anything_and_every_metric_is_documented(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await until_all_have_failed(house)
    said: dict[str, str] = {}
    openapi = (await house.client.get("/openapi.json")).json()
    for path, ways in openapi["paths"].items():
        if "get" in ways and "{" not in path and "stream" not in path:
            said[path] = (await house.client.get(path)).text
    incidents = (await house.client.get("/api/v1/incidents")).json()["items"]
    assert incidents
    for device in house.app.inventory.devices:
        said[device] = (await house.client.get(f"/api/v1/devices/{device}")).text
    for incident in incidents:
        said[incident["id"]] = (await house.client.get(f"/api/v1/incidents/{incident['id']}")).text
    for name, value in house.environ.items():
        monkeypatch.setenv(name, value)
    data = house.settings.parent / "data"
    runner = CliRunner()
    for command in (
        ["doctor", "--settings", str(house.settings), "--data-dir", str(data)],
        ["check", str(house.inventory), "--settings", str(house.settings)],
        ["alerts", "outbox", "--settings", str(house.settings), "--data-dir", str(data)],
        ["storage", "check", "--settings", str(house.settings), "--data-dir", str(data)],
        ["alerts", "test", "mail", "--settings", str(house.settings), "--data-dir", str(data)],
        ["poll", "dkisp-core-1", "--inventory", str(house.inventory), "--json"],
    ):
        done = await asyncio.to_thread(runner.invoke, cli, command)
        assert done.exit_code in (0, 1, 2), (command, done.exception)
        said[" ".join(command[:2])] = done.output
    for file in data.rglob("*"):
        if file.is_file():
            said[file.name] = file.read_bytes().decode("latin-1")
    said["log"] = house.said.getvalue()
    assert "message not delivered" in said["log"]
    assert len(said["log"].splitlines()) == said["log"].count("\n"), "one line an event"
    told = {where: names for where, text in said.items() if (names := found_in(text, house.secrets))}
    assert told == {}
    check_metrics(said["/metrics"], house.app.backend.self_counters())


def check_metrics(text: str, figures: Mapping[str, Any]) -> None:
    families = {f.name: f for f in text_string_to_metric_families(text)}
    page = MONITORING.read_text(encoding="utf-8")
    for name, (kind, words) in ALL_FAMILIES.items():
        assert f"| `{name}` | {kind} |" in page
        assert name.endswith("_total") == (kind == "counter")
        assert words.endswith(".")
        shown = families.get(name.removesuffix("_total"))
        assert shown is None or (shown.type, shown.documentation) == (kind, words)
    assert {f.name for f in families.values()} <= {n.removesuffix("_total") for n in ALL_FAMILIES}
    nameless = [
        s.labels for n in ("ronda_activity", "ronda_level") if n in families for s in families[n].samples
    ]
    assert nameless == [], "give them a name and words in api/own_figures.py"
    for family in own_figures.FAMILIES:
        if family.kind == "counter" and (not family.label or family.values):
            assert families[family.name.removesuffix("_total")].samples, "at zero from the start"
    samples = [(s.name, tuple(sorted(s.labels.items()))) for f in families.values() for s in f.samples]
    assert len(samples) == len(set(samples)), "no sample twice"
    lag = families["ronda_schedule_lag_seconds"].samples
    counts = [s.value for s in lag if s.name.endswith("_bucket")]
    assert counts == sorted(counts)
    assert {s.name.rpartition("_")[2] for s in lag} == {"bucket", "sum", "count"}
    assert figures["snmp_polls_with_errors"] > 0
