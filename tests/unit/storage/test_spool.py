"""The queue on disk: order, bounds, torn and damaged files, a full disk."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage.metrics.line import Lines
from storage.metrics.spool import Spool
from storage.metrics.spool_record import HEADER
from storage.settings import SpoolSettings

NOW = 1_800_000_000


def lines(text: str, count: int = 1, oldest_s: int = NOW) -> Lines:
    return Lines(text.encode() + b"\n", count, oldest_s)


def opened(directory: Path, **settings: float) -> Spool:
    spool = Spool(directory, SpoolSettings(**settings))  # type: ignore[arg-type]  # whatever the test names
    spool.open()
    return spool


def drain(spool: Spool, max_bytes: int = 1) -> list[str]:
    """Everything, record by record."""
    found = []
    while (batch := spool.peek(max_bytes)) is not None:
        found.append(batch.lines.body.decode().strip())
        spool.commit(batch.end, batch.lines.count)
    return found


def segments(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.seg"))


def test_what_goes_in_comes_out_in_order_once(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    for n in range(5):
        assert spool.append(lines(f"m f={n}"), NOW)
    assert drain(spool) == [f"m f={n}" for n in range(5)]
    assert spool.empty
    assert spool.append(lines("m f=5"), NOW)
    assert drain(spool) == ["m f=5"]


def test_a_batch_joins_records_up_to_its_size_and_knows_their_oldest(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append(lines("aaaa", 2, NOW), NOW)
    spool.append(lines("bbbb", 3, NOW - 60), NOW)
    spool.append(lines("cccc"), NOW)
    batch = spool.peek(10)
    assert batch is not None
    assert batch.lines == Lines(b"aaaa\nbbbb\n", 5, NOW - 60)
    assert spool.peek(10) == batch, "looking takes nothing away"


def test_a_restart_goes_on_after_the_last_commit(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    for n in range(4):
        spool.append(lines(f"m f={n}"), NOW)
    batch = spool.peek(1)
    assert batch is not None
    spool.commit(batch.end, 1)
    # Not closed: as after kill -9.
    assert drain(opened(tmp_path)) == ["m f=1", "m f=2", "m f=3"]


def test_read_segments_are_deleted(tmp_path: Path) -> None:
    spool = opened(tmp_path, segment_bytes=200)
    for n in range(20):
        spool.append(lines(f"m f={n:040d}"), NOW)
    assert len(segments(tmp_path)) > 5
    assert len(drain(spool)) == 20
    assert sum(path.stat().st_size for path in segments(tmp_path)) == 0
    assert len(segments(tmp_path)) == 1


@pytest.mark.parametrize("cut", range(1, HEADER.size + len(b"m f=2\n")))
def test_a_torn_tail_is_cut_off_and_the_rest_is_whole(tmp_path: Path, cut: int) -> None:
    spool = opened(tmp_path)
    for n in range(3):
        spool.append(lines(f"m f={n}"), NOW)
    (segment,) = segments(tmp_path)
    with segment.open("r+b") as file:
        file.truncate(segment.stat().st_size - cut)
    spool = opened(tmp_path)
    assert spool.counters()["spool_damaged"] >= 1
    spool.append(lines("m f=9"), NOW)
    assert drain(spool) == ["m f=0", "m f=1", "m f=9"]


@pytest.mark.parametrize("at", [0, 4, 8, 12, 20, 28, HEADER.size, HEADER.size + 3])
def test_damage_in_the_middle_costs_one_record(tmp_path: Path, at: int) -> None:
    spool = opened(tmp_path)
    for n in range(3):
        spool.append(lines(f"m f={n}"), NOW)
    (segment,) = segments(tmp_path)
    data = bytearray(segment.read_bytes())
    data[len(data) // 3 + at] ^= 0x40
    segment.write_bytes(data)
    spool = opened(tmp_path)
    assert drain(spool) == ["m f=0", "m f=2"]
    assert spool.counters()["spool_damaged"] >= 1


def test_a_spoilt_or_lost_cursor_reads_everything_again(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    for n in range(3):
        spool.append(lines(f"m f={n}"), NOW)
    batch = spool.peek(1)
    assert batch is not None
    spool.commit(batch.end, 1)
    (tmp_path / "cursor").write_text("{")
    assert drain(opened(tmp_path)) == ["m f=0", "m f=1", "m f=2"]


def test_a_cursor_beyond_the_file_reads_it_again(tmp_path: Path) -> None:
    """A power failure may keep the cursor and lose the end of the segment."""
    spool = opened(tmp_path)
    spool.append(lines("m f=0"), NOW)
    (tmp_path / "cursor").write_text(json.dumps({"segment": 1, "offset": 10_000}))
    spool = opened(tmp_path)
    spool.append(lines("m f=1"), NOW)
    assert drain(spool) == ["m f=0", "m f=1"]


def test_beyond_its_size_the_oldest_segment_goes_and_is_counted(tmp_path: Path) -> None:
    spool = opened(tmp_path, segment_bytes=500, max_bytes=2000)
    for n in range(100):
        assert spool.append(lines(f"m f={n:040d}"), NOW)
        assert spool.size_bytes <= 2000
    left = drain(spool)
    assert left == [f"m f={n:040d}" for n in range(100 - len(left), 100)], "the newest stay, in order"
    assert len(left) > 10
    assert spool.counters()["spool_lines_dropped"] == 100 - len(left)


def test_what_was_read_before_is_not_counted_as_dropped(tmp_path: Path) -> None:
    spool = opened(tmp_path, segment_bytes=10_000, max_bytes=700)
    for n in range(10):
        spool.append(lines(f"m f={n}"), NOW)
    for _ in range(4):
        batch = spool.peek(1)
        assert batch is not None
        spool.commit(batch.end, 1)
    spool.append(lines("x" * 400), NOW)
    assert spool.counters()["spool_lines_dropped"] == 6


def test_what_is_too_old_goes(tmp_path: Path) -> None:
    spool = opened(tmp_path, segment_bytes=1, max_age_s=100)
    for n in range(5):
        spool.append(lines(f"m f={n}"), NOW + 50 * n)
    assert spool.counters()["spool_lines_dropped"] == 2, "those of 150 and 200 s ago went when the last came"
    assert spool.drop_older_than(NOW + 150) == 1
    assert drain(spool) == ["m f=3", "m f=4"]
    assert spool.counters()["spool_lines_dropped"] == 3


def test_a_record_larger_than_the_bound_is_refused_and_counted(tmp_path: Path) -> None:
    spool = opened(tmp_path, max_bytes=100)
    assert not spool.append(lines("x" * 200, count=7), NOW)
    assert spool.counters()["spool_lines_dropped"] == 7
    assert spool.append(lines("m f=1"), NOW)
    assert drain(spool) == ["m f=1"]


@contextmanager
def file_size_limit(limit: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_raises_and_leaves_the_queue_as_it_was(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.append(lines("m f=0"), NOW)
    with file_size_limit(20_000):
        for _ in range(6):
            spool.append(lines("x" * 3000), NOW)
        with pytest.raises(OSError):
            spool.append(lines("x" * 3000), NOW)
    before = spool.size_bytes
    assert segments(tmp_path)[0].stat().st_size == before, "half a record was taken back"
    spool.append(lines("m f=1"), NOW)
    left = drain(spool)
    assert (left[0], left[-1]) == ("m f=0", "m f=1")


def test_another_file_in_the_directory_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.seg").write_text("mine")
    spool = opened(tmp_path)
    spool.append(lines("m f=0"), NOW)
    assert drain(spool) == ["m f=0"]
    assert (tmp_path / "notes.seg").read_text() == "mine"
