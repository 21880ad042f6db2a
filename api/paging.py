"""Lists that lie in memory, page by page: by the last id seen, so that a change in between repeats little."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Protocol, TypeVar

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime

from api.problems import ProblemError
from api.schemas import MomentOut, Page


class HasId(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T")
Row = TypeVar("Row", bound=HasId)

Limit = Annotated[int, Query(ge=1, le=1000, description="Rows of one page.")]
PageLimit = Annotated[int, Query(ge=1, le=500, description="Rows of one page.")]


def _in_utc(at: datetime) -> datetime:
    """Raises ValueError for the first and last hours of the calendar, which UTC may not have."""
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("this moment is beyond the calendar") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Cursor = Annotated[str | None, Query(max_length=400, description="`next_cursor` of the page before.")]


def encode_cursor(last: str) -> str:
    return base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """Raises ProblemError."""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise ProblemError(400, "this cursor is none of ours: start again without one") from None


def number_of(cursor: str) -> int:
    """For lists that are paged by a number. Raises ProblemError."""
    text = decode_cursor(cursor)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ProblemError(400, "this cursor is none of ours: start again without one")
    return int(text)


def part_of(
    rows: Sequence[T], id_of: Callable[[T], str], limit: int, cursor: str | None
) -> tuple[Sequence[T], str | None]:
    """The rows behind the one that the cursor stands for, and the next page's cursor. Raises ProblemError
    when that row is gone."""
    start = 0
    if cursor:
        last = decode_cursor(cursor)
        start = next((i + 1 for i, row in enumerate(rows) if id_of(row) == last), -1)
        if start < 0:
            raise ProblemError(400, "the list has changed under this cursor: start again without one")
    part = rows[start : start + limit]
    more = start + limit < len(rows)
    return part, encode_cursor(id_of(part[-1])) if more else None


def page(rows: Sequence[Row], limit: int, cursor: str | None, moment: MomentOut | None = None) -> Page[Row]:
    """Raises ProblemError when the row the cursor stands for is gone."""
    part, following = part_of(rows, lambda row: row.id, limit, cursor)
    return Page(items=list(part), total=len(rows), next_cursor=following, moment=moment)
