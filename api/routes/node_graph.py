"""The drawing as Grafana's node graph panel wants it: one table of nodes, one of edges."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.dependencies import AnswersDep, BackendDep, ViewDep
from api.problems import RESPONSES
from api.schemas import LinkOut, OfficeOut, Out
from topology.findings import Connectivity, LinkCondition
from topology.model import Language, LinkId

router = APIRouter(tags=["network"], responses=RESPONSES)

GREEN, YELLOW, RED, PURPLE, GREY = "#56a64b", "#f2cc0c", "#e02f44", "#8f3bb8", "#808080"
COLOURS: Mapping[Connectivity, str] = {
    Connectivity.CONNECTED: GREEN,
    Connectivity.DEGRADED: YELLOW,
    Connectivity.CUT: RED,
    Connectivity.UNKNOWN: PURPLE,
    Connectivity.NOT_CONNECTED: GREY,
}
WORDS: Mapping[Language, Mapping[Connectivity, str]] = {
    Language.ID: {
        Connectivity.CONNECTED: "terhubung",
        Connectivity.DEGRADED: "terdegradasi",
        Connectivity.CUT: "putus",
        Connectivity.UNKNOWN: "tidak diketahui",
        Connectivity.NOT_CONNECTED: "belum terkoneksi",
    },
    Language.EN: {c: c.value.replace("_", " ") for c in Connectivity},
}
BUSY, FULL = 0.7, 0.9
THINNEST, THICKEST = 1.0, 6.0


class NodeOut(Out):
    id: str
    title: str
    subtitle: str = Field(description="The kecamatan.")
    main_stat: str = Field(description="The office's state in words.")
    secondary_stat: str = Field(description="Paths left of those designed.")
    color: str = Field(examples=[GREEN])


class EdgeOut(Out):
    id: str
    source: str
    target: str
    main_stat: float | None = Field(
        description="The busiest five minutes of the last day as a share of the capacity; null: not known."
    )
    secondary_stat: str = Field(description="Name or id of the link.")
    color: str
    thickness: float


class NodesOut(Out):
    items: list[NodeOut]


class EdgesOut(Out):
    items: list[EdgeOut]


@router.get("/topology/nodes", response_model=NodesOut, summary="Offices, for a node graph")
async def nodes(request: Request, view: ViewDep, answers: AnswersDep) -> Response:
    """Every office that the caller sees, coloured by its state."""

    async def build() -> NodesOut:
        return NodesOut(items=[_node(office, view.language) for office in view.offices()])

    return await answers.give(request, view, build)


@router.get("/topology/edges", response_model=EdgesOut, summary="Links between offices, for a node graph")
async def edges(request: Request, backend: BackendDep, view: ViewDep, answers: AnswersDep) -> Response:
    """Links inside an office are left out; so is one whose far end the caller may not see."""

    async def build() -> EdgesOut:
        shown = {office.id for office in view.offices()}
        loads = await backend.loads()
        found = [
            _edge(link, link.a.office, link.b.office, loads)
            for link in view.links()
            if link.a.office in shown and link.b.office in shown and link.a.office != link.b.office
        ]
        return EdgesOut(items=[edge for edge in found if edge is not None])

    return await answers.give(request, view, build)


def _node(office: OfficeOut, language: Language) -> NodeOut:
    paths = "" if office.paths is None else f"{office.paths}/{office.paths_designed}"
    return NodeOut(
        id=office.id,
        title=office.name,
        subtitle=office.kecamatan or "",
        main_stat=WORDS[language][office.connectivity],
        secondary_stat=paths,
        color=COLOURS[office.connectivity],
    )


def _edge(link: LinkOut, a: str | None, b: str | None, loads: Mapping[LinkId, float]) -> EdgeOut | None:
    if a is None or b is None:
        return None
    bps = loads.get(LinkId(link.id))
    load = bps / link.capacity_bps if bps is not None and link.capacity_bps else None
    return EdgeOut(
        id=link.id,
        source=a,
        target=b,
        main_stat=load,
        secondary_stat=link.name or link.id,
        color=_colour(link.condition, load),
        thickness=THINNEST + (THICKEST - THINNEST) * min(1.0, load or 0.0),
    )


def _colour(condition: LinkCondition, load: float | None) -> str:
    if condition is LinkCondition.DOWN:
        return RED
    if condition is LinkCondition.DISABLED:
        return GREY
    if condition is LinkCondition.UNKNOWN:
        return PURPLE
    if load is not None and load >= FULL:
        return RED
    return YELLOW if load is not None and load >= BUSY else GREEN
