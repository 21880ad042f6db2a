"""Live changes as server-sent events (HTML Living Standard, 9.2), resumable with Last-Event-ID."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse
from pydantic_core import to_json

from api.backend import Backend
from api.changes import Change, Quiet, Reset
from api.dependencies import BackendDep, ScopeDep
from api.scope import Scope
from api.view import View

router = APIRouter(tags=["live"])

HEARTBEAT_S = 5.0
"""So often the time of the verdict is told though nothing changed: who misses two knows that he is stale."""


@router.get(
    "/stream",
    summary="Live changes",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def stream(
    backend: BackendDep,
    scope: ScopeDep,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> StreamingResponse:
    """`hello` first and `beat` every few seconds: `{now, verdict_at, blind}`.

    `change`: `{verdict_at, changes, incidents}`, with an id to go on from. `reset`: what was missed can't be
    told; read everything anew.
    """
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _events(backend, scope, last_event_id), media_type="text/event-stream", headers=headers
    )


async def _events(backend: Backend, scope: Scope, last_id: str | None) -> AsyncIterator[str]:
    start = backend.feed.last_id if last_id is None else last_id
    yield _event("hello", _beat(backend), id_=backend.feed.last_id if last_id is None else None)
    async for item in backend.feed.listen(start, HEARTBEAT_S):
        if isinstance(item, Quiet):
            yield _event("beat", _beat(backend))
        elif isinstance(item, Reset):
            yield _event("reset", _beat(backend), id_=backend.feed.last_id)
        else:
            yield _event("change", _change(View(backend, scope), item), id_=item.id)


def _beat(backend: Backend) -> dict[str, Any]:
    verdict = backend.verdict()
    return {
        "now": backend.clock.now(),
        "verdict_at": None if verdict is None else verdict.at,
        "blind": verdict is not None and verdict.blind,
    }


def _change(view: View, change: Change) -> dict[str, Any]:
    return {
        "verdict_at": view.verdict_at,
        "changes": [view.change(c) for c in change.changes],
        "incidents": [view.incident(i) for i in change.incidents],
    }


def _event(name: str, data: dict[str, Any], id_: str | None = None) -> str:
    """JSON holds no raw line break, so one data line does."""
    line = f"id: {id_}\n" if id_ is not None else ""
    return f"{line}event: {name}\ndata: {to_json(data).decode()}\n\n"
