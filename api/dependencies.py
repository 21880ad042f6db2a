"""What routes are handed: the backend, the caller's scope, the network cut to it, and kept answers."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from api.answers import Answers
from api.backend import Backend
from api.scope import Scope, caller_scope
from api.view import View
from topology.model import Language


def the_backend(request: Request) -> Backend:
    return cast(Backend, request.app.state.backend)


BackendDep = Annotated[Backend, Depends(the_backend)]
ScopeDep = Annotated[Scope, Depends(caller_scope)]


def preferred_language(accepted: str | None) -> Language | None:
    """The first of our languages that the caller names (RFC 9110 12.5.4, in the order given)."""
    for part in (accepted or "").split(","):
        tag = part.split(";")[0].strip().split("-")[0].lower()
        if tag in set(Language):
            return Language(tag)
    return None


def the_view(request: Request, backend: BackendDep, scope: ScopeDep) -> View:
    return View(backend, scope, preferred_language(request.headers.get("accept-language")))


ViewDep = Annotated[View, Depends(the_view)]


def the_answers(request: Request) -> Answers:
    return cast(Answers, request.app.state.answers)


AnswersDep = Annotated[Answers, Depends(the_answers)]
