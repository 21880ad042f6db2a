"""What people do with an incident: take it on, give it back, say something, assign it, note a ticket."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts.model import Incident, IncidentId
from api.answers import respond
from api.auditing import note
from api.backend import NotActiveError
from api.dependencies import BackendDep, ScopeDep, ViewDep, forbid_unless
from api.problems import RESPONSES, ProblemError
from api.routes.incidents import visible_incident
from api.schemas import IncidentDetail, ProblemOut

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


class _Work:
    """One piece of work on one incident: may they, who are they, and what came of it."""

    def __init__(
        self, request: Request, backend: BackendDep, view: ViewDep, scope: ScopeDep, incident_id: str
    ) -> None:
        self.request = request
        self.backend = backend
        self.view = view
        self.scope = scope
        self.incident = IncidentId(incident_id)

    async def begin(self, may: bool, what: str) -> Incident:
        """Raises ProblemError 403 when they may not, 404 for an incident that they don't see."""
        forbid_unless(may, what)
        return await visible_incident(self.backend, self.view, self.incident)

    def signed(self, body: WorkIn, **told: object) -> str:
        """Who it is; that and `told` go into the audit log. Raises ProblemError 422 when nobody is named."""
        who = self.scope.signs_as(body.who)
        if who is None:
            raise ProblemError(
                422, "body.who: say who you are", errors=[{"where": "body.who", "message": "Field required"}]
            )
        note(self.request, who=who, **told)
        return who

    async def done(self, work: Awaitable[Incident | None]) -> Response:
        try:
            found = await work
        except NotActiveError as error:
            raise ProblemError(409, f"{error} is resolved: there is nothing to do with it any more") from None
        if found is None:
            raise ProblemError(404, "this incident is not there any more")
        self.request.app.state.backend.feed.publish(incidents=[found])
        return respond(self.request, self.view.incident_detail(found))


WorkDep = Annotated[_Work, Depends()]


@router.post(
    "/incidents/{incident_id}/acknowledge", response_model=IncidentDetail, summary="Somebody is on it"
)
async def acknowledge(work: WorkDep, body: AcknowledgeIn) -> Response:
    """Tells the others. Acknowledging it again changes nothing."""
    await work.begin(work.scope.may_acknowledge, "acknowledge")
    who = work.signed(body, note=body.note)
    return await work.done(work.backend.acknowledge(work.incident, who, body.note))


@router.post(
    "/incidents/{incident_id}/unacknowledge",
    response_model=IncidentDetail,
    summary="Nobody is on it any more",
)
async def unacknowledge(work: WorkDep, body: AcknowledgeIn) -> Response:
    """Gives it back, and tells those who were told that it was taken on."""
    await work.begin(work.scope.may_acknowledge, "acknowledge")
    who = work.signed(body, note=body.note)
    return await work.done(work.backend.unacknowledge(work.incident, who, body.note))


@router.post("/incidents/{incident_id}/comment", response_model=IncidentDetail, summary="Say something of it")
async def comment(work: WorkDep, body: CommentIn) -> Response:
    """For staff: providers and wall screens don't see it."""
    await work.begin(work.scope.may_comment, "comment")
    who = work.signed(body, text=body.text)
    return await work.done(work.backend.comment(work.incident, who, body.text))


@router.post("/incidents/{incident_id}/assign", response_model=IncidentDetail, summary="Who works on it")
async def assign(work: WorkDep, body: AssignIn) -> Response:
    await work.begin(work.scope.may_acknowledge, "assign")
    who = work.signed(body, to=body.to)
    return await work.done(work.backend.assign(work.incident, who, body.to))


@router.post(
    "/incidents/{incident_id}/ticket", response_model=IncidentDetail, summary="Note the provider's ticket"
)
async def ticket(work: WorkDep, body: TicketIn) -> Response:
    """A provider may note its own, with an incident that blames something of its own."""
    found = await work.begin(work.scope.may_link_ticket, "note a ticket")
    visible = work.view.visible
    if not visible.everything:
        forbid_unless(bool(visible.cut(found).components), "note a ticket: it blames nothing of yours")
    who = work.signed(body, ticket=body.ticket)
    return await work.done(work.backend.link_ticket(work.incident, who, body.ticket))
