"""Builds the web application around a backend. Inert: it starts nothing and holds no state of its own."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware

from api import document, problems
from api.answers import Answers
from api.auditing import Auditing
from api.auth import Authenticator, AuthPolicy
from api.backend import Backend
from api.dependencies import Sights
from api.designs import Designs
from api.guard import LOOPBACK_NAMES, Guard
from api.routes import (
    audit,
    configurations,
    design,
    directory,
    discovery,
    events,
    health,
    incidents,
    maintenance,
    network,
    node_graph,
    offices,
    series,
    session,
    stream,
    work,
)
from api.routes import reports as report_routes
from api.routes import rollout as rollout_routes
from reports.page import STATIC

_PARTS = (
    *(offices, network, node_graph, directory, design, series),
    *(incidents, maintenance, work, events, stream, session, audit),
    *(discovery, configurations),
)
BOARD = Path(__file__).parent / "board"
_DESCRIPTION = (
    "Every list gives `{items, total, next_cursor}`; times are ISO 8601 with zone; errors are problem "
    "details (RFC 9457). Answers carry an ETag; `Ronda-Verdict-At` says how old the verdict behind them is."
)


def create_app(
    backend: Backend,
    *,
    version: str = "",
    hosts: Collection[str] = LOOPBACK_NAMES,
    auth: AuthPolicy | None = None,
) -> FastAPI:
    """`hosts`: names this server answers to (`api.guard.ANY_HOST`: any). A server without tokens is reached
    by loopback names only, so that no foreign page gets at it through a name of its own."""
    app = FastAPI(
        title="Ronda",
        version=version or "0",
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.backend = backend
    app.state.answers = Answers(backend)
    app.state.sights = Sights()
    app.state.designs = Designs()
    app.state.authenticator = Authenticator(backend.access, backend.clock, auth or AuthPolicy())
    problems.install(app)
    document.install(app)
    app.include_router(health.router)
    for part in _PARTS:
        app.include_router(part.router, prefix="/api/v1")
    for router in (report_routes.router, rollout_routes.router):
        app.include_router(router, prefix="/api/v1")
    app.include_router(report_routes.pages)
    app.mount("/reports/static", StaticFiles(directory=STATIC), name="report-static")
    app.mount("/static", _Static(directory=BOARD), name="static")

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    @app.api_route("/topology", methods=["GET", "HEAD"], include_in_schema=False)
    @app.api_route("/office/{_}", methods=["GET", "HEAD"], include_in_schema=False)
    @app.api_route("/provider/{_}", methods=["GET", "HEAD"], include_in_schema=False)
    @app.api_route("/incident/{_}", methods=["GET", "HEAD"], include_in_schema=False)
    @app.api_route("/maintenance", methods=["GET", "HEAD"], include_in_schema=False)
    @app.api_route("/rollout", methods=["GET", "HEAD"], include_in_schema=False)
    @app.api_route("/discovery", methods=["GET", "HEAD"], include_in_schema=False)
    @app.api_route("/login", methods=["GET", "HEAD"], include_in_schema=False)
    async def board() -> Response:
        return _page("index.html")

    @app.api_route("/wall", methods=["GET", "HEAD"], include_in_schema=False)
    async def wall() -> Response:
        return _page("wall.html")

    @app.api_route("/docs", methods=["GET", "HEAD"], include_in_schema=False)
    async def docs() -> Response:
        return _page("docs.html")

    app.add_middleware(Auditing, access=lambda: backend.access, clock=backend.clock)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)
    app.add_middleware(Guard, hosts=hosts)
    return app


class _Static(StaticFiles):
    """Asked about at every load and mostly answered 304, so that an upgrade is never half seen."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _page(name: str) -> Response:
    headers = {"Cache-Control": "no-cache"}
    return FileResponse(BOARD / name, media_type="text/html; charset=utf-8", headers=headers)
