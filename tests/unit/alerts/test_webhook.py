"""The webhook against a real HTTP server that also misbehaves."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from alerts.channels.webhook import WebhookChannel, WebhookSettings
from alerts.model import IncidentId, Notification, Outcome, Reason, ReceiverId, Severity
from topology.findings import Component, ComponentKind
from topology.model import OfficeId

NOTE = Notification(
    dedup_key="R-261121-001/2/opened/noc",
    receiver=ReceiverId("noc"),
    reason=Reason.OPENED,
    incident=IncidentId("R-261121-001"),
    revision=2,
    severity=Severity.MAJOR,
    created_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
    subject="PUTUS serat Kuaro: 1 SKPD putus",
    text="Sejak …",
    components=(Component(ComponentKind.LINK, "grogot-kuaro"),),
    offices=(OfficeId("kuaro"),),
)


AT = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)


class Fixed:
    def now(self) -> datetime:
        return AT

    def monotonic_s(self) -> float:
        return 0.0


@dataclass
class Peer:
    """Answers with `reply`; None closes the connection without a word; "hang" never answers."""

    reply: bytes | str | None = b"HTTP/1.1 204 No Content\r\n\r\n"
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    port: int = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        self.headers.append(headers)
        self.bodies.append(await reader.readexactly(int(headers["content-length"])))
        if self.reply == "hang":
            await asyncio.sleep(30)
        if isinstance(self.reply, bytes):
            writer.write(self.reply)
            await writer.drain()
        writer.close()


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    server = await asyncio.start_server(peer.handle, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    yield peer
    server.close()


@pytest.fixture
async def channel(peer: Peer) -> AsyncIterator[WebhookChannel]:
    channel = WebhookChannel(
        WebhookSettings(f"http://127.0.0.1:{peer.port}/hook", "s3cret", timeout_s=0.3), Fixed()
    )
    await channel.start()
    yield channel
    await channel.stop()


async def test_what_arrives_is_the_whole_notification_and_signed(peer: Peer, channel: WebhookChannel) -> None:
    delivery = await channel.deliver(NOTE)
    assert delivery.outcome is Outcome.SENT
    body = json.loads(peer.bodies[0])
    assert body["reason"] == "opened"
    assert body["components"] == [{"kind": "link", "id": "grogot-kuaro"}]
    assert body["offices"] == ["kuaro"]
    assert body["subject"] == NOTE.subject
    stamp = peer.headers[0]["x-ronda-timestamp"]
    assert stamp == str(int(AT.timestamp()))
    expected = hmac.new(b"s3cret", f"{stamp}.".encode() + peer.bodies[0], hashlib.sha256).hexdigest()
    assert peer.headers[0]["x-ronda-signature"] == f"sha256={expected}"
    assert peer.headers[0]["x-ronda-dedup-key"] == NOTE.dedup_key.lower()


@pytest.mark.parametrize(
    ("reply", "outcome", "retry_after_s"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", Outcome.SENT, None),
        (b"HTTP/1.1 429 Slow\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n", Outcome.RETRY, 7.0),
        (b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n", Outcome.RETRY, None),
        (b"HTTP/1.1 503 Busy\r\nretry-after: soon\r\ncontent-length: 0\r\n\r\n", Outcome.RETRY, None),
        (b"HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n", Outcome.FAILED, None),
        (b"HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n", Outcome.FAILED, None),
        (b"garbage\r\n\r\n", Outcome.RETRY, None),
        (None, Outcome.RETRY, None),
        ("hang", Outcome.RETRY, None),
    ],
)
async def test_every_answer_is_sent_retryable_or_failed(
    peer: Peer,
    channel: WebhookChannel,
    reply: bytes | str | None,
    outcome: Outcome,
    retry_after_s: float | None,
) -> None:
    peer.reply = reply
    delivery = await channel.deliver(NOTE)
    assert delivery.outcome is outcome
    assert delivery.retry_after_s == retry_after_s
    assert (delivery.error is None) == (outcome is Outcome.SENT)


async def test_nobody_there_is_retryable() -> None:
    channel = WebhookChannel(WebhookSettings("http://127.0.0.1:1/hook"), Fixed())
    await channel.start()
    assert (await channel.deliver(NOTE)).outcome is Outcome.RETRY
    await channel.stop()
