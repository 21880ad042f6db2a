"""`ronda storage ...` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ronda.commands.storage import app


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]  # a function made here
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str):  # type: ignore[no-untyped-def]  # the runner's result
        return CliRunner().invoke(app, [*arguments, "--data-dir", str(tmp_path / "data")])

    return invoke


def test_from_nothing_to_a_restored_backup(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture above
    found = run("check", "--json")
    assert found.exit_code == 1
    assert {f["part"] for f in json.loads(found.stdout) if not f["ok"]} == {"disk", "records", "metrics"}
    assert run("init").exit_code == 0
    assert "everything is there already" in run("init").stdout
    assert run("check").exit_code == 0
    assert run("backup", str(tmp_path / "copy")).exit_code == 0
    again = run("backup", str(tmp_path / "copy"))
    assert (again.exit_code, "exists already" in again.stderr) == (1, True)
    assert run("restore", str(tmp_path / "copy")).exit_code == 0
    assert (tmp_path / "data" / "records.sqlite.before-restore").exists()


def test_a_server_that_is_away_is_named_in_words(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture above
    (tmp_path / "ronda.yaml").write_text("metrics: {kind: influx, url: 'http://127.0.0.1:1'}")
    found = run("init")
    assert found.exit_code == 1
    assert "InfluxDB at http://127.0.0.1:1" in found.stderr
    assert "Traceback" not in found.stderr


def test_settings_that_are_wrong_are_bad_input(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture above
    (tmp_path / "ronda.yaml").write_text("metrics: {kind: influx, token_env: NOT_SET_ANYWHERE}")
    found = run("check")
    assert (found.exit_code, "NOT_SET_ANYWHERE" in found.stderr) == (2, True)
