"""The records for a command that reads or notes something, beside a running server or without one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ronda.errors import BadInputError
from storage.records import Records, RecordsError


@contextmanager
def open_records(data_dir: Path, url: str | None) -> Iterator[Records]:
    """Raises BadInputError."""
    file = data_dir / "records.sqlite"
    if url is None and not file.exists():
        raise BadInputError(f"no records in {data_dir}: give --data-dir (the demo's: var/demo/data)")
    opened = Records(url or f"sqlite:///{file}")
    try:
        opened.start()
        yield opened
    except RecordsError as error:
        raise BadInputError(f"{error}. `ronda storage check` says what to do.") from error
    finally:
        opened.stop()
