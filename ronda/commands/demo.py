"""`ronda demo`: a simulated Paser and the whole system on this machine, with nothing to set up."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.panel import Panel

from lab.control import read_run_file
from lab.process import KNOWN_HOSTS
from lab.secrets import demo_environment
from ronda import log
from ronda.app import App, StartError
from ronda.clock import SystemClock
from ronda.commands.shared import BAD_INPUT, inventory_or_exit, settings_or_exit, stop_on_bad_input
from ronda.errors import BadInputError
from ronda.lock import DirectoryError, DirectoryLock
from ronda.secret_words import secret_words
from ronda.settings import ApiSettings, Settings
from ronda.watch_on import watch_on
from topology.graph import NetworkGraph
from topology.model import Inventory
from topology.whatif import single_points_of_failure

LAB_READY_WITHIN_S = 30.0
DEMO_ENV = "demo.env"
"""In the run directory, for a shell: `set -a; . var/demo/demo.env; set +a`."""


def demo(
    inventory: Annotated[Path, typer.Option("--inventory", "-i", help="The network to simulate.")] = Path(
        "inventory.yaml"
    ),
    run_dir: Annotated[Path, typer.Option(help="Where the demo keeps its files.")] = Path("var/demo"),
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port of API and board.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Go on with the last demo's records.")] = False,
) -> None:
    """Start a simulated Paser and watch it: cut a fiber, and see one alert.

    Simulated: the devices, their links and light, and echo (docs/lab.md says how). Real: SNMP v2c and v3 over
    UDP, SSH where SNMP is off, polling, verdicts, incidents, storage, API and board.
    """
    known = inventory_or_exit(inventory)
    with _alone(run_dir):
        data_dir = run_dir / "data"
        if data_dir.exists() and not keep:
            shutil.rmtree(data_dir)
        environ = {**os.environ, **demo_environment(known)}
        os.environ.update(environ)
        settings = settings_or_exit(None, inventory=inventory, data_dir=data_dir, port=port)
        taken: int | None = None
        if port is None and not _free(socket.SOCK_STREAM, settings.api.host, settings.api.port):
            taken = settings.api.port
            settings = settings.model_copy(update={"api": settings.api.model_copy(update={"port": 0})})
        settings = settings.model_copy(
            update={
                "probe": settings.probe.model_copy(update={"wire": "lab"}),
                "ssh": settings.ssh.model_copy(update={"known_hosts": run_dir / KNOWN_HOSTS}),
                "traps": settings.traps.model_copy(update={"host": "127.0.0.1", "port": _free_udp_port()}),
            }
        )
        with (run_dir / "ronda.log").open("w", encoding="utf-8") as stream:
            log.configure("json", settings.log_level, stream)
            log.hide(secret_words(settings, known, environ))
            code = uvloop.run(_run(inventory, run_dir, settings, environ, taken))
    raise typer.Exit(code)


async def _run(
    inventory: Path, run_dir: Path, settings: Settings, environ: dict[str, str], taken: int | None
) -> int:
    """`taken`: the port that was wanted, and that another program has."""
    screen = Console()
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    trap_to = f"{settings.traps.host}:{settings.traps.port}"
    addresses = "inventory" if _addresses_free(inventory) else "ephemeral"
    options = ["--run-dir", str(run_dir), "--trap-to", trap_to, "--addresses", addresses]
    async with _lab(inventory, run_dir, options, environ) as problem:
        if problem is not None:
            screen.print(f"[red]The simulated network did not start:[/red] {problem}")
            return BAD_INPUT
        # The same file, or a copy with other addresses where only 127.0.0.1 can be had.
        known = inventory_or_exit(Path(read_run_file(run_dir).inventory))
        _write_environment(run_dir, Path(read_run_file(run_dir).inventory), settings, known, environ)

        def welcome(app: App) -> None:
            screen.print(_welcome(known, app.url, run_dir))
            if taken is not None:
                screen.print(f"Port {taken} is taken by another program, so a free one was chosen.")
            if addresses == "ephemeral":
                screen.print(
                    "The devices' addresses are taken, too: each has a free port of 127.0.0.1 instead."
                )

        saying = asyncio.create_task(_say_stopping(stopping, screen))
        try:
            with stop_on_bad_input():
                await watch_on(lambda: App(settings, known, SystemClock(), environ), stopping, welcome)
        except StartError as error:
            screen.print(f"[red]{error}[/red]")
            return BAD_INPUT
        finally:
            saying.cancel()
    screen.print("stopped: everything that the demo started has ended.")
    return 0


async def _say_stopping(stopping: asyncio.Event, screen: Console) -> None:
    await stopping.wait()
    screen.print("\nstopping ...")


@contextlib.asynccontextmanager
async def _lab(
    inventory: Path, run_dir: Path, options: list[str], environ: dict[str, str]
) -> AsyncIterator[str | None]:
    """The simulated network as a process of its own; yields why it did not start, or None."""
    ready = run_dir / "lab.json"
    ready.unlink(missing_ok=True)
    with (run_dir / "lab.log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "lab",
            str(inventory),
            *options,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=_end_with_parent,
            start_new_session=True,  # Ctrl-C is for us; we end it in our own order
        )
        try:
            problem: str | None = "it was not ready in time"
            for _ in range(int(LAB_READY_WITHIN_S / 0.05)):
                if ready.exists():
                    problem = None
                    break
                if process.returncode is not None:
                    problem = (run_dir / "lab.log").read_text(errors="replace").strip()[-2000:]
                    break
                await asyncio.sleep(0.05)
            yield problem
        finally:
            if process.returncode is None:
                process.terminate()
                try:
                    await asyncio.wait_for(process.wait(), 3)
                except TimeoutError:
                    process.kill()
                    await process.wait()


def _write_environment(
    run_dir: Path, served: Path, settings: Settings, known: Inventory, environ: dict[str, str]
) -> None:
    """What other commands need to ask the simulated devices: made-up secrets, new ones in every run."""
    given = {name: environ[name] for name in demo_environment(known) if name in environ}
    given |= {
        "RONDA_INVENTORY": str(served.resolve()),
        "RONDA_DATA_DIR": str(settings.data_dir.resolve()),
        "RONDA_SSH__KNOWN_HOSTS": str((run_dir / KNOWN_HOSTS).resolve()),
    }
    path = run_dir / DEMO_ENV
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.writelines(f"{name}={shlex.quote(value)}\n" for name, value in given.items())


def _free(kind: socket.SocketKind, host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind == socket.SOCK_STREAM))
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _addresses_free(inventory: Path) -> bool:
    """False when another demo on this machine has them: then the devices get free ports of 127.0.0.1."""
    devices = inventory_or_exit(inventory).devices.values()
    addresses = [d.address for d in devices if d.address is not None]
    return all(_free(socket.SOCK_DGRAM, a.host, a.port or 161) for a in addresses)


def _free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end_with_parent() -> None:
    """In the child: the kernel ends it when we are gone, even by kill -9 (prctl(2), PR_SET_PDEATHSIG)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


@contextlib.contextmanager
def _alone(run_dir: Path) -> Iterator[None]:
    """One demo a run directory."""
    lock = DirectoryLock(run_dir)
    with stop_on_bad_input():
        try:
            lock.take()
        except DirectoryError as error:
            raise BadInputError(str(error)) from error
    try:
        yield
    finally:
        lock.release()


def _welcome(known: Inventory, url: str, run_dir: Path) -> Panel:
    costly = single_points_of_failure(NetworkGraph(known))
    link = max(costly.links, key=lambda s: len(s.offices)).component.id if costly.links else "LINK"
    inner = [s for s in costly.devices if s.component.id not in known.vantages]
    device = max(inner, key=lambda s: len(s.offices)).component.id if inner else "DEVICE"
    asked = "" if url == f"http://127.0.0.1:{ApiSettings().port}" else f" --url {url}"
    where = "" if str(run_dir) == "var/demo" else f" --run-dir {run_dir}"
    lines = [
        f"[bold]{known.network.name}[/bold]: {len(known.offices)} offices, {len(known.devices)} devices, "
        f"{len(known.links)} links, simulated on this machine",
        "",
        f"board     [link={url}]{url}/[/link]",
        f"API       [link={url}/docs]{url}/docs[/link]",
        "",
        "In another terminal, from this folder:",
        f"  cut a fiber      [cyan].venv/bin/ronda lab cut {link}{where}[/cyan]",
        f"  mend it          [cyan].venv/bin/ronda lab restore {link}{where}[/cyan]",
        f"  power failure    [cyan].venv/bin/ronda lab power-off {device}{where}[/cyan]",
        f"  what is there    [cyan].venv/bin/ronda status{asked}[/cyan]",
        f"  ask the devices  [cyan]set -a; . {run_dir}/{DEMO_ENV}; set +a[/cyan]",
        "                   [cyan].venv/bin/ronda discover[/cyan], [cyan].venv/bin/ronda backup[/cyan]",
        "",
        f"Alerts appear below. Log: {run_dir}/ronda.log. [bold]Ctrl-C[/bold] stops everything.",
    ]
    return Panel("\n".join(lines), title="Ronda", title_align="left", border_style="green", expand=False)
