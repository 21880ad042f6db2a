"""Links, devices, and the network as a whole."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from api.answers import Answer, answer_of
from api.dependencies import AnswersDep, BackendDep, ScopeDep, ViewAtDep, forbid_unless, incidents_of
from api.drawing import geojson, graphml
from api.paging import Cursor, Limit, page
from api.problems import RESPONSES, ProblemError
from api.schemas import DeviceOut, LinkOut, Page, RiskGroupOut, SummaryOut, TopologyOut
from topology.findings import DeviceCondition, LinkCondition
from topology.model import DeviceRole, Medium, RiskGroupKind

router = APIRouter(tags=["network"], responses=RESPONSES)


@router.get("/links", response_model=Page[LinkOut], summary="Links with their condition")
async def links(
    request: Request,
    view: ViewAtDep,
    answers: AnswersDep,
    condition: Annotated[list[LinkCondition] | None, Query(description="Repeat it for several.")] = None,
    medium: Annotated[list[Medium] | None, Query()] = None,
    provider: Annotated[list[str] | None, Query()] = None,
    risk_group: Annotated[list[str] | None, Query()] = None,
    office: Annotated[list[str] | None, Query(description="That end at one of these.")] = None,
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
            and (not office or {link.a.office, link.b.office} & set(office))
        ]
        rows.sort(key=lambda link: link.id)
        return page(rows, limit, cursor, view.moment)

    return await answers.give(request, view, build)


@router.get("/links/{link_id}", response_model=LinkOut, summary="One link")
async def link(request: Request, view: ViewAtDep, answers: AnswersDep, link_id: str) -> Response:
    async def build() -> LinkOut:
        found = view.link(link_id)
        if found is None:
            raise ProblemError(404, f"no link has the id {link_id[:100]!r}")
        return found

    return await answers.give(request, view, build)


@router.get("/devices", response_model=Page[DeviceOut], summary="Devices with their condition")
async def devices(
    request: Request,
    view: ViewAtDep,
    scope: ScopeDep,
    answers: AnswersDep,
    condition: Annotated[list[DeviceCondition] | None, Query(description="Repeat it for several.")] = None,
    role: Annotated[list[DeviceRole] | None, Query()] = None,
    office: Annotated[list[str] | None, Query()] = None,
    provider: Annotated[list[str] | None, Query()] = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> Response:
    forbid_unless(scope.sees_devices, "read equipment")

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
        return page(rows, limit, cursor, view.moment)

    return await answers.give(request, view, build)


@router.get("/devices/{device_id}", response_model=DeviceOut, summary="One device")
async def device(
    request: Request, view: ViewAtDep, scope: ScopeDep, answers: AnswersDep, device_id: str
) -> Response:
    forbid_unless(scope.sees_devices, "read equipment")

    async def build() -> DeviceOut:
        found = view.device(device_id)
        if found is None:
            raise ProblemError(404, f"no device has the id {device_id[:100]!r}")
        return found

    return await answers.give(request, view, build)


@router.get("/risk_groups", response_model=Page[RiskGroupOut], summary="What fails together")
async def risk_groups(
    request: Request,
    view: ViewAtDep,
    scope: ScopeDep,
    answers: AnswersDep,
    kind: Annotated[list[RiskGroupKind] | None, Query(description="Repeat it for several.")] = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> Response:
    forbid_unless(scope.sees_devices, "read ducts, cables and feeds")

    async def build() -> Page[RiskGroupOut]:
        rows = [group for group in view.risk_groups() if not kind or group.kind in kind]
        rows.sort(key=lambda group: group.id)
        return page(rows, limit, cursor)

    return await answers.give(request, view, build)


@router.get("/risk_groups/{risk_group_id}", response_model=RiskGroupOut, summary="One of them")
async def risk_group(
    request: Request, view: ViewAtDep, scope: ScopeDep, answers: AnswersDep, risk_group_id: str
) -> Response:
    forbid_unless(scope.sees_devices, "read ducts, cables and feeds")

    async def build() -> RiskGroupOut:
        found = next((group for group in view.risk_groups() if group.id == risk_group_id), None)
        if found is None:
            raise ProblemError(404, f"no risk group has the id {risk_group_id[:100]!r}")
        return found

    return await answers.give(request, view, build)


@router.get(
    "/topology",
    response_model=TopologyOut,
    responses={
        200: {
            "description": "JSON, GeoJSON (RFC 7946) or GraphML, as asked for.",
            "content": {
                "application/geo+json": {"schema": {"type": "object"}},
                "application/graphml+xml": {"schema": {"type": "string"}},
            },
        }
    },
    summary="The drawing with conditions and causes",
)
async def topology(
    request: Request,
    backend: BackendDep,
    view: ViewAtDep,
    answers: AnswersDep,
    form: Annotated[
        Literal["json", "geojson", "graphml"],
        Query(alias="format", description="`geojson`: offices and links for maps; `graphml`: for drawing."),
    ] = "json",
) -> Response:
    async def build() -> TopologyOut | Answer:
        drawn = view.topology(await incidents_of(backend, view))
        if form == "geojson":
            return answer_of(geojson(drawn), "application/geo+json")
        if form == "graphml":
            return answer_of(graphml(drawn), "application/graphml+xml")
        return drawn

    return await answers.give(request, view, build)


@router.get("/summary", response_model=SummaryOut, summary="How many offices are connected, by kecamatan")
async def summary(request: Request, backend: BackendDep, view: ViewAtDep, answers: AnswersDep) -> Response:
    async def build() -> SummaryOut:
        return view.summary(await incidents_of(backend, view))

    return await answers.give(request, view, build)
