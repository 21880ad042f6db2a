"""Questions to the drawing: the way to the hub and its spare, what-if, single points of failure; and the
settings in force."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.answers import respond
from api.backend import MetricsUnavailableError
from api.dependencies import BackendDep, DesignsDep, ScopeDep, ViewDep, forbid_unless
from api.problems import RESPONSES, ProblemError
from api.routes.events import component_of
from api.schemas_design import (
    LossOut,
    PathsOut,
    SettingsOut,
    SpofOut,
    SpofsOut,
    WayOut,
    WhatIfOut,
)
from api.view import View
from topology.design import Way, path_and_spare
from topology.findings import Component
from topology.graph import UnknownComponentError
from topology.model import OfficeId
from topology.whatif import Spof, what_if

router = APIRouter(tags=["design"], responses=RESPONSES)


@router.get(
    "/offices/{office_id}/paths", response_model=PathsOut, summary="An office's way to the hub, and its spare"
)
async def paths(
    request: Request, backend: BackendDep, designs: DesignsDep, view: ViewDep, scope: ScopeDep, office_id: str
) -> Response:
    """As declared, with the loads of the last day: whether the spare would bear them."""
    forbid_unless(scope.sees_design, "read the design of the network")
    try:
        loads = await backend.loads()
    except MetricsUnavailableError:
        loads = None
    try:
        found = path_and_spare(designs.graph(backend.inventory), OfficeId(office_id), loads)
    except UnknownComponentError:
        raise ProblemError(404, f"no office has the id {office_id[:100]!r}") from None
    body = PathsOut(
        office=found.office,
        path=_way(found.path),
        spare=_way(found.spare),
        shared=view.components(found.shared),
        load_bps=found.load_bps,
        spare_free_bps=found.spare_free_bps,
        fits=found.fits,
        loads_known=loads is not None,
    )
    return respond(request, body)


def _way(way: Way | None) -> WayOut | None:
    if way is None:
        return None
    return WayOut(
        devices=list(way.devices),
        links=list(way.links),
        capacity_bps=way.capacity_bps,
        length_m=way.length_m,
    )


@router.get("/whatif", response_model=WhatIfOut, summary="What would be lost if")
async def whatif(
    request: Request,
    backend: BackendDep,
    designs: DesignsDep,
    view: ViewDep,
    scope: ScopeDep,
    down: Annotated[
        list[str],
        Query(
            min_length=1,
            max_length=100,
            description="`link:ID`, `device:ID`, `risk_group:ID`, `provider:ID` or `office:ID`; repeat it "
            "for several at once.",
            examples=[["link:grogot-kuaro"]],
        ),
    ],
) -> Response:
    """By the drawing: every office that it joins, whatever is broken at the moment."""
    forbid_unless(scope.sees_design, "read the design of the network")
    components = [c for c in map(component_of, down) if c is not None]
    try:
        lost = await asyncio.to_thread(what_if, designs.graph(backend.inventory), components)
    except UnknownComponentError as error:
        raise ProblemError(404, str(error)[:300]) from None
    body = WhatIfOut(
        down=view.components(dict.fromkeys(components)),
        cut=list(lost.cut),
        degraded=list(lost.degraded),
        applications=[LossOut(id=a.id, lost_by=list(a.lost_by)) for a in lost.applications],
    )
    return respond(request, body)


@router.get("/spof", response_model=SpofsOut, summary="Single points of failure")
async def spof(
    request: Request, backend: BackendDep, designs: DesignsDep, view: ViewDep, scope: ScopeDep
) -> Response:
    """Every link, device and risk group whose loss alone cuts an office off."""
    forbid_unless(scope.sees_design, "read the design of the network")
    found = await designs.spofs(backend.inventory)
    body = SpofsOut(
        links=[_spof(view, s) for s in found.links],
        devices=[_spof(view, s) for s in found.devices],
        risk_groups=[_spof(view, s) for s in found.risk_groups],
    )
    return respond(request, body)


def _spof(view: View, found: Spof) -> SpofOut:
    component: Component = found.component
    return SpofOut(component=view.component(component), offices=list(found.offices))


@router.get("/settings", response_model=SettingsOut, summary="Settings in force that are safe to show")
async def settings(request: Request, backend: BackendDep, scope: ScopeDep) -> Response:
    forbid_unless(scope.sees_design, "read the settings")
    return respond(request, SettingsOut(version=request.app.version, settings=dict(backend.safe_settings())))
