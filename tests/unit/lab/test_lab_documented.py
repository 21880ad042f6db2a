"""Every command of the lab is in docs/lab.md, on the command line and in the Python API."""

from __future__ import annotations

import re
from pathlib import Path

import typer.main
from typer.testing import CliRunner

from lab.commands import COMMANDS
from lab.hardware import vendors
from lab.lab import Lab
from ronda.commands.lab import app

TEXT = (Path(__file__).parents[3] / "docs" / "lab.md").read_text("utf-8")


def test_every_command_has_its_row() -> None:
    rows = set(
        re.findall(r"`([a-z-]+)[ `]", "\n".join(line for line in TEXT.splitlines() if line[:3] == "| `"))
    )
    command = typer.main.get_command(app)
    assert set(command.commands) <= rows  # type: ignore[attr-defined]  # a group
    assert set(command.commands) == {*COMMANDS, "run", "real"}  # type: ignore[attr-defined]  # a group


def test_every_command_is_a_method_and_has_help() -> None:
    for name, command in COMMANDS.items():
        assert callable(getattr(Lab, name.replace("-", "_")))
        assert command.__doc__
        assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0


def test_every_kind_of_device_is_told() -> None:
    words = {
        "mikrotik": "MikroTik",
        "huawei": "Huawei",
        "arista": "Arista",
        "linux": "Linux",
        "cisco": "Cisco",
    }
    for vendor in vendors():
        assert words.get(vendor, vendor.upper()) in TEXT
