"""POSTs JSON to a URL, signed when a secret is set. The form of the body is documented in docs/alerts.md."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass

import httpx

from alerts.delivery import Delivery
from alerts.model import Notification, Outcome

RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    url: str
    secret: str | None = None
    timeout_s: float = 10.0


class WebhookChannel:
    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._client: httpx.AsyncClient | None = None

    async def start(self) -> None:
        self._client = httpx.AsyncClient(timeout=self._settings.timeout_s, follow_redirects=False)

    async def stop(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def deliver(self, notification: Notification) -> Delivery:
        if self._client is None:
            return Delivery(Outcome.RETRY, "the webhook channel is not started")
        body = json.dumps(body_of(notification), ensure_ascii=False).encode()
        headers = {"content-type": "application/json", "x-ronda-dedup-key": notification.dedup_key}
        if self._settings.secret is not None:
            headers["x-ronda-signature"] = sign(body, self._settings.secret)
        try:
            response = await self._client.post(self._settings.url, content=body, headers=headers)
        except httpx.InvalidURL as error:
            return Delivery(Outcome.FAILED, f"bad URL: {error}")
        except httpx.HTTPError as error:
            return Delivery(Outcome.RETRY, f"{type(error).__name__}: {error}".rstrip(": "))
        return judge(response)


def judge(response: httpx.Response) -> Delivery:
    """2xx is sent; overload and trouble on their side may pass; anything else won't."""
    if response.is_success:
        return Delivery(Outcome.SENT)
    said = f"HTTP {response.status_code} {response.text[:200]}".strip()
    if response.status_code in RETRYABLE:
        return Delivery(Outcome.RETRY, said, _retry_after_s(response.headers.get("retry-after")))
    return Delivery(Outcome.FAILED, said)


def sign(body: bytes, secret: str) -> str:
    """HMAC-SHA256 of the body, as ``sha256=<hex>``: the receiver computes the same and compares."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def body_of(notification: Notification) -> dict[str, object]:
    return {
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
        **notification.payload,
    }


def _retry_after_s(value: str | None) -> float | None:
    """Seconds form only (RFC 9110 10.2.3); a date is left to our own backoff."""
    if value is None or not value.strip().isdigit():
        return None
    return min(float(value), 3600.0)
