"""What one receiver knows of an incident, and how a new event changes what it is to be told. Pure.

Invariant: what waits is what the receiver would have to hear now to know where things stand, so that a night
of changes is one message in the morning, or none.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alerts.model import Reason, Telling, Waits

_NEW_TO_IT = (Reason.OPENED, Reason.CONNECTED, Reason.ESCALATED)


def summed_up(telling: Telling, reason: Reason) -> Reason | None:
    """The reason that stands for what waits and what comes now; None: nothing is left to say."""
    waiting = telling.reason if telling.waits is not None else None
    if telling.at is None:
        if reason is Reason.RESOLVED and not telling.digest:
            return None  # it never heard of it
        if reason is Reason.RESOLVED:
            return reason
        return waiting or (reason if reason in _NEW_TO_IT else Reason.OPENED)
    if waiting is Reason.RESOLVED and reason is Reason.REOPENED:
        return Reason.UPDATED  # as far as it knows, it never was over
    if waiting is Reason.REOPENED:
        return None if reason is Reason.RESOLVED else waiting
    return reason


def told(telling: Telling, now: datetime) -> Telling:
    return Telling(telling.receiver, at=now, digest=telling.digest)


def silent(telling: Telling) -> Telling | None:
    """Nothing waits any more. None: it never heard of the incident, and need not."""
    return None if telling.at is None else replace(telling, waits=None, reason=None, since=None)


def waiting(telling: Telling, waits: Waits, reason: Reason, now: datetime) -> Telling:
    since = telling.since if telling.waits is waits and telling.since is not None else now
    return replace(telling, waits=waits, reason=reason, since=since)
