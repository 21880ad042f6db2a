"""Application checks against real HTTP and HTTPS servers, most of which misbehave."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from collector.http import ApplicationChecker, ApplicationRule, HttpSettings, days_left
from collector.schedule import Schedule
from ronda.clock import SystemClock
from topology.model import Application, ApplicationId, DeviceId
from topology.observations import ApplicationCheck

APP = ApplicationId("e-budgeting")
CLOCK = SystemClock()
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def response(status: str = "200 OK", body: str = "Selamat datang", headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body.encode())}\r\n{headers}\r\n"
    return head.encode() + body.encode()


def says(data: bytes) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        await writer.drain()

    return answer


async def hangs(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read(-1)


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Never idle long enough for a read time-out, never done."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while not reader.at_eof():
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hangs_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


class Server:
    def __init__(self, answer: Answer, scheme: str) -> None:
        self.answer = answer
        self.scheme = scheme
        self.asked = 0
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/health"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        self._open.add(writer)
        try:
            await self.answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the checker went away, as it may
        finally:
            self._open.discard(writer)
            writer.close()

    def close(self) -> None:
        for writer in self._open:
            writer.close()


Serve = Callable[..., Awaitable[Server]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    running: list[tuple[asyncio.Server, Server]] = []

    async def start(answer: Answer, tls: ssl.SSLContext | None = None) -> Server:
        server = Server(answer, "http" if tls is None else "https")
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
        server.port = listener.sockets[0].getsockname()[1]
        running.append((listener, server))
        return server

    yield start
    for listener, server in running:
        listener.close()
        server.close()


async def checked(url: str, **rule: object) -> ApplicationCheck | None:
    """One check, with a short time-out and a prompt second look."""
    checker, check = await checker_and_check(url, **rule)
    assert checker.counters.checks == 1
    return check


async def checker_and_check(url: str, **rule: object) -> tuple[ApplicationChecker, ApplicationCheck | None]:
    expected = replace(ApplicationRule(timeout_s=5.0), **rule)  # type: ignore[arg-type]  # as each test says
    settings = HttpSettings(rule=expected, confirm_after_s=0.01)
    application = Application(APP, "e-Budgeting", DeviceId("server"), url)
    checker = ApplicationChecker([application], CLOCK, settings)
    await checker.start()
    try:
        return checker, await checker.check(APP)
    finally:
        await checker.stop()


async def test_fine(serve: Serve) -> None:
    server = await serve(says(response()))
    check = await checked(server.url, expect_body="Selamat")
    assert check is not None
    assert (check.application, check.up, check.status_code, check.reason) == (APP, True, 200, None)
    assert check.response_s is not None
    assert 0.0 < check.response_s < 5.0
    assert check.certificate_expires_at is None
    assert server.asked == 1


@pytest.mark.parametrize(
    ("answer", "reason", "status"),
    [
        pytest.param(hangs, "timeout: no complete answer within 0.3 s", None, id="hangs"),
        pytest.param(drips, "timeout: no complete answer within 0.3 s", None, id="drips"),
        pytest.param(hangs_up, "protocol: not an HTTP answer", None, id="hangs up"),
        pytest.param(says(b"SSH-2.0-OpenSSH_9.2\r\n"), "protocol: not an HTTP answer", None, id="not HTTP"),
        pytest.param(
            says(response("500 Internal Server Error")), "status: 500 Internal Server Error", 500, id="500"
        ),
        pytest.param(says(response("404 Not Found")), "status: 404 Not Found", 404, id="404"),
        pytest.param(says(response(body="Sedang pemeliharaan")), "body: 'Selamat' is not", 200, id="body"),
        pytest.param(
            says(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nSelamat"), "protocol", None, id="cut short"
        ),
        pytest.param(
            says(response("302 Found", headers="location: /health\r\n")),
            "redirect: it redirects",
            None,
            id="loop",
        ),
        pytest.param(
            says(response("302 Found", headers="location: gopher://x/\r\n")),
            "redirect: ",
            None,
            id="elsewhere",
        ),
    ],
)
async def test_what_is_wrong_is_said(serve: Serve, answer: Answer, reason: str, status: int | None) -> None:
    server = await serve(answer)
    timeout_s = 0.3 if answer in (hangs, drips) else 5.0
    check = await checked(server.url, expect_body="Selamat", timeout_s=timeout_s)
    assert check is not None
    assert not check.up
    assert check.reason is not None
    assert check.reason.startswith(reason)
    assert check.status_code == status
    assert server.asked >= 2, "looked at twice before it counts"


async def test_a_reset(serve: Serve) -> None:
    server = await serve(resets)
    check = await checked(server.url)
    assert check is not None
    assert check.reason == "reset: the connection was reset"


async def test_nobody_listens(serve: Serve) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    check = await checked(f"http://127.0.0.1:{port}/")
    assert check is not None
    assert check.reason == "refused: connection refused: nothing listens there"


async def test_a_failure_that_does_not_last_is_none(serve: Serve) -> None:
    server = await serve(hangs_up)

    async def once_more(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await (hangs_up if server.asked == 1 else says(response()))(reader, writer)

    server.answer = once_more
    checker, check = await checker_and_check(server.url)
    assert check is not None
    assert check.up
    assert (checker.counters.retried, checker.counters.recovered) == (1, 1)
    assert checker.counters.faults == {"protocol": 1}


async def test_redirects_are_followed_to_the_page(serve: Serve) -> None:
    page = await serve(says(response()))
    server = await serve(says(response("301 Moved Permanently", headers=f"location: {page.url}\r\n")))
    check = await checked(server.url, expect_body="Selamat")
    assert check is not None
    assert check.up


async def test_a_proxy_in_the_environment_is_not_asked(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, page = await serve(says(response())), await serve(says(response()))
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    check = await checked(page.url)
    assert check is not None
    assert check.up
    assert (proxy.asked, page.asked) == (0, 1)


async def test_another_status_can_be_what_is_expected(serve: Serve) -> None:
    server = await serve(says(response("401 Unauthorized")))
    check = await checked(server.url, expect_status=(401,))
    assert check is not None
    assert check.up


async def test_an_endless_page_is_read_to_a_limit(serve: Serve) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    server = await serve(endless)
    check = await checked(server.url)
    assert check is not None
    assert check.up


# --- TLS ---


class Authority:
    """A certificate authority, and servers' certificates by it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Paser test authority")])
        own = self._build(self._name, self._key, 3650, host=None)
        self.file = folder / "ca.pem"
        self.file.write_bytes(own.public_bytes(serialization.Encoding.PEM))

    def _build(
        self, name: x509.Name, key: ec.EllipticCurvePrivateKey, days: float, host: str | None
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=400))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        )
        if host is not None:
            names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def server(self, days: float, host: str = "127.0.0.1") -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        file = self._folder / f"server-{days}-{host}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + self._build(name, key, days, host).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def test_a_good_certificate_and_how_long_it_lasts(serve: Serve, authority: Authority) -> None:
    server = await serve(says(response()), authority.server(days=20))
    check = await checked(server.url, ca_file=str(authority.file))
    assert check is not None
    assert check.up
    left = days_left(check)
    assert left is not None
    assert 19.9 < left <= 20.0


async def test_an_expired_certificate(serve: Serve, authority: Authority) -> None:
    server = await serve(says(response()), authority.server(days=-3))
    check = await checked(server.url, ca_file=str(authority.file))
    assert check is not None
    assert not check.up
    assert check.reason == "certificate: certificate has expired"
    left = days_left(check)
    assert left is not None
    assert -3.1 < left < -2.9


async def test_a_certificate_nobody_vouches_for(serve: Serve, authority: Authority) -> None:
    server = await serve(says(response()), authority.server(days=20))
    check = await checked(server.url)
    assert check is not None
    assert check.reason is not None
    assert check.reason.startswith("certificate: ")
    assert check.certificate_expires_at is not None


async def test_a_certificate_of_another_host(serve: Serve, authority: Authority) -> None:
    server = await serve(says(response()), authority.server(days=20, host="192.0.2.1"))
    check = await checked(server.url, ca_file=str(authority.file))
    assert check is not None
    assert check.reason is not None
    assert check.reason.startswith("certificate: IP address mismatch")


async def test_behind_a_redirect_the_certificate_of_the_last_host_counts(
    serve: Serve, authority: Authority
) -> None:
    last = await serve(says(response()), authority.server(days=-3))
    first = await serve(
        says(response("302 Found", headers=f"location: {last.url}\r\n")), authority.server(days=20)
    )
    check = await checked(first.url, ca_file=str(authority.file))
    assert check is not None
    left = days_left(check)
    assert left is not None
    assert left < 0


async def test_without_verification_the_dates_are_still_seen(serve: Serve, authority: Authority) -> None:
    server = await serve(says(response()), authority.server(days=-3))
    check = await checked(server.url, verify_tls=False)
    assert check is not None
    assert check.up
    left = days_left(check)
    assert left is not None
    assert left < 0


async def test_a_server_that_never_shakes_hands(serve: Serve) -> None:
    server = await serve(hangs)
    check = await checked(server.url.replace("http:", "https:"), timeout_s=0.3)
    assert check is not None
    assert check.reason == "timeout: no complete answer within 0.3 s"


async def test_plain_http_where_tls_is_expected(serve: Serve) -> None:
    async def bad_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(response("400 Bad Request"))
        await writer.drain()

    server = await serve(bad_request)
    check = await checked(server.url.replace("http:", "https:"))
    assert check is not None
    assert check.reason is not None
    assert check.reason.startswith("tls: ")


# --- many, and on a schedule ---


async def test_hanging_applications_delay_no_living_one(serve: Serve) -> None:
    hanging, living = await serve(hangs), await serve(says(response()))
    applications = [
        Application(ApplicationId(f"hanging-{n}"), "x", DeviceId("server"), hanging.url) for n in range(40)
    ]
    applications.append(Application(APP, "e-Budgeting", DeviceId("server"), living.url))
    rule = ApplicationRule(timeout_s=0.5, interval_s=1.0)
    checker = ApplicationChecker(
        applications, CLOCK, HttpSettings(rule=rule, confirm_after_s=0.1, at_once=64)
    )
    await checker.start()
    checks: list[ApplicationCheck] = []

    async def never(_: object) -> list[object]:
        return []

    schedule = Schedule([], never, never, lambda _r: None, lambda _r: None, CLOCK)  # type: ignore[arg-type]  # no devices, so neither is called
    for key, interval_s, run in checker.turns(checks.append):
        schedule.every(key, interval_s, run)
    await schedule.start()
    try:
        async with asyncio.timeout(20.0):
            while sum(c.application == APP for c in checks) < 3:  # noqa: ASYNC110 - a plain list, no event
                await asyncio.sleep(0.05)
    finally:
        await schedule.stop()
        await checker.stop()
    assert all(c.up == (c.application == APP) for c in checks)
    times = checker.response_times(APP)
    assert times is not None
    assert times.count >= 3
    assert 0.0 < times.p50_s <= times.p95_s < 5.0
    assert checker.response_times(ApplicationId("hanging-1")) is None
