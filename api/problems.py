"""Errors as problem details (RFC 9457): always JSON, always saying what to do next, never our insides."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.backend import MetricsUnavailableError, RecordsUnavailableError
from api.schemas import ProblemOut

log = structlog.get_logger(__name__)

RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {
        "description": HTTPStatus(status).phrase,
        "content": {"application/problem+json": {}},
        "model": ProblemOut,
    }
    for status in (400, 401, 403, 404, 422, 429, 503)
}
"""For the OpenAPI document of a route."""


class ProblemError(Exception):
    """Raise it in a route; `more` are members beside the standard ones."""

    def __init__(
        self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.more = more


def problem(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        **more,
    }
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    @app.exception_handler(ProblemError)
    async def ours(request: Request, error: ProblemError) -> JSONResponse:
        return problem(request, error.status, error.detail, error.headers, **error.more)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        detail = "nothing is here" if error.status_code == HTTPStatus.NOT_FOUND else str(error.detail)
        return problem(request, error.status_code, detail, error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        errors = [
            {"where": ".".join(str(part) for part in e["loc"]), "message": str(e["msg"])}
            for e in error.errors()
        ]
        detail = "; ".join(f"{e['where']}: {e['message']}" for e in errors)
        return problem(request, 422, detail, errors=errors)

    @app.exception_handler(RecordsUnavailableError)
    async def unavailable(request: Request, error: RecordsUnavailableError) -> JSONResponse:
        log.warning("records unavailable", path=request.url.path, error=str(error))
        return problem(request, 503, "the records can't be reached just now; try again", {"Retry-After": "5"})

    @app.exception_handler(MetricsUnavailableError)
    async def unmeasured(request: Request, error: MetricsUnavailableError) -> JSONResponse:
        log.warning("metrics unavailable", path=request.url.path, error=str(error))
        return problem(
            request, 503, "the measured values can't be read just now; try again", {"Retry-After": "5"}
        )

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("request failed", path=request.url.path, exc_info=error)
        return problem(request, 500, "a fault of ours; it was logged")
