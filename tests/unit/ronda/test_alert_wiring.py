"""Heartbeat, the hook for Telegram's presses, `ronda alerts`: a real HTTP server, real records."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from alerts.channels.memory import ShortMemory
from alerts.delivery import Overtaken
from alerts.model import Notification, Outcome, Reason, ReceiverId, Severity
from ronda.build_channels import Parts, build_channels, build_manners, heartbeat_url, telegram_hooks
from ronda.cli import app
from ronda.clock import SystemClock
from ronda.heartbeat import Heartbeat
from ronda.heartbeat_settings import HeartbeatSettings
from ronda.section import SettingsError
from ronda.settings import load_settings
from ronda.telegram_hook import hook_router
from storage.records import Records

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


@dataclass
class Peer:
    status: int = 200
    paths: list[str] = field(default_factory=list)
    url: str = ""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.paths.append(head.split(" ")[1])
        writer.write(f"HTTP/1.1 {self.status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    server = await asyncio.start_server(peer.handle, "127.0.0.1", 0)
    peer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ping/secret-uuid"
    yield peer
    server.close()


@pytest.mark.parametrize("fail", [True, False])
async def test_the_heartbeat_stops_with_the_watch(peer: Peer, fail: bool) -> None:
    wrong: list[str] = []
    heart = Heartbeat(peer.url, 60, lambda: wrong[0] if wrong else None, fail=fail)
    await heart._peer.start()
    assert await heart.beat()
    wrong.append("the last verdict is 31 s old")
    for _ in range(3):
        await heart.beat()
    wrong.clear()
    assert await heart.beat()
    await heart.stop()
    said = ["/ping/secret-uuid/fail"] if fail else []
    assert peer.paths == ["/ping/secret-uuid", *said, "/ping/secret-uuid"]
    assert heart.counters["pings"] == 2
    assert heart.counters["withheld"] == 3


async def test_a_heartbeat_that_does_not_arrive_is_counted_and_tried_again(peer: Peer) -> None:
    peer.status = 503
    heart = Heartbeat(peer.url, 60, lambda: None, fail=False)
    await heart._peer.start()
    assert not await heart.beat()
    await heart.stop()
    assert heart.counters["errors"] == 1


def test_the_heartbeats_url_is_a_secret() -> None:
    assert heartbeat_url(HeartbeatSettings(), {}) is None
    with pytest.raises(SettingsError, match="HC_URL is not set"):
        heartbeat_url(HeartbeatSettings(url_env="HC_URL"), {})
    with pytest.raises(SettingsError) as caught:
        heartbeat_url(HeartbeatSettings(url_env="HC_URL"), {"HC_URL": "hc-ping.com/secret"})
    assert "secret" not in str(caught.value)


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "ronda.yaml"
    path.write_text(f"data_dir: {tmp_path / 'data'}\n{text}", encoding="utf-8")
    return path


TELEGRAM = (
    "alerts: {routes: [], receivers: [{id: piket, kind: telegram, token_env: TOKEN, chat_id: -5, "
    "acknowledge: webhook, webhook_secret_env: HOOK, api_url: 'http://127.0.0.1:1'}]}"
)


async def test_only_telegram_may_call_the_hook(tmp_path: Path) -> None:
    acks: list[str] = []

    async def on_ack(incident_id: str, who: str, via: str) -> str:
        acks.append(f"{incident_id} {who} {via}")
        return "ok"

    memory = ShortMemory()
    await memory.put("telegram:piket/telegram", "R-1", {"message_id": 1})
    settings = load_settings(write(tmp_path, TELEGRAM), {}).alerts
    environ = {"TOKEN": "1:abc", "HOOK": "s3cret"}
    channels = build_channels(settings, environ, Parts(SystemClock(), memory, on_ack))
    web = FastAPI()
    web.include_router(hook_router(telegram_hooks(settings, environ, channels)))
    message = {"chat": {"id": -5}, "message_id": 1}
    press = {"id": "q", "from": {"id": 7, "first_name": "Budi"}, "data": "ack:R-1", "message": message}
    body: dict[str, Any] = {"update_id": 1, "callback_query": press}
    good = {"x-telegram-bot-api-secret-token": "s3cret"}
    transport = httpx.ASGITransport(app=web)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        assert (await client.post("/hooks/telegram/piket", json=body)).status_code == 404
        assert (await client.post("/hooks/telegram/nobody", json=body, headers=good)).status_code == 404
        assert (await client.post("/hooks/telegram/piket", content=b"{", headers=good)).status_code == 400
        huge = b" " * 100_000
        assert (await client.post("/hooks/telegram/piket", content=huge, headers=good)).status_code == 413
        assert acks == []
        assert (await client.post("/hooks/telegram/piket", json=body, headers=good)).status_code == 204
    assert acks == ["R-1 Budi telegram"]


@pytest.mark.parametrize(
    ("receiver", "said"),
    [
        ("{id: a, kind: telegram, chat_id: 1}", "needs token_env or token_file"),
        ("{id: a, kind: telegram, chat_id: 1, token_env: T, acknowledge: webhook}", "webhook_secret_env"),
        ("{id: a, kind: email, host: h, sender: x, to: [a@b.c]}", "sender: 'x' is no mail address"),
        ("{id: a, kind: email, host: h, sender: a@b.c, to: ['a@b.c, d@e.f']}", "is no mail address"),
        (
            "{id: a, kind: email, host: h, sender: a@b.c, to: [a@b.c], user: u, security: none, "
            "password_env: P}",
            "clear",
        ),
        (
            "{id: a, kind: alertmanager, url: 'http://x', labels: {'no-label': x}}",
            "'no-label' is no label name",
        ),
        ("{id: a, kind: gateway, body: x}", "gateway 'a' needs url or url_env"),
        ("{id: a, kind: apprise}", "apprise 'a' needs url_env or url_file"),
        ("{id: a, kind: pigeon}", "pigeon"),
        ("{id: a/b, kind: console}", "an id has no /"),
        ("{id: a, channels: []}", "at least 1"),
        ("{id: a, kind: command, argv: []}", "at least 1"),
    ],
)
def test_a_receiver_that_can_not_work_is_refused(tmp_path: Path, receiver: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load_settings(write(tmp_path, f"alerts: {{receivers: [{receiver}], routes: []}}"), {})


def test_receivers_become_manners(tmp_path: Path) -> None:
    text = (
        "alerts: {routes: [], receivers: ["
        "{id: all, when_overtaken: combine, channels: [{kind: console}, {kind: console}]},"
        "{id: first, use: first, at_most_per_minute: 0, channels: [{kind: console}, {kind: console}]},"
        "{id: machine, kind: alertmanager, url: 'http://x'}]}"
    )
    manners = build_manners(load_settings(write(tmp_path, text), {}).alerts)
    every, first, machine = (manners[ReceiverId(r)] for r in ("all", "first", "machine"))
    assert (every.channels, every.at_most_per_minute) == (("console", "console-2"), 20)
    assert every.overtaken is Overtaken.COMBINE
    assert (first.channels, first.at_most_per_minute) == ((), None)
    assert machine.at_most_per_minute is None


def run(*arguments: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["alerts", *arguments])
    return found.exit_code, found.output


def test_what_waits_and_what_failed_is_shown_and_tried_again(tmp_path: Path) -> None:
    settings = str(write(tmp_path, ""))
    records = Records(f"sqlite:///{tmp_path / 'data' / 'records.sqlite'}")
    records.start()
    one = Notification(
        "k1", ReceiverId("noc"), Reason.OPENED, None, 1, Severity.MAJOR, AT, "PUTUS [red]x", "t"
    )
    records.save(notifications=[one, replace(one, dedup_key="k2")])
    (first, _) = records.claim_due(AT, 2, 60)
    records.mark(first.notification.dedup_key, Outcome.FAILED, AT, "HTTP 401")

    code, said = run("outbox", "-s", settings, "--json")
    assert code == 1
    assert [(r["key"], r["state"], r["error"]) for r in json.loads(said)] == [
        ("k1", "failed", "HTTP 401"),
        ("k2", "sending", None),
    ]
    assert run("outbox", "-s", settings)[0] == 1
    assert run("retry", "no-such-key", "-s", settings) == (1, "0 messages will be tried again\n")
    assert run("retry", "k1", "-s", settings) == (0, "1 message will be tried again\n")
    code, said = run("outbox", "-s", settings, "--json")
    assert code == 0
    assert json.loads(said)[0]["state"] == "retry"
    records.stop()


def test_a_receiver_is_tried_out(tmp_path: Path) -> None:
    file = tmp_path / "got.json"
    settings = str(
        write(
            tmp_path,
            "alerts: {routes: [], receivers: [{id: me, channels: ["
            f"{{kind: command, argv: [tee, '{file}']}}, "
            "{kind: webhook, url: 'http://127.0.0.1:1/'}]}]}",
        )
    )
    code, said = run("test", "me", "-s", settings, "-i", "inventory.yaml")
    assert code == 1
    assert "me/command: sent." in said
    assert "me/webhook: not sent (may pass: it would be tried again)" in said
    assert json.loads(file.read_text())["reason"] == "test"
    code, said = run("test", "nobody", "-s", settings, "-i", "inventory.yaml")
    assert code == 2
    assert "known: me" in said
