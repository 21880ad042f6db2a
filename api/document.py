"""The OpenAPI document as we mean it: errors are problem details whatever a route says, and how to log in."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

_PROBLEM = {"$ref": "#/components/schemas/ProblemOut"}
_SECURITY: dict[str, Any] = {
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "rnd_..."},
    "session": {"type": "apiKey", "in": "cookie", "name": "ronda_session"},
}


def install(app: FastAPI) -> None:
    """Made once, when it is first asked for."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _finish(plain())
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _finish(document: dict[str, Any]) -> None:
    document.setdefault("components", {})["securitySchemes"] = _SECURITY
    for path, ways in document["paths"].items():
        for operation in ways.values():
            if path.startswith("/api/") or path == "/metrics":
                operation["security"] = [{"token": []}, {"session": []}, {}]
            for status, response in operation["responses"].items():
                content = response.get("content", {})
                schema = content.get("application/json", {}).get("schema")
                if status >= "400" and (schema == _PROBLEM or "application/problem+json" in content):
                    response["content"] = {"application/problem+json": {"schema": _PROBLEM}}
