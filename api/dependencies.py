"""What routes are handed: the backend, the caller's scope, the network cut to it, and kept answers.

All of them are coroutines: FastAPI would hand plain functions to threads, which costs more than they do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, cast

from fastapi import Depends, Query, Request

from alerts.model import Incident
from api.answers import Answers
from api.auth import Authenticator
from api.backend import Backend
from api.designs import Designs
from api.paging import Moment
from api.problems import ProblemError
from api.scope import Scope
from api.view import View
from api.visible import Visible
from topology.model import Inventory, Language, ProviderId


async def the_backend(request: Request) -> Backend:
    return cast(Backend, request.app.state.backend)


BackendDep = Annotated[Backend, Depends(the_backend)]


async def the_authenticator(request: Request) -> Authenticator:
    return cast(Authenticator, request.app.state.authenticator)


AuthenticatorDep = Annotated[Authenticator, Depends(the_authenticator)]


async def caller_scope(request: Request) -> Scope:
    """The scope of whoever sent the request. Raises ProblemError 401 or 429."""
    return await (await the_authenticator(request)).scope(request)


ScopeDep = Annotated[Scope, Depends(caller_scope)]


async def optional_scope(request: Request) -> Scope | None:
    """None for whoever is nobody here."""
    return await (await the_authenticator(request)).optional_scope(request)


OptionalScopeDep = Annotated[Scope | None, Depends(optional_scope)]


def forbid_unless(allowed: bool, what: str) -> None:
    """Raises ProblemError 403: `what` the caller's role may not do, e.g. "plan maintenance"."""
    if not allowed:
        raise ProblemError(403, f"your role may not {what}")


class Sights:
    """What each provider sees, worked out once an inventory."""

    def __init__(self) -> None:
        self._inventory: Inventory | None = None
        self._known: dict[ProviderId | None, Visible] = {}

    def of(self, inventory: Inventory, scope: Scope) -> Visible:
        if inventory is not self._inventory:
            self._inventory, self._known = inventory, {}
        found = self._known.get(scope.provider)
        if found is None:
            found = self._known[scope.provider] = Visible(inventory, scope)
        return found


async def the_visible(request: Request, backend: BackendDep, scope: ScopeDep) -> Visible:
    return cast(Sights, request.app.state.sights).of(backend.inventory, scope)


VisibleDep = Annotated[Visible, Depends(the_visible)]


def preferred_language(accepted: str | None) -> Language | None:
    """The first of our languages that the caller names (RFC 9110 12.5.4, in the order given)."""
    for part in (accepted or "").split(","):
        tag = part.split(";")[0].strip().split("-")[0].lower()
        if tag in set(Language):
            return Language(tag)
    return None


async def the_view(request: Request, backend: BackendDep, scope: ScopeDep, visible: VisibleDep) -> View:
    return View(backend, scope, preferred_language(request.headers.get("accept-language")), visible=visible)


ViewDep = Annotated[View, Depends(the_view)]


async def the_view_at(
    request: Request,
    backend: BackendDep,
    scope: ScopeDep,
    visible: VisibleDep,
    at: Annotated[
        Moment | None,
        Query(description="A past moment, rebuilt from the log; `moment` says what it can't tell."),
    ] = None,
) -> View:
    """Raises ProblemError 422 for a moment that is still to come."""
    if at is not None and at > backend.clock.now():
        raise ProblemError(422, "at is still to come; what is now is shown without it")
    past = None if at is None else await backend.past(at)
    language = preferred_language(request.headers.get("accept-language"))
    return View(backend, scope, language, visible=visible, past=past)


ViewAtDep = Annotated[View, Depends(the_view_at)]
"""For routes that show the past, too (`?at=`)."""


async def incidents_of(backend: Backend, view: View) -> Sequence[Incident]:
    """Those that are active at the view's moment."""
    if view.past is None:
        return await backend.incidents(which="active", limit=1000)
    at = view.past.at
    found = await backend.incidents(which="all", since=at, limit=1000)
    return [i for i in found if i.began_at <= at and (i.resolved_at is None or i.resolved_at > at)]


async def the_designs(request: Request) -> Designs:
    return cast(Designs, request.app.state.designs)


DesignsDep = Annotated[Designs, Depends(the_designs)]


async def the_answers(request: Request) -> Answers:
    return cast(Answers, request.app.state.answers)


AnswersDep = Annotated[Answers, Depends(the_answers)]
