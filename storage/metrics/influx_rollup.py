"""Roll-ups and deletion by age on InfluxDB: asked for in InfluxQL, written back as lines. Blocking.

Done here on every version, and not by 1.x's continuous queries or 2.x's tasks: those look at each period
once, soon after it is over, and would miss what the spool replays later. Here, lines that arrive late move
the mark back, and the periods are made again. The marks are one small file beside the spool.
"""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

from storage.metrics import names
from storage.metrics.influx_query import oldest_query, roll_up_query, series_of
from storage.metrics.influx_wire import InfluxError, InfluxWire, Trouble
from storage.metrics.line import LineWriter
from storage.metrics.point import Point, fit, tags_of
from storage.metrics.store import ROLL_UP_GRACE_S, ROLLED, Resolution
from storage.settings import InfluxVersion

CHUNK_S = 3600
LINES_A_REQUEST = 5000


class Marks:
    """How far each roll-up has come. Safe to be called from several threads."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._done_until: dict[str, int] = {}

    def load(self) -> None:
        try:
            stored = json.loads(self._file.read_text())
            self._done_until = {str(k): int(v) for k, v in stored.items()}
        except (FileNotFoundError, ValueError, AttributeError, TypeError):
            self._done_until = {}  # the oldest raw point says where to begin: more work, the same result

    def get(self, resolution: Resolution) -> int | None:
        return self._done_until.get(resolution.value)

    def set(self, resolution: Resolution, until_s: int, *, was: int) -> bool:
        """False, and nothing set, when late lines moved the mark back meanwhile."""
        with self._lock:
            if self._done_until.get(resolution.value, was) < was:
                return False
            self._done_until[resolution.value] = until_s
            self._save()
            return True

    def move_back(self, at_s: int) -> None:
        """Lines of `at_s` were stored: periods from its hour on are to be made again."""
        if all(at_s >= until for until in self._done_until.values()):
            return
        with self._lock:
            self._done_until = {
                name: min(until, at_s - at_s % CHUNK_S) for name, until in self._done_until.items()
            }
            self._save()

    def _save(self) -> None:
        temporary = self._file.with_name(self._file.name + ".new")
        temporary.write_text(json.dumps(self._done_until))
        temporary.replace(self._file)


class RollUp:
    def __init__(self, wire: InfluxWire, marks: Marks) -> None:
        self._wire = wire
        self._marks = marks
        self._writer = LineWriter(raw=False)

    def run(self, now_s: int, raw_kept_s: int, version: InfluxVersion) -> int:
        """Makes everything that is due; how many rows. Raises InfluxError, and goes on from there next
        time."""
        return sum(self._one(resolution, now_s, raw_kept_s, version) for resolution in ROLLED)

    def _one(self, resolution: Resolution, now_s: int, raw_kept_s: int, version: InfluxVersion) -> int:
        step_s = resolution.step_s
        end_s = (now_s - ROLL_UP_GRACE_S) // step_s * step_s
        start_s = self._marks.get(resolution)
        if start_s is None:
            start_s = self._oldest_s()
            if start_s is None:
                return 0
        # Of hours at the edge of the raw data some is gone: made again, they would lose it.
        edge_s = now_s - raw_kept_s + 2 * CHUNK_S
        start_s = max(start_s - start_s % step_s, edge_s - edge_s % CHUNK_S)
        wrote = 0
        while start_s < end_s:
            until_s = min(end_s, start_s - start_s % CHUNK_S + CHUNK_S)
            for measurement in names.MEASUREMENTS.values():
                wrote += self._chunk(measurement, resolution, start_s, until_s, version)
            if not self._marks.set(resolution, until_s, was=start_s):
                break
            start_s = until_s
        return wrote

    def _chunk(
        self,
        of: names.Measurement,
        resolution: Resolution,
        start_s: int,
        until_s: int,
        version: InfluxVersion,
    ) -> int:
        points = [
            Point(of.name, tags_of(series.tags), fields, row.at_s)
            for series in series_of(self._wire.query(roll_up_query(of, start_s, until_s, resolution.step_s)))
            for row in series.rows
            if (fields := {k: _typed(of, k, v) for k, v in row.values.items()})
        ]
        for first in range(0, len(points), LINES_A_REQUEST):
            lines = self._writer.lines(points[first : first + LINES_A_REQUEST])
            self._wire.write(lines.body, version, resolution)
        return len(points)

    def _oldest_s(self) -> int | None:
        found = [
            row.at_s
            for name in names.MEASUREMENTS
            for series in series_of(_without_tags(self._wire.query(oldest_query(name))))
            for row in series.rows
        ]
        return min(found, default=None)

    def delete_older_than(
        self, resolution: Resolution, before_s: int, version: InfluxVersion, org: str
    ) -> int:
        """Deletes by the version's own means; how many shards (1.x). Raises InfluxError."""
        match version:
            case InfluxVersion.V1:
                return self._drop_shards(resolution, before_s)
            case InfluxVersion.V3:
                raise InfluxError(
                    Trouble.REFUSED,
                    "InfluxDB 3 Core can't delete rows; its databases' retention period does it",
                )
            case _:
                self._wire.request(
                    "POST",
                    "/api/v2/delete",
                    [("org", org), ("bucket", self._wire.bucket(resolution))],
                    body={"start": "1970-01-01T00:00:00Z", "stop": _rfc3339(before_s)},
                )
                return 0

    def _drop_shards(self, resolution: Resolution, before_s: int) -> int:
        """1.x's DELETE can't be told a retention policy; a shard belongs to one."""
        database, _, policy = self._wire.bucket(resolution).partition("/")
        dropped = 0
        for one in self._wire.query("SHOW SHARDS", None):
            if one.get("name") != database:
                continue
            columns = one["columns"]
            for row in one["values"]:
                shard = dict(zip(columns, row, strict=True))
                if shard["retention_policy"] == (policy or DEFAULT_POLICY) and shard["end_time"] <= _rfc3339(
                    before_s
                ):
                    self._wire.query(f"DROP SHARD {int(shard['id'])}", None)
                    dropped += 1
        return dropped


DEFAULT_POLICY = "autogen"
"""The name that 1.x gives a new database's own retention policy."""


def _typed(of: names.Measurement, column: str, value: int | float) -> int | float:
    """JSON drops the difference between 5 and 5.0; InfluxDB insists on it."""
    for suffix in ("", names.MIN_SUFFIX, names.MAX_SUFFIX):
        field = of.fields.get(column.removesuffix(suffix)) if column.endswith(suffix) else None
        if field is None:
            continue
        if field.kind is names.FieldKind.GAUGE and not suffix:
            return float(value)  # a mean
        fitted = fit(of.name, field.name, value)
        return value if fitted is None else fitted
    return float(value)


def _without_tags(answer: list[dict[str, object]]) -> list[dict[str, object]]:
    """`SELECT *` without grouping gives tags as columns: only the time of these rows is wanted."""
    return [
        {"columns": ["time", "n"], "values": [[row[0], 1] for row in one["values"]]}  # type: ignore[attr-defined]  # lists, as the API says
        for one in answer
    ]


def _rfc3339(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
