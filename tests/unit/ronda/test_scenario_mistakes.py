"""A scenario with a mistake: one line that says what and where."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ronda.cli import app

INVENTORY = """\
  version: 1
  network: {name: Net}
  vantage: core
  hubs: [hub]
  offices: [{id: hub, name: Hub, kind: dinas}]
  devices: [{id: core, office: hub}]
  links: []
"""


@pytest.mark.parametrize(
    ("timeline", "said"),
    [
        ("[{at: 1, condition: {kind: config_changed, device: cor}}]", "the inventory has no device 'cor'"),
        ("[{at: 1, condition: {kind: config_changed}}]", "'device' is missing"),
        ("[{at: 1,", "s.yaml:10:1: not valid YAML"),
    ],
)
def test_one_line_says_what_and_where(tmp_path: Path, timeline: str, said: str) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(f"inventory:\n{INVENTORY}timeline: {timeline}\n")
    done = CliRunner().invoke(app, ["replay", str(file)])
    assert done.exit_code == 2
    assert said in done.output
    assert len(done.output.strip().splitlines()) == 1


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["replay", str(tmp_path / "none.yaml")])
    assert (done.exit_code, "can't be read: No such file" in done.output) == (2, True)
