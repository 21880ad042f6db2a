"""Every change that was made is in the audit log before its answer goes out: one ASGI layer, so that a new
route can't forget it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from api.access import Access
from api.backend import RecordsUnavailableError
from api.guard import SAFE_METHODS
from api.scope import Scope
from storage.records import AuditEntry
from topology.clock import Clock

log = structlog.get_logger(__name__)


def note(request: Request, **detail: object) -> None:
    """What a route wants said of its change beside method, path and caller. JSON values; never a secret."""
    request.state.audit_detail = {**getattr(request.state, "audit_detail", {}), **detail}


class Auditing:
    """What can not be saved stands in the log of the process, at level error."""

    def __init__(self, app: ASGIApp, access: Callable[[], Access], clock: Clock) -> None:
        self.app = app
        self.access = access
        self.clock = clock

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, send)
            return

        async def send_recorded(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                await self._record(scope)
            await send(message)

        await self.app(scope, receive, send_recorded)

    async def _record(self, scope: AsgiScope) -> None:
        state: Mapping[str, Any] = scope.get("state", {})
        caller: Scope | None = state.get("caller")
        if caller is None:
            return  # no route of ours that changes anything answers without having asked who calls
        route = scope.get("route")
        entry = AuditEntry(
            at=self.clock.now(),
            who=caller.who or str(state.get("audit_detail", {}).get("who") or caller.via.value),
            role=caller.role.value,
            via=caller.via.value,
            action=getattr(route, "name", scope["method"].lower()),
            subject=scope["path"],
            provider=caller.provider,
            token=caller.token,
            peer=state.get("peer"),
            detail=dict(state.get("audit_detail", {})),
        )
        try:
            await self.access().add_audit(entry)
        except RecordsUnavailableError as error:
            # The change has been made: to answer that it was not would be the greater lie.
            log.error("audit entry not saved", entry=str(entry), error=str(error))
