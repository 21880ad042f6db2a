"""Who the caller is; login of a browser with a token, and logout."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.answers import respond
from api.auditing import note
from api.auth import COOKIE, SECURE_COOKIE
from api.dependencies import AuthenticatorDep, BackendDep, OptionalScopeDep, ScopeDep
from api.problems import RESPONSES
from api.schemas import Out
from api.scope import Role, Scope, Via

router = APIRouter(tags=["session"], responses=RESPONSES)


class LoginIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=1, max_length=200, description="As `ronda token create` showed it.")


class CallerOut(Out):
    """The caller, and what he may do here."""

    role: Role
    provider: str | None = Field(description="Only what is this provider's is shown; null: everything.")
    who: str | None = Field(description="The token's label, or the user that the reverse proxy names.")
    via: Via
    expires_at: datetime | None = Field(description="When the session just opened ends.")
    may: list[str] = Field(
        description="What beside reading: `acknowledge`, `comment`, `link_ticket`, `plan`, "
        "`report_progress`, `administer`.",
        examples=[["acknowledge", "comment", "link_ticket"]],
    )
    sees: list[str] = Field(
        description="What beside offices and incidents: `addresses`, `contacts`, `comments`, `devices`, "
        "`design`.",
        examples=[["contacts", "comments", "devices", "design"]],
    )


_MAY = ("acknowledge", "comment", "link_ticket", "plan", "report_progress", "administer")
_SEES = ("addresses", "contacts", "comments", "devices", "design")


def _caller(scope: Scope, expires_at: datetime | None = None) -> CallerOut:
    return CallerOut(
        role=scope.role,
        provider=scope.provider,
        who=scope.who,
        via=scope.via,
        expires_at=expires_at,
        may=[name for name in _MAY if getattr(scope, f"may_{name}")],
        sees=[name for name in _SEES if getattr(scope, f"sees_{name}")],
    )


@router.get("/session", response_model=CallerOut, summary="Who I am here")
async def session(request: Request, scope: ScopeDep) -> Response:
    return respond(request, _caller(scope))


@router.post("/session", response_model=CallerOut, summary="Log in with a token")
async def log_in(request: Request, authenticator: AuthenticatorDep, body: LoginIn) -> Response:
    """Gives a cookie that scripts can't read and other sites can't send. It ends after some hours, with a
    logout, and with its token."""
    made = await authenticator.log_in(request, body.token)
    note(request, expires_at=made.ends_at.isoformat())
    response = respond(request, _caller(made.scope, made.ends_at))
    response.set_cookie(
        SECURE_COOKIE if made.secure else COOKIE,
        made.cookie,
        max_age=int((made.ends_at - authenticator.clock.now()).total_seconds()),
        path="/",
        secure=made.secure,
        httponly=True,
        samesite="strict",
    )
    return response


@router.delete("/session", status_code=204, summary="Log out")
async def log_out(authenticator: AuthenticatorDep, scope: OptionalScopeDep, backend: BackendDep) -> Response:
    """Ends the session; streams that it opened end with it. Whoever has none is answered the same."""
    if scope is not None:
        await authenticator.log_out(scope)
    backend.feed.wake()
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    response.delete_cookie(SECURE_COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return response
