"""Answers that cost little: serialised once, and not sent again to whoever has them."""

from __future__ import annotations

import hashlib
from datetime import datetime

from fastapi import Request, Response
from pydantic import BaseModel

VERDICT_AT = "Ronda-Verdict-At"


def respond(
    request: Request, body: BaseModel, *, verdict_at: datetime | None = None, status: int = 200
) -> Response:
    """`body` as JSON with a weak ETag; 304 without a body when the caller has it already.

    The verdict's age goes in a header: in the body it would make every answer a new one.
    """
    content = body.model_dump_json().encode()
    tag = f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Language"}
    if verdict_at is not None:
        headers[VERDICT_AT] = verdict_at.isoformat()
    if request.method in {"GET", "HEAD"} and _matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(content, status, headers, media_type="application/json")


def _matches(given: str | None, tag: str) -> bool:
    """Weak comparison, RFC 9110 13.1.2."""
    if given is None:
        return False
    plain = tag.removeprefix("W/")
    return given.strip() == "*" or plain in (part.strip().removeprefix("W/") for part in given.split(","))
