"""The roll-out register: offices still to be connected, who connects them, and how it comes along."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response

from api.answers import respond
from api.auditing import note
from api.backend import Backend
from api.dependencies import BackendDep, ScopeDep, VisibleDep, forbid_unless
from api.paging import Cursor, Limit, part_of
from api.problems import RESPONSES, ProblemError
from api.report_schemas import (
    ProgressIn,
    RolloutDetail,
    RolloutOut,
    RolloutSummaryOut,
    progress_out,
    rollout_out,
    summary_out,
)
from api.report_view import progress_for, rollout_row_for
from api.schemas import Page, ProblemOut
from api.scope import Role, Scope
from api.visible import Visible
from reports.rollout import (
    MOST_MONTHS,
    ORDER,
    BackwardError,
    RolloutRow,
    check_step,
    local_day,
    rollout_row,
    rollout_summary,
    rollout_table,
    stage_of,
)
from reports.sheet import CSV, XLSX, csv_text, workbook
from reports.tables import Table
from topology.model import ConnectionStage, Language, Office, OfficeId, OfficeKind

router = APIRouter(tags=["rollout"], responses=RESPONSES)

_FORBIDDEN: dict[int | str, dict[str, Any]] = {
    403: {"description": "The caller's role may not.", "model": ProblemOut}
}
_KEYS: dict[str, Callable[[RolloutRow], Any]] = {
    "target_date": lambda r: (r.target_date is None, r.target_date and r.target_date.toordinal()),
    "late": lambda r: -(r.late_days or 0),
    "name": lambda r: r.name.casefold(),
    "stage": lambda r: ORDER.index(r.stage),
    "phase": lambda r: (r.phase is None, r.phase or 0),
}
Sort = Literal["target_date", "late", "name", "stage", "phase"]
Lang = Annotated[Language | None, Query(description="Left out: the network's.")]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows, in which order."""

    which: str
    stage: Sequence[ConnectionStage]
    kecamatan: Sequence[str]
    kind: Sequence[OfficeKind]
    provider: Sequence[str]
    late: bool | None
    sort: Sort

    def wants(self, row: RolloutRow) -> bool:
        return (
            (self.which == "all" or row.connection is not ConnectionStage.ACTIVE)
            and (not self.stage or row.stage in self.stage)
            and (not self.kecamatan or row.kecamatan in self.kecamatan)
            and (not self.kind or row.kind in self.kind)
            and (not self.provider or row.provider in self.provider)
            and (self.late is None or row.late is self.late)
        )


def _asked(
    which: Annotated[
        Literal["open", "all"], Query(description="`open`: not active in the inventory.")
    ] = "open",
    stage: Annotated[
        list[ConnectionStage] | None, Query(description="As last reported; repeat it for several.")
    ] = None,
    kecamatan: Annotated[list[str] | None, Query()] = None,
    kind: Annotated[list[OfficeKind] | None, Query()] = None,
    provider: Annotated[list[str] | None, Query()] = None,
    late: Annotated[bool | None, Query(description="Today or the promise is past the target date.")] = None,
    sort: Annotated[Sort, Query(description="`late`: the latest first.")] = "target_date",
) -> Asked:
    return Asked(which, stage or (), kecamatan or (), kind or (), provider or (), late, sort)


AskedDep = Annotated[Asked, Depends(_asked)]


def _own(backend: Backend, scope: Scope, visible: Visible) -> list[Office]:
    """A provider's are those that it is to connect: that another one is, it is not to know."""
    forbid_unless(scope.role is not Role.WALL, "read the roll-out register")
    offices = (o for o in backend.inventory.offices.values() if o.id in visible.offices)
    return [o for o in offices if scope.provider is None or o.provider == scope.provider]


async def _rows(backend: Backend, scope: Scope, visible: Visible, asked: Asked) -> list[RolloutRow]:
    offices = _own(backend, scope, visible)
    progress = await backend.register.progress([o.id for o in offices])
    today = local_day(backend.clock.now(), ZoneInfo(backend.inventory.network.timezone))
    found = (rollout_row_for(rollout_row(o, progress.get(o.id, ()), today), visible) for o in offices)
    rows = [row for row in found if asked.wants(row)]
    rows.sort(key=lambda r: (r.name.casefold(), r.office))
    rows.sort(key=_KEYS[asked.sort])
    return rows


@router.get("/rollout", response_model=Page[RolloutOut], summary="Offices still to be connected")
async def rollout(
    request: Request,
    backend: BackendDep,
    scope: ScopeDep,
    visible: VisibleDep,
    asked: AskedDep,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> Response:
    rows = await _rows(backend, scope, visible, asked)
    part, following = part_of(rows, lambda row: row.office, limit, cursor)
    body = Page[RolloutOut](items=[rollout_out(row) for row in part], total=len(rows), next_cursor=following)
    return respond(request, body)


def _table(backend: Backend, visible: Visible, rows: Sequence[RolloutRow], language: Language) -> Table:
    names = {str(p.id): p.name for p in backend.inventory.providers.values() if p.id in visible.providers}
    return rollout_table(rows, names, language)


def _file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache"}


@router.get(
    "/rollout.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}, "description": "UTF-8 with a byte order mark."}},
    summary="The same as CSV",
)
async def rollout_csv(
    backend: BackendDep,
    scope: ScopeDep,
    visible: VisibleDep,
    asked: AskedDep,
    lang: Lang = None,
) -> Response:
    rows = await _rows(backend, scope, visible, asked)
    language = lang or backend.inventory.network.language
    table = _table(backend, visible, rows, language)
    return Response(csv_text(table), media_type=CSV, headers=_file("rollout.csv"))


@router.get(
    "/rollout.xlsx",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}, "description": "One sheet."}},
    summary="The same as a sheet",
)
async def rollout_xlsx(
    backend: BackendDep,
    scope: ScopeDep,
    visible: VisibleDep,
    asked: AskedDep,
    lang: Lang = None,
) -> Response:
    rows = await _rows(backend, scope, visible, asked)
    language = lang or backend.inventory.network.language
    table = _table(backend, visible, rows, language)
    zone = ZoneInfo(backend.inventory.network.timezone)
    content = await to_thread(workbook, [table], [(backend.inventory.network.name,)], zone, language)
    return Response(content, media_type=XLSX, headers=_file("rollout.xlsx"))


@router.get(
    "/rollout/summary", response_model=RolloutSummaryOut, summary="Percent connected, now and over time"
)
async def summary(
    request: Request,
    backend: BackendDep,
    scope: ScopeDep,
    visible: VisibleDep,
    months: Annotated[
        int, Query(ge=1, le=MOST_MONTHS, description="How many, the running one included.")
    ] = 12,
) -> Response:
    offices = _own(backend, scope, visible)
    joinings = await backend.register.joinings([o.id for o in offices])
    zone = ZoneInfo(backend.inventory.network.timezone)
    return respond(
        request, summary_out(rollout_summary(offices, joinings, zone, backend.clock.now(), months))
    )


def _office(backend: Backend, scope: Scope, visible: Visible, office_id: str) -> Office:
    found = next((o for o in _own(backend, scope, visible) if o.id == office_id), None)
    if found is None:
        raise ProblemError(404, f"no office has the id {office_id[:100]!r}")
    return found


async def _detail(backend: Backend, scope: Scope, visible: Visible, office: Office) -> RolloutDetail:
    entries = (await backend.register.progress([office.id])).get(office.id, ())
    today = local_day(backend.clock.now(), ZoneInfo(backend.inventory.network.timezone))
    row = rollout_out(rollout_row_for(rollout_row(office, entries, today), visible))
    shown = [progress_out(e) for e in progress_for(entries, scope, visible)]
    return RolloutDetail(**row.model_dump(), progress=shown)


@router.get("/rollout/{office_id}", response_model=RolloutDetail, summary="One office with its progress log")
async def rollout_of(
    request: Request, backend: BackendDep, scope: ScopeDep, visible: VisibleDep, office_id: str
) -> Response:
    office = _office(backend, scope, visible, office_id)
    return respond(request, await _detail(backend, scope, visible, office))


@router.post(
    "/rollout/{office_id}/progress",
    response_model=RolloutDetail,
    status_code=201,
    responses=_FORBIDDEN,
    summary="Report progress",
)
async def report_progress(
    request: Request,
    backend: BackendDep,
    scope: ScopeDep,
    visible: VisibleDep,
    office_id: str,
    body: ProgressIn,
) -> Response:
    """By the office's own coordinator, an engineer or an administrator. Nothing is overwritten; a stage may
    go back when the note says why."""
    office = _office(backend, scope, visible, office_id)
    forbid_unless(scope.may_report_progress, "report progress")
    entries = (await backend.register.progress([office.id])).get(office.id, ())
    try:
        check_step(stage_of(office, entries), body.stage, body.note)
    except BackwardError as error:
        raise ProblemError(422, f"stage: {error}") from None
    who = scope.signs_as(body.who) or scope.via.value
    entry = await backend.register.add_progress(
        OfficeId(office.id), who, body.stage, body.note, body.promised_date, body.link
    )
    note(request, who=who, stage=entry.stage and entry.stage.value, note=entry.note)
    return respond(request, await _detail(backend, scope, visible, office), status=201)
