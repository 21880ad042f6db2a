"""Providers and applications."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import schemas
from api.dependencies import AnswersDep, BackendDep, ScopeDep, ViewDep, forbid_unless
from api.network_view import NetworkView
from api.paging import Cursor, Limit, page
from api.problems import RESPONSES, ProblemError
from api.schemas import Page
from api.schemas_design import ApplicationOut, ProviderOut, UnusableOut
from topology.application_reach import unusable
from topology.findings import LinkCondition, Verdict
from topology.model import Application, Inventory, Provider

router = APIRouter(tags=["directory"], responses=RESPONSES)


@router.get("/providers", response_model=Page[ProviderOut], summary="Providers with their circuits")
async def providers(
    request: Request,
    backend: BackendDep,
    view: ViewDep,
    scope: ScopeDep,
    answers: AnswersDep,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> Response:
    forbid_unless(scope.sees_devices, "read providers")

    async def build() -> Page[ProviderOut]:
        return page(_providers(view, backend.inventory), limit, cursor)

    return await answers.give(request, view, build)


@router.get("/providers/{provider_id}", response_model=ProviderOut, summary="One provider")
async def provider(
    request: Request,
    backend: BackendDep,
    view: ViewDep,
    scope: ScopeDep,
    answers: AnswersDep,
    provider_id: str,
) -> Response:
    forbid_unless(scope.sees_devices, "read providers")

    async def build() -> ProviderOut:
        found = next((p for p in _providers(view, backend.inventory) if p.id == provider_id), None)
        if found is None:
            raise ProblemError(404, f"no provider has the id {provider_id[:100]!r}")
        return found

    return await answers.give(request, view, build)


def _providers(view: NetworkView, inventory: Inventory) -> list[ProviderOut]:
    links, offices = view.links(), view.offices()
    rows = [
        _provider(view, p, links, offices)
        for p in inventory.providers.values()
        if p.id in view.visible.providers
    ]
    return sorted(rows, key=lambda row: row.id)


def _provider(
    view: NetworkView, declared: Provider, links: list[schemas.LinkOut], offices: list[schemas.OfficeOut]
) -> ProviderOut:
    told = view.scope.sees_contacts or view.scope.provider == declared.id
    own = [link for link in links if link.provider == declared.id]
    return ProviderOut(
        id=declared.id,
        name=declared.name,
        sla_percent=declared.sla_percent,
        monthly_fee_idr=declared.monthly_fee_idr if told else None,
        contacts=[
            schemas.ContactOut(name=c.name, email=c.email, phone=c.phone, telegram=c.telegram)
            for c in declared.contacts
            if told
        ],
        links=len(own),
        links_down=sum(link.condition is LinkCondition.DOWN for link in own),
        offices=schemas.Counts(**Counter(o.connectivity.value for o in offices if o.provider == declared.id)),
    )


@router.get("/applications", response_model=Page[ApplicationOut], summary="Applications, and who lost them")
async def applications(
    request: Request,
    backend: BackendDep,
    view: ViewDep,
    scope: ScopeDep,
    answers: AnswersDep,
    up: Annotated[bool | None, Query(description="As checked from here.")] = None,
    lost_by: Annotated[str | None, Query(description="Offices that can't reach it.")] = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> Response:
    forbid_unless(scope.sees_design, "read applications")

    async def build() -> Page[ApplicationOut]:
        rows = [
            row
            for row in _applications(view, backend.inventory, backend.verdict())
            if (up is None or row.up is up) and (lost_by is None or lost_by in row.lost_by)
        ]
        return page(rows, limit, cursor)

    return await answers.give(request, view, build)


@router.get("/applications/{application_id}", response_model=ApplicationOut, summary="One application")
async def application(
    request: Request,
    backend: BackendDep,
    view: ViewDep,
    scope: ScopeDep,
    answers: AnswersDep,
    application_id: str,
) -> Response:
    forbid_unless(scope.sees_design, "read applications")

    async def build() -> ApplicationOut:
        rows = _applications(view, backend.inventory, backend.verdict())
        found = next((row for row in rows if row.id == application_id), None)
        if found is None:
            raise ProblemError(404, f"no application has the id {application_id[:100]!r}")
        return found

    return await answers.give(request, view, build)


def _applications(view: NetworkView, inventory: Inventory, verdict: Verdict | None) -> list[ApplicationOut]:
    rows = [
        _application(view, inventory, a, verdict)
        for a in inventory.applications.values()
        if a.id in view.visible.applications
    ]
    return sorted(rows, key=lambda row: row.id)


def _application(
    view: NetworkView, inventory: Inventory, declared: Application, verdict: Verdict | None
) -> ApplicationOut:
    judged = verdict.applications.get(declared.id) if verdict is not None else None
    return ApplicationOut(
        id=declared.id,
        name=declared.name,
        url=declared.url if view.scope.sees_addresses else None,
        hosted_at=declared.hosted_at,
        used_by=None if declared.used_by is None else list(declared.used_by),
        up=judged.up if judged is not None else None,
        lost_by=list(judged.lost_by) if judged is not None else [],
        unusable=[
            UnusableOut(office=office, why=why)
            for office, why in (unusable(declared, verdict, inventory) if verdict is not None else {}).items()
        ],
    )
