"""Incidents: one cause, one incident."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from alerts.model import Incident, IncidentId, IncidentKind, Severity
from api.answers import respond
from api.backend import Backend
from api.dependencies import BackendDep, ViewDep
from api.network_view import NetworkView
from api.paging import Cursor, Moment, PageLimit, decode_cursor, encode_cursor
from api.problems import RESPONSES, ProblemError
from api.schemas import IncidentDetail, IncidentOut, Page

router = APIRouter(tags=["incidents"], responses=RESPONSES)

BATCH = 200
Status = Literal["active", "all", "open", "acknowledged", "resolved"]


@router.get("/incidents", response_model=Page[IncidentOut], summary="Incidents, newest first")
async def incidents(
    request: Request,
    backend: BackendDep,
    view: ViewDep,
    status: Annotated[Status, Query(description="`active`: not resolved.")] = "active",
    severity: Annotated[list[Severity] | None, Query(description="Repeat it for several.")] = None,
    kind: Annotated[list[IncidentKind] | None, Query(description="Repeat it for several.")] = None,
    office: Annotated[
        list[str] | None, Query(description="That affect one of these.", examples=[["dkisp"]])
    ] = None,
    provider: Annotated[
        list[str] | None, Query(description="That blame circuits or equipment of one of these.")
    ] = None,
    since: Annotated[Moment | None, Query(description="Those not yet resolved then.")] = None,
    until: Annotated[Moment | None, Query(description="Those that had begun by then.")] = None,
    limit: PageLimit = 100,
    cursor: Cursor = None,
) -> Response:
    blamed = _blamed(view, provider) if provider else None

    def wanted(incident: Incident) -> bool:
        cut = view.visible.cut(incident)
        return (
            (status in ("active", "all") or incident.status.value == status)
            and (not severity or incident.severity in severity)
            and (not kind or incident.kind in kind)
            and (until is None or incident.began_at < until)
            and (not office or any(o.office in office for o in cut.offices))
            and (blamed is None or any(str(c) in blamed for c in cut.components))
        )

    which: Literal["active", "all"] = "all" if status in ("all", "resolved") else "active"
    after = await _position(backend, view, cursor)
    found = await _find(backend, view, which, since, after, limit + 1, wanted)
    shown = found[:limit]
    body = Page[IncidentOut](
        items=view.incidents(shown),
        next_cursor=encode_cursor(shown[-1].id) if len(found) > limit else None,
    )
    return respond(request, body)


@router.get(
    "/incidents/{incident_id}", response_model=IncidentDetail, summary="One incident with its timeline"
)
async def incident(request: Request, backend: BackendDep, view: ViewDep, incident_id: str) -> Response:
    return respond(request, view.incident_detail(await visible_incident(backend, view, incident_id)))


async def visible_incident(backend: Backend, view: NetworkView, incident_id: str) -> Incident:
    """Raises ProblemError 404, the same for what is not there and for what is not the caller's to see."""
    found = await backend.incident(IncidentId(incident_id))
    if found is None or not view.visible.incident(found):
        raise ProblemError(404, f"no incident has the id {incident_id[:100]!r}")
    return found


async def _position(backend: Backend, view: NetworkView, cursor: str | None) -> IncidentId | None:
    """Where the page before ended. Raises ProblemError 400 for what no page of the caller's ended with."""
    if not cursor:
        return None
    id_ = IncidentId(decode_cursor(cursor))
    known = await backend.incident(id_)
    if known is None or not view.visible.incident(known):
        raise ProblemError(400, "this cursor is none of ours: start again without one")
    return id_


async def _find(
    backend: Backend,
    view: NetworkView,
    which: Literal["active", "all"],
    since: datetime | None,
    after: IncidentId | None,
    count: int,
    wanted: Callable[[Incident], bool],
) -> list[Incident]:
    """So many at most of those wanted, whatever lies between them."""
    found: list[Incident] = []
    while True:
        batch = await backend.incidents(which=which, limit=max(count, BATCH), after=after, since=since)
        found += [i for i in batch if view.visible.incident(i) and wanted(i)]
        if len(found) >= count or len(batch) < max(count, BATCH):
            return found[:count]
        after = batch[-1].id


def _blamed(view: NetworkView, providers: list[str]) -> set[str]:
    """What is these providers' of what the caller sees, as `KIND:ID`."""
    asked = set(providers)
    return {
        *(f"provider:{p}" for p in view.visible.providers & asked),
        *(f"link:{link.id}" for link in view.links() if link.provider in asked),
        *(f"device:{device.id}" for device in view.devices() if device.provider in asked),
    }
