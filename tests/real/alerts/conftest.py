"""Peers that tests start: an HTTP server that also misbehaves, mail servers with TLS, a clock to move."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from alerts.model import IncidentId, Notification, Reason, ReceiverId, Severity

START = datetime(2026, 11, 21, 6, 5, 15, tzinfo=UTC)


class HandClock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return (self.at - START).total_seconds()

    def pass_s(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def note() -> Callable[..., Notification]:
    def make(reason: Reason = Reason.OPENED, revision: int = 1, **over: Any) -> Notification:
        values: dict[str, Any] = {
            "dedup_key": f"R-261121-001/{revision}/{reason}/piket",
            "receiver": ReceiverId("piket"),
            "reason": reason,
            "incident": IncidentId("R-261121-001"),
            "revision": revision,
            "severity": Severity.MAJOR,
            "created_at": START,
            "subject": "PUTUS serat optik Grogot - Kuaro: 2 SKPD putus",
            "text": "SKPD putus (2): Kantor Camat Kuaro, Puskesmas Kuaro\nInsiden R-261121-001",
            "html": "<b>SKPD putus (2):</b> Kantor Camat Kuaro, Puskesmas Kuaro\nInsiden R-261121-001",
            "payload": {"kind": "outage", "began_at": (START - timedelta(seconds=6)).isoformat()},
        }
        return Notification(**{**values, **over})

    return make


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Reply = tuple[int, dict[str, str], bytes] | str
"""Status, headers, body; or `hang`, `reset`, `garbage`."""


def reply(status: int, body: Any = b"", **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return status, {k.replace("_", "-"): v for k, v in headers.items()}, content


@dataclass
class HttpPeerServer:
    """Answers each request with what `answer` says, and remembers it."""

    answer: Callable[[Request], Reply] = lambda _: reply(200, {"ok": True, "result": {"message_id": 1}})
    requests: list[Request] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().split("\r\n")
                method, path, _ = first.split(" ", 2)
                headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines if line)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                request = Request(method, path, headers, body)
                self.requests.append(request)
                answer = self.answer(request)
                if answer == "hang":
                    await asyncio.sleep(30)
                    return
                if answer == "reset":
                    writer.transport.abort()
                    return
                if answer == "garbage":
                    writer.write(b"what?\r\n\r\n")
                    return
                assert not isinstance(answer, str)
                status, extra, content = answer
                lines = [f"HTTP/1.1 {status} X", f"content-length: {len(content)}"]
                lines += [f"{k}: {v}" for k, v in extra.items()]
                writer.write("\r\n".join([*lines, "", ""]).encode() + content)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def peer() -> AsyncIterator[HttpPeerServer]:
    peer = HttpPeerServer()
    server = await asyncio.start_server(peer.handle, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    yield peer
    server.close()


@dataclass(frozen=True)
class Certificate:
    authority: Path
    chain: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """For 127.0.0.1, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = signed.public_bytes(serialization.Encoding.PEM)
    (folder / "cert.pem").write_bytes(pem)
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return Certificate(folder / "cert.pem", folder / "cert.pem", folder / "key.pem")
