"""The lab as a process of its own: run until told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from ruamel.yaml import YAML

from lab.control import HOST, ControlServer, NoLabError, RunFile, read_run_file
from lab.lab import Addresses, Lab
from lab.sockets import LabError
from topology.clock import Clock
from topology.inventory import load_inventory
from topology.model import Inventory

DEFAULT_RUN_DIR = Path("var/demo")
KNOWN_HOSTS = "known_hosts"
"""In the run directory: the host keys that the lab's devices made for this run."""


def parse_trap_target(text: str) -> tuple[str, int]:
    """`host:port`. Raises ValueError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise ValueError(f"{text} is not HOST:PORT")
    return host.strip("[]"), int(port)


def write_derived(source: Path, inventory: Inventory, target: Path) -> None:
    """Copy the inventory file with the addresses and URLs that `inventory` has; comments stay."""
    yaml = YAML()
    document = yaml.load(source.read_text("utf-8"))
    declared = {str(entry["id"]) for entry in document.get("credentials") or ()}
    for credential in inventory.credentials.values():
        if credential.id not in declared:  # one a device, for its own SSH port
            plain: dict[str, str | int | None] = {"id": str(credential.id), "kind": str(credential.kind)}
            plain |= {"user": credential.user, "port": credential.port}
            plain |= {"password_env": credential.password_env, "password_file": credential.password_file}
            document["credentials"].append({k: v for k, v in plain.items() if v is not None})
    for entry in document["devices"]:
        device = inventory.devices[entry["id"]]
        if device.ssh is not None and device.ssh not in declared:
            entry["ssh"] = str(device.ssh)
        if device.address is not None:
            entry["address"] = str(device.address)
    for entry in document.get("applications") or ():
        entry["url"] = inventory.applications[entry["id"]].url
    with target.open("w", encoding="utf-8") as out:
        yaml.dump(document, out)


def _absolute(path: Path) -> str:
    return str(path.resolve())


async def run(
    path: Path,
    run_dir: Path,
    *,
    clock: Clock,
    say: Callable[[str], None],
    addresses: Addresses = "inventory",
    trap_to: tuple[str, int] | None = None,
    environment: Mapping[str, str] | None = None,
    boot_s: float = 2.0,
    stop: asyncio.Event | None = None,
) -> None:
    """Play the inventory at `path` until SIGTERM, SIGINT or `stop`.

    Raises InventoryError for a bad inventory, LabError when a lab runs there already or a socket is taken.
    """
    with suppress(NoLabError):
        running = read_run_file(run_dir)
        raise LabError(f"a lab already runs in {run_dir} (process {running.pid})")
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    run_dir.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240  # once, before anything is served
    lab = Lab(
        load_inventory(path),
        clock=clock,
        addresses=addresses,
        trap_to=trap_to,
        environment=environment,
        boot_s=boot_s,
    )
    control = ControlServer(lab.command)
    run_file: Path | None = None
    try:
        await lab.start()
        served = path
        if lab.addresses != "inventory":
            served = run_dir / "inventory.yaml"
            write_derived(path, lab.inventory, served)
        lab.cli.write_known_hosts(run_dir / KNOWN_HOSTS)
        port = await control.start()
        run_file = RunFile(os.getpid(), HOST, port, control.token, _absolute(served)).write(run_dir)
        say(f"The lab plays {len(lab.hosts)} devices; the inventory to monitor is {served}.")
        for name in sorted(lab.environment):
            say(f"{name} is not set: nobody knows the secret these devices were given.")
        for name in lab.missing_files:
            say(f"{name} can't be read: nobody knows the secret these devices were given.")
        await stop.wait()
    finally:
        if run_file is not None:
            run_file.unlink(missing_ok=True)
        await control.stop()
        await lab.stop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
