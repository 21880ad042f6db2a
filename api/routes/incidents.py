"""Incidents: one cause, one incident; and the log of changes they rest on."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from alerts.model import IncidentId
from api.answers import respond
from api.backend import NotActiveError
from api.dependencies import BackendDep, ScopeDep, ViewDep
from api.paging import Cursor, Moment, PageLimit, decode_cursor, encode_cursor, number_of
from api.problems import RESPONSES, ProblemError
from api.schemas import AcknowledgeIn, EventOut, IncidentDetail, IncidentOut, Page, ProblemOut
from topology.findings import Component, ComponentKind

router = APIRouter(tags=["incidents"], responses=RESPONSES)

_CONFLICT = {"description": "It is resolved already.", "model": ProblemOut}
_FORBIDDEN = {"description": "The caller's role may not.", "model": ProblemOut}


@router.get("/incidents", response_model=Page[IncidentOut], summary="Incidents, newest first")
async def incidents(
    request: Request,
    backend: BackendDep,
    view: ViewDep,
    status: Annotated[Literal["active", "all"], Query(description="`active`: not resolved.")] = "active",
    since: Annotated[Moment | None, Query(description="Those not yet resolved then.")] = None,
    limit: PageLimit = 100,
    cursor: Cursor = None,
) -> Response:
    after = None if not cursor else IncidentId(decode_cursor(cursor))
    found = await backend.incidents(which=status, limit=limit + 1, after=after, since=since)
    shown = found[:limit]
    body = Page[IncidentOut](
        items=[view.incident(i) for i in shown],
        next_cursor=encode_cursor(shown[-1].id) if len(found) > limit else None,
    )
    return respond(request, body)


@router.get(
    "/incidents/{incident_id}", response_model=IncidentDetail, summary="One incident with its timeline"
)
async def incident(request: Request, backend: BackendDep, view: ViewDep, incident_id: str) -> Response:
    found = await backend.incident(IncidentId(incident_id))
    if found is None:
        raise _unknown(incident_id)
    return respond(request, view.incident_detail(found))


@router.post(
    "/incidents/{incident_id}/acknowledge",
    response_model=IncidentDetail,
    responses={403: _FORBIDDEN, 409: _CONFLICT},
    summary="Somebody is on it",
)
async def acknowledge(
    request: Request,
    backend: BackendDep,
    view: ViewDep,
    scope: ScopeDep,
    incident_id: str,
    body: AcknowledgeIn,
) -> Response:
    """Tells the others. Acknowledging it again changes nothing."""
    if not scope.may_acknowledge:
        raise ProblemError(403, "your role may look, not acknowledge")
    try:
        found = await backend.acknowledge(IncidentId(incident_id), scope.who or body.who, body.note)
    except NotActiveError:
        raise ProblemError(409, f"{incident_id} is resolved: there is nothing to take on any more") from None
    if found is None:
        raise _unknown(incident_id)
    backend.feed.publish(incidents=[found])
    return respond(request, view.incident_detail(found))


@router.get("/events", response_model=Page[EventOut], summary="Changes of state, oldest first")
async def events(
    request: Request,
    backend: BackendDep,
    view: ViewDep,
    since: Annotated[Moment | None, Query(description="At or after this moment.")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment.")] = None,
    subject: Annotated[
        str | None, Query(description="`KIND:ID`, e.g. `link:grogot-kuaro`.", examples=["office:dkisp"])
    ] = None,
    limit: PageLimit = 200,
    cursor: Cursor = None,
) -> Response:
    after = 0 if not cursor else number_of(cursor)
    found = await backend.events(
        since=since, until=until, subject=_component(subject), limit=limit + 1, after=after
    )
    shown = found[:limit]
    body = Page[EventOut](
        items=[view.event(e) for e in shown],
        next_cursor=encode_cursor(str(shown[-1].id)) if len(found) > limit else None,
    )
    return respond(request, body)


def _unknown(incident_id: str) -> ProblemError:
    return ProblemError(404, f"no incident has the id {incident_id[:100]!r}")


def _component(text: str | None) -> Component | None:
    if text is None:
        return None
    kind, _, id_ = text.partition(":")
    try:
        return Component(ComponentKind(kind), id_)
    except ValueError:
        kinds = ", ".join(ComponentKind)
        raise ProblemError(400, f"subject is KIND:ID, KIND being one of: {kinds}") from None
