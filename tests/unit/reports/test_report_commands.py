"""`ronda report` and `ronda rollout` beside a stopped server."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ronda.cli import app
from storage.records import Records, rollout

NETWORK = Path(__file__).parent / "network.yaml"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    records = Records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    records.start()
    records.stop()
    return tmp_path


def run(data: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--inventory", str(NETWORK), "--data-dir", str(data)])


def test_every_form_of_the_report(data: Path) -> None:
    out = run(data, "report", "sla", "--month", "2025-02", "--format", "json")
    assert out.exit_code == 0, out.output
    report = json.loads(out.stdout)
    assert {o["seconds"]["unknown_s"] for o in report["offices"]} == {28 * 86400.0}
    for form, start in (("xlsx", b"PK"), ("html", b"<!doctype html>"), ("table", b"Laporan")):
        file = data / f"sla.{form}"
        out = run(data, "report", "sla", "--month", "2025-02", "--format", form, "-o", str(file))
        assert out.exit_code == 0, out.output
        assert file.read_bytes().startswith(start)
    assert "Februari 2025" in run(data, "report", "sla", "--month", "2025-02").stdout
    assert "February 2025" in run(data, "report", "sla", "--month", "2025-02", "--lang", "en").stdout
    one = run(data, "report", "sla", "--month", "2025-02", "--provider", "icon", "--format", "json")
    assert [p["provider"] for p in json.loads(one.stdout)["providers"]] == ["icon"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("report", "sla", "--month", "2999-01"), "has not begun yet"),
        (("report", "sla", "--month", "Januari"), "write it as 2026-11"),
        (("report", "sla", "--provider", "x"), "not in the inventory"),
        (("report", "sla", "--format", "json", "-o", "/no/such/place"), "No such file"),
        (("rollout", "progress", "nobody", "--note", "x"), "no office 'nobody'"),
        (("rollout", "progress", "kuaro"), "give --stage"),
        (("rollout", "progress", "kuaro", "--promised", "31-01-2027"), "write it as 2027-01-31"),
        (("rollout", "progress", "kuaro", "--link", "javascript:x"), "https://HOST"),
        (("rollout", "progress", "kuaro", "--stage", "ordered"), "goes back from active to ordered"),
    ],
)
def test_bad_input_is_said_with_what_to_do(data: Path, words: tuple[str, ...], why: str) -> None:
    out = run(data, *words)
    assert out.exit_code == 2
    assert why in " ".join(out.output.split())


def test_without_records_it_says_where_it_looked(tmp_path: Path) -> None:
    out = run(tmp_path / "nothing", "report", "connected")
    assert out.exit_code == 2
    assert "no records in" in out.output
    assert not (tmp_path / "nothing").exists()


def test_progress_is_noted_and_listed(data: Path) -> None:
    out = run(data, "rollout", "progress", "kuaro", "--note", "=1+1", "--who", "Rina")
    assert out.exit_code == 0, out.output
    rows: list[dict[str, Any]] = json.loads(run(data, "rollout", "list", "--all", "--format", "json").stdout)
    kuaro = next(r for r in rows if r["office"] == "kuaro")
    assert (kuaro["last_note"], kuaro["entries"], kuaro["late"]) == ("=1+1", 1, False)
    assert datetime.fromisoformat(kuaro["last_progress_at"]).tzinfo == UTC
    assert ",'=1+1" in run(data, "rollout", "list", "--all", "--format", "csv").stdout
    assert json.loads(run(data, "rollout", "list", "--format", "json").stdout) == []
    records = Records(f"sqlite:///{data / 'records.sqlite'}")
    records.start()
    (entry,) = records.read(rollout.of_offices)[kuaro["office"]]
    records.stop()
    assert entry.who == "Rina"


def test_how_many_are_connected(data: Path) -> None:
    out = run(data, "report", "connected", "--months", "2")
    assert out.exit_code == 0, out.output
    assert "4/4 (100.0%)" in out.stdout


def test_months_of_which_nothing_is_known_take_no_room(data: Path) -> None:
    few, many = (run(data, "report", "connected", "--months", months) for months in ("1", "12"))
    assert few.exit_code == many.exit_code == 0
    assert few.stdout.splitlines()[-1] == many.stdout.splitlines()[-1]
    assert "…" not in many.stdout
    assert "months before" in many.stderr
