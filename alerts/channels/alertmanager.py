"""Prometheus Alertmanager: an incident is an alert, so that an existing stack keeps its routing.

Its alerts end by themselves at `endsAt`; a standing one is therefore sent again, from what is remembered.
https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from alerts.channels.memory import Memory
from alerts.channels.peer import HttpPeer
from alerts.delivery import Delivery
from alerts.model import Notification, Outcome, Reason, Severity
from topology.clock import Clock

log = structlog.get_logger(__name__)

LASTS = 4
"""A standing alert ends when it was not sent again for so many intervals, as Prometheus has it."""
LEAST_S = 300.0
NOTICE_S = 900.0
"""How long what is no state (an office connected, a test) stands."""

Alert = dict[str, Any]
Standing = Callable[[], Awaitable[Collection[str]]]
"""Ids of the incidents that are active."""


@dataclass(frozen=True, slots=True)
class AlertmanagerSettings:
    url: str
    user: str | None = None
    password: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    resend_s: float = 60.0
    timeout_s: float = 10.0


class AlertmanagerChannel:
    def __init__(
        self,
        settings: AlertmanagerSettings,
        owner: str,
        clock: Clock,
        memory: Memory,
        standing: Standing | None = None,
    ) -> None:
        self._settings = settings
        self._owner = f"alertmanager:{owner}"
        self._clock = clock
        self._memory = memory
        self._standing = standing
        self._peer = HttpPeer(settings.timeout_s, [settings.password or ""])
        self._one_at_a_time = asyncio.Lock()  # a resend must not overtake the end of its alert
        self._task: asyncio.Task[None] | None = None
        self.counters: Counter[str] = Counter()

    async def start(self) -> None:
        await self._peer.start()
        self._task = asyncio.create_task(self._resend_forever(), name="alertmanager resends")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self._peer.stop()

    async def deliver(self, notification: Notification) -> Delivery:
        if notification.reason in (Reason.SUMMARY, Reason.DIGEST):
            return Delivery(Outcome.SENT, answer="not for Alertmanager: it has every alert by itself")
        async with self._one_at_a_time:
            now = self._clock.now()
            alert = self.alert(notification, now)
            key = notification.incident
            before = None if key is None else await self._memory.get(self._owner, key)
            alerts = [alert]
            if before is not None and before["labels"] != alert["labels"]:
                # Another severity is another alert to Alertmanager: the old one ends.
                alerts.insert(0, {**before, "endsAt": now.isoformat()})
            delivery = await self._post(alerts)
            if key is None or delivery.outcome is not Outcome.SENT:
                return delivery
            if _stands(notification):
                await self._memory.put(self._owner, key, alert)
            else:
                await self._memory.forget(self._owner, key)
            return delivery

    async def resend(self) -> int:
        """Everything that stands, once more; what is over without a message is ended. How many stand."""
        async with self._one_at_a_time:
            known = await self._memory.of_owner(self._owner)
            if not known:
                return 0
            active = None if self._standing is None else set(await self._standing())
            now = self._clock.now()
            over = [key for key in known if active is not None and key not in active]
            alerts = [
                {**alert, "endsAt": (now if key in over else self._ends_at(now)).isoformat()}
                for key, alert in known.items()
            ]
            delivery = await self._post(alerts)
            self.counters["resends"] += 1
            if delivery.outcome is not Outcome.SENT:
                self.counters["resend_errors"] += 1
                if self.counters["resend_errors"] in (1, 10, 100):
                    log.warning("standing alerts can't be sent again", error=delivery.error)
                return len(known)
            for key in over:
                await self._memory.forget(self._owner, key)
            return len(known) - len(over)

    async def _resend_forever(self) -> None:
        while True:
            await asyncio.sleep(self._settings.resend_s)
            try:
                await self.resend()
            except Exception as error:  # noqa: BLE001  # the records may be locked: next time, counted
                self.counters["resend_errors"] += 1
                log.warning("standing alerts can't be read", error=type(error).__name__)

    async def _post(self, alerts: Sequence[Alert]) -> Delivery:
        s = self._settings
        answer = await self._peer.send(
            "POST",
            f"{s.url.rstrip('/')}/api/v2/alerts",
            content=json.dumps(alerts, ensure_ascii=False).encode("utf-8", "replace"),
            headers={"content-type": "application/json"},
            auth=(s.user, s.password or "") if s.user else None,
        )
        return answer if isinstance(answer, Delivery) else self._peer.judge(answer)

    def alert(self, notification: Notification, now: datetime) -> Alert:
        """The form is pinned by golden files."""
        payload = notification.payload
        test = notification.reason is Reason.TEST
        labels = {
            **self._settings.labels,
            "alertname": "RondaTest" if test else "RondaIncident",
            "severity": notification.severity.value,
            "kind": str(payload.get("kind") or notification.reason.value),
        }
        if notification.incident is not None:
            labels["incident"] = notification.incident
        if payload.get("condition"):
            labels["condition"] = str(payload["condition"])
        starts_at = _time(payload.get("began_at")) or notification.created_at
        if notification.reason is Reason.RESOLVED:
            ends_at = max(_time(payload.get("resolved_at")) or now, starts_at)
        elif _stands(notification):
            ends_at = self._ends_at(now)
        else:
            ends_at = now + timedelta(seconds=NOTICE_S)
        alert: Alert = {
            "labels": labels,
            "annotations": {
                "summary": notification.subject,
                "description": notification.text,
                "reason": notification.reason.value,
                "dedup_key": notification.dedup_key,
                "offices": ", ".join(notification.offices),
            },
            "startsAt": min(starts_at, ends_at).isoformat(),
            "endsAt": ends_at.isoformat(),
        }
        if payload.get("board_url"):
            alert["generatorURL"] = str(payload["board_url"])
        return alert

    def _ends_at(self, now: datetime) -> datetime:
        return now + timedelta(seconds=max(LEAST_S, LASTS * self._settings.resend_s))


def _stands(notification: Notification) -> bool:
    """Whether it is a state that lasts until a message ends it."""
    return (
        notification.incident is not None
        and notification.reason not in (Reason.RESOLVED, Reason.CONNECTED, Reason.TEST)
        and notification.severity is not Severity.INFO
    )


def _time(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None
