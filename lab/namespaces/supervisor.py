"""The lab's first process: builds the lab, answers commands, ends with it."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from lab.namespaces.control import ControlServer
from lab.namespaces.network import Lab
from lab.namespaces.plan import Plan, make_plan, replaced_ports, replaced_urls
from lab.namespaces.shell import run
from lab.namespaces.world import Options
from lab.process import write_derived
from lab.sockets import LabError
from topology.inventory import load_inventory
from topology.model import Inventory

READY, FAILED = "ready.json", "failed"
COMMANDS = (
    *("cut", "restore", "restore_all", "loss", "latency", "flap", "power_off", "power_on", "ups", "rename"),
    *("stop_snmp", "start_snmp", "stop_ssh", "start_ssh", "rogue", "inside"),
    *("status", "truth", "wait_converged"),
)


def supervise(inventory_path: Path, run_dir: Path, environment: Mapping[str, str], options: Options) -> int:
    """Until SIGTERM or the `down` command. What went wrong at the start is left in the file `failed`."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    for name in (READY, FAILED):
        (run_dir / name).unlink(missing_ok=True)
    started_s = time.monotonic()
    lab: Lab | None = None
    try:
        os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
        run(["mount", "-t", "tmpfs", "-o", "mode=755,size=16m", "tmpfs", "/run"])
        inventory = load_inventory(inventory_path)
        plan = make_plan(inventory)
        lab = Lab(plan, run_dir, environment, options)
        lab.start()
        lab.wait_converged()
    except Exception as err:  # noqa: BLE001  # told to whoever waits for the lab, in any case
        (run_dir / FAILED).write_text(str(err))
        print(err, file=sys.stderr)  # noqa: T201  # an entry point
        if lab is not None:
            lab.stop()
        return 2
    derived = write_inventory(inventory_path, inventory, plan, run_dir)
    server = ControlServer(run_dir, lambda name, arguments: _command(lab, stopping, name, arguments))
    server.start()
    _write_ready(run_dir, lab, derived, time.monotonic() - started_s)
    stopping.wait()
    (run_dir / READY).unlink(missing_ok=True)
    lab.stop()
    server.stop()
    return 0


def _command(lab: Lab, stopping: threading.Event, name: str, arguments: dict[str, Any]) -> Any:
    if name == "down":
        stopping.set()
        return {}
    if name not in COMMANDS:
        raise LabError(f"no command {name}; there are {', '.join(COMMANDS)}")
    return getattr(lab, name)(**arguments)


def write_inventory(source: Path, before: Inventory, plan: Plan, run_dir: Path) -> Path:
    """What is to be monitored: the inventory as it is, or a copy with what the lab had to replace."""
    target = run_dir / "inventory.yaml"
    ports, urls = replaced_ports(before, plan.inventory), replaced_urls(before, plan.inventory)
    same = all(d.address == before.devices[d.id].address for d in plan.inventory.devices.values())
    if same and not ports and not urls:
        target.write_bytes(source.read_bytes())
        return target
    write_derived(source, plan.inventory, target)
    if ports:
        yaml = YAML()
        document = yaml.load(target.read_text("utf-8"))
        for entry in document["links"]:
            for side in ("a", "b"):
                if (entry["id"], side) in ports:
                    entry[side]["port"] = ports[(entry["id"], side)]
        with target.open("w", encoding="utf-8") as out:
            yaml.dump(document, out)
    return target


def _write_ready(run_dir: Path, lab: Lab, inventory: Path, took_s: float) -> None:
    secrets = run_dir / "environment.json"
    secrets.touch(mode=0o600)
    secrets.write_text(json.dumps(lab.world.keyring.made_up))
    ready = {
        "inventory": str(inventory),
        "machines": len(lab.plan.machines),
        "links": len(lab.plan.inventory.links),
        "took_s": round(took_s, 1),
        "notes": [*lab.world.notes, *(f"{f} can't be read" for f in lab.world.keyring.missing_files)],
    }
    waiting = run_dir / f"{READY}.new"
    waiting.write_text(json.dumps(ready))
    waiting.rename(run_dir / READY)
