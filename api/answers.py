"""Answers made once for many: as long as nothing that they say has changed, they are sent again as they are.

A verdict is given many times a second on a busy network and mostly says what the one before said. So answers
are kept per *edition*: it rises when the verdict says something else, when an incident moved, or when the
local day turns (lateness depends on it). None is kept for long, so that nothing overlooked here can stay.
Scope and language are part of an answer's key.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakValueDictionary

from fastapi import Request, Response
from pydantic import BaseModel

from api.backend import Backend
from api.view import View
from topology.findings import Verdict

VERDICT_AT = "Ronda-Verdict-At"
KEPT_BYTES = 32 * 1024 * 1024
COMPRESS_FROM_BYTES = 1024
KEPT_S = 5.0
_VARY = "Authorization, Cookie, Accept-Language, Accept-Encoding"
_SAID = ("offices", "devices", "links", "causes", "blind", "applications", "management_faults")


@dataclass(slots=True)
class Answer:
    content: bytes
    tag: str
    edition: object = None
    until_s: float = 0.0
    media_type: str = "application/json"
    compressed: bytes | None = None

    @property
    def size(self) -> int:
        return len(self.content) + len(self.compressed or b"")


class Answers:
    """One per application. `made` and `reused` count."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._kept: OrderedDict[object, Answer] = OrderedDict()
        self._bytes = 0
        self._making: WeakValueDictionary[object, asyncio.Lock] = WeakValueDictionary()
        self._verdict: Verdict | None = None
        self._verdict_edition = 0
        self.made = 0
        self.reused = 0

    async def give(
        self, request: Request, view: View, build: Callable[[], Awaitable[BaseModel | Answer]]
    ) -> Response:
        """The answer to `request`; `build` makes it when there is none of this edition."""
        edition = (self._edition(), self._backend.feed.last_id, view.today)
        key = (request.url.path, request.url.query, view.scope.sight, view.language)
        answer = self._fresh(key, edition)
        if answer is None:
            answer = await self._made(key, edition, build)
        else:
            self.reused += 1
            self._kept.move_to_end(key)
        before = answer.size
        response = send(request, answer, verdict_at=view.verdict_at)
        if self._kept.get(key) is answer:
            self._bytes += answer.size - before
        return response

    def _fresh(self, key: object, edition: object) -> Answer | None:
        answer = self._kept.get(key)
        if answer is None or answer.edition != edition:
            return None
        return answer if self._backend.clock.monotonic_s() < answer.until_s else None

    async def _made(
        self, key: object, edition: object, build: Callable[[], Awaitable[BaseModel | Answer]]
    ) -> Answer:
        """Once for all who ask meanwhile: what they were all waiting for is made by the first."""
        before = self._kept.get(key)
        async with self._making.setdefault(key, asyncio.Lock()):
            others = self._kept.get(key)
            if others is not None and others is not before:
                self.reused += 1
                return others
            built = await build()
            answer = built if isinstance(built, Answer) else make_answer(built)
            answer.edition = edition
            answer.until_s = self._backend.clock.monotonic_s() + KEPT_S
            self.made += 1
            self._keep(key, answer)
            return answer

    def _edition(self) -> int:
        verdict, last = self._backend.verdict(), self._verdict
        if verdict is not last:
            self._verdict = verdict
            if verdict is None or last is None or not _same(verdict, last):
                self._verdict_edition += 1
        return self._verdict_edition

    def _keep(self, key: object, answer: Answer) -> None:
        old = self._kept.pop(key, None)
        self._bytes += answer.size - (old.size if old is not None else 0)
        self._kept[key] = answer
        while self._bytes > KEPT_BYTES and self._kept:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= dropped.size


def _same(a: Verdict, b: Verdict) -> bool:
    """Whether both say the same of the network; when they were given does not matter."""
    return all(getattr(a, name) == getattr(b, name) for name in _SAID)


def make_answer(body: BaseModel) -> Answer:
    return answer_of(body.model_dump_json().encode())


def answer_of(content: bytes, media_type: str = "application/json") -> Answer:
    tag = f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    return Answer(content, tag, media_type=media_type)


def respond(request: Request, body: BaseModel, *, status: int = 200) -> Response:
    """`body` as JSON, for what is not worth keeping."""
    return send(request, make_answer(body), status=status)


def send(
    request: Request, answer: Answer, *, verdict_at: datetime | None = None, status: int = 200
) -> Response:
    """With a weak ETag; 304 without a body when the caller has it already.

    The verdict's time goes in a header: in the body it would make every answer a new one.
    """
    headers = {"ETag": answer.tag, "Cache-Control": "private, no-cache", "Vary": _VARY}
    if verdict_at is not None:
        headers[VERDICT_AT] = verdict_at.isoformat()
    if request.method == "GET" and _matches(request.headers.get("if-none-match"), answer.tag):
        return Response(status_code=304, headers=headers)
    content = answer.content
    if len(content) >= COMPRESS_FROM_BYTES and "gzip" in request.headers.get("accept-encoding", ""):
        if answer.compressed is None:
            answer.compressed = gzip.compress(content, compresslevel=5, mtime=0)
        content = answer.compressed
        headers["Content-Encoding"] = "gzip"
    return Response(content, status, headers, media_type=answer.media_type)


def _matches(given: str | None, tag: str) -> bool:
    """Weak comparison, RFC 9110 13.1.2."""
    if given is None:
        return False
    plain = tag.removeprefix("W/")
    return given.strip() == "*" or plain in (part.strip().removeprefix("W/") for part in given.split(","))
