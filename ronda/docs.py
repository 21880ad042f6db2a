"""Writes the documentation that is generated from the program: `make docs`. A test fails when it is stale."""

from __future__ import annotations

import types
import typing
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from api import own_figures
from api.routes.health import FAMILIES
from ronda.cli import COMMANDS, load_command
from ronda.settings import Settings
from topology.inventory_schema import json_schema_text

ROOT = Path(__file__).resolve().parent.parent

MONITORING = ROOT / "docs" / "monitoring-ronda.md"
_MADE, _MADE_END = "<!-- made by `make docs` -->\n", "<!-- end -->"

_SETTINGS_INTRO = """\
# Settings

Read from `ronda.yaml` in the working directory (or `--settings FILE`), then from the environment, then the
defaults below. `RONDA_API__PORT=9000` sets `api.port`; lists and mappings are written as YAML:
`RONDA_ALERTS__ROUTES='[{receivers: [console]}]'`. A secret never stands in the file: it is named there
(`token_env: INFLUX_TOKEN`) and lies in the environment.

This page is written by `make docs` from `ronda/settings.py`.
"""

_COMMANDS_INTRO = """\
# Commands

`ronda COMMAND --help` says the same. JSON goes to stdout, logs to stderr. Exit code 0: fine; 1: found
trouble; 2: bad input, with what is wrong and what to do.

This page is written by `make docs` from the program.
"""


def generated() -> dict[Path, str]:
    """Every generated page with its present content."""
    return {
        ROOT / "docs" / "settings.md": settings_page(),
        ROOT / "docs" / "commands.md": commands_page(),
        ROOT / "docs" / "inventory.schema.json": json_schema_text(),
        MONITORING: monitoring_page(),
    }


def monitoring_page() -> str:
    """The written page with its table of metrics as they are."""
    before, rest = MONITORING.read_text(encoding="utf-8").split(_MADE, 1)
    after = rest.split(_MADE_END, 1)[1]
    rows = [(name, kind, "", words) for name, (kind, words) in FAMILIES.items()]
    rows += [(f.name, f.kind, f"`{f.label}`" if f.label else "", f.words) for f in own_figures.FAMILIES]
    table = "".join(f"| `{name}` | {kind} | {label} | {words} |\n" for name, kind, label, words in rows)
    return f"{before}{_MADE}\n| name | type | label | what |\n|---|---|---|---|\n{table}{_MADE_END}{after}"


def settings_page() -> str:
    return _SETTINGS_INTRO + "".join(_section("", Settings))


def _section(path: str, model: type[BaseModel]) -> list[str]:
    lines: list[str] = []
    inner: list[str] = []
    if path:
        lines += [f"\n## `{path}`\n", f"\n{(model.__doc__ or '').strip()}\n"]
    lines += ["\n| setting | default | what it does |\n|---|---|---|\n"]
    for own_name, field in model.model_fields.items():
        name = field.alias or own_name
        where = f"{path}.{name}" if path else name
        if kinds := _kinds_in(field.annotation):
            lines.append(f"| `{where}` | {_default(field)} | {field.description or ''} |\n")
            for kind in kinds:
                inner += _section(f"{where}[]: {kind.model_fields['kind'].annotation.__args__[0]}", kind)  # type: ignore[union-attr]  # `kind` is a Literal in each
            continue
        nested = _model_in(field.annotation)
        if nested is not None and field.annotation is nested:
            inner += _section(where, nested)  # type: ignore[arg-type]  # mypy widens what `is` compared
            continue
        lines.append(f"| `{where}` | {_default(field)} | {field.description or ''} |\n")
        if nested is not None:
            inner += _section(f"{where}[]", nested)
    return lines + inner


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in (list, tuple, types.UnionType, typing.Union):
        for argument in typing.get_args(annotation):
            if (found := _model_in(argument)) is not None:
                return found
    return None


def _kinds_in(annotation: Any) -> list[type[BaseModel]]:
    """The members of `list[Annotated[A | B, discriminator]]`; empty for anything else."""
    found: list[type[BaseModel]] = []
    for item in typing.get_args(annotation):
        if typing.get_origin(item) is typing.Annotated:
            members = typing.get_args(typing.get_args(item)[0])
            found += [m for m in members if isinstance(m, type) and issubclass(m, BaseModel)]
    return found


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return "required"
    if value is None:
        return "unset"
    if isinstance(value, list):
        rows = [v.model_dump(exclude_defaults=True) if isinstance(v, BaseModel) else v for v in value]
        return f"`{rows}`" if rows else "none"
    return f"`{value}`"


def commands_page() -> str:
    parts = [_COMMANDS_INTRO]
    for name, _, _ in COMMANDS:
        parts += _command(f"ronda {name}", load_command(name))
    return "".join(parts)


def _command(path: str, command: Any) -> list[str]:
    help_text = (command.help or "").strip()
    parts = [f"\n## `{path}`\n\n{help_text}\n"]
    rows = [row for parameter in command.params if (row := _parameter(parameter)) is not None]
    if rows:
        parts += ["\n| argument | what it does |\n|---|---|\n", *rows]
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        parts += _command(f"{path} {name}", inner)
    return parts


def _parameter(parameter: Any) -> str | None:
    if parameter.name == "help":
        return None
    if parameter.param_type_name == "argument":
        shown = parameter.name.upper()
    else:
        shown = ", ".join([*parameter.opts, *parameter.secondary_opts])
    return f"| `{shown}` | {(parameter.help or '').strip()} |\n"


def main() -> None:
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
        typer.echo(str(path.relative_to(ROOT)))


if __name__ == "__main__":
    main()
