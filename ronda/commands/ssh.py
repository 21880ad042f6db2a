"""`ronda ssh ...`: trust a device's host key, ask it now, or try what an output would mean."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from collector.as_json import poll_as_json
from collector.cli_parse import Parsed, UnknownCommandError, parse
from collector.cli_text import clean
from collector.known_hosts import HostKey, KnownHosts, KnownHostsError
from collector.profile import Profiles, load_profiles
from collector.profile_schema import Profile
from collector.secrets import SecretError
from collector.ssh import SshPoller
from collector.ssh_faults import SendRefusedError, SshFault
from ronda.clock import SystemClock
from ronda.commands.shared import (
    BAD_INPUT,
    FINE,
    TROUBLE,
    inventory_or_exit,
    print_json,
    settings_or_exit,
    stop_on_bad_input,
)
from ronda.errors import BadInputError
from ronda.ssh_settings import ssh_settings
from topology.model import Device, DeviceId
from topology.observations import PollResult

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Devices over SSH: trust host keys, ask, try outputs."
)

SettingsFile = Annotated[Path | None, typer.Option("--settings", help="Settings file (ronda.yaml).")]
InventoryFile = Annotated[Path | None, typer.Option("--inventory", "-i", help="The inventory.")]
KnownHostsFile = Annotated[
    Path | None, typer.Option("--known-hosts", help="File of trusted host keys, instead of the setting's.")
]


@app.command()
def trust(
    device: Annotated[str, typer.Argument(help="Device id.")],
    inventory: InventoryFile = None,
    fingerprint: Annotated[
        str | None, typer.Option(metavar="SHA256:...", help="Accept exactly this key, without asking.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of another key.")] = False,
    known_hosts: KnownHostsFile = None,
    timeout_s: Annotated[float, typer.Option(min=0.1, max=120, help="for the connection")] = 10.0,
    settings: SettingsFile = None,
) -> None:
    """Show the key that a device has, and trust it once you have compared it.

    On the device's console: `show ip ssh`, `display rsa local-key-pair public`, `ssh-keygen -lf
    /etc/ssh/ssh_host_ed25519_key.pub` or the like. Jump hosts are trusted first, each under its own address.
    """
    _, known, poller = _prepared(inventory, known_hosts, settings)
    with stop_on_bad_input():
        target = _device(known, device)
    try:
        ways = asyncio.run(poller.host_keys(target, timeout_s))
    except (SecretError, SshFault, KnownHostsError) as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise typer.Exit(TROUBLE) from error
    for where, hosts, shown in ways:
        _settle(where, hosts, shown, fingerprint, replace=replace)


def _settle(
    where: tuple[str, int], hosts: KnownHosts, shown: HostKey, wanted: str | None, *, replace: bool
) -> None:
    """One key: known already, accepted, or refused (then the command ends)."""
    host, port = where
    typer.echo(f"{host} port {port} shows {shown.type} {shown.fingerprint}")
    try:
        trusted = hosts.keys_of(host, port)
        if any(key.blob == shown.blob for key in trusted):
            typer.echo("It is trusted already.")
            return
        if trusted and not replace:
            for key in trusted:
                message = f"TRUSTED IS ANOTHER KEY: {key.type} {key.fingerprint}"
                typer.secho(message, err=True, fg=typer.colors.RED)
            typer.secho(
                f"Find out why it changed. If that is in order: --replace (the file is {hosts.path}).",
                err=True,
            )
            raise typer.Exit(TROUBLE)
        if wanted is not None:
            if wanted.strip().rstrip("=") != shown.fingerprint:
                typer.secho(f"NOT TRUSTED: the key is not {wanted}.", err=True, fg=typer.colors.RED)
                raise typer.Exit(TROUBLE)
        elif not sys.stdin.isatty():
            typer.secho(
                f"Not trusted: say --fingerprint {shown.fingerprint} if it is the device's.", err=True
            )
            raise typer.Exit(TROUBLE)
        elif not typer.confirm("Is this what the device itself shows?", default=False, err=True):
            raise typer.Exit(TROUBLE)
        hosts.trust(host, port, shown, replace=replace)
    except KnownHostsError as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise typer.Exit(BAD_INPUT) from error
    typer.echo(f"Trusted from now on ({hosts.path}).")


@app.command()
def ask(
    device: Annotated[str, typer.Argument(help="Device id.")],
    command: Annotated[
        str | None,
        typer.Argument(help="One of its profile's commands; left out: all of them, as a poll does."),
    ] = None,
    inventory: InventoryFile = None,
    known_hosts: KnownHostsFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    settings: SettingsFile = None,
) -> None:
    """Ask a device over SSH now. With a command the output as it came, without one what it means."""
    profiles, known, poller = _prepared(inventory, known_hosts, settings)
    with stop_on_bad_input():
        target = _device(known, device)
    if command is None:
        result = asyncio.run(_poll(poller, target))
        _print(poll_as_json(result), as_json=as_json)
        raise typer.Exit(TROUBLE if result.errors else FINE)
    allowed = sorted(
        {c.command for name in profiles.names() if (ssh := profiles[name].ssh) for c in ssh.commands if c.ask}
    )
    if command not in allowed:
        typer.secho(f"{command!r} is in no profile; there are:\n  " + "\n  ".join(allowed), err=True)
        raise typer.Exit(BAD_INPUT)
    try:
        typer.echo(asyncio.run(_ask(poller, target, command)))
    except (SshFault, SendRefusedError) as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise typer.Exit(TROUBLE) from error


@app.command("parse")
def parse_file(
    file: Annotated[Path, typer.Argument(help="The output, as the device printed it; - reads stdin.")],
    profile: Annotated[str, typer.Option("--profile", "-p", help="The device's profile.")],
    command: Annotated[str, typer.Option("--command", "-c", help="Its name in the profile, or as typed.")],
    cut: Annotated[bool, typer.Option("--cut", help="It was cut off: its last line does not count.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """What an output means: optics, ports, neighbours. No device is needed."""
    with stop_on_bad_input():
        known = _profile(load_profiles(), profile)
        text = _read(file)
        try:
            found = parse(known, command, text, device=DeviceId(profile), at=SystemClock().now(), cut=cut)
        except UnknownCommandError as error:
            raise BadInputError(str(error.args[0])) from error
    _print(_document(found, profile), as_json=as_json)
    raise typer.Exit(TROUBLE if found.errors else FINE)


@app.command()
def commands(
    profile: Annotated[str | None, typer.Argument(help="A profile; left out: all that have SSH.")] = None,
) -> None:
    """Every line that may be sent to a device of a profile. Nothing else is ever sent."""
    with stop_on_bad_input():
        profiles = load_profiles()
        chosen = [_profile(profiles, profile)] if profile else [profiles[n] for n in profiles.names()]
    for one in chosen:
        if one.ssh is None:
            continue
        typer.echo(f"{one.name}  ({one.title}; netmiko {one.ssh.netmiko})")
        for line in one.ssh.prepares:
            typer.echo(f"  to get ready    {line}")
        for known in one.ssh.commands:
            typer.echo(f"  {known.gives if known.ask else 'never sent':<15} {known.command}")
        if one.ssh.config is not None:
            typer.echo(f"  configuration   {one.ssh.config.command}")


# -- what they share -------------------------------------------------------------------------------------


def _prepared(
    inventory: Path | None, known_hosts: Path | None, settings_file: Path | None
) -> tuple[Profiles, dict[DeviceId, Device], SshPoller]:
    settings = settings_or_exit(settings_file, inventory=inventory)
    known = inventory_or_exit(settings.inventory)
    profiles = load_profiles()
    tuning = settings.ssh
    if known_hosts is not None:
        tuning = tuning.model_copy(update={"known_hosts": known_hosts})
    poller = SshPoller(
        known.credentials, profiles, SystemClock(), settings=ssh_settings(tuning, settings.data_dir)
    )
    return profiles, dict(known.devices), poller


def _device(known: dict[DeviceId, Device], name: str) -> Device:
    device = known.get(DeviceId(name))
    if device is None:
        raise BadInputError(f"the inventory has no device {name!r}")
    if device.address is None:
        raise BadInputError(f"device {name} has no address: it is not monitored")
    if device.ssh is None:
        raise BadInputError(
            f"device {name} has no ssh credential: write `ssh: CREDENTIAL` at it or in defaults"
        )
    return device


def _profile(profiles: Profiles, name: str) -> Profile:
    if name not in profiles or profiles[name].ssh is None:
        having = [n for n in profiles.names() if profiles[n].ssh is not None]
        raise BadInputError(f"no profile {name!r} with an ssh part; there are: {', '.join(having)}")
    return profiles[name]


def _read(file: Path) -> str:
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise BadInputError(f"{file}: {error.strerror or error}") from error
    return raw.decode("utf-8", "replace")


async def _poll(poller: SshPoller, device: Device) -> PollResult:
    await poller.start()
    try:
        return await poller.poll(device)
    finally:
        await poller.stop()


async def _ask(poller: SshPoller, device: Device, command: str) -> str:
    await poller.start()
    try:
        (read,) = await poller.ask(device, [command])
        return "\n".join(clean(read.text, command))
    finally:
        await poller.stop()


def _document(found: Parsed, profile: str) -> dict[str, Any]:
    result = PollResult(DeviceId(profile), SystemClock().now(), 0.0, found.observations, found.errors)
    return {**poll_as_json(result), "rows": found.rows}


def _print(document: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(document)
        return
    from ronda.commands.poll import print_text

    print_text(document)
