"""`python -m lab.namespaces ...`: the lab with real software, from the command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab.namespaces import client, control, generate, rogue, wrap
from lab.namespaces.files import Tempo
from lab.namespaces.supervisor import supervise
from lab.namespaces.world import Options
from lab.sockets import LabError

DEFAULT_RUN_DIR = Path("var/lab")
BAD_INPUT = 2

Add = Callable[..., argparse.ArgumentParser]


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m lab.namespaces", description="Offices as network namespaces with real software."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, help_: str, *, json_: bool = True) -> argparse.ArgumentParser:
        found = commands.add_parser(name, help=help_, description=help_)
        default = Path(os.environ.get("RONDA_NETLAB_DIR", DEFAULT_RUN_DIR))
        found.add_argument("--run-dir", type=Path, default=default, help="where the lab keeps its files")
        if json_:
            found.add_argument("--json", action="store_true", help="print the answer as JSON")
        return found

    for name, help_ in (
        ("up", "start a lab in the background and wait until it routes"),
        ("run", "start a lab in the foreground, until Ctrl-C"),
        ("supervise", "(the lab's own first process)"),
    ):
        _start_arguments(add(name, help_, json_=False))
    add("down", "end the lab")
    _add_faults(add)
    inside = add("inside", "run a program in a device, with all that it sees", json_=False)
    inside.add_argument("device")
    inside.add_argument("argv", nargs=argparse.REMAINDER, metavar="PROGRAM [ARGUMENT ...]")
    execute = add("exec", "run a program in the network of `monitor` (or of a device)", json_=False)
    execute.add_argument("where")
    execute.add_argument("argv", nargs=argparse.REMAINDER, metavar="PROGRAM [ARGUMENT ...]")
    make = commands.add_parser("inventory", help="print an inventory of N offices")
    make.add_argument("offices", type=int)
    return top


def _start_arguments(found: argparse.ArgumentParser) -> None:
    found.add_argument("inventory", type=Path)
    found.add_argument("--no-traps", action="store_true", help="the agents send none")
    found.add_argument("--no-lldp", action="store_true")
    found.add_argument("--no-ssh", action="store_true")
    found.add_argument("--at-once", type=int, default=4, help="machines that boot at the same time")
    found.add_argument("--trap-watch-s", type=int, default=2, help="how often snmpd looks at its own ports")
    found.add_argument(
        "--no-route-when-cut",
        action="store_true",
        help="without light on its uplink the monitor has no route at all, instead of one into the dark",
    )


def _add_faults(add: Add) -> None:
    for name, help_, what in (
        ("cut", "cut a link, all links of a duct, or `uplink-1`", ["target"]),
        ("restore", "whole again, without loss and delay", ["target"]),
        ("restore-all", "undo everything", []),
        ("power-off", "a device, an office or a power feed dies at once", ["target"]),
        ("power-on", "it boots", ["target"]),
        ("stop-snmp", "kill a device's agent", ["device"]),
        ("start-snmp", "start it again (also ends a rogue)", ["device"]),
        ("stop-ssh", "kill a device's sshd", ["device"]),
        ("start-ssh", "start it again", ["device"]),
        ("rename", "give an interface another name", ["device", "old", "new"]),
        ("status", "what is broken, and who can't be reached because of it", []),
        ("truth", "the same, and who really answers echo requests now", []),
    ):
        found = add(name, help_)
        for argument in what:
            found.add_argument(argument)
    loss = add("loss", "let a link lose frames")
    loss.add_argument("link")
    loss.add_argument("percent", type=float)
    loss.add_argument("--sender", help="only what this device sends")
    latency = add("latency", "more round-trip time on a link")
    latency.add_argument("link")
    latency.add_argument("ms", type=float)
    latency.add_argument("--jitter-ms", type=float, default=0.0)
    flap = add("flap", "cut a link again and again")
    flap.add_argument("link")
    flap.add_argument("--times", type=int, default=10)
    flap.add_argument("--every-s", type=float, default=6.0)
    ups = add("ups", "put a UPS on battery, or back on mains")
    ups.add_argument("device")
    ups.add_argument("source", choices=("battery", "mains"))
    spoil = add("rogue", "a spoiler takes an agent's place")
    spoil.add_argument("device")
    spoil.add_argument("mode", choices=rogue.MODES)


def main() -> int:
    options = vars(parser().parse_args())
    command = options.pop("command")
    try:
        return _do(command, options)
    except (LabError, control.NoLabError, control.RefusedError) as err:
        print(err, file=sys.stderr)  # noqa: T201  # an entry point
        return BAD_INPUT


def _do(command: str, options: dict[str, Any]) -> int:
    if "argv" in options:
        options["argv"] = options["argv"][1:] if options["argv"][:1] == ["--"] else options["argv"]
        if not options["argv"]:
            raise LabError(f"{command}: which program?")
    match command:
        case "inventory":
            sys.stdout.write(generate.inventory(options["offices"]))
        case "supervise":
            tempo = Tempo(trap_watch_s=options["trap_watch_s"])
            return supervise(
                options["inventory"], options["run_dir"], dict(os.environ), _lab_options(options, tempo)
            )
        case "up":
            _up(options)
        case "run":
            return _run(options)
        case "exec":
            for name, value in client.made_up_secrets(options["run_dir"]).items():
                os.environ.setdefault(name, value)
            wrap.enter(options["run_dir"], options["where"])
            _exec(options["argv"])
        case "inside":
            said = control.ask(options["run_dir"], "inside", device=options["device"], argv=options["argv"])
            sys.stdout.write(said["output"])
        case _:
            as_json, run_dir = options.pop("json"), options.pop("run_dir")
            answer = control.ask(run_dir, command.replace("-", "_"), **options)
            if command == "down":
                client.wait_ended(run_dir)
            _tell(answer, as_json)
    return 0


def _lab_options(options: dict[str, Any], tempo: Tempo) -> Options:
    return Options(
        traps=not options["no_traps"],
        lldp=not options["no_lldp"],
        ssh=not options["no_ssh"],
        at_once=options["at_once"],
        no_route_when_cut=options["no_route_when_cut"],
        tempo=tempo,
    )


def _arguments(options: dict[str, Any]) -> list[str]:
    argv = [f"--{n.replace('_', '-')}" for n, value in options.items() if value is True]
    return [*argv, "--at-once", str(options["at_once"]), "--trap-watch-s", str(options["trap_watch_s"])]


def _up(options: dict[str, Any]) -> None:
    lab = client.LabProcess(
        options["inventory"], options["run_dir"], arguments=_arguments(options), die_with_parent=False
    )
    lab.start()
    say = [f"The lab runs {lab.ready['machines']} machines and {lab.ready['links']} links "]
    say.append(f"(up in {lab.ready['took_s']:g} s); the inventory to monitor is {lab.inventory}.")
    say += [f"\n{note}" for note in lab.ready["notes"]]
    if lab.secrets:
        say.append(f"\nSecrets that were made up: {lab.run_dir / 'environment.json'}.")
    print("".join(say), file=sys.stderr)  # noqa: T201  # an entry point


def _run(options: dict[str, Any]) -> int:
    if lacking := wrap.missing():
        raise LabError(f"a lab of namespaces needs {', '.join(lacking)}")
    wrap.check_run_dir(options["run_dir"])
    options["run_dir"].mkdir(parents=True, exist_ok=True)
    argv = client.supervisor_command(options["inventory"], options["run_dir"], _arguments(options))
    os.chdir(client.ROOT)
    _exec(argv)
    return BAD_INPUT


def _exec(argv: list[str]) -> None:
    try:
        os.execvp(argv[0], argv)  # noqa: S606  # the program that the user named takes our place
    except OSError as err:
        raise LabError(f"{argv[0]}: {err.strerror}") from None


def _tell(answer: Any, as_json: bool) -> None:
    if as_json:
        print(json.dumps(answer))  # noqa: T201  # an entry point
        return
    for name, value in (answer or {}).items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        print(f"{name}: {shown or '-'}")  # noqa: T201  # an entry point


if __name__ == "__main__":
    sys.exit(main())
