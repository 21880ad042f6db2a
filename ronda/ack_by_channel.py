"""A button somebody pressed in a message: the same as acknowledging by API or command."""

from __future__ import annotations

import structlog

from alerts.model import IncidentId
from api.backend import NotActiveError, RecordsUnavailableError
from ronda.backend import AppBackend
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
    backend.feed.publish(incidents=[found])
    return words["taken"].format(who=who, id=id_)
