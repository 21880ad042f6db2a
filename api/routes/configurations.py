"""Configurations of devices as they were kept: who changed what, and when. For engineers."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import Field

from api.answers import respond
from api.backend import Backend
from api.dependencies import BackendDep, ScopeDep, forbid_unless
from api.findings import ConfigurationsUnavailableError
from api.paging import Moment, PageLimit
from api.problems import RESPONSES, ProblemError
from api.schemas import Out, Page
from storage.configs import ConfigChange
from topology.model import DeviceId

router = APIRouter(tags=["configurations"], responses=RESPONSES)
T = TypeVar("T")
_HEADERS = {"Cache-Control": "no-store"}
Commit = Annotated[
    str | None, Query(pattern="^[0-9a-f]{40,64}$", description="Of `/changes`.", examples=["5f0c9a3e" * 5])
]


class ConfigChangeOut(Out):
    at: datetime
    lines_added: int
    lines_removed: int
    summary: str = Field(description="Which parts changed.", examples=["interface sfp1"])
    commit: str
    who: str | None = Field(description="In the device's words; null: it does not say.")
    planned: bool = Field(description="Within a maintenance window of the device.")
    first: bool = Field(description="The first copy.")


class ConfigurationOut(Out):
    id: str = Field(description="The device.")
    tried_at: datetime | None
    good_at: datetime | None = Field(description="When it was read as a whole last, changed or not.")
    failures: int = Field(description="In a row.")
    reason: str | None = Field(description="Of the last failure; null: the last try went well.")
    changed: ConfigChangeOut | None = Field(description="The newest change; null: there is no copy yet.")


@router.get(
    "/configurations", response_model=Page[ConfigurationOut], summary="How each device's backup stands"
)
async def configurations(request: Request, backend: BackendDep, scope: ScopeDep) -> Response:
    forbid_unless(scope.may_plan, "read configurations")
    kept, states = await _kept(backend.findings.configurations()), backend.findings.backup_states()
    rows = []
    for device in sorted(d for d in kept.keys() | states.keys() if d in backend.inventory.devices):
        state, change = states.get(device), kept.get(device)
        rows.append(
            ConfigurationOut(
                id=device,
                tried_at=state and state.tried_at,
                good_at=state and state.good_at,
                failures=state.failures if state else 0,
                reason=state and state.reason,
                changed=None if change is None else _change(change),
            )
        )
    return respond(request, Page[ConfigurationOut](items=rows, total=len(rows)))


@router.get(
    "/configurations/{device_id}/changes",
    response_model=Page[ConfigChangeOut],
    summary="When a device's configuration changed, newest first",
)
async def changes(
    request: Request,
    backend: BackendDep,
    scope: ScopeDep,
    device_id: str,
    since: Annotated[Moment | None, Query(description="At or after this moment.")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment.")] = None,
    limit: PageLimit = 100,
) -> Response:
    forbid_unless(scope.may_plan, "read configurations")
    device = _device(backend, device_id)
    found = await _kept(backend.findings.configuration_changes(device, since, until, limit))
    return respond(request, Page[ConfigChangeOut](items=[_change(c) for c in found]))


@router.get(
    "/configurations/{device_id}/diff",
    response_class=PlainTextResponse,
    summary="What changed, as diff -u prints it",
)
async def diff(
    backend: BackendDep,
    scope: ScopeDep,
    device_id: str,
    from_: Annotated[
        str | None,
        Query(alias="from", pattern="^[0-9a-f]{40,64}$", description="Left out: before the change `to`."),
    ] = None,
    to: Commit = None,
) -> Response:
    forbid_unless(scope.may_plan, "read configurations")
    device = _device(backend, device_id)
    found = await _kept(backend.findings.configuration_diff(device, from_, to))
    if found is None:
        raise ProblemError(404, "there is no such configuration")
    return PlainTextResponse(found, headers=_HEADERS)


@router.get(
    "/configurations/{device_id}/text",
    response_class=PlainTextResponse,
    summary="The configuration, without its secrets",
)
async def text(backend: BackendDep, scope: ScopeDep, device_id: str, commit: Commit = None) -> Response:
    forbid_unless(scope.may_plan, "read configurations")
    device = _device(backend, device_id)
    found = await _kept(backend.findings.configuration(device, commit))
    if found is None:
        raise ProblemError(404, "there is no such configuration")
    return PlainTextResponse(found, headers=_HEADERS)


def _device(backend: Backend, id_: str) -> DeviceId:
    if DeviceId(id_) not in backend.inventory.devices:
        raise ProblemError(404, f"no device has the id {id_[:100]!r}")
    return DeviceId(id_)


async def _kept(question: Awaitable[T]) -> T:
    try:
        return await question
    except ConfigurationsUnavailableError as error:
        raise ProblemError(503, f"configurations can't be read: {error}") from error


def _change(change: ConfigChange) -> ConfigChangeOut:
    return ConfigChangeOut(
        at=change.at,
        lines_added=change.lines_added,
        lines_removed=change.lines_removed,
        summary=change.summary,
        commit=change.commit,
        who=change.who,
        planned=change.planned,
        first=change.first,
    )
