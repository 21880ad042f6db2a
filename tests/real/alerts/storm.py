"""A process made to be killed: a storm of incidents that open and end, told by the real outbox to a webhook.

storm.py RECORDS_FILE URL INCIDENTS PACE_S. It goes on where the one before it was killed, as Ronda does:
what is in the records is what has happened. Each transition is one transaction with its messages; PACE_S is
the mean time between two.
"""

from __future__ import annotations

import asyncio
import random
import sys
from dataclasses import replace
from datetime import timedelta

import structlog

from alerts.channels.webhook import WebhookChannel, WebhookSettings
from alerts.delivery import Manner, Overtaken, RetryPolicy
from alerts.model import (
    Incident,
    IncidentId,
    IncidentKind,
    IncidentStatus,
    Notification,
    Reason,
    ReceiverId,
    Severity,
)
from alerts.outbox import Outbox
from ronda.clock import SystemClock
from ronda.keeper import Keeper, Unsaved
from storage.records import Records
from topology.findings import Component, ComponentKind

EVERY, BRIEF = ReceiverId("every"), ReceiverId("brief")
MANNERS = {EVERY: Manner(overtaken=Overtaken.KEEP), BRIEF: Manner(overtaken=Overtaken.DROP)}
"""One is told all of it, the other nothing that is over already."""


def messages(incident: Incident, reason: Reason) -> list[Notification]:
    return [
        Notification(
            dedup_key=f"{incident.id}/{incident.revision}/{reason}/{receiver}",
            receiver=receiver,
            reason=reason,
            incident=incident.id,
            revision=incident.revision,
            severity=incident.severity,
            created_at=incident.changed_at or incident.began_at,
            subject=f"{reason} {incident.id}",
            text="",
        )
        for receiver in (EVERY, BRIEF)
    ]


async def storm(
    keeper: Keeper, records: Records, box: Outbox, incidents: int, pace_s: float, clock: SystemClock
) -> None:
    known = {i.id: i for i in await keeper.call(lambda: records.incidents(limit=100_000))}
    waiting = [i for i in known.values() if i.active]
    new = [IncidentId(f"I{n}") for n in range(incidents) if IncidentId(f"I{n}") not in known]
    while waiting or new:
        now = clock.now()
        if new and (len(waiting) < 5 or random.random() < 0.5):
            id_ = new.pop(0)
            component = Component(ComponentKind.LINK, f"l{id_}")
            moved = Incident(
                id_,
                IncidentKind.OUTAGE,
                IncidentStatus.OPEN,
                Severity.MAJOR,
                (component,),
                (),
                1.0,
                "storm",
                now,
            )
            reason = Reason.OPENED
            waiting.append(moved)
        else:
            moved = waiting.pop(random.randrange(len(waiting)))
            moved = replace(
                moved,
                status=IncidentStatus.RESOLVED,
                resolved_at=now + timedelta(seconds=1),
                revision=moved.revision + 1,
            )
            reason = Reason.RESOLVED
        keeper.add(Unsaved([moved], messages(moved, reason), []))
        assert await keeper.save()
        box.poke()
        await asyncio.sleep(random.uniform(0, 2 * pace_s))


async def main(file: str, url: str, incidents: int, pace_s: float) -> None:
    clock = SystemClock()
    records = Records(f"sqlite:///{file}")
    keeper = Keeper(records, clock, MANNERS)
    await keeper.start()
    hook = {r: {"webhook": WebhookChannel(WebhookSettings(f"{url}/{r}"), clock)} for r in (EVERY, BRIEF)}
    box = Outbox(keeper, hook, clock, RetryPolicy(first_s=0.02, at_most_s=0.2, give_up_after=10**6), MANNERS)
    await box.start()
    print("started", flush=True)
    await storm(keeper, records, box, incidents, pace_s, clock)
    while await keeper.call(records.pending_count):  # noqa: ASYNC110  # the outbox works by itself
        await asyncio.sleep(0.02)
    await box.stop()
    await keeper.stop()
    print("done", flush=True)


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
