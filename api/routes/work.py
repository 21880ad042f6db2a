"""What people do with an incident: take it on, give it back, say something, assign it, note a ticket."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts.model import Incident, IncidentId
from api.answers import respond
from api.auditing import note
from api.backend import NotActiveError
from api.dependencies import BackendDep, ScopeDep, ViewDep, forbid_unless
from api.problems import RESPONSES, ProblemError
from api.routes.incidents import visible_incident
from api.schemas import IncidentDetail, ProblemOut
from api.scope import Scope
from api.view import View

_CONFLICT = {"description": "It is resolved already.", "model": ProblemOut}
router = APIRouter(tags=["incidents"], responses={**RESPONSES, 409: _CONFLICT})

Name = Annotated[str, Field(min_length=1, max_length=100)]
Who = Annotated[
    Name | None,
    Field(description="Who says so; needed where the token does not say it already.", examples=["Rina"]),
]


class WorkIn(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    who: Who = None


class AcknowledgeIn(WorkIn):
    note: str = Field(
        "", max_length=2000, description="What is being done.", examples=["Tim sudah di lokasi"]
    )


class CommentIn(WorkIn):
    text: str = Field(min_length=1, max_length=2000, examples=["Penyambungan selesai, menunggu uji"])


class AssignIn(WorkIn):
    to: Name | None = Field(description="Who works on it; null: nobody any more.", examples=["Budi"])


class TicketIn(WorkIn):
    ticket: Name | None = Field(
        description="The provider's ticket number; null takes it off.", examples=["IN-2211-0042"]
    )


@router.post(
    "/incidents/{incident_id}/acknowledge", response_model=IncidentDetail, summary="Somebody is on it"
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
    forbid_unless(scope.may_acknowledge, "acknowledge")
    await visible_incident(backend, view, incident_id)
    who = _signed(request, scope, body)
    note(request, note=body.note)
    return await _done(request, view, backend.acknowledge(IncidentId(incident_id), who, body.note))


@router.post(
    "/incidents/{incident_id}/unacknowledge",
    response_model=IncidentDetail,
    summary="Nobody is on it any more",
)
async def unacknowledge(
    request: Request,
    backend: BackendDep,
    view: ViewDep,
    scope: ScopeDep,
    incident_id: str,
    body: AcknowledgeIn,
) -> Response:
    """Gives it back, and tells those who were told that it was taken on."""
    forbid_unless(scope.may_acknowledge, "acknowledge")
    await visible_incident(backend, view, incident_id)
    who = _signed(request, scope, body)
    note(request, note=body.note)
    return await _done(request, view, backend.unacknowledge(IncidentId(incident_id), who, body.note))


@router.post("/incidents/{incident_id}/comment", response_model=IncidentDetail, summary="Say something of it")
async def comment(
    request: Request, backend: BackendDep, view: ViewDep, scope: ScopeDep, incident_id: str, body: CommentIn
) -> Response:
    """For staff: providers and wall screens don't see it."""
    forbid_unless(scope.may_comment, "comment")
    await visible_incident(backend, view, incident_id)
    who = _signed(request, scope, body)
    note(request, text=body.text)
    return await _done(request, view, backend.comment(IncidentId(incident_id), who, body.text))


@router.post("/incidents/{incident_id}/assign", response_model=IncidentDetail, summary="Who works on it")
async def assign(
    request: Request, backend: BackendDep, view: ViewDep, scope: ScopeDep, incident_id: str, body: AssignIn
) -> Response:
    forbid_unless(scope.may_acknowledge, "assign")
    await visible_incident(backend, view, incident_id)
    who = _signed(request, scope, body)
    note(request, to=body.to)
    return await _done(request, view, backend.assign(IncidentId(incident_id), who, body.to))


@router.post(
    "/incidents/{incident_id}/ticket", response_model=IncidentDetail, summary="Note the provider's ticket"
)
async def ticket(
    request: Request, backend: BackendDep, view: ViewDep, scope: ScopeDep, incident_id: str, body: TicketIn
) -> Response:
    """A provider may note its own, with an incident that blames something of its own."""
    forbid_unless(scope.may_link_ticket, "note a ticket")
    found = await visible_incident(backend, view, incident_id)
    if not view.visible.everything:
        forbid_unless(bool(view.visible.cut(found).components), "note a ticket: it blames nothing of yours")
    who = _signed(request, scope, body)
    note(request, ticket=body.ticket)
    return await _done(request, view, backend.link_ticket(IncidentId(incident_id), who, body.ticket))


def _signed(request: Request, scope: Scope, body: WorkIn) -> str:
    """Raises ProblemError 422 when nobody is named."""
    who = scope.signs_as(body.who)
    if who is None:
        raise ProblemError(
            422, "body.who: say who you are", errors=[{"where": "body.who", "message": "Field required"}]
        )
    note(request, who=who)
    return who


async def _done(request: Request, view: View, work: Awaitable[Incident | None]) -> Response:
    try:
        found = await work
    except NotActiveError as error:
        raise ProblemError(409, f"{error} is resolved: there is nothing to do with it any more") from None
    if found is None:
        raise ProblemError(404, "this incident is not there any more")
    request.app.state.backend.feed.publish(incidents=[found])
    return respond(request, view.incident_detail(found))
