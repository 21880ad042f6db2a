"""Maintenance: planned, previewed, listed, cancelled."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from itertools import islice
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts.maintenance import Window, WindowId, occurrences
from alerts.planning import PlanError, WindowState, new_window_id, next_span, plan_window, state_of
from alerts.words import component_name
from api.answers import respond
from api.auditing import note
from api.backend import Backend
from api.dependencies import BackendDep, DesignsDep, ScopeDep, VisibleDep, forbid_unless
from api.designs import Designs
from api.paging import Moment
from api.problems import RESPONSES, ProblemError
from api.schemas import ComponentOut, Out, Page, ProblemOut
from api.scope import Scope
from api.visible import Visible
from topology.whatif import WhatIf, what_if

router = APIRouter(tags=["maintenance"], responses=RESPONSES)

_FORBIDDEN = {"description": "The caller's role may not.", "model": ProblemOut}
_CUTS = {
    "description": "It would cut offices off: ask, and send `accept_cut: true`.",
    "model": ProblemOut,
}
SHOWN = 5


class SpanOut(Out):
    starts_at: datetime
    ends_at: datetime


class WindowOut(Out):
    id: str
    title: str
    subjects: list[ComponentOut]
    starts_at: datetime
    ends_at: datetime
    rrule: str | None
    state: WindowState
    next: SpanOut | None = Field(description="The next time that has not begun yet.")
    created_by: str | None
    created_at: datetime
    cancelled_at: datetime | None
    note: str | None
    holds: list[str] = Field(description="Active incidents of which nobody is told because of it.")


class WindowIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=200, examples=["Ganti SFP"])
    subjects: list[str] = Field(
        min_length=1, max_length=200, description="`KIND:ID`.", examples=[["link:grogot-kuaro"]]
    )
    starts_at: Moment
    ends_at: Moment
    rrule: str | None = Field(
        None,
        max_length=300,
        description="RFC 5545, in the network's time.",
        examples=["FREQ=WEEKLY;BYDAY=SU"],
    )
    note: str = Field("", max_length=2000)
    who: str | None = Field(None, max_length=100)


class PlanIn(WindowIn):
    accept_cut: bool = Field(False, description="Offices may be cut off meanwhile.")


class ApplicationLossOut(Out):
    id: str
    lost_by: list[str]


class PreviewOut(Out):
    """What would be lost with all of it down at once."""

    cut: list[str]
    degraded: list[str]
    applications: list[ApplicationLossOut]
    times: list[SpanOut] = Field(description="The first few.")
    overlaps: list[str] = Field(description="Ids of other windows that run meanwhile.")


@router.get("/maintenance", response_model=Page[WindowOut], summary="Maintenance windows, oldest first")
async def windows(
    request: Request,
    backend: BackendDep,
    scope: ScopeDep,
    visible: VisibleDep,
    since: Annotated[
        Moment | None, Query(description="Also those that ended, or were cancelled, after this moment.")
    ] = None,
    state: Annotated[list[WindowState] | None, Query(description="Repeat it for several.")] = None,
) -> Response:
    """Without `since`: what runs or is still to come."""
    forbid_unless(scope.sees_devices, "see maintenance")
    now, zone = backend.clock.now(), _zone(backend)
    found = [w for w in await backend.windows(since or now) if _mine(w, visible)]
    if since is None:
        found = [w for w in found if state_of(w, now, zone) in (WindowState.RUNNING, WindowState.PLANNED)]
    shown = [await _out(w, backend, scope, visible) for w in found]
    if state:
        shown = [w for w in shown if w.state in state]
    return respond(request, Page[WindowOut](items=shown, total=len(shown)))


@router.post(
    "/maintenance/preview",
    response_model=PreviewOut,
    responses={403: _FORBIDDEN},
    summary="Who would be cut off",
)
async def preview(
    request: Request, backend: BackendDep, scope: ScopeDep, designs: DesignsDep, body: WindowIn
) -> Response:
    """Plans nothing."""
    forbid_unless(scope.may_plan, "plan maintenance")
    window = await _window(backend, scope, body)
    lost = await _lost(backend, designs, window)
    now, zone = backend.clock.now(), _zone(backend)
    spans = list(islice(occurrences(window, now, now + timedelta(days=800), zone), SHOWN))
    others = [w for w in await backend.windows(now) if _meet(w, spans, zone)]
    return respond(
        request,
        PreviewOut(
            cut=list(lost.cut),
            degraded=list(lost.degraded),
            applications=[
                ApplicationLossOut(id=a.id, lost_by=list(map(str, a.lost_by))) for a in lost.applications
            ],
            times=[SpanOut(starts_at=start, ends_at=end) for start, end in spans],
            overlaps=[w.id for w in others],
        ),
    )


@router.post(
    "/maintenance",
    response_model=WindowOut,
    status_code=201,
    responses={403: _FORBIDDEN, 409: _CUTS},
    summary="Plan maintenance",
)
async def plan(
    request: Request,
    backend: BackendDep,
    scope: ScopeDep,
    visible: VisibleDep,
    designs: DesignsDep,
    body: PlanIn,
) -> Response:
    """Monitoring goes on; what the work explains is told to nobody until it ends."""
    forbid_unless(scope.may_plan, "plan maintenance")
    window = await _window(backend, scope, body)
    lost = await _lost(backend, designs, window)
    if lost.cut and not body.accept_cut:
        raise ProblemError(
            409, f"it would cut off {', '.join(lost.cut)}: plan it with accept_cut: true if that is all right"
        )
    while not await backend.plan(window):  # somebody else took the number meanwhile
        window = await _window(backend, scope, body)
    subjects = [str(s) for s in window.subjects]
    note(request, who=window.created_by, window=window.id, subjects=subjects, cut=list(lost.cut))
    return respond(request, await _out(window, backend, scope, visible), status=201)


@router.delete(
    "/maintenance/{window_id}",
    response_model=WindowOut,
    responses={403: _FORBIDDEN},
    summary="Cancel maintenance, or end it now",
)
async def cancel(
    request: Request, backend: BackendDep, scope: ScopeDep, visible: VisibleDep, window_id: str
) -> Response:
    """What still stands is told then. Cancelling again changes nothing."""
    forbid_unless(scope.may_plan, "cancel maintenance")
    window = await backend.cancel_window(WindowId(window_id))
    if window is None:
        raise ProblemError(404, f"no maintenance has the id {window_id[:100]!r}")
    note(request, window=window.id)
    return respond(request, await _out(window, backend, scope, visible))


async def _window(backend: Backend, scope: Scope, body: WindowIn) -> Window:
    """Raises ProblemError 422 with every problem."""
    now, zone = backend.clock.now(), _zone(backend)
    known = await backend.windows(now - timedelta(days=2))
    try:
        return plan_window(
            new_window_id(known, now, zone),
            body.title,
            body.subjects,
            body.starts_at,
            body.ends_at,
            body.rrule,
            scope.signs_as(body.who) or scope.via.value,
            body.note,
            inventory=backend.inventory,
            now=now,
            zone=zone,
        )
    except PlanError as error:
        raise ProblemError(422, "; ".join(error.problems)) from None


async def _lost(backend: Backend, designs: Designs, window: Window) -> WhatIf:
    return await asyncio.to_thread(what_if, designs.graph(backend.inventory), window.subjects)


async def _out(window: Window, backend: Backend, scope: Scope, visible: Visible) -> WindowOut:
    """To a provider only what of it is its own; words that name another are left out."""
    now, zone, inventory = backend.clock.now(), _zone(backend), backend.inventory
    subjects = visible.components(window.subjects)
    coming = next_span(window, now, zone)
    held = await backend.incidents(which="active", limit=1000)
    whole = visible.everything or subjects == window.subjects
    return WindowOut(
        id=window.id,
        title=window.title if whole and not visible.mentions_others(window.title) else "",
        subjects=[
            ComponentOut(kind=c.kind, id=c.id, name=component_name(c, inventory, inventory.network.language))
            for c in subjects
        ],
        starts_at=window.starts_at,
        ends_at=window.ends_at,
        rrule=window.rrule,
        state=state_of(window, now, zone),
        next=None if coming is None else SpanOut(starts_at=coming[0], ends_at=coming[1]),
        created_by=window.created_by if scope.sees_comments else None,
        created_at=window.created_at,
        cancelled_at=window.cancelled_at,
        note=window.note if scope.sees_comments else None,
        holds=[i.id for i in held if window.id in i.held_by and visible.incident(i)],
    )


def _mine(window: Window, visible: Visible) -> bool:
    return visible.everything or bool(visible.components(window.subjects))


def _meet(window: Window, spans: list[tuple[datetime, datetime]], zone: ZoneInfo) -> bool:
    return any(next(occurrences(window, start, end, zone), None) is not None for start, end in spans)


def _zone(backend: Backend) -> ZoneInfo:
    return ZoneInfo(backend.inventory.network.timezone)
