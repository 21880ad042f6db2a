"""Backup, restore, check and init, as functions and as commands."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage import readiness
from storage.backup import BackupError, backup, restore, verify
from storage.metrics.embedded import EmbeddedStore
from storage.metrics.point import Point, tags_of
from storage.records import Records
from storage.records.engine import make_engine
from storage.records.migrate import migrate, newest_revision
from storage.settings import MetricsKind, Retention, StorageSettings
from topology.findings import Component, ComponentKind, StateChange

AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
LINK = Component(ComponentKind.LINK, "l")


@pytest.fixture
def settings(tmp_path: Path) -> StorageSettings:
    made = StorageSettings(tmp_path / "data")
    asyncio.run(readiness.init(made))
    return made


def remember(settings: StorageSettings, now: str) -> None:
    records = Records(settings.records)
    records.start()
    records.append_changes([StateChange(AT, LINK, None, now)])
    records.stop()


def remembered(settings: StorageSettings) -> list[str]:
    records = Records(settings.records)
    records.start()
    try:
        return [r.change.now for r in records.changes()]
    finally:
        records.stop()


def test_init_twice_changes_nothing(tmp_path: Path) -> None:
    settings = StorageSettings(tmp_path / "deep" / "data")
    assert len(asyncio.run(readiness.init(settings))) == 3
    assert asyncio.run(readiness.init(settings)) == []
    assert settings.data_dir.stat().st_mode & 0o077 == 0, "nobody else's business"


def test_a_restored_backup_is_the_past(settings: StorageSettings, tmp_path: Path) -> None:
    remember(settings, "up")
    report = backup(settings, tmp_path / "copy", AT)
    assert set(report.files) == {"records.sqlite", "metrics.sqlite"}
    remember(settings, "down")
    restore(settings, tmp_path / "copy")
    assert remembered(settings) == ["up"]
    aside = settings.data_dir / "records.sqlite.before-restore"
    with closing(sqlite3.connect(aside)) as db:
        assert db.execute("SELECT now FROM event ORDER BY id").fetchall() == [("up",), ("down",)]


async def test_a_backup_while_ronda_writes_is_whole(settings: StorageSettings, tmp_path: Path) -> None:
    store = EmbeddedStore(settings.metrics_file)
    await store.start()
    points = [Point("m", tags_of({"s": str(n % 50)}), {"n": n}, n) for n in range(20_000)]
    await store.write(points[:10_000])
    writing = asyncio.create_task(store.write(points[10_000:]))
    report = await asyncio.to_thread(backup, settings, tmp_path / "copy", AT)
    await writing
    await store.stop()
    assert verify(report.directory)
    with closing(sqlite3.connect(report.directory / "metrics.sqlite")) as db:
        (count,) = db.execute("SELECT count(*) FROM raw_1").fetchone()
    assert count in (10_000, 20_000), "a transaction is in it, or is not"


def test_restore_refuses_what_is_in_use(settings: StorageSettings, tmp_path: Path) -> None:
    remember(settings, "up")
    backup(settings, tmp_path / "copy", AT)
    records = Records(settings.records)
    records.start()
    records.changes()
    with pytest.raises(BackupError, match="stop Ronda first"):
        restore(settings, tmp_path / "copy")
    records.stop()
    restore(settings, tmp_path / "copy")


def test_restore_refuses_a_spoilt_backup_and_touches_nothing(
    settings: StorageSettings, tmp_path: Path
) -> None:
    remember(settings, "up")
    copy = backup(settings, tmp_path / "copy", AT).directory
    remember(settings, "down")
    data = bytearray((copy / "records.sqlite").read_bytes())
    data[len(data) // 2] ^= 1
    (copy / "records.sqlite").write_bytes(data)
    with pytest.raises(BackupError, match="SHA-256"):
        restore(settings, copy)
    (copy / "records.sqlite").unlink()
    with pytest.raises(BackupError, match="missing"):
        restore(settings, copy)
    assert remembered(settings) == ["up", "down"]


def test_restore_refuses_files_outside_the_backup(settings: StorageSettings, tmp_path: Path) -> None:
    copy = backup(settings, tmp_path / "copy", AT).directory
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"]["../outside"] = {"bytes": 0, "sha256": ""}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BackupError, match="outside"):
        restore(settings, copy)


def test_a_backup_never_overwrites_and_never_stays_half(settings: StorageSettings, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    with pytest.raises(BackupError, match="exists"):
        backup(settings, tmp_path / "copy", AT)
    empty = StorageSettings(tmp_path / "nothing")
    with pytest.raises(BackupError, match="nothing to back up"):
        backup(empty, tmp_path / "other", AT)
    assert not (tmp_path / "other").exists()
    assert not (tmp_path / "other.part").exists()


def test_the_spool_goes_with_it(tmp_path: Path) -> None:
    settings = StorageSettings(tmp_path / "data", metrics_kind=MetricsKind.INFLUX)
    settings.spool_dir.mkdir(parents=True)
    (settings.spool_dir / "0000000000000001.seg").write_bytes(b"lines")
    report = backup(settings, tmp_path / "copy", AT)
    assert list(report.files) == ["spool/0000000000000001.seg"]
    assert any("InfluxDB" in words for words in report.not_included)
    (settings.spool_dir / "0000000000000001.seg").write_bytes(b"other")
    restore(settings, tmp_path / "copy")
    assert (settings.spool_dir / "0000000000000001.seg").read_bytes() == b"lines"


def test_check_names_every_trouble_and_changes_nothing(settings: StorageSettings, tmp_path: Path) -> None:
    assert all(finding.ok for finding in readiness.check(settings, AT))
    missing = readiness.check(StorageSettings(tmp_path / "none"), AT)
    assert {f.part for f in missing if not f.ok} == {"disk", "records", "metrics"}
    assert all("ronda storage init" in f.words for f in missing)
    assert not (tmp_path / "none").exists()
    page = bytearray(settings.metrics_file.read_bytes())
    page[16_384:16_484] = b"\xff" * 100  # the head of the third page
    settings.metrics_file.write_bytes(page)
    settings.metrics_file.with_name("metrics.sqlite-wal").unlink(missing_ok=True)
    (bad,) = [f for f in readiness.check(settings, AT) if not f.ok]
    assert (bad.part, "damaged" in bad.words) == ("metrics", True)


def test_a_migration_copies_the_file_first(tmp_path: Path) -> None:
    """A database of an earlier revision: made by hand, as the first is the newest so far."""
    from alembic import command

    from storage.records import migrate as module

    file = tmp_path / "records.sqlite"
    engine = make_engine(f"sqlite:///{file}")
    migrate(engine)
    with engine.connect().execution_options(ronda_writes=True) as connection, connection.begin():
        connection.execute(sa.text("INSERT INTO counter VALUES('incident', 41)"))
    upgraded: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "newest_revision", lambda: "0002")
        patch.setattr(command, "upgrade", lambda _config, to: upgraded.append(to))
        copy = migrate(engine)
    engine.dispose()
    assert upgraded == ["head"]
    assert copy == tmp_path / "records.sqlite.before-0002"
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT value FROM counter").fetchall() == [(41,)]
        assert db.execute("SELECT version_num FROM alembic_version").fetchall() == [(newest_revision(),)]


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:secret@h/d",
        "sqlite://",
        "sqlite:///:memory:",
        "nonsense",
        "postgresql://u:secret@127.0.0.1:1/d",
    ],
)
def test_a_url_that_can_not_be_used_is_named_without_its_password(url: str) -> None:
    with pytest.raises(Exception, match=r".+") as caught:
        Records(url).start()
    assert type(caught.value).__name__ == "RecordsError"
    assert "secret" not in str(caught.value)


def test_retention_must_make_sense() -> None:
    with pytest.raises(ValueError, match="raw <= five minutes"):
        Retention(raw_s=10 * 86_400, five_minutes_s=86_400)
