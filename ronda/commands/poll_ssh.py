"""`ronda poll --ssh`: one device over SSH, with what the command line says or an inventory has."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from collector.as_json import poll_as_json
from collector.profile import AUTO, Profiles
from collector.secrets import SshSecret
from collector.ssh import SshPoller, SshSettings
from ronda.clock import SystemClock
from ronda.commands.shared import inventory_or_exit, settings_or_exit
from ronda.errors import BadInputError
from ronda.ssh_settings import ssh_settings
from topology.model import Address, CredentialId, Device, DeviceId
from topology.observations import PollResult

_CREDENTIAL = CredentialId("command line")
_DEADLINE_S = 120.0


@dataclass(frozen=True)
class SshWay:
    """The command line's SSH options."""

    user: str | None
    key: Path | None
    password_env: str | None
    agent: bool
    port: int | None
    known_hosts: Path | None


def poll_over_ssh(
    target: str, way: SshWay, profile: str, inventory: Path | None, profiles: Profiles, deadline_s: float
) -> tuple[dict[str, Any], bool]:
    """The document, and whether there was no error. Raises BadInputError."""
    settings = settings_or_exit(None)
    tuning = settings.ssh
    if way.known_hosts is not None:
        tuning = tuning.model_copy(update={"known_hosts": way.known_hosts})
    own = replace(ssh_settings(tuning, settings.data_dir), deadline_s=min(deadline_s, _DEADLINE_S))
    if inventory is not None:
        device, poller = _from_inventory(target, way, profile, inventory, profiles, own)
    else:
        device, poller = _from_options(target, way, profile, profiles, own)
    result = asyncio.run(_run(poller, device))
    return poll_as_json(result), not result.errors


def _from_options(
    target: str, way: SshWay, profile: str, profiles: Profiles, settings: SshSettings
) -> tuple[Device, SshPoller]:
    if way.user is None:
        raise BadInputError("--ssh needs --ssh-user (or --inventory, and a device id as TARGET)")
    password = None
    if way.password_env is not None:
        password = os.environ.get(way.password_env)
        if not password:
            raise BadInputError(f"--ssh-password-env: the environment variable {way.password_env} is not set")
    if password is None and way.key is None and not way.agent:
        raise BadInputError("--ssh needs --ssh-key, --ssh-password-env or --ssh-agent")
    host, port = split_target(target)
    secret = SshSecret(
        _CREDENTIAL,
        way.user,
        password,
        None if way.key is None else str(way.key.expanduser()),
        way.port or port or 22,
        way.agent,
    )
    device = Device(DeviceId(target), None, Address(host), profile=profile, ssh=_CREDENTIAL)
    poller = SshPoller({}, profiles, SystemClock(), settings=settings, secrets={_CREDENTIAL: secret})
    return device, poller


def _from_inventory(
    target: str, way: SshWay, profile: str, path: Path, profiles: Profiles, settings: SshSettings
) -> tuple[Device, SshPoller]:
    if way.user is not None or way.key is not None or way.password_env is not None or way.port is not None:
        raise BadInputError(
            "--inventory brings user, key, password and port with it: leave the --ssh-... out"
        )
    known = inventory_or_exit(path)
    device = known.devices.get(DeviceId(target))
    if device is None:
        raise BadInputError(f"{path} has no device {target!r}")
    if device.ssh is None:
        raise BadInputError(f"device {target} has no ssh credential in {path}")
    if profile != AUTO:
        device = replace(device, profile=profile)
    return device, SshPoller(known.credentials, profiles, SystemClock(), settings=settings)


def split_target(target: str) -> tuple[str, int | None]:
    """host, host:port, v6, [v6], [v6]:port. Raises BadInputError."""
    host, port_text = target, ""
    if target.startswith("["):
        host, bracket, rest = target[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise BadInputError(f"{target!r} is no address")
        port_text = rest[1:]
    elif target.count(":") == 1:
        host, _, port_text = target.partition(":")
    if not host:
        raise BadInputError(f"{target!r} names no host")
    if not port_text:
        return host, None
    if not port_text.isdigit() or not 0 < int(port_text) < 65536:
        raise BadInputError(f"{target!r}: {port_text!r} is no port")
    return host, int(port_text)


async def _run(poller: SshPoller, device: Device) -> PollResult:
    await poller.start()
    try:
        return await poller.poll(device)
    finally:
        await poller.stop()
