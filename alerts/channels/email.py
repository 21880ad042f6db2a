"""Mail by SMTP: text and HTML, one thread an incident.

Of what is sent twice after a crash the Message-ID is the same, so that mailboxes drop or join it.
"""

from __future__ import annotations

import hashlib
import re
import ssl
from collections import Counter
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape
from pathlib import Path
from typing import Literal

import aiosmtplib
from aiosmtplib import errors

from alerts.channels.memory import Memory
from alerts.delivery import Delivery
from alerts.model import Notification, Outcome, Reason
from topology.clock import Clock

PORTS = {"starttls": 587, "tls": 465, "none": 25}
SUBJECT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class EmailSettings:
    host: str
    sender: str
    to: tuple[str, ...]
    security: Literal["starttls", "tls", "none"] = "starttls"
    port: int | None = None
    user: str | None = None
    password: str | None = None
    ca_file: Path | None = None
    timeout_s: float = 20.0


class EmailChannel:
    def __init__(self, settings: EmailSettings, owner: str, clock: Clock, memory: Memory) -> None:
        self._settings = settings
        self._owner = f"email:{owner}"
        self._clock = clock
        self._memory = memory
        self._tls: ssl.SSLContext | None = None
        self.counters: Counter[str] = Counter()

    async def start(self) -> None:
        if self._settings.security != "none":
            self._tls = ssl.create_default_context()
            if self._settings.ca_file is not None:
                self._tls.load_verify_locations(self._settings.ca_file)

    async def stop(self) -> None:
        self._tls = None

    async def deliver(self, notification: Notification) -> Delivery:
        """Those who have it already (a first try reached some) don't get it again."""
        key = notification.dedup_key
        kept = await self._memory.get(self._owner, key)
        done = set(kept["to"]) if kept else set()
        left = [address for address in self._settings.to if address not in done]
        delivery, refused = await self._send(self.message(notification), left)
        taken = [address for address in left if address not in refused]
        if delivery.outcome is Outcome.RETRY and taken:
            await self._memory.put(self._owner, key, {"to": [*done, *taken]})
        elif kept is not None and delivery.outcome is not Outcome.RETRY:
            await self._memory.forget(self._owner, key)
        return delivery

    async def _send(self, message: EmailMessage, to: list[str]) -> tuple[Delivery, set[str]]:
        """What came of it, and who has not got it."""
        s = self._settings
        nobody = set(to)
        try:
            refused, said = await aiosmtplib.send(
                message,
                sender=parseaddr(s.sender)[1],
                recipients=to,
                hostname=s.host,
                port=s.port or PORTS[s.security],
                use_tls=s.security == "tls",
                start_tls=s.security == "starttls",
                tls_context=self._tls,
                username=s.user,
                password=s.password,
                timeout=s.timeout_s,
            )
        except errors.SMTPRecipientsRefused as error:
            worst = [one.code for one in error.recipients]
            text = "; ".join(f"{one.recipient}: {one.code} {one.message}" for one in error.recipients)
            return self._failed(any(400 <= c < 500 for c in worst), text), nobody
        except errors.SMTPResponseException as error:  # authentication, sender, DATA, HELO
            said_no = f"{error.code} {error.message}"
            return self._failed(400 <= error.code < 500 or error.code < 0, said_no), nobody
        except (errors.SMTPTimeoutError, errors.SMTPReadTimeoutError, errors.SMTPServerDisconnected) as error:
            unconnected = isinstance(error, errors.SMTPConnectTimeoutError)
            return Delivery(Outcome.RETRY, self._safe(_named(error)), maybe_arrived=not unconnected), nobody
        except (errors.SMTPConnectError, OSError) as error:
            return Delivery(Outcome.RETRY, self._safe(_named(error))), nobody
        except (
            errors.SMTPException,
            ValueError,
        ) as error:  # no STARTTLS or no login offered: a setting is wrong
            return Delivery(Outcome.FAILED, self._safe(_named(error))), nobody
        if not refused:
            return Delivery(Outcome.SENT, answer=self._safe(said)), set()
        self.counters["recipients_refused"] += len(refused)
        text = "; ".join(f"{address}: {code} {why}" for address, (code, why) in refused.items())
        may_pass = {a for a, (code, _) in refused.items() if 400 <= code < 500}
        if may_pass:
            return Delivery(Outcome.RETRY, self._safe(text)), may_pass
        # The others have it; trying again would not help those.
        return Delivery(Outcome.SENT, error=self._safe(f"refused: {text}"), answer=self._safe(said)), set()

    def _failed(self, may_pass: bool, text: str) -> Delivery:
        return Delivery(Outcome.RETRY if may_pass else Outcome.FAILED, self._safe(text[:500]))

    def _safe(self, text: str) -> str:
        secret = self._settings.password
        return text.replace(secret, "***") if secret else text

    def message(self, notification: Notification) -> EmailMessage:
        """The form is pinned by golden files."""
        name, address = parseaddr(self._settings.sender)
        domain = address.rpartition("@")[2]
        local = address.rpartition("@")[0]
        mail = EmailMessage(policy=SMTP)
        mail["From"] = Address(name, local, domain)
        mail["To"] = ", ".join(self._settings.to)
        tag = f"[{notification.incident}] " if notification.incident else ""
        mail["Subject"] = one_line(f"{tag}{notification.subject}")
        mail["Date"] = format_datetime(self._clock.now())
        own, root = _ids(notification, domain)
        mail["Message-ID"] = own
        if root is not None and root != own:
            mail["In-Reply-To"] = root
            mail["References"] = root
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answers from absent people
        mail["X-Ronda-Dedup-Key"] = one_line(notification.dedup_key)
        if notification.incident is not None:
            mail["X-Ronda-Incident"] = one_line(notification.incident)
        mail.set_content(f"{notification.subject}\n\n{notification.text}\n")
        body = notification.html or escape(notification.text, quote=False)
        mail.add_alternative(
            '<!doctype html>\n<html><body style="font-family: sans-serif">\n'
            f"<p><strong>{escape(notification.subject, quote=False)}</strong></p>\n"
            f'<p style="white-space: pre-line">{body}</p>\n</body></html>\n',
            subtype="html",
        )
        boundary = hashlib.blake2b(notification.dedup_key.encode(), digest_size=12).hexdigest()
        mail.set_boundary(f"=_{boundary}")
        return mail


def one_line(text: str) -> str:
    """Nothing that could end a header, and not endless."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return clean if len(clean) <= SUBJECT_LIMIT else clean[: SUBJECT_LIMIT - 1] + "…"


def _ids(notification: Notification, domain: str) -> tuple[str, str | None]:
    """Its own Message-ID, and that of the incident's thread: the first message's."""
    digest = hashlib.blake2b(notification.dedup_key.encode(), digest_size=12).hexdigest()
    own = f"<{digest}@{domain}>"
    if notification.incident is None:
        return own, None
    thread = re.sub(r"[^A-Za-z0-9.-]", "_", f"{notification.incident}.{notification.receiver}")
    root = f"<{thread}@{domain}>"
    return (root if notification.reason is Reason.OPENED else own), root


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")
