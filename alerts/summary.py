"""What a rate limit held back, as one message. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from html import escape

from alerts.model import Notification, Reason, Severity
from topology.model import Language

Summarise = Callable[[Sequence[Notification], datetime], Notification]
LINES = 30
_ORDER = (Severity.CRITICAL, Severity.MAJOR, Severity.WARNING, Severity.INFO)


def summary_of(held: Sequence[Notification], now: datetime, language: Language) -> Notification:
    """One line a message, of an incident only its newest; `held` in order, at least one, for one target."""
    newest: dict[str, Notification] = {}
    for note in held:
        key = note.incident or note.dedup_key
        newest.pop(key, None)
        newest[key] = note
    lines = [note.subject for note in newest.values()]
    if language is Language.ID:
        subject = f"{len(held)} pesan ditahan dalam semenit terakhir: {lines[-1]}"
        more, why = "dan {} lainnya", "Terlalu banyak pesan sekaligus; inilah yang ditahan:"
    else:
        subject = f"{len(held)} messages held in the last minute: {lines[-1]}"
        more, why = "and {} more", "Too many messages at once; these were held:"
    shown = lines[:LINES]
    if len(lines) > LINES:
        shown.append(more.format(len(lines) - LINES))
    keys = "\n".join(note.dedup_key for note in held)
    digest = hashlib.blake2b(keys.encode(), digest_size=8).hexdigest()
    first = held[0]
    return Notification(
        dedup_key=f"summary/{digest}/{first.receiver}" + (f"/{first.channel}" if first.channel else ""),
        receiver=first.receiver,
        channel=first.channel,
        reason=Reason.SUMMARY,
        incident=None,
        revision=0,
        severity=min((note.severity for note in held), key=_ORDER.index),
        created_at=now,
        subject=subject,
        text="\n".join([why, *(f"- {line}" for line in shown)]),
        html="\n".join([escape(why), *(f"• {escape(line, quote=False)}" for line in shown)]),
        components=tuple(dict.fromkeys(c for note in held for c in note.components)),
        offices=tuple(dict.fromkeys(o for note in held for o in note.offices)),
        payload={"held": [note.dedup_key for note in held]},
    )


def english_summary(held: Sequence[Notification], now: datetime) -> Notification:
    return summary_of(held, now, Language.EN)
