"""The log of changes that verdicts and incidents rest on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.answers import respond
from api.dependencies import BackendDep, ScopeDep, ViewDep, forbid_unless
from api.paging import Cursor, Moment, PageLimit, encode_cursor, number_of
from api.problems import RESPONSES, ProblemError
from api.schemas import EventOut, Page
from api.visible import Visible
from topology.findings import Component, ComponentKind

router = APIRouter(tags=["incidents"], responses=RESPONSES)


@router.get("/events", response_model=Page[EventOut], summary="Changes of state, oldest first")
async def events(
    request: Request,
    backend: BackendDep,
    view: ViewDep,
    scope: ScopeDep,
    since: Annotated[Moment | None, Query(description="At or after this moment.")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment.")] = None,
    subject: Annotated[
        str | None,
        Query(max_length=300, description="`KIND:ID`, e.g. `link:grogot-kuaro`.", examples=["office:dkisp"]),
    ] = None,
    limit: PageLimit = 200,
    cursor: Cursor = None,
) -> Response:
    forbid_unless(scope.sees_devices, "read the log of changes")
    found = await backend.events(
        since=since,
        until=until,
        subjects=_subjects(view.visible, component_of(subject)),
        limit=limit + 1,
        after=number_of(cursor) if cursor else 0,
    )
    shown = found[:limit]
    body = Page[EventOut](
        items=[view.event(e) for e in shown],
        next_cursor=encode_cursor(str(shown[-1].id)) if len(found) > limit else None,
    )
    return respond(request, body)


def _subjects(visible: Visible, asked: Component | None) -> list[Component] | None:
    if asked is not None:
        return [asked] if visible.component(asked) else []
    return None if visible.everything else visible.all_components()


def component_of(text: str | None) -> Component | None:
    """Raises ProblemError 400."""
    if text is None:
        return None
    kind, _, id_ = text.partition(":")
    try:
        return Component(ComponentKind(kind), id_)
    except ValueError:
        kinds = ", ".join(ComponentKind)
        raise ProblemError(400, f"a component is KIND:ID, KIND being one of: {kinds}") from None
