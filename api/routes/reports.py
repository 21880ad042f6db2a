"""The month's service levels, as JSON, sheet and printed page; and what outages were found to come from.

A report of many offices is work: it is written in a thread, and the watch goes on meanwhile.
"""

from __future__ import annotations

from asyncio import to_thread
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter

from alerts.model import Incident, IncidentId
from api.answers import Answer, respond, send
from api.auditing import note
from api.backend import Backend
from api.dependencies import BackendDep, ScopeDep, VisibleDep, forbid_unless
from api.problems import RESPONSES, ProblemError
from api.report_schemas import CauseFoundOut, CauseIn, CausesOut, cause_out
from api.report_view import causes_for, report_for
from api.schemas import ProblemOut
from api.scope import Role, Scope
from api.visible import Visible
from reports.model import SlaReport
from reports.month import MonthError, month_of, parse_month
from reports.page import sla_page, sla_workbook
from reports.sheet import XLSX
from reports.sla import only
from topology.model import Language, OfficeId, ProviderId

router = APIRouter(tags=["reports"], responses=RESPONSES)
pages = APIRouter(tags=["reports"], responses=RESPONSES)
"""Without the API's prefix: for browsers."""

_REPORT = TypeAdapter(SlaReport)
_FORBIDDEN: dict[int | str, dict[str, Any]] = {
    403: {"description": "The caller's role may not.", "model": ProblemOut}
}
MonthText = Annotated[
    str | None, Query(max_length=40, description="Left out: the running one.", examples=["2026-11"])
]
ProviderText = Annotated[
    str | None, Query(max_length=200, description="Its circuits, and the offices under its contract.")
]
OfficeText = Annotated[str | None, Query(max_length=200, description="Only this office.")]
Lang = Annotated[Language | None, Query(description="Left out: the network's.")]


async def _report(
    backend: Backend,
    scope: Scope,
    visible: Visible,
    month: str | None,
    provider: str | None,
    office: str | None,
) -> SlaReport:
    """Raises ProblemError."""
    forbid_unless(scope.role is not Role.WALL, "read reports")
    if provider is not None and ProviderId(provider) not in visible.providers:
        raise ProblemError(404, f"no provider has the id {provider[:100]!r}")
    if office is not None and OfficeId(office) not in visible.offices:
        raise ProblemError(404, f"no office has the id {office[:100]!r}")
    zone = ZoneInfo(backend.inventory.network.timezone)
    try:
        chosen = month_of(backend.clock.now(), zone) if month is None else parse_month(month)
        report = await backend.register.sla(chosen)
    except MonthError as error:
        raise ProblemError(422, f"month: {error}") from None
    return await to_thread(lambda: only(report_for(report, visible), provider=provider, office=office))


def _name(report: SlaReport, provider: str | None, office: str | None, ending: str) -> dict[str, str]:
    words = ["sla", report.month, *(w for w in (provider, office) if w)]
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in "-".join(words))
    return {"Content-Disposition": f'attachment; filename="{plain}.{ending}"', "Cache-Control": "no-cache"}


@router.get("/reports/sla", response_model=SlaReport, summary="A month's availability and restitution")
async def sla(
    request: Request,
    backend: BackendDep,
    scope: ScopeDep,
    visible: VisibleDep,
    month: MonthText = None,
    provider: ProviderText = None,
    office: OfficeText = None,
) -> Response:
    """Every office, circuit and provider, with each outage, its cause and its evidence. docs/sla.md says how
    it is counted."""
    report = await _report(backend, scope, visible, month, provider, office)
    content = await to_thread(_REPORT.dump_json, report)
    return send(request, Answer(content, f'W/"sla-{report.made_at.timestamp()}"'))


@router.get(
    "/reports/sla.xlsx",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}, "description": "The same figures as `/reports/sla`."}},
    summary="The same as a sheet",
)
async def sla_sheet(
    backend: BackendDep,
    scope: ScopeDep,
    visible: VisibleDep,
    month: MonthText = None,
    provider: ProviderText = None,
    office: OfficeText = None,
    lang: Lang = None,
) -> Response:
    report = await _report(backend, scope, visible, month, provider, office)
    content = await to_thread(sla_workbook, report, _language(backend, lang))
    return Response(content, media_type=XLSX, headers=_name(report, provider, office, "xlsx"))


@pages.get(
    "/reports/sla",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}, "description": "To be printed on A4."}},
    summary="The same as a page to print and sign",
)
async def sla_printed(
    request: Request,
    backend: BackendDep,
    scope: ScopeDep,
    visible: VisibleDep,
    month: MonthText = None,
    provider: ProviderText = None,
    office: OfficeText = None,
    lang: Lang = None,
) -> Response:
    report = await _report(backend, scope, visible, month, provider, office)
    page = await to_thread(
        sla_page,
        report,
        _language(backend, lang),
        css_href="/reports/static/sla.css",
        query=request.query_params.multi_items(),
    )
    headers = {"Cache-Control": "no-cache", "Vary": "Cookie, Authorization"}
    return Response(page, media_type="text/html; charset=utf-8", headers=headers)


def _language(backend: Backend, given: Language | None) -> Language:
    """Reports go to offices: a browser's language alone does not make them English."""
    return given or backend.inventory.network.language


# --- causes


async def _incident(backend: Backend, visible: Visible, incident_id: str) -> Incident:
    found = await backend.incident(IncidentId(incident_id))
    if found is None or not visible.incident(found):
        raise ProblemError(404, f"no incident has the id {incident_id[:100]!r}")
    return found


@router.get(
    "/incidents/{incident_id}/cause", response_model=CausesOut, summary="What its cause was found to be"
)
async def causes(
    request: Request, backend: BackendDep, scope: ScopeDep, visible: VisibleDep, incident_id: str
) -> Response:
    """Every word, oldest first: the newest counts."""
    incident = await _incident(backend, visible, incident_id)
    found = causes_for(await backend.register.causes(incident.id), scope, visible)
    return respond(request, CausesOut(incident=incident.id, items=[cause_out(one) for one in found]))


@router.post(
    "/incidents/{incident_id}/cause",
    response_model=CauseFoundOut,
    status_code=201,
    responses=_FORBIDDEN,
    summary="Say what its cause was, with evidence",
)
async def add_cause(
    request: Request,
    backend: BackendDep,
    scope: ScopeDep,
    visible: VisibleDep,
    incident_id: str,
    body: CauseIn,
) -> Response:
    """`listrik` and `pemeliharaan` do not count against the provider, `perangkat` and `lainnya` count for the
    office but against nobody. Earlier words are kept."""
    incident = await _incident(backend, visible, incident_id)
    forbid_unless(scope.may_plan, "decide what an outage came from")
    known = {o.office for o in incident.offices}
    strange = sorted(set(body.offices or ()) - known)
    if strange:
        raise ProblemError(422, f"offices: {', '.join(strange)[:200]}: not cut off in {incident.id}")
    if body.provider is not None and ProviderId(body.provider) not in backend.inventory.providers:
        raise ProblemError(422, f"provider: no provider has the id {body.provider[:100]!r}")
    found = await backend.register.add_cause(
        incident.id,
        scope.signs_as(body.who) or scope.via.value,
        body.cause,
        body.evidence,
        body.note,
        None if body.offices is None else [OfficeId(o) for o in body.offices],
        None if body.provider is None else ProviderId(body.provider),
    )
    note(request, who=found.who, cause=found.cause.value, evidence=found.evidence)
    return respond(request, cause_out(found), status=201)
