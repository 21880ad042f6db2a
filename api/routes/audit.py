"""The audit log, for administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.answers import respond
from api.dependencies import BackendDep, ScopeDep, forbid_unless
from api.paging import Cursor, Moment, PageLimit, encode_cursor, number_of
from api.problems import RESPONSES
from api.schemas import Out, Page
from storage.records import AuditEntry

router = APIRouter(tags=["audit"], responses=RESPONSES)


class AuditOut(Out):
    id: int
    at: datetime
    who: str = Field(examples=["piket"])
    role: str = Field(examples=["oncall"])
    via: str = Field(description="`local`, `token`, `session`, `proxy` or `cli`.", examples=["token"])
    provider: str | None
    token: str | None = Field(description="Id of the token behind it.", examples=["t-5f0c9a3e"])
    peer: str | None = Field(description="The address that it came from.", examples=["10.20.1.7"])
    action: str = Field(examples=["acknowledge"])
    subject: str = Field(examples=["/api/v1/incidents/R-261121-001/acknowledge"])
    detail: dict[str, Any]


@router.get("/audit", response_model=Page[AuditOut], summary="Who changed what, newest first")
async def audit(
    request: Request,
    backend: BackendDep,
    scope: ScopeDep,
    since: Annotated[Moment | None, Query(description="At or after this moment.")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment.")] = None,
    who: Annotated[str | None, Query(max_length=200)] = None,
    action: Annotated[str | None, Query(max_length=100, examples=["acknowledge"])] = None,
    limit: PageLimit = 100,
    cursor: Cursor = None,
) -> Response:
    forbid_unless(scope.may_administer, "read the audit log")
    found = await backend.access.audit(
        since=since,
        until=until,
        who=who,
        action=action,
        limit=limit + 1,
        before_id=number_of(cursor) if cursor else None,
    )
    shown = found[:limit]
    body = Page[AuditOut](
        items=[_entry(e) for e in shown],
        next_cursor=encode_cursor(str(shown[-1].id)) if len(found) > limit else None,
    )
    return respond(request, body)


def _entry(entry: AuditEntry) -> AuditOut:
    return AuditOut(
        id=entry.id,
        at=entry.at,
        who=entry.who,
        role=entry.role,
        via=entry.via,
        provider=entry.provider,
        token=entry.token,
        peer=entry.peer,
        action=entry.action,
        subject=entry.subject,
        detail=dict(entry.detail),
    )
