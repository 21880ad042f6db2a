"""An append-only queue of line protocol on disk: what the store can't take now, in order, across restarts.

Segments (`0000000000000001.seg`, ...) hold records: a fixed header and the lines. The header has a magic
word, the length, and a CRC-32 over everything else, so that a record cut off by a crash or spoilt on disk is
noticed: a torn tail is cut off, damage in the middle is stepped over to the next good record, and both are
counted. `cursor` says how far the queue has been read; it is replaced as a whole. A crash after a send and
before its `commit` sends the same lines again, which the store takes as the same points.

What `append` returned for is in the kernel's hands: it survives a killed process. `sync` (each
`fsync_interval_s`) puts it on the disk, so that a power failure costs no more than that interval.

Calls may come from several threads; each takes a lock.
"""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from storage.metrics.line import Lines
from storage.metrics.spool_record import HEADER, MAX_RECORD_BYTES, Record, find_record, header, read_record
from storage.settings import SpoolSettings


@dataclass(frozen=True, slots=True, order=True)
class Position:
    segment: int
    offset: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Records from the head of the queue, joined. `commit(end)` when they are stored."""

    lines: Lines
    records: int
    end: Position


@dataclass(slots=True)
class _Segment:
    size: int = 0
    lines: int = 0
    newest_s: int = 0


class Spool:
    """The queue in `directory`. One process at a time; inert until `open`."""

    def __init__(self, directory: Path, settings: SpoolSettings | None = None) -> None:
        self._dir = directory
        self._settings = settings or SpoolSettings()
        self._lock = threading.Lock()
        self._segments: OrderedDict[int, _Segment] = OrderedDict()
        self._cursor = Position(1, 0)
        self._read_lines = 0
        self._file: int | None = None
        self._dirty = False
        self._counters = dict.fromkeys(COUNTERS, 0)

    def open(self) -> None:
        """Reads what a former process left, and cuts off what it wrote only in part. Raises OSError."""
        with self._lock:
            self._dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            for path in sorted(self._dir.glob("*.seg")):
                if path.stem.isdigit():
                    self._segments[int(path.stem)] = _Segment()
            self._load_cursor()
            for number in [n for n in self._segments if n < self._cursor.segment]:
                self._drop(number)
            for number, segment in self._segments.items():
                self._scan(number, segment)
            if self._segments:
                self._open_last()

    def close(self) -> None:
        with self._lock:
            self._sync()
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def append(self, lines: Lines, now_s: int) -> bool:
        """Adds one record. False: it can't be kept (larger than the whole bound). Raises OSError (disk full),
        and then the queue is as it was."""
        size = HEADER.size + len(lines.body)
        if not lines.count:
            return True
        with self._lock:
            if size > min(self._settings.max_bytes, MAX_RECORD_BYTES):
                self._counters["lines_dropped"] += lines.count
                return False
            self._make_room(size, now_s)
            segment = self._writable(size)
            assert self._file is not None
            record = header(lines, now_s) + lines.body
            try:
                written = 0
                while written < size:
                    written += os.write(self._file, record[written:])
            except OSError:
                os.ftruncate(self._file, segment.size)
                raise
            segment.size += size
            segment.lines += lines.count
            segment.newest_s = max(segment.newest_s, now_s)
            self._dirty = True
            self._counters["lines_spooled"] += lines.count
            if self._settings.fsync_interval_s <= 0:
                self._sync()
            return True

    def peek(self, max_bytes: int) -> Batch | None:
        """The oldest records, together at most `max_bytes` (or one, if that alone is longer). None: empty."""
        with self._lock:
            bodies: list[bytes] = []
            count, total = 0, 0
            oldest_s: int | None = None
            position = self._cursor
            while (found := self._record_at(position)) is not None:
                record, after = found
                if bodies and total + len(record.body) > max_bytes:
                    break
                bodies.append(record.body)
                total += len(record.body)
                count += record.lines
                oldest_s = record.oldest_s if oldest_s is None else min(oldest_s, record.oldest_s)
                position = after
            if not bodies:
                return None
            return Batch(Lines(b"".join(bodies), count, oldest_s or 0), len(bodies), position)

    def commit(self, end: Position, lines: int) -> None:
        """The queue was dealt with up to `end`: forgets it. A position that was dropped meanwhile is no
        error."""
        with self._lock:
            self._counters["lines_replayed"] += lines
            if end <= self._cursor:
                return
            if end.segment == self._cursor.segment:
                self._read_lines += lines
            else:
                self._read_lines = 0  # counted from the new segment's start only when it is reopened
            self._move_cursor(end)

    def drop_older_than(self, before_s: int) -> int:
        """Drops whole segments whose newest record is older; how many lines that were."""
        with self._lock:
            dropped = 0
            for number, segment in list(self._segments.items()):
                if segment.newest_s >= before_s or segment.size == 0:
                    break
                dropped += self._lose(number)
            return dropped

    def sync(self) -> None:
        with self._lock:
            self._sync()

    @property
    def size_bytes(self) -> int:
        """On disk, what was read already included while its segment is."""
        return sum(segment.size for segment in list(self._segments.values()))

    @property
    def backlog_bytes(self) -> int:
        """Still to be read."""
        return self.size_bytes - min(self._cursor.offset, self.size_bytes)

    @property
    def empty(self) -> bool:
        return self.backlog_bytes == 0

    def counters(self) -> dict[str, int | float]:
        levels = {"backlog_bytes": float(self.backlog_bytes), "segments": float(len(self._segments))}
        return {f"spool_{name}": value for name, value in {**self._counters, **levels}.items()}

    # Everything below is called with the lock held.

    def _path(self, number: int) -> Path:
        return self._dir / f"{number:016d}.seg"

    def _load_cursor(self) -> None:
        try:
            stored = json.loads((self._dir / "cursor").read_text())
            self._cursor = Position(int(stored["segment"]), int(stored["offset"]))
        except FileNotFoundError:
            self._cursor = Position(next(iter(self._segments), 1), 0)
        except (ValueError, KeyError, TypeError):
            # Replaced as a whole, it can't be torn; if it is spoilt, reading all again is right and only
            # slower.
            self._counters["damaged"] += 1
            self._cursor = Position(next(iter(self._segments), 1), 0)

    def _move_cursor(self, position: Position) -> None:
        self._cursor = position
        temporary = self._dir / "cursor.new"
        temporary.write_text(json.dumps({"segment": position.segment, "offset": position.offset}))
        temporary.replace(self._dir / "cursor")
        for number in [n for n in self._segments if n < position.segment]:
            self._drop(number)
        last = next(reversed(self._segments), None)
        if last == position.segment and 0 < self._segments[last].size <= position.offset:
            # All was read: the next record starts a new segment, and this one goes.
            self._start_segment(last + 1)
            self._move_cursor(Position(last + 1, 0))

    def _scan(self, number: int, segment: _Segment) -> None:
        """Takes a segment's measure; cuts off a torn tail."""
        segment.size = self._path(number).stat().st_size
        if number == self._cursor.segment and self._cursor.offset > segment.size:
            # A power failure took what was read but not yet on the disk: what is left is read again.
            self._counters["damaged"] += 1
            self._cursor = Position(number, 0)
        position = Position(number, self._cursor.offset if number == self._cursor.segment else 0)
        end = position.offset
        while (found := self._record_at(position, follow=False)) is not None:
            record, position = found
            segment.lines += record.lines
            segment.newest_s = max(segment.newest_s, record.appended_s)
            end = position.offset
        if end < segment.size:
            self._counters["damaged"] += 1
            with self._path(number).open("r+b") as file:
                file.truncate(end)
            segment.size = end

    def _record_at(self, position: Position, *, follow: bool = True) -> tuple[Record, Position] | None:
        """The first good record at or after a position, and the position behind it."""
        number, offset = position.segment, position.offset
        while True:
            segment = self._segments.get(number)
            if segment is not None and offset < segment.size:
                with self._path(number).open("rb") as file:
                    found = read_record(file.fileno(), offset, segment.size)
                    if found is None:
                        self._counters["damaged"] += 1
                        again = find_record(file.fileno(), offset + 1, segment.size)
                        if again is not None:
                            offset = again
                            continue
                    else:
                        return found, Position(number, found.end)
            if not follow:
                return None
            later = [n for n in self._segments if n > number]
            if not later:
                return None
            number, offset = later[0], 0

    def _writable(self, size: int) -> _Segment:
        last = next(reversed(self._segments), None)
        if last is None:
            last = self._start_segment(self._cursor.segment)
        elif self._segments[last].size + size > self._settings.segment_bytes and self._segments[last].size:
            last = self._start_segment(last + 1)
        return self._segments[last]

    def _start_segment(self, number: int) -> int:
        self._sync()
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._segments[number] = _Segment()
        self._open_last()
        return number

    def _open_last(self) -> None:
        number = next(reversed(self._segments))
        self._file = os.open(self._path(number), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def _sync(self) -> None:
        if self._dirty and self._file is not None:
            os.fdatasync(self._file)
        self._dirty = False

    def _make_room(self, size: int, now_s: int) -> None:
        """Keeps both bounds by dropping the oldest segments, the one being written included if need be."""
        for number, segment in list(self._segments.items()):
            too_big = sum(s.size for s in self._segments.values()) + size > self._settings.max_bytes
            too_old = segment.size > 0 and segment.newest_s < now_s - self._settings.max_age_s
            if not too_big and not too_old:
                break
            self._lose(number)

    def _lose(self, number: int) -> int:
        segment = self._segments[number]
        lost = segment.lines - (self._read_lines if number == self._cursor.segment else 0)
        self._counters["lines_dropped"] += lost
        if number == next(reversed(self._segments)):
            self._start_segment(number + 1)
        self._move_cursor(Position(number + 1, 0))
        self._segments.pop(number, None)
        return lost

    def _drop(self, number: int) -> None:
        self._path(number).unlink(missing_ok=True)
        self._segments.pop(number, None)


COUNTERS = ("lines_spooled", "lines_replayed", "lines_dropped", "damaged")
