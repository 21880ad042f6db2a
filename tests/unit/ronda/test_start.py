"""What `ronda serve` says when it can't start: one clear line and exit code 2, never a traceback."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ronda.app import App, StartError
from ronda.cli import app as command
from ronda.clock import SystemClock
from ronda.lock import DirectoryError, DirectoryLock
from ronda.settings import load_settings
from storage.records import Records, RecordsError
from topology.inventory import load_inventory
from topology.model import DeviceId
from topology.observations import Means, Reachability

INVENTORY = """\
version: 1
network: {name: Net}
vantage: core
hubs: [hub]
offices: [{id: hub, name: Hub, kind: dinas}]
devices: [{id: core, office: hub}]
links: []
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    # The runner closes its stderr after each command; a logger set up for it would outlive it.
    monkeypatch.setattr("ronda.log.configure", lambda *_: None)
    (tmp_path / "inventory.yaml").write_text(INVENTORY, encoding="utf-8")
    return tmp_path


def refused(*options: str) -> str:
    """What `ronda serve` says, exiting with 2."""
    result = CliRunner().invoke(command, ["serve", "--port", "0", *options])
    assert result.exit_code == 2, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.output


def test_a_secret_that_is_not_there(here: Path) -> None:
    (here / "ronda.yaml").write_text("metrics: {kind: influx, token_env: NOT_THERE}\n", encoding="utf-8")
    assert "NOT_THERE is not set" in refused()


def test_retention_that_makes_no_sense(here: Path) -> None:
    (here / "ronda.yaml").write_text("retention: {raw_days: 100, five_minutes_days: 5}\n", encoding="utf-8")
    assert "raw <= five minutes" in refused()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_an_address_that_others_reach(here: Path, host: str) -> None:
    assert "there is no token yet" in refused("--host", host)


def test_a_port_that_is_none(here: Path) -> None:
    assert "65535" in refused("--port", "99999")


@pytest.mark.parametrize("directory", ["file", "file/below"])
def test_a_data_directory_that_can_not_be_written(here: Path, directory: str) -> None:
    (here / "file").touch()
    assert f"can't write in {directory}" in refused("--data-dir", directory)


@pytest.mark.parametrize("name", ["records.sqlite", "metrics.sqlite"])
def test_a_damaged_database(here: Path, name: str) -> None:
    (here / "data").mkdir()
    (here / "data" / name).write_bytes(b"this is no database" * 1000)
    said = refused("--data-dir", "data")
    assert name in said
    assert "ronda storage check" in said


def test_a_data_directory_that_another_one_uses(here: Path) -> None:
    lock = DirectoryLock(here / "data")
    lock.take()
    try:
        assert "another Ronda is running in data" in refused("--data-dir", "data")
    finally:
        lock.release()
    lock.take()
    lock.release()


def test_a_restore_into_a_directory_that_is_in_use(here: Path) -> None:
    records = Records(f"sqlite:///{here / 'data' / 'records.sqlite'}")
    records.start()
    records.stop()
    run = CliRunner().invoke
    made = run(command, ["storage", "backup", "copy", "--data-dir", "data"])
    assert made.exit_code == 0, made.output
    lock = DirectoryLock(here / "data")
    lock.take()
    refused_ = run(command, ["storage", "restore", "copy", "--data-dir", "data"])
    lock.release()
    assert refused_.exit_code == 1
    assert "another Ronda is running in data" in refused_.output
    assert not list((here / "data").glob("*.before-restore"))
    done = run(command, ["storage", "restore", "copy", "--data-dir", "data"])
    assert done.exit_code == 0, done.output


def test_a_lock_is_had_once(tmp_path: Path) -> None:
    first, second = DirectoryLock(tmp_path), DirectoryLock(tmp_path)
    first.take()
    with pytest.raises(DirectoryError):
        second.take()
    first.release()
    second.take()
    second.release()


async def test_records_that_fail_at_the_end_do_not_hold_up_the_stop(here: Path) -> None:
    """A full disk: the evidence can't be saved, and everything is stopped all the same."""
    app = small_app(here)
    await app.start()
    app.records.stop()  # from here on it says RecordsError
    await asyncio.wait_for(app.stop(), 5)
    second = small_app(here)
    await second.start()  # the directory is free again
    await second.stop()


async def test_a_start_that_failed_keeps_the_evidence_of_the_last_run(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = Records(f"sqlite:///{here / 'data' / 'records.sqlite'}")
    records.start()
    seen = Reachability(DeviceId("core"), datetime(2026, 11, 21, tzinfo=UTC), True, Means.ICMP)
    records.save_evidence([seen])
    app = small_app(here)

    def fail() -> None:
        raise RecordsError("disk I/O error")

    monkeypatch.setattr(app.records, "load_evidence", fail)
    with pytest.raises(StartError, match="disk I/O error"):
        await app.start()
    await app.stop()
    assert list(records.load_evidence()) == [seen]
    records.stop()


def test_what_rises_and_falls_is_a_level_and_no_counter(here: Path) -> None:
    figures = small_app(here).backend.self_counters()
    rises_and_falls = ("_in_flight", "_in_flight_slow", "_held", "_pending", "_unsaved", "snmp_devices")
    named = {name for name in figures if name.endswith(rises_and_falls)}
    assert {"records_unsaved", "schedule_in_flight", "schedule_probes_in_flight", "snmp_devices"} <= named
    assert all(isinstance(figures[name], float) for name in named)


def small_app(here: Path) -> App:
    settings = load_settings(None, {"RONDA_API__PORT": "0", "RONDA_DATA_DIR": str(here / "data")})
    return App(settings, load_inventory(here / "inventory.yaml"), SystemClock(), {})
