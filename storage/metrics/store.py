"""What a store of metrics does, whichever it is. `tests/real/storage/test_metric_store_contract.py` holds
both to it.

Threading: every method is called from the event loop and never blocks it. `start` before anything else,
`stop` once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from storage.metrics.point import Fields, Point
from storage.settings import Retention

Where = Mapping[str, str | Collection[str]]
"""Tag to the value it must have, or to the values of which it must have one. Empty: every series."""


class Aggregate(StrEnum):
    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    LAST = "last"


class Resolution(StrEnum):
    """Which of the kept resolutions to read. `RAW` has every point."""

    RAW = "raw"
    FIVE_MINUTES = "five_minutes"
    HOURLY = "hourly"

    @property
    def step_s(self) -> int:
        """Seconds between two rows of a series; 0: as they were written."""
        return {Resolution.RAW: 0, Resolution.FIVE_MINUTES: 300, Resolution.HOURLY: 3600}[self]


ROLLED = (Resolution.FIVE_MINUTES, Resolution.HOURLY)
ROLL_UP_GRACE_S = 90
"""How long after a period's end its roll-up is made: a poll that ran long still counts."""


@dataclass(frozen=True, slots=True)
class Row:
    at_s: int
    """Time of the point, or start of the period that it aggregates."""
    values: Fields
    """A field without a value at that time is absent."""


@dataclass(frozen=True, slots=True)
class Series:
    tags: Mapping[str, str]
    rows: tuple[Row, ...]
    """By time, oldest first."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the points of one write."""

    stored: int = 0
    waiting: int = 0
    """Safe, but not yet in the store: in the spool, or (embedded store in trouble) in bounded memory."""
    lost: int = 0
    """Neither: every bound was reached. Also in the counters."""


class StoreError(Exception):
    """The store can't answer. The message says what to do about it where that is known."""


class MetricStore(Protocol):
    async def start(self) -> None:
        """Opens what is needed. A server that can't be reached is no error here: writes go to the spool."""
        ...

    async def stop(self) -> None:
        """Brings what was accepted to safety and closes. Nothing may be called after."""
        ...

    async def write(self, points: Sequence[Point]) -> Written:
        """Returns when every point is stored, spooled, or counted as lost. Raises nothing for a store in
        trouble."""
        ...

    async def last(self, measurement: str, *, since_s: int, where: Where | None = None) -> list[Series]:
        """The newest row of every series that has one at or after `since_s`, by tags. Raises StoreError."""
        ...

    async def range(
        self,
        measurement: str,
        fields: Sequence[str],
        *,
        start_s: int,
        end_s: int,
        where: Where | None = None,
        every_s: int | None = None,
        aggregate: Aggregate = Aggregate.MEAN,
        resolution: Resolution = Resolution.RAW,
    ) -> list[Series]:
        """Rows with start_s <= time < end_s, series by tags.

        With `every_s`, rows are aggregated into periods that start at whole multiples of it since 1970;
        periods without a value are left out. A mean over rolled-up rows weighs each of them the same. Raises
        StoreError.
        """
        ...

    async def maintain(self, now_s: int) -> None:
        """Rolls up the periods that are over, and deletes what is past its retention. To be called each
        minute.

        Raises StoreError; the next call goes on where this one stopped.
        """
        ...

    async def delete_older_than(self, resolution: Resolution, before_s: int) -> None:
        """Deletes whole blocks that end before `before_s`; nothing at or after it. Raises StoreError."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why points are not stored just now; None when they are."""
        ...

    def counters(self) -> dict[str, int | float]:
        """Every counter of the store; integers only rise, floats are levels."""
        ...


def choose_resolution(*, start_s: int, every_s: int | None, now_s: int, retention: Retention) -> Resolution:
    """The finest resolution that still holds `start_s` and isn't finer than a chart with steps of `every_s`
    needs.

    The last minutes are in `RAW` only: a roll-up is made `ROLL_UP_GRACE_S` after its period is over.
    """
    age_s = now_s - start_s
    if age_s <= retention.raw_s and (every_s is None or every_s < 300 or age_s <= 2 * 86_400):
        return Resolution.RAW
    if age_s <= retention.five_minutes_s and (every_s is None or every_s < 3600 or age_s <= 14 * 86_400):
        return Resolution.FIVE_MINUTES
    return Resolution.HOURLY
