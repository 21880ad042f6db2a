"""The `ronda` command: each sub-command lives in `ronda.commands`, under its own name."""

from __future__ import annotations

import importlib
import os
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

# Name, module, function or sub-app, in the order a newcomer meets them. Modules are imported when their
# command is asked for: `ronda check` must not wait for a web framework.
COMMANDS: tuple[tuple[str, str, str], ...] = (
    ("demo", "ronda.commands.demo", "demo"),
    ("init", "ronda.commands.init", "init"),
    ("check", "ronda.commands.check", "check"),
    ("doctor", "ronda.commands.doctor", "doctor"),
    ("serve", "ronda.commands.serve", "serve"),
    ("status", "ronda.commands.status", "status"),
    ("ack", "ronda.commands.ack", "ack"),
    ("token", "ronda.commands.token", "app"),
    ("alerts", "ronda.commands.alerts", "app"),
    ("maintenance", "ronda.commands.maintenance", "app"),
    ("discover", "ronda.commands.discover", "discover"),
    ("poll", "ronda.commands.poll", "poll"),
    ("diagnose", "ronda.commands.diagnose", "diagnose"),
    ("whatif", "ronda.commands.whatif", "whatif"),
    ("spof", "ronda.commands.whatif", "spof"),
    ("path", "ronda.commands.whatif", "path"),
    ("suggest", "ronda.commands.whatif", "suggest"),
    ("replay", "ronda.commands.replay", "replay"),
    ("report", "ronda.commands.report", "app"),
    ("rollout", "ronda.commands.rollout", "app"),
    ("storage", "ronda.commands.storage", "app"),
    ("dashboards", "ronda.commands.dashboards", "app"),
    ("ssh", "ronda.commands.ssh", "app"),
    ("backup", "ronda.commands.backup", "backup"),
    ("lab", "ronda.commands.lab", "app"),
)


def load_command(name: str) -> Any:
    """The command object. Raises KeyError."""
    for known, module, attribute in COMMANDS:
        if known == name:
            found = getattr(importlib.import_module(module), attribute)
            if isinstance(found, typer.Typer):
                group = typer.main.get_command(found)
                group.name = name
                return group
            single = typer.Typer(add_completion=False)
            single.command(name)(found)
            return typer.main.get_command(single)
    raise KeyError(name)


class _Lazy(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # the base class's signature
        return [name for name, _, _ in COMMANDS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  # the base class's signature
        try:
            return load_command(cmd_name)
        except KeyError:
            return None


app = typer.Typer(
    cls=_Lazy,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Ronda watches the network that joins a regency's offices: what broke, where, and whom it cut off.",
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ronda {version('ronda')}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is."),
    ] = False,
) -> None:
    """Exit codes: 0 fine, 1 found trouble, 2 bad input. JSON goes to stdout, logs to stderr."""


def main() -> None:
    # The SNMP decoder (Rust) panics on some spoilt packets; it is caught. With backtraces switched on, the
    # first one would read 50 MB of debug information and keep it for good.
    os.environ["RUST_BACKTRACE"] = "0"
    app()
