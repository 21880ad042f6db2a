"""Any of Apprise's services by its URL. An optional package: `pip install 'ronda[apprise]'`."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
from dataclasses import dataclass
from typing import Any

from alerts.delivery import Delivery
from alerts.model import Notification, Outcome, Reason, Severity


def installed() -> bool:
    return importlib.util.find_spec("apprise") is not None


@dataclass(frozen=True, slots=True)
class AppriseSettings:
    url: str
    timeout_s: float = 20.0


class AppriseChannel:
    def __init__(self, settings: AppriseSettings) -> None:
        self._settings = settings
        self._service: Any = None

    async def start(self) -> None:
        import apprise

        service = apprise.Apprise()
        # A URL that it can't read is found here and said at each delivery: the others go on.
        self._service = service if service.add(self._settings.url) else None

    async def stop(self) -> None:
        self._service = None

    async def deliver(self, notification: Notification) -> Delivery:
        if self._service is None:
            return Delivery(Outcome.FAILED, "Apprise can't read this URL (or the channel is not started)")
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                sent, said = await asyncio.to_thread(self._notify, notification)
        except TimeoutError:
            return Delivery(
                Outcome.RETRY, f"no end within {self._settings.timeout_s:g} s", maybe_arrived=True
            )
        if sent:
            return Delivery(Outcome.SENT, answer="Apprise says sent")
        # It doesn't say whether time may cure it.
        return Delivery(Outcome.RETRY, said or "Apprise says not sent")

    def _notify(self, notification: Notification) -> tuple[bool, str]:
        """In a thread: its services block."""
        import apprise

        kind = {
            Severity.CRITICAL: apprise.NotifyType.FAILURE,
            Severity.MAJOR: apprise.NotifyType.FAILURE,
            Severity.WARNING: apprise.NotifyType.WARNING,
        }.get(notification.severity, apprise.NotifyType.INFO)
        if notification.reason in (Reason.RESOLVED, Reason.CONNECTED):
            kind = apprise.NotifyType.SUCCESS
        with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as lines:  # type: ignore[no-untyped-call]  # Apprise's
            sent = self._service.notify(
                title=notification.subject,
                body=notification.text,
                notify_type=kind,
                body_format=apprise.NotifyFormat.TEXT,
            )
            said = " ".join(lines.getvalue().split())[:300]
        return bool(sent), said.replace(self._settings.url, "***")
