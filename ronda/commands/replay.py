"""`ronda replay`: a timeline through the whole pure pipeline on simulated time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ronda.commands.shared import print_json, stop_on_bad_input
from ronda.scenario import read_scenario
from ronda.scenario_play import play


def replay(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (YAML), see docs/scenarios.md.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Play a timeline on simulated time: what would be sent, to whom, when and why.

    Nothing is sent. Exit 0: no incident was opened; 1: at least one was; 2: the scenario can't be used.
    """
    with stop_on_bad_input():
        played = play(read_scenario(scenario))
    if as_json:
        print_json(played.as_json())
    else:
        for at_s, note in played.notifications:
            typer.echo(f"{at_s:9.1f} s  {note.receiver}  {note.reason.value:<12}  {note.subject}")
        typer.echo(f"{len(played.notifications)} messages, {len(played.incidents)} incidents")
    raise typer.Exit(1 if played.incidents else 0)
