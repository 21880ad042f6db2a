"""`ronda poll`: one device, now, with no inventory needed. For engineers, for tests, for bug reports."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from collector.as_json import poll_as_json
from collector.faults import SnmpFault
from collector.poll import Poller, PollSettings
from collector.profile import Profiles, load_profiles
from collector.secrets import (
    CommunitySecret,
    SecretError,
    SnmpSecret,
    UsmSecret,
    checked_usm,
    normal_protocol,
)
from ronda.clock import SystemClock
from ronda.commands.poll_ssh import SshWay, poll_over_ssh, split_target
from ronda.commands.shared import BAD_INPUT, FINE, TROUBLE, inventory_or_exit, print_json
from ronda.errors import BadInputError
from topology.model import Address, CredentialId, Device, DeviceId
from topology.observations import PollResult, SystemInfo

_CREDENTIAL = CredentialId("command line")
_AUTH_ENV, _PRIV_ENV, _COMMUNITY_ENV = "RONDA_AUTH_KEY", "RONDA_PRIV_KEY", "RONDA_COMMUNITY"


class SnmpVersion(StrEnum):
    V1 = "1"
    V2C = "2c"
    V3 = "3"


def poll(
    target: Annotated[str, typer.Argument(help="host, host:port, [v6]:port; with --inventory a device id")],
    port: Annotated[int | None, typer.Option(help="UDP port; 161 unless TARGET names one")] = None,
    snmp_version: Annotated[
        SnmpVersion | None, typer.Option(help="2c unless --user is given, then 3")
    ] = None,
    community: Annotated[
        str | None,
        typer.Option(help="v1 and v2c; better in the environment", envvar=_COMMUNITY_ENV),
    ] = None,
    user: Annotated[str | None, typer.Option(help="SNMPv3 user")] = None,
    auth: Annotated[str | None, typer.Option(help="MD5, SHA1, SHA224, SHA256, SHA384 or SHA512")] = None,
    auth_key: Annotated[
        str | None, typer.Option(help="pass phrase; better in the environment", envvar=_AUTH_ENV)
    ] = None,
    priv: Annotated[
        str | None, typer.Option(help="DES, AES128, AES192, AES256 (Cisco's way: AES192C, AES256C)")
    ] = None,
    priv_key: Annotated[
        str | None, typer.Option(help="pass phrase; better in the environment", envvar=_PRIV_ENV)
    ] = None,
    context: Annotated[str | None, typer.Option(help="SNMPv3 context name")] = None,
    profile: Annotated[str, typer.Option(help="a profile's name, or auto")] = "auto",
    inventory: Annotated[
        Path | None, typer.Option(help="take address and credentials of device TARGET from here")
    ] = None,
    timeout_s: Annotated[float, typer.Option(min=0.01, max=600, help="for one answer")] = 2.0,
    deadline_s: Annotated[float, typer.Option(min=0.01, max=86400, help="for the whole poll")] = 48.0,
    times: Annotated[int, typer.Option(min=1, help="poll so often; rates need two")] = 1,
    interval_s: Annotated[float, typer.Option(min=0, max=86400, help="between polls")] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
    record: Annotated[
        Path | None, typer.Option(help="also walk the device, and write a scrubbed .snmprec there")
    ] = None,
    keep_serials: Annotated[bool, typer.Option(help="leave serial numbers in the recording")] = False,
    ssh: Annotated[bool, typer.Option("--ssh", help="ask over SSH instead of SNMP")] = False,
    ssh_user: Annotated[str | None, typer.Option(help="SSH user")] = None,
    ssh_key: Annotated[Path | None, typer.Option(help="file of the private key")] = None,
    ssh_password_env: Annotated[
        str | None, typer.Option(help="environment variable with the password, or the key's passphrase")
    ] = None,
    ssh_agent: Annotated[bool, typer.Option("--ssh-agent", help="use the running ssh-agent's keys")] = False,
    ssh_port: Annotated[int | None, typer.Option(min=1, max=65535, help="22 unless TARGET names one")] = None,
    known_hosts: Annotated[
        Path | None, typer.Option(help="file of trusted host keys (see `ronda ssh trust`)")
    ] = None,
) -> None:
    """Poll one device over SNMP (or SSH) and say what it is, how its ports and optics are, and who is beside
    it."""
    try:
        profiles = load_profiles()
        if profile != "auto" and profile not in profiles:
            raise BadInputError(
                f"unknown profile {profile!r}; there are: auto, {', '.join(profiles.names())}"
            )
        if ssh:
            way = SshWay(ssh_user, ssh_key, ssh_password_env, ssh_agent, ssh_port, known_hosts)
            document, fine = poll_over_ssh(target, way, profile, inventory, profiles, deadline_s)
            print_json(document) if as_json else print_text(document)
            raise typer.Exit(FINE if fine else TROUBLE)
        device, poller = _prepared(
            target, port, snmp_version, community, user, auth, auth_key, priv, priv_key, context,
            profile, inventory, timeout_s, profiles,
        )  # fmt: skip
    except (BadInputError, SecretError) as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise typer.Exit(BAD_INPUT) from error
    plan = _Recording(record, keep_serials, profiles) if record is not None else None
    result = asyncio.run(_run(poller, device, deadline_s, times, interval_s, plan))
    document = poll_as_json(result)
    if as_json:
        print_json(document)
    else:
        print_text(document)
    raise typer.Exit(TROUBLE if result.errors else FINE)


@dataclass(frozen=True)
class _Recording:
    path: Path
    keep_serials: bool
    profiles: Profiles


async def _run(
    poller: Poller,
    device: Device,
    deadline_s: float,
    times: int,
    interval_s: float,
    recording: _Recording | None,
) -> PollResult:
    await poller.start()
    try:
        for n in range(times):
            if n:
                await asyncio.sleep(interval_s)
            result = await poller.poll(device, deadline_s=deadline_s)
        if recording is not None:
            await _record(poller, device, result, recording)
    finally:
        await poller.stop()
    return result


async def _record(poller: Poller, device: Device, result: PollResult, recording: _Recording) -> None:
    info = next((seen for seen in result.observations if isinstance(seen, SystemInfo)), None)
    if info is None:
        typer.secho("nothing to record: the device did not answer", err=True, fg=typer.colors.RED)
        return
    avoid = recording.profiles[info.profile].avoid if info.profile is not None else ()
    with recording.path.open("w", encoding="utf-8") as out:
        try:
            rows = await poller.record(
                device, out, info.sys_object_id, avoid=avoid, keep_serials=recording.keep_serials
            )
        except SnmpFault as fault:
            typer.secho(f"{recording.path} is not complete: {fault}", err=True, fg=typer.colors.RED)
            return
    typer.secho(f"{rows} rows in {recording.path}", err=True)


def _prepared(
    target: str,
    port: int | None,
    version: SnmpVersion | None,
    community: str | None,
    user: str | None,
    auth: str | None,
    auth_key: str | None,
    priv: str | None,
    priv_key: str | None,
    context: str | None,
    profile: str,
    inventory: Path | None,
    timeout_s: float,
    profiles: Profiles,
) -> tuple[Device, Poller]:
    settings = PollSettings(timeout_s=timeout_s)
    if inventory is not None:
        return _from_inventory(target, inventory, profile, settings, profiles)
    wants_v3 = version is SnmpVersion.V3 or (version is None and user is not None)
    secret: SnmpSecret
    if wants_v3:
        secret = checked_usm(
            UsmSecret(
                _CREDENTIAL,
                user or "",
                normal_protocol(auth),
                auth_key,
                normal_protocol(priv),
                priv_key,
                context,
            )
        )
    else:
        number: Literal["1", "2c"] = "1" if version is SnmpVersion.V1 else "2c"
        secret = CommunitySecret(_CREDENTIAL, number, "public" if community is None else community)
    host, named_port = split_target(target)
    device = Device(
        id=DeviceId(target),
        office=None,
        address=Address(host, port or named_port),
        profile=profile,
        snmp=(_CREDENTIAL,),
    )
    return device, Poller({}, profiles, SystemClock(), settings=settings, secrets={_CREDENTIAL: secret})


def _from_inventory(
    target: str, path: Path, profile: str, settings: PollSettings, profiles: Profiles
) -> tuple[Device, Poller]:
    inventory = inventory_or_exit(path)
    device = inventory.devices.get(DeviceId(target))
    if device is None:
        raise BadInputError(f"{path} has no device {target!r}")
    if device.address is None:
        raise BadInputError(f"device {target} has no address in {path}: it is not monitored")
    if profile != "auto":
        device = replace(device, profile=profile)
    return device, Poller(inventory.credentials, profiles, SystemClock(), settings=settings)


def print_text(document: dict[str, Any]) -> None:
    """For people: what matters, a line each."""
    device = document["device"]
    head = (device["sys_name"], device["profile"] or "no answer", device["sys_descr"])
    typer.echo("  ".join(text for text in head if text))
    for port in document["ports"]:
        octets = f"in {port['in_octets']} out {port['out_octets']}"
        typer.echo(f"  {port['if_name']:<24} {port['admin']}/{port['oper']:<15} {octets}")
    for optic in document["optics"]:
        powers = f"rx {_dbm(optic['rx_dbm'])} tx {_dbm(optic['tx_dbm'])}"
        lane = "" if optic["lane"] is None else f"  lane {optic['lane']}"
        typer.echo(f"  {optic['name']:<24} {optic['light']:<11} {powers}{lane}")
    for neighbor in document["neighbors"]:
        far_end = f"{neighbor['remote_system']} {neighbor['remote_port'] or ''}"
        typer.echo(f"  {neighbor['protocol']:<5} {neighbor['local_if_name'] or '?'} > {far_end}")
    for error in document["errors"]:
        where = " ".join(text for text in (error["what"], error["oid"]) if text)
        typer.secho(f"  {error['fault']}: {error['message']} ({where})", err=True, fg=typer.colors.RED)


def _dbm(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} dBm"
