"""`ronda lab ...`: play an inventory's network on this machine, and break it in all the usual ways."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from lab import control, process
from lab.sockets import LabError
from ronda.clock import SystemClock
from topology.inventory import InventoryError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="A simulated network: real SNMP agents on this machine's loopback, with fibers to cut.",
)

BAD_INPUT = 2

RunDir = Annotated[
    Path,
    typer.Option("--run-dir", envvar="RONDA_LAB_DIR", help="Where the lab keeps its lab.json."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


class _Addresses(StrEnum):
    INVENTORY = "inventory"
    EPHEMERAL = "ephemeral"


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _send(run_dir: Path, as_json: bool, command: str, **arguments: Any) -> None:
    try:
        answer = control.send(run_dir, command, **arguments)
    except (control.NoLabError, control.RefusedError) as err:
        _say(str(err))
        raise typer.Exit(BAD_INPUT) from None
    typer.echo(json.dumps({"message": answer.message, **answer.data}) if as_json else answer.message)


@app.command()
def run(
    inventory: Annotated[Path, typer.Argument(help="The inventory to play.")],
    run_dir: RunDir = process.DEFAULT_RUN_DIR,
    addresses: Annotated[
        _Addresses,
        typer.Option(help="inventory: each device at its own 127.x.y.z; ephemeral: a free port for each."),
    ] = _Addresses.INVENTORY,
    trap_to: Annotated[
        str | None, typer.Option("--trap-to", metavar="HOST:PORT", help="Send SNMP traps there.")
    ] = None,
    boot_s: Annotated[float, typer.Option("--boot-s", min=0.0, help="Seconds a device takes to boot.")] = 2.0,
) -> None:
    """Play the inventory's devices in the foreground, until Ctrl-C."""
    try:
        target = None if trap_to is None else process.parse_trap_target(trap_to)
        asyncio.run(
            process.run(
                inventory,
                run_dir,
                clock=SystemClock(),
                say=_say,
                addresses=addresses.value,
                trap_to=target,
                boot_s=boot_s,
            )
        )
    except InventoryError as err:
        for problem in err.problems:
            _say(str(problem))
        raise typer.Exit(BAD_INPUT) from None
    except (LabError, ValueError) as err:
        _say(str(err))
        raise typer.Exit(BAD_INPUT) from None


@app.command()
def status(run_dir: RunDir = process.DEFAULT_RUN_DIR, as_json: AsJson = False) -> None:
    """What is broken now, and which devices are silent because of it."""
    _send(run_dir, as_json, "status")


@app.command()
def cut(
    link: Annotated[str, typer.Argument(help="Link id.")],
    run_dir: RunDir = process.DEFAULT_RUN_DIR,
    as_json: AsJson = False,
) -> None:
    """Cut a link: both ends go down, and what has no other way goes silent."""
    _send(run_dir, as_json, "cut", link=link)


@app.command("cut-duct")
def cut_duct(
    group: Annotated[str, typer.Argument(help="Risk group id.")],
    run_dir: RunDir = process.DEFAULT_RUN_DIR,
    as_json: AsJson = False,
) -> None:
    """Cut every link of a duct, pole route or other risk group at once."""
    _send(run_dir, as_json, "cut-duct", group=group)


@app.command()
def restore(
    target: Annotated[str, typer.Argument(help="Link or risk group id.")],
    run_dir: RunDir = process.DEFAULT_RUN_DIR,
    as_json: AsJson = False,
) -> None:
    """Mend a link, or all links of a risk group: no cut, no flapping, no loss, full light."""
    _send(run_dir, as_json, "restore", target=target)


@app.command("restore-all")
def restore_all(run_dir: RunDir = process.DEFAULT_RUN_DIR, as_json: AsJson = False) -> None:
    """Undo everything that was broken."""
    _send(run_dir, as_json, "restore-all")


@app.command("power-off")
def power_off(
    target: Annotated[str, typer.Argument(help="Device, power feed or site id.")],
    run_dir: RunDir = process.DEFAULT_RUN_DIR,
    as_json: AsJson = False,
) -> None:
    """Take the power of a device, or of all devices of a power feed."""
    _send(run_dir, as_json, "power-off", target=target)


@app.command("power-on")
def power_on(
    target: Annotated[str, typer.Argument(help="Device, power feed or site id.")],
    run_dir: RunDir = process.DEFAULT_RUN_DIR,
    as_json: AsJson = False,
) -> None:
    """Give the power back; the devices boot first."""
    _send(run_dir, as_json, "power-on", target=target)


@app.command()
def dim(
    link: Annotated[str, typer.Argument(help="Id of a fiber link.")],
    db: Annotated[float, typer.Argument(metavar="DB", help="Decibels to lose; 0 is as built.")],
    run_dir: RunDir = process.DEFAULT_RUN_DIR,
    as_json: AsJson = False,
) -> None:
    """Lower the light of a fiber at both ends."""
    _send(run_dir, as_json, "dim", link=link, db=db)


@app.command()
def loss(
    link: Annotated[str, typer.Argument(help="Link id.")],
    percent: Annotated[float, typer.Argument(metavar="PERCENT", help="Of the packets each way; 0 is none.")],
    run_dir: RunDir = process.DEFAULT_RUN_DIR,
    as_json: AsJson = False,
) -> None:
    """Let a link lose packets."""
    _send(run_dir, as_json, "loss", link=link, percent=percent)


@app.command()
def flap(
    link: Annotated[str, typer.Argument(help="Link id.")],
    times: Annotated[int, typer.Option(min=1, help="How often it goes down.")] = 5,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds from one cut to the next.")] = 6.0,
    run_dir: RunDir = process.DEFAULT_RUN_DIR,
    as_json: AsJson = False,
) -> None:
    """Cut a link again and again, each time for half of the interval."""
    _send(run_dir, as_json, "flap", link=link, times=times, every_s=every)


@app.command("stop-snmp")
def stop_snmp(
    device: Annotated[str, typer.Argument(help="Device id.")],
    run_dir: RunDir = process.DEFAULT_RUN_DIR,
    as_json: AsJson = False,
) -> None:
    """Stop a device's SNMP daemon; it still answers ICMP and forwards."""
    _send(run_dir, as_json, "stop-snmp", device=device)


@app.command("start-snmp")
def start_snmp(
    device: Annotated[str, typer.Argument(help="Device id.")],
    run_dir: RunDir = process.DEFAULT_RUN_DIR,
    as_json: AsJson = False,
) -> None:
    """Start it again."""
    _send(run_dir, as_json, "start-snmp", device=device)


@app.command("stop-app")
def stop_app(
    application: Annotated[str, typer.Argument(help="Application id.")],
    run_dir: RunDir = process.DEFAULT_RUN_DIR,
    as_json: AsJson = False,
) -> None:
    """Let an application fail: it answers 503."""
    _send(run_dir, as_json, "stop-app", application=application)


@app.command("start-app")
def start_app(
    application: Annotated[str, typer.Argument(help="Application id.")],
    run_dir: RunDir = process.DEFAULT_RUN_DIR,
    as_json: AsJson = False,
) -> None:
    """Let it work again."""
    _send(run_dir, as_json, "start-app", application=application)


@app.command()
def reboot(
    device: Annotated[str, typer.Argument(help="Device id.")],
    run_dir: RunDir = process.DEFAULT_RUN_DIR,
    as_json: AsJson = False,
) -> None:
    """Restart a device: its counters begin at zero, its SNMP engine has booted once more."""
    _send(run_dir, as_json, "reboot", device=device)


@app.command()
def renumber(
    device: Annotated[str, typer.Argument(help="Device id.")],
    run_dir: RunDir = process.DEFAULT_RUN_DIR,
    as_json: AsJson = False,
) -> None:
    """Restart a device that then numbers its interfaces (ifIndex) differently."""
    _send(run_dir, as_json, "renumber", device=device)


@app.command(
    "real",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)
def real(context: typer.Context) -> None:
    """The lab with real software in network namespaces (docs/lab-namespaces.md): `ronda lab real --help`."""
    os.execv(sys.executable, [sys.executable, "-m", "lab.namespaces", *context.args])  # noqa: S606  # no shell


if __name__ == "__main__":
    sys.exit(app())
