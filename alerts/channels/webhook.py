"""POSTs JSON to a URL, signed when a secret is set. docs/channels.md documents the body."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass

from alerts.channels.peer import HttpPeer
from alerts.delivery import Delivery
from alerts.model import Notification
from topology.clock import Clock


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    url: str
    secret: str | None = None
    timeout_s: float = 10.0


class WebhookChannel:
    def __init__(self, settings: WebhookSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._peer = HttpPeer(settings.timeout_s, [settings.url, settings.secret or ""])

    async def start(self) -> None:
        await self._peer.start()

    async def stop(self) -> None:
        await self._peer.stop()

    async def deliver(self, notification: Notification) -> Delivery:
        body = json.dumps(body_of(notification), ensure_ascii=False).encode("utf-8", "replace")
        headers = {
            "content-type": "application/json",
            "idempotency-key": header_safe(notification.dedup_key),
            "x-ronda-dedup-key": header_safe(notification.dedup_key),
        }
        if self._settings.secret is not None:
            timestamp = str(int(self._clock.now().timestamp()))
            headers["x-ronda-timestamp"] = timestamp
            headers["x-ronda-signature"] = sign(body, timestamp, self._settings.secret)
        answer = await self._peer.send("POST", self._settings.url, content=body, headers=headers)
        return answer if isinstance(answer, Delivery) else self._peer.judge(answer)


def sign(body: bytes, timestamp: str, secret: str) -> str:
    """HMAC-SHA256 of ``TIMESTAMP.BODY``, as ``sha256=<hex>``: the receiver computes the same and compares.

    The time is under the signature, so that what was recorded can't be played again later.
    """
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def header_safe(text: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() else "_" for c in text)


def body_of(notification: Notification) -> dict[str, object]:
    return {
        **notification.payload,
        "version": 1,
        "dedup_key": notification.dedup_key,
        "receiver": notification.receiver,
        "reason": notification.reason.value,
        "incident": notification.incident,
        "revision": notification.revision,
        "severity": notification.severity.value,
        "created_at": notification.created_at.isoformat(),
        "subject": notification.subject,
        "text": notification.text,
        "components": [{"kind": c.kind.value, "id": c.id} for c in notification.components],
        "offices": list(notification.offices),
    }
