"""A button somebody pressed in a message: the same as acknowledging by API or command."""

from __future__ import annotations

import structlog

from alerts.model import IncidentId
from api.backend import NotActiveError, RecordsUnavailableError
from ronda.backend import AppBackend
from storage.records import AuditEntry
from topology.model import Language

log = structlog.get_logger(__name__)

_WORDS = {
    Language.ID: {
        "taken": "Tercatat: {who} menangani {id}.",
        "already": "{id} sudah ditangani oleh {who}.",
        "over": "{id} sudah pulih.",
        "unknown": "Insiden {id} tidak dikenal.",
        "trouble": "Belum tersimpan; coba lagi sebentar lagi.",
    },
    Language.EN: {
        "taken": "Noted: {who} is on {id}.",
        "already": "{who} is on {id} already.",
        "over": "{id} is over.",
        "unknown": "No incident {id}.",
        "trouble": "Not saved yet; try again in a moment.",
    },
}


ROLE = "oncall"
"""Whoever is sent the button may press it: what somebody on call may do, and no more."""


async def acknowledged_by_channel(backend: AppBackend, incident_id: str, who: str, via: str) -> str:
    """What to say to who pressed it."""
    words = _WORDS[backend.inventory.network.language]
    id_ = IncidentId(incident_id)
    try:
        before = await backend.incident(id_)
        if before is not None and before.acknowledged_by is not None and before.active:
            return words["already"].format(who=before.acknowledged_by, id=id_)
        found = await backend.acknowledge(id_, who, f"via {via}")
    except NotActiveError:
        return words["over"].format(id=id_)
    except RecordsUnavailableError as error:
        log.warning("an acknowledgement can't be saved", incident=id_, who=who, via=via, error=str(error))
        return words["trouble"]
    if found is None:
        return words["unknown"].format(id=id_)
    await _note(backend, incident_id, who, via)
    backend.feed.publish(incidents=[found])
    return words["taken"].format(who=who, id=id_)


async def _note(backend: AppBackend, incident_id: str, who: str, via: str) -> None:
    """In the audit log, as if by the API."""
    entry = AuditEntry(
        backend.clock.now(), who, ROLE, via, "acknowledge", f"/api/v1/incidents/{incident_id}/acknowledge"
    )
    try:
        await backend.access.add_audit(entry)
    except RecordsUnavailableError as error:
        # It has been taken on: to answer that it was not would be the greater lie.
        log.error("audit entry not saved", entry=str(entry), error=str(error))
