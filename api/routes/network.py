"""Links, devices, and the network as a whole."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.paging import Cursor, Limit, page
from api.problems import RESPONSES
from api.respond import respond
from api.schemas import DeviceOut, LinkOut, Page, SummaryOut, TopologyOut
from api.view import BackendDep, ViewDep
from topology.findings import DeviceCondition, LinkCondition
from topology.model import DeviceRole, Medium

router = APIRouter(tags=["network"], responses=RESPONSES)


@router.get("/links", response_model=Page[LinkOut], summary="Links with their condition")
async def links(
    request: Request,
    view: ViewDep,
    condition: Annotated[list[LinkCondition] | None, Query(description="Repeat it for several.")] = None,
    medium: Annotated[list[Medium] | None, Query()] = None,
    provider: Annotated[list[str] | None, Query()] = None,
    risk_group: Annotated[list[str] | None, Query()] = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> Response:
    rows = [
        link
        for link in view.links()
        if (not condition or link.condition in condition)
        and (not medium or link.medium in medium)
        and (not provider or link.provider in provider)
        and (not risk_group or set(link.risk_groups) & set(risk_group))
    ]
    rows.sort(key=lambda link: link.id)
    return respond(request, page(rows, limit, cursor), verdict_at=view.verdict_at)


@router.get("/devices", response_model=Page[DeviceOut], summary="Devices with their condition")
async def devices(
    request: Request,
    view: ViewDep,
    condition: Annotated[list[DeviceCondition] | None, Query(description="Repeat it for several.")] = None,
    role: Annotated[list[DeviceRole] | None, Query()] = None,
    office: Annotated[list[str] | None, Query()] = None,
    provider: Annotated[list[str] | None, Query()] = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> Response:
    rows = [
        device
        for device in view.devices()
        if (not condition or device.condition in condition)
        and (not role or device.role in role)
        and (not office or device.office in office)
        and (not provider or device.provider in provider)
    ]
    rows.sort(key=lambda device: device.id)
    return respond(request, page(rows, limit, cursor), verdict_at=view.verdict_at)


@router.get("/topology", response_model=TopologyOut, summary="The drawing with conditions and causes")
async def topology(request: Request, backend: BackendDep, view: ViewDep) -> Response:
    return respond(request, view.topology(await backend.incidents(which="active", limit=1000)))


@router.get("/summary", response_model=SummaryOut, summary="How many offices are connected, by kecamatan")
async def summary(request: Request, backend: BackendDep, view: ViewDep) -> Response:
    return respond(request, view.summary(await backend.incidents(which="active", limit=1000)))
