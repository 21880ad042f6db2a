"""Offices, connected and not yet connected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import AnswersDep, BackendDep, ViewAtDep, incidents_of
from api.paging import Cursor, Limit, page
from api.problems import RESPONSES, ProblemError
from api.schemas import OfficeDetail, OfficeOut, Page
from topology.findings import Connectivity
from topology.model import ConnectionStage, OfficeKind

router = APIRouter(tags=["offices"], responses=RESPONSES)

_ATTENTION = (
    Connectivity.CUT,
    Connectivity.DEGRADED,
    Connectivity.UNKNOWN,
    Connectivity.CONNECTED,
    Connectivity.NOT_CONNECTED,
)
_LATEST = datetime.max.replace(tzinfo=UTC)
_KEYS: dict[str, Callable[[OfficeOut], Any]] = {
    "attention": lambda o: (_ATTENTION.index(o.connectivity), o.priority),
    "name": lambda o: o.name.casefold(),
    "kecamatan": lambda o: o.kecamatan or "",
    "priority": lambda o: o.priority,
    "since": lambda o: o.since or _LATEST,
    "target_date": lambda o: (o.target_date is None, o.target_date and o.target_date.toordinal()),
}
Sort = Literal[
    "attention",
    "name",
    "kecamatan",
    "priority",
    "since",
    "target_date",
    "-attention",
    "-name",
    "-kecamatan",
    "-priority",
    "-since",
    "-target_date",
]


@router.get("/offices", response_model=Page[OfficeOut], summary="Offices with their connectivity")
async def offices(
    request: Request,
    backend: BackendDep,
    view: ViewAtDep,
    answers: AnswersDep,
    connection: Annotated[list[ConnectionStage] | None, Query(description="Repeat it for several.")] = None,
    connectivity: Annotated[list[Connectivity] | None, Query(description="Repeat it for several.")] = None,
    kecamatan: Annotated[list[str] | None, Query()] = None,
    provider: Annotated[list[str] | None, Query()] = None,
    kind: Annotated[list[OfficeKind] | None, Query()] = None,
    late: Annotated[bool | None, Query(description="Target date passed and not active.")] = None,
    sort: Annotated[
        Sort, Query(description="`attention`: what needs somebody first; `-`: descending.")
    ] = "attention",
    limit: Limit = 200,
    cursor: Cursor = None,
) -> Response:
    async def build() -> Page[OfficeOut]:
        rows = [
            office
            for office in view.offices(await incidents_of(backend, view))
            if (not connection or office.connection in connection)
            and (not connectivity or office.connectivity in connectivity)
            and (not kecamatan or office.kecamatan in kecamatan)
            and (not provider or office.provider in provider)
            and (not kind or office.kind in kind)
            and (late is None or office.late is late)
        ]
        rows.sort(key=lambda o: (o.name.casefold(), o.id))
        rows.sort(key=_KEYS[sort.lstrip("-")], reverse=sort.startswith("-"))
        return page(rows, limit, cursor, view.moment)

    return await answers.give(request, view, build)


@router.get(
    "/offices/{office_id}", response_model=OfficeDetail, summary="One office: equipment, paths, causes"
)
async def office(
    request: Request, backend: BackendDep, view: ViewAtDep, answers: AnswersDep, office_id: str
) -> Response:
    async def build() -> OfficeDetail:
        found = view.office(office_id, await incidents_of(backend, view))
        if found is None:
            raise ProblemError(404, f"no office has the id {office_id[:100]!r}")
        return found

    return await answers.give(request, view, build)
