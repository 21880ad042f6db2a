"""Live changes as server-sent events (HTML Living Standard, 9.2), resumable with Last-Event-ID."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse
from pydantic_core import to_json

from api.auth import Authenticator
from api.backend import Backend, RecordsUnavailableError
from api.changes import Change, Quiet, Reset
from api.dependencies import AuthenticatorDep, BackendDep, ScopeDep, VisibleDep, preferred_language
from api.problems import RESPONSES
from api.scope import Scope
from api.view import View
from api.visible import Visible
from topology.findings import Component, ComponentKind
from topology.model import Language

router = APIRouter(tags=["live"], responses=RESPONSES)

HEARTBEAT_S = 5.0
"""So often the time of the verdict is told though nothing changed: who misses two knows that he is stale."""
LOOK_S = 1.0
"""So often it is asked whether the caller may still listen."""


@router.get(
    "/stream",
    summary="Live changes",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def stream(
    request: Request,
    backend: BackendDep,
    authenticator: AuthenticatorDep,
    scope: ScopeDep,
    visible: VisibleDep,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> StreamingResponse:
    """`hello` first and `beat` every few seconds: `{now, verdict_at, blind}`.

    `change`: `{verdict_at, changes, incidents}`, with an id to go on from; only what the caller may see.
    `reset`: what was missed can't be told; read everything anew. The stream ends when the caller's token is
    revoked or his session is over.
    """
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    language = preferred_language(request.headers.get("accept-language"))
    listener = _Listener(backend, authenticator, scope, visible, language)
    return StreamingResponse(listener.events(last_event_id), media_type="text/event-stream", headers=headers)


@dataclass(frozen=True, slots=True)
class _Listener:
    backend: Backend
    authenticator: Authenticator
    scope: Scope
    visible: Visible
    language: Language | None

    async def events(self, last_id: str | None) -> AsyncIterator[str]:
        feed = self.backend.feed
        start = feed.last_id if last_id is None else last_id
        yield _event("hello", self._beat(), id_=feed.last_id if last_id is None else None)
        loop = asyncio.get_running_loop()
        told_s = loop.time()
        async for item in feed.listen(start, min(LOOK_S, HEARTBEAT_S)):
            if not await self._may_listen():
                return
            text = self._text(item)
            if text is None and loop.time() - told_s >= HEARTBEAT_S:
                text = _event("beat", self._beat())
            if text is not None:
                told_s = loop.time()
                yield text

    async def _may_listen(self) -> bool:
        try:
            return await self.authenticator.still(self.scope)
        except RecordsUnavailableError:
            return False  # he comes back, and is told then what he is told

    def _text(self, item: Change | Reset | Quiet) -> str | None:
        """None: nothing to tell him."""
        if isinstance(item, Quiet):
            return None
        if isinstance(item, Reset):
            return _event("reset", self._beat(), id_=self.backend.feed.last_id)
        view = View(self.backend, self.scope, self.language, visible=self.visible)
        changes = [
            view.change(c)
            for c in item.changes
            if self.visible.component(c.subject) and (self.scope.sees_devices or _is_plain(c.subject))
        ]
        incidents = view.incidents(item.incidents)
        if not changes and not incidents:
            return None
        data = {"verdict_at": view.verdict_at, "changes": changes, "incidents": incidents}
        return _event("change", data, id_=item.id)

    def _beat(self) -> dict[str, Any]:
        verdict = self.backend.verdict()
        return {
            "now": self.backend.clock.now(),
            "verdict_at": None if verdict is None else verdict.at,
            "blind": verdict is not None and verdict.blind,
        }


def _is_plain(subject: Component) -> bool:
    """What a wall screen is told of."""
    return subject.kind in (ComponentKind.OFFICE, ComponentKind.LINK, ComponentKind.CONNECTION)


def _event(name: str, data: dict[str, Any], id_: str | None = None) -> str:
    """JSON holds no raw line break, so one data line does."""
    line = f"id: {id_}\n" if id_ is not None else ""
    return f"{line}event: {name}\ndata: {to_json(data).decode()}\n\n"
