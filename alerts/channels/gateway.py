"""Any HTTP endpoint that takes a text: its address, headers, body and rule of success are the user's.

Made for WhatsApp gateways (WAHA, the Cloud API), whose bodies all differ.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from alerts.channels.cut import fit_text
from alerts.channels.peer import HttpPeer
from alerts.channels.webhook import body_of, header_safe
from alerts.delivery import Delivery
from alerts.model import Notification, Outcome


class BodyTemplateError(ValueError):
    """The body's template can't be used; the text says where and why."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    url: str
    body: Mapping[str, Any] | str
    method: Literal["POST", "PUT"] = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    """Values that must not show in an error."""
    content_type: str | None = None
    success_status: frozenset[int] = frozenset()
    success_field: str | None = None
    retry_status: frozenset[int] = frozenset()
    max_chars: int = 4000
    timeout_s: float = 15.0


class GatewayChannel:
    def __init__(self, settings: GatewaySettings) -> None:
        """Raises BodyTemplateError."""
        self._settings = settings
        self._peer = HttpPeer(settings.timeout_s, settings.secrets)
        self._environment = SandboxedEnvironment(
            undefined=StrictUndefined, autoescape=False
        )  # JSON is no HTML
        self._environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
        self._render = self._compiled(settings.body, "body")

    async def start(self) -> None:
        await self._peer.start()

    async def stop(self) -> None:
        await self._peer.stop()

    async def deliver(self, notification: Notification) -> Delivery:
        s = self._settings
        try:
            content = self.body(notification)
        except (TemplateError, TypeError, ValueError) as error:
            return Delivery(Outcome.FAILED, f"body template: {type(error).__name__}: {error}")
        headers = {
            "content-type": s.content_type or "application/json",
            "idempotency-key": header_safe(notification.dedup_key),
            **s.headers,
        }
        answer = await self._peer.send(s.method, s.url, content=content, headers=headers)
        return answer if isinstance(answer, Delivery) else self._judge(answer)

    def body(self, notification: Notification) -> bytes:
        """Raises TemplateError."""
        values = body_of(notification)
        limit = self._settings.max_chars
        values["message"] = fit_text(f"{notification.subject}\n{notification.text}", limit)
        values["text"] = fit_text(notification.text, limit)
        rendered = self._render(values)
        if isinstance(rendered, str):
            return rendered.encode("utf-8", "replace")
        return json.dumps(rendered, ensure_ascii=False).encode("utf-8", "replace")

    def _compiled(self, part: Any, where: str) -> Callable[[Mapping[str, Any]], Any]:
        """Each string of the body is a template; what is none stays."""
        if isinstance(part, str):
            try:
                template = self._environment.from_string(part)
            except TemplateError as error:
                line = getattr(error, "lineno", None)
                raise BodyTemplateError(f"{where}{f', line {line}' if line else ''}: {error}") from error
            return lambda values: template.render(values)
        if isinstance(part, Mapping):
            inner = {str(k): self._compiled(v, f"{where}.{k}") for k, v in part.items()}
            return lambda values: {k: render(values) for k, render in inner.items()}
        if isinstance(part, list):
            items = [self._compiled(v, f"{where}.{n}") for n, v in enumerate(part)]
            return lambda values: [render(values) for render in items]
        return lambda _: part

    def _judge(self, response: httpx.Response) -> Delivery:
        s = self._settings
        said = self._peer.safe(f"HTTP {response.status_code} {response.text[:200]}".strip())
        good = response.status_code in s.success_status if s.success_status else response.is_success
        if not good:
            judged = self._peer.judge(response, s.retry_status)
            return judged if judged.outcome is not Outcome.SENT else Delivery(Outcome.FAILED, said)
        if s.success_field is not None and not _found(response, s.success_field):
            # Gateways say 200 while their phone is offline: that may pass.
            return Delivery(Outcome.RETRY, f"{s.success_field} is missing or false in: {said}")
        return Delivery(Outcome.SENT, answer=said)


def _found(response: httpx.Response, path: str) -> bool:
    """`messages.0.id` in the JSON answer: there, and neither false nor empty."""
    try:
        value = response.json()
    except ValueError:
        return False
    for step in path.split("."):
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return False
    return bool(value)
