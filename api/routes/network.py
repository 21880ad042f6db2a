"""Links, devices, and the network as a whole."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import AnswersDep, BackendDep, ViewDep
from api.paging import Cursor, Limit, page
from api.problems import RESPONSES
from api.schemas import DeviceOut, LinkOut, Page, SummaryOut, TopologyOut
from topology.findings import DeviceCondition, LinkCondition
from topology.model import DeviceRole, Medium

router = APIRouter(tags=["network"], responses=RESPONSES)


@router.get("/links", response_model=Page[LinkOut], summary="Links with their condition")
async def links(
    request: Request,
    view: ViewDep,
    answers: AnswersDep,
    condition: Annotated[list[LinkCondition] | None, Query(description="Repeat it for several.")] = None,
    medium: Annotated[list[Medium] | None, Query()] = None,
    provider: Annotated[list[str] | None, Query()] = None,
    risk_group: Annotated[list[str] | None, Query()] = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> Response:
    async def build() -> Page[LinkOut]:
        rows = [
            link
            for link in view.links()
            if (not condition or link.condition in condition)
            and (not medium or link.medium in medium)
            and (not provider or link.provider in provider)
            and (not risk_group or set(link.risk_groups) & set(risk_group))
        ]
        rows.sort(key=lambda link: link.id)
        return page(rows, limit, cursor)

    return await answers.give(request, view, build)


@router.get("/devices", response_model=Page[DeviceOut], summary="Devices with their condition")
async def devices(
    request: Request,
    view: ViewDep,
    answers: AnswersDep,
    condition: Annotated[list[DeviceCondition] | None, Query(description="Repeat it for several.")] = None,
    role: Annotated[list[DeviceRole] | None, Query()] = None,
    office: Annotated[list[str] | None, Query()] = None,
    provider: Annotated[list[str] | None, Query()] = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> Response:
    async def build() -> Page[DeviceOut]:
        rows = [
            device
            for device in view.devices()
            if (not condition or device.condition in condition)
            and (not role or device.role in role)
            and (not office or device.office in office)
            and (not provider or device.provider in provider)
        ]
        rows.sort(key=lambda device: device.id)
        return page(rows, limit, cursor)

    return await answers.give(request, view, build)


@router.get("/topology", response_model=TopologyOut, summary="The drawing with conditions and causes")
async def topology(request: Request, backend: BackendDep, view: ViewDep, answers: AnswersDep) -> Response:
    async def build() -> TopologyOut:
        return view.topology(await backend.incidents(which="active", limit=1000))

    return await answers.give(request, view, build)


@router.get("/summary", response_model=SummaryOut, summary="How many offices are connected, by kecamatan")
async def summary(request: Request, backend: BackendDep, view: ViewDep, answers: AnswersDep) -> Response:
    async def build() -> SummaryOut:
        return view.summary(await backend.incidents(which="active", limit=1000))

    return await answers.give(request, view, build)
