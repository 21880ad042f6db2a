"""What `ronda storage init` makes and `ronda storage check` finds. Blocking; for the command line."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from storage.backup import integrity, records_file
from storage.metrics.embedded import EmbeddedStore
from storage.metrics.influx_admin import InfluxAdmin, explain
from storage.metrics.influx_wire import InfluxError
from storage.metrics.store import StoreError
from storage.records import Records, RecordsError
from storage.records.engine import make_engine
from storage.records.migrate import newest_revision, revision_of
from storage.settings import MetricsKind, StorageSettings

LEAST_FREE_BYTES = 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    part: str
    """records, metrics, spool or disk."""
    ok: bool
    words: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


async def init(settings: StorageSettings) -> list[str]:
    """Makes what is missing; what was done. Running it again changes nothing. Raises StoreError,
    RecordsError."""
    done: list[str] = []
    if not settings.data_dir.exists():
        settings.data_dir.mkdir(parents=True, mode=0o700)
        done.append(f"{settings.data_dir} made")
    before = _revision(settings)
    records = Records(settings.records)
    copy = records.start()
    records.stop()
    if before != newest_revision():
        done.append(f"records brought from {before or 'nothing'} to revision {newest_revision()}")
    if copy is not None:
        done.append(f"the records before that are in {copy}")
    if settings.metrics_kind is MetricsKind.EMBEDDED:
        if not settings.metrics_file.exists():
            store = EmbeddedStore(settings.metrics_file, retention=settings.retention)
            await store.start()
            await store.stop()
            done.append(f"{settings.metrics_file} made")
        return done
    admin = InfluxAdmin(settings.influx, settings.retention)
    admin.open()
    try:
        return done + admin.init()
    except InfluxError as error:
        raise StoreError(explain(error, settings.influx)) from error
    finally:
        admin.close()


def check(settings: StorageSettings, now: datetime) -> list[Finding]:
    """Everything, good and bad. Changes nothing."""
    found = [_disk(settings), _records(settings)]
    if settings.metrics_kind is MetricsKind.EMBEDDED:
        found.append(_embedded(settings))
    else:
        found += _influx(settings, now)
        found.append(_spool(settings))
    return found


def _disk(settings: StorageSettings) -> Finding:
    if not settings.data_dir.is_dir():
        return Finding("disk", False, f"{settings.data_dir} is missing: run `ronda storage init`")
    free = shutil.disk_usage(settings.data_dir).free
    words = f"{settings.data_dir} has {free / 1e9:.1f} GB free"
    return Finding("disk", free >= LEAST_FREE_BYTES, words)


def _revision(settings: StorageSettings) -> str | None:
    """``None`` for an empty or missing database. Raises RecordsError."""
    file = records_file(settings)
    if file is not None and not file.exists():
        return None
    engine = make_engine(settings.records)
    try:
        return revision_of(engine)
    finally:
        engine.dispose()


def _records(settings: StorageSettings) -> Finding:
    file = records_file(settings)
    if file is not None and not file.exists():
        return Finding("records", False, f"{file} is missing: run `ronda storage init`")
    if file is not None and (words := integrity(file)) is not None:
        return Finding("records", False, f"{file} is damaged: {words}; restore a backup")
    records = Records(settings.records)
    try:
        revision = _revision(settings)
        if revision != newest_revision():
            words = f"at revision {revision}, wanted {newest_revision()}: it is migrated at the next start"
            return Finding("records", False, words)
        records.start()
        waiting = records.pending_count()
        active = len(records.active_incidents())
    except (RecordsError, OSError) as error:
        return Finding("records", False, str(error))
    finally:
        records.stop()
    where = "PostgreSQL" if file is None else f"{file} ({file.stat().st_size / 1e6:.1f} MB)"
    return Finding("records", True, f"{where}: {active} active incidents, {waiting} messages waiting")


def _embedded(settings: StorageSettings) -> Finding:
    file = settings.metrics_file
    if not file.exists():
        return Finding("metrics", False, f"{file} is missing: run `ronda storage init`")
    if (words := integrity(file)) is not None:
        return Finding("metrics", False, f"{file} is damaged: {words}; restore a backup")
    return Finding("metrics", True, f"{file} ({file.stat().st_size / 1e6:.1f} MB)")


def _influx(settings: StorageSettings, now: datetime) -> list[Finding]:
    admin = InfluxAdmin(settings.influx, settings.retention)
    admin.open()
    try:
        server, problems = admin.check(now)
    finally:
        admin.close()
    if problems:
        return [Finding("metrics", False, words) for words in problems]
    assert server is not None
    return [Finding("metrics", True, f"InfluxDB {server.release} at {settings.influx.url}")]


def _spool(settings: StorageSettings) -> Finding:
    if not settings.spool_dir.exists():
        return Finding("spool", True, "empty")
    waiting = sum(path.stat().st_size for path in settings.spool_dir.glob("*.seg"))
    aside = settings.spool_dir / "quarantine.jsonl"
    lines = aside.read_bytes().count(b"\n") if aside.exists() else 0
    words = f"{waiting / 1e6:.1f} MB on disk, {lines} lines set aside"
    if lines:
        words += f": the server's reasons are in {aside}"
    return Finding("spool", lines == 0, words)
