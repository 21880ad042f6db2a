"""`ronda check`: every mistake of an inventory, and of the settings, in one run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from ronda.settings import Settings
from ronda.settings_check import DEFAULT, check_settings
from ronda.settings_source import set_by
from topology.inventory import Level, read_inventory_file
from topology.inventory_problems import NOTHING_READ


def check(
    inventory: Annotated[Path, typer.Argument(help="The inventory to check: YAML or JSON.")] = Path(
        "inventory.yaml"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list of the problems on stdout.")] = False,
    settings: Annotated[
        Path | None,
        typer.Option("--settings", "-s", help="Settings to check, too; default: ronda.yaml if it is there."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
) -> None:
    """Check an inventory, and the settings beside it: all errors and warnings at once, each with
    file:line:column and what to do.

    Exit code: 0 fine (or warnings only), 1 errors found, 2 no inventory could be read.
    """
    found, of_inventory = read_inventory_file(inventory)
    problems = list(of_inventory)
    chosen = settings or DEFAULT
    if settings is not None or chosen.exists() or set_by(os.environ, Settings.model_fields):
        problems += check_settings(chosen, found, os.environ)
    errors = sum(p.level is Level.ERROR for p in problems)
    warnings = len(problems) - errors
    if as_json:
        typer.echo(json.dumps([p.as_dict() for p in problems], ensure_ascii=False, indent=2))
    else:
        for problem in problems:
            typer.echo(str(problem))
        if found is not None:
            typer.echo(
                f"{inventory}: {len(found.offices)} offices, {len(found.devices)} devices, "
                f"{len(found.links)} links: " + (_count(warnings, "warning") if warnings else "no problems")
            )
        else:
            typer.echo(f"{inventory}: {_count(errors, 'error')}, {_count(warnings, 'warning')}")
    if any(p.code in NOTHING_READ for p in problems):
        raise typer.Exit(2)
    if errors or (strict and warnings):
        raise typer.Exit(1)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
