"""Command, gateway, Apprise and cutting: against real processes and a real HTTP server."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.apprise import AppriseChannel, AppriseSettings, installed
from alerts.channels.command import CommandChannel, CommandSettings
from alerts.channels.cut import fit_html, fit_text, utf16_length
from alerts.channels.gateway import BodyTemplateError, GatewayChannel, GatewaySettings
from alerts.model import IncidentId, Notification, Outcome, Reason, ReceiverId, Severity

NOTE = Notification(
    dedup_key="R-261121-001/2/opened/wa",
    receiver=ReceiverId("wa"),
    reason=Reason.OPENED,
    incident=IncidentId("R-261121-001"),
    revision=2,
    severity=Severity.MAJOR,
    created_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
    subject='PUTUS serat "Kuaro": 1 SKPD',
    text="Sejak 14:05\nInsiden R-261121-001",
)


# --- a command ---


async def run(script: str, timeout_s: float = 10.0) -> tuple[Outcome, str]:
    channel = CommandChannel(CommandSettings((sys.executable, "-c", script), timeout_s))
    await channel.start()
    delivery = await channel.deliver(NOTE)
    await channel.stop()
    return delivery.outcome, delivery.error or ""


async def test_a_command_gets_the_message_on_its_stdin(tmp_path: Path) -> None:
    file = tmp_path / "got.json"
    outcome, _ = await run(f"import sys; open({str(file)!r}, 'w').write(sys.stdin.read())")
    assert outcome is Outcome.SENT
    assert json.loads(file.read_text())["subject"] == NOTE.subject


@pytest.mark.parametrize(
    ("script", "outcome", "said"),
    [
        ("raise SystemExit(75)", Outcome.RETRY, "exit 75"),
        ("import sys; sys.stderr.write('no such chat'); raise SystemExit(3)", Outcome.FAILED, "no such chat"),
        ("import sys; sys.stdin.close()", Outcome.SENT, ""),
        ("import sys; sys.stderr.write('x' * 10**6); raise SystemExit(1)", Outcome.FAILED, "xxx"),
    ],
)
async def test_exit_codes(script: str, outcome: Outcome, said: str) -> None:
    got, error = await run(script)
    assert got is outcome
    assert said in error
    assert len(error) < 2000


def lives(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


async def test_a_command_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    script = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(file)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    outcome, error = await run(script, timeout_s=1.5)
    assert outcome is Outcome.RETRY
    assert "no end within" in error
    for _ in range(100):
        if not lives(int(file.read_text())):
            break
        await asyncio.sleep(0.02)
    else:
        pytest.fail("its child lives")


async def test_a_command_that_is_not_there_is_permanent() -> None:
    channel = CommandChannel(CommandSettings(("/no/such/program",)))
    delivery = await channel.deliver(NOTE)
    assert delivery.outcome is Outcome.FAILED
    assert "/no/such/program" in str(delivery.error)


# --- a gateway ---


class Gateway:
    def __init__(self) -> None:
        self.reply = b'{"messages": [{"id": "wamid.1"}]}'
        self.status = 200
        self.requests: list[tuple[str, bytes]] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(": ")[1])
            for line in head.splitlines()
            if line.lower().startswith("content-length")
        )
        self.requests.append((head, await reader.readexactly(length)))
        writer.write(f"HTTP/1.1 {self.status} X\r\ncontent-length: {len(self.reply)}\r\n\r\n".encode())
        writer.write(self.reply)
        await writer.drain()
        writer.close()


@pytest.fixture
async def gateway() -> AsyncIterator[tuple[Gateway, str]]:
    peer = Gateway()
    server = await asyncio.start_server(peer.handle, "127.0.0.1", 0)
    yield peer, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/sendText"
    server.close()


async def send(settings: GatewaySettings) -> tuple[Outcome, str]:
    channel = GatewayChannel(settings)
    await channel.start()
    delivery = await channel.deliver(NOTE)
    await channel.stop()
    return delivery.outcome, delivery.error or ""


async def test_a_body_as_a_mapping_is_json_with_each_string_rendered(gateway: tuple[Gateway, str]) -> None:
    peer, url = gateway
    body = {"chatId": "628@c.us", "text": "{{ message }}", "n": 1, "list": ["{{ severity }}"], "ok": True}
    outcome, _ = await send(
        GatewaySettings(url, body, headers={"X-Api-Key": "k"}, success_field="messages.0.id")
    )
    assert outcome is Outcome.SENT
    head, sent = peer.requests[0]
    assert json.loads(sent) == {
        "chatId": "628@c.us",
        "text": f"{NOTE.subject}\n{NOTE.text}",
        "n": 1,
        "list": ["major"],
        "ok": True,
    }
    assert "x-api-key: k" in head.lower()
    assert "idempotency-key: r-261121-001/2/opened/wa" in head.lower()


async def test_a_body_as_text_is_one_template(gateway: tuple[Gateway, str]) -> None:
    peer, url = gateway
    outcome, _ = await send(GatewaySettings(url, '{"to": "628", "body": {{ message|tojson }}}'))
    assert outcome is Outcome.SENT
    assert json.loads(peer.requests[0][1])["body"].startswith('PUTUS serat "Kuaro"')


@pytest.mark.parametrize(
    ("status", "reply", "outcome"),
    [
        (200, b'{"messages": []}', Outcome.RETRY),
        (200, b"<html>", Outcome.RETRY),
        (401, b"token kunci-rahasia is wrong", Outcome.FAILED),
        (409, b"busy", Outcome.RETRY),
        (503, b"", Outcome.RETRY),
        (302, b"", Outcome.FAILED),
    ],
)
async def test_the_rule_of_success(
    gateway: tuple[Gateway, str], status: int, reply: bytes, outcome: Outcome
) -> None:
    peer, url = gateway
    peer.status, peer.reply = status, reply
    settings = GatewaySettings(
        url,
        {"text": "{{ subject }}"},
        secrets=("kunci-rahasia",),
        success_field="messages.0.id",
        retry_status=frozenset({409}),
    )
    got, error = await send(settings)
    assert got is outcome
    assert error
    assert "kunci-rahasia" not in error


def test_a_template_that_is_none_says_where() -> None:
    with pytest.raises(BodyTemplateError, match=r"body\.text"):
        GatewayChannel(GatewaySettings("http://127.0.0.1/", {"text": "{{ subject "}))


async def test_a_word_that_a_message_has_not_is_permanent() -> None:
    outcome, error = await send(GatewaySettings("http://127.0.0.1:1/", {"text": "{{ subjekt }}"}))
    assert outcome is Outcome.FAILED
    assert "subjekt" in error


async def test_a_template_can_not_reach_into_the_program() -> None:
    outcome, _ = await send(GatewaySettings("http://127.0.0.1:1/", {"text": "{{ ''.__class__.__mro__ }}"}))
    assert outcome is Outcome.FAILED


# --- Apprise ---


@pytest.mark.skipif(not installed(), reason="apprise is not installed")
async def test_apprise_delivers_by_url_and_says_what_fails(gateway: tuple[Gateway, str]) -> None:
    peer, url = gateway
    channel = AppriseChannel(AppriseSettings(url.replace("http://", "json://")))
    await channel.start()
    assert (await channel.deliver(NOTE)).outcome is Outcome.SENT
    assert json.loads(peer.requests[0][1])["title"] == NOTE.subject
    peer.status = 500
    failed = await channel.deliver(NOTE)
    await channel.stop()
    assert failed.outcome is Outcome.RETRY
    assert failed.error


@pytest.mark.skipif(not installed(), reason="apprise is not installed")
async def test_a_url_that_apprise_does_not_know_is_permanent() -> None:
    channel = AppriseChannel(AppriseSettings("nosuch://secret@host"))
    await channel.start()
    delivery = await channel.deliver(NOTE)
    await channel.stop()
    assert delivery.outcome is Outcome.FAILED
    assert "secret" not in str(delivery.error)


# --- cutting ---


@given(st.lists(st.text(alphabet="ab<&>\"'é😀 ", max_size=60), max_size=30), st.integers(20, 300))
def test_html_that_was_cut_fits_and_is_whole(lines: list[str], limit: int) -> None:
    from html import escape

    html = "\n".join(f"<b>{escape(line)}</b>" for line in lines)
    cut = fit_html(html, limit)
    assert utf16_length(cut) <= limit
    assert cut.count("<b>") == cut.count("</b>")
    assert unescape(cut).count("&amp;") <= html.count("&amp;")
    if utf16_length(html) <= limit:
        assert cut == html


@given(st.text(max_size=400), st.integers(2, 200))
def test_text_that_was_cut_fits_and_begins_the_same(text: str, limit: int) -> None:
    cut = fit_text(text, limit)
    assert len(cut) <= limit
    assert text.startswith(cut.removesuffix("…"))


async def test_a_message_longer_than_telegram_takes_is_cut_at_a_line() -> None:
    long = replace(NOTE, text="\n".join(f"SKPD nomor {n}" for n in range(1000)))
    cut = fit_html(long.text, 4096)
    assert cut.endswith("\n…")
    assert all(line.startswith("SKPD nomor") for line in cut.split("\n")[:-1])
