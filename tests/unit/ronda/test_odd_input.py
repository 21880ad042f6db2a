"""Input that makes no sense is said to be bad (exit 2), at once and without a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ronda.cli import app as command

INVENTORY = """\
version: 1
network: {name: Net}
vantage: core
hubs: [hub]
offices: [{id: hub, name: Hub, kind: dinas}]
devices: [{id: core, office: hub}]
links: []
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inventory.yaml").write_text(INVENTORY, encoding="utf-8")
    return tmp_path


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(command, list(arguments))
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    return result.output


@pytest.mark.parametrize("seconds", [".inf", ".nan", "-4", "1e12", "soon", "[1]"])
@pytest.mark.parametrize(
    ("form", "where"),
    [
        ("until: {}\ntimeline: []", "`until`"),
        ("timeline: [{{at: {}, observe: {{kind: reach, device: core}}}}]", "timeline 1: `at`"),
    ],
)
def test_a_scenario_of_impossible_length(here: Path, form: str, where: str, seconds: str) -> None:
    (here / "s.yaml").write_text(f"inventory: inventory.yaml\n{form.format(seconds)}\n", encoding="utf-8")
    said = refused("replay", "s.yaml")
    assert where in said
    assert "expected seconds" in said


def test_observations_nested_without_end(here: Path) -> None:
    (here / "o.json").write_text("[" * 100_000, encoding="utf-8")
    assert "nested too deep" in refused("diagnose", "-i", "inventory.yaml", "-o", "o.json")


def test_a_moment_that_is_still_to_come(here: Path) -> None:
    assert "still to come" in refused("status", "--at", "2999-01-01 12:00", "--data-dir", str(here))


@pytest.mark.parametrize("option", ["--timeout-s", "--deadline-s", "--interval-s"])
def test_a_poll_in_negative_time(option: str) -> None:
    assert option in refused("poll", "127.0.0.1:1", option, "-1")
