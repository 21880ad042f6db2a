"""Mail against real SMTP servers (aiosmtpd): STARTTLS, TLS, login, refusals, and what a mailbox gets."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from alerts.channels.email import EmailChannel, EmailSettings
from alerts.channels.memory import ShortMemory
from alerts.delivery import Delivery
from alerts.model import Notification, Outcome, Reason

pytestmark = pytest.mark.real
PASSWORD = "hunter2-secret"
TO = ("piket@paser.example", "noc@paser.example")


@dataclass
class Mailbox:
    """aiosmtpd's handler: keeps what comes, refuses as it is told."""

    got: list[tuple[list[str], Any]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    at_data: str = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if (no := self.refuse.get(address)) is not None:
            return no
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.at_data == "hang":
            await asyncio.sleep(5)
        if self.at_data:
            return self.at_data
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.got.append((list(envelope.rcpt_tos), parsed))
        return "250 2.0.0 queued as 1"


def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and data.login == b"ronda" and data.password == PASSWORD.encode()
    return AuthResult(success=good, handled=False)


class Listening(Controller):
    """On a free port: aiosmtpd itself wants to be told which."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def server(mailbox: Mailbox, certificate: Any, security: str = "starttls") -> Iterator[int]:
    context = certificate.server_context()
    options: dict[str, Any] = {"authenticator": authenticate, "auth_required": True}
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    else:
        options |= {"auth_require_tls": False}

    class Here(Listening):
        def factory(self) -> SMTP:
            return SMTP(mailbox, hostname="mail.test", **options)

    wrapped = {"ssl_context": context} if security == "tls" else {}
    controller = Here(mailbox, hostname="127.0.0.1", port=0, **wrapped)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def channel(port: int, certificate: Any, clock: Any, memory: ShortMemory | None = None, **over: Any) -> Any:
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "sender": "Ronda Paser <ronda@paser.example>",
        "to": TO,
        "user": "ronda",
        "password": PASSWORD,
        "ca_file": certificate.authority,
        "timeout_s": 2.0,
    }
    return EmailChannel(EmailSettings(**{**values, **over}), "piket/email", clock, memory or ShortMemory())


async def deliver(mail: Any, *notes: Notification) -> list[Delivery]:
    await mail.start()
    try:
        return [await mail.deliver(one) for one in notes]
    finally:
        await mail.stop()


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_what_a_mailbox_gets(
    certificate: Any, clock: Any, note: Callable[..., Notification], security: Any
) -> None:
    mailbox = Mailbox()
    with server(mailbox, certificate, security) as port:
        opened, over = await deliver(
            channel(port, certificate, clock, security=security),
            note(),
            note(Reason.RESOLVED, 2, subject="PULIH serat\r\nBcc: evil@example.com – 2 SKPD"),
        )
    assert opened.outcome is over.outcome is Outcome.SENT
    assert "queued as 1" in str(opened.answer)
    (to, first), (_, second) = mailbox.got
    assert to == list(TO)
    assert first["Subject"] == "[R-261121-001] PUTUS serat optik Grogot - Kuaro: 2 SKPD putus"
    assert first["From"] == "Ronda Paser <ronda@paser.example>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert second["References"] == second["In-Reply-To"] == first["Message-ID"]
    assert first["References"] is None
    assert second["Subject"] == "[R-261121-001] PULIH serat Bcc: evil@example.com – 2 SKPD"
    assert second["Bcc"] is None
    assert [p.get_content_type() for p in first.iter_parts()] == ["text/plain", "text/html"]
    assert "Puskesmas Kuaro" in first.get_body(("plain",)).get_content()
    assert "<b>SKPD putus (2):</b>" in first.get_body(("html",)).get_content()


async def test_a_repeat_has_the_same_message_id(
    certificate: Any, clock: Any, note: Callable[..., Notification]
) -> None:
    mail = channel(1, certificate, clock)
    assert mail.message(note())["Message-ID"] == mail.message(note())["Message-ID"]
    assert (
        mail.message(note(Reason.UPDATED, 2))["Message-ID"]
        != mail.message(note(Reason.UPDATED, 3))["Message-ID"]
    )


@pytest.mark.parametrize(
    ("refuse", "at_data", "outcome"),
    [
        ({TO[0]: "450 busy", TO[1]: "450 busy"}, "", Outcome.RETRY),
        ({TO[0]: "550 nobody", TO[1]: "550 nobody"}, "", Outcome.FAILED),
        ({}, "451 greylisted", Outcome.RETRY),
        ({}, "554 spam", Outcome.FAILED),
        ({}, "hang", Outcome.RETRY),
    ],
)
async def test_refusals_say_whether_time_may_cure_them(
    certificate: Any,
    clock: Any,
    note: Callable[..., Notification],
    refuse: dict[str, str],
    at_data: str,
    outcome: Outcome,
) -> None:
    with server(Mailbox(refuse=refuse, at_data=at_data), certificate) as port:
        (delivery,) = await deliver(channel(port, certificate, clock, timeout_s=0.7), note())
    assert delivery.outcome is outcome
    assert delivery.error
    assert delivery.maybe_arrived == (at_data == "hang")


async def test_who_has_it_does_not_get_it_again_when_the_other_must_wait(
    certificate: Any, clock: Any, note: Callable[..., Notification]
) -> None:
    mailbox, memory = Mailbox(refuse={TO[1]: "450 busy"}), ShortMemory()
    with server(mailbox, certificate) as port:
        (first,) = await deliver(channel(port, certificate, clock, memory), note())
        mailbox.refuse.clear()
        (second,) = await deliver(channel(port, certificate, clock, memory), note())
    assert (first.outcome, second.outcome) == (Outcome.RETRY, Outcome.SENT)
    assert [to for to, _ in mailbox.got] == [[TO[0]], [TO[1]]]
    assert await memory.of_owner("email:piket/email") == {}


async def test_one_address_that_is_gone_does_not_keep_the_other_from_it(
    certificate: Any, clock: Any, note: Callable[..., Notification]
) -> None:
    mailbox = Mailbox(refuse={TO[1]: "550 nobody"})
    with server(mailbox, certificate) as port:
        (delivery,) = await deliver(channel(port, certificate, clock), note())
    assert delivery.outcome is Outcome.SENT
    assert "550" in str(delivery.error)


async def test_a_wrong_password_is_permanent_and_not_shown(
    certificate: Any, clock: Any, note: Callable[..., Notification]
) -> None:
    with server(Mailbox(), certificate) as port:
        (delivery,) = await deliver(channel(port, certificate, clock, password="wrong-" + PASSWORD), note())
    assert delivery.outcome is Outcome.FAILED
    assert "535" in str(delivery.error)
    assert PASSWORD not in str(delivery.error)


async def test_a_server_without_starttls_gets_nothing_in_the_clear(
    certificate: Any, clock: Any, note: Callable[..., Notification]
) -> None:
    mailbox = Mailbox()
    with server(mailbox, certificate, "none") as port:
        (delivery,) = await deliver(channel(port, certificate, clock), note())
    assert delivery.outcome is Outcome.FAILED
    assert "STARTTLS" in str(delivery.error)
    assert mailbox.got == []


async def test_a_certificate_of_somebody_else_is_refused(
    certificate: Any, clock: Any, note: Callable[..., Notification]
) -> None:
    mailbox = Mailbox()
    with server(mailbox, certificate) as port:
        (delivery,) = await deliver(channel(port, certificate, clock, ca_file=None), note())
    assert delivery.outcome is Outcome.RETRY
    assert "certificate" in str(delivery.error).lower()
    assert mailbox.got == []


async def test_nobody_there_may_come_back(
    certificate: Any, clock: Any, note: Callable[..., Notification]
) -> None:
    (delivery,) = await deliver(channel(1, certificate, clock), note())
    assert (delivery.outcome, delivery.maybe_arrived) == (Outcome.RETRY, False)
