"""`ronda discover --scan`: the SNMP speakers of a range."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import asdict
from ipaddress import ip_address

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from collector.profile import load_profiles
from collector.scan import Network, Speaker, network_of, scan, size_of
from collector.secrets import CommunitySecret, SecretError, SnmpSecret, SshSecret, resolve
from ronda.clock import SystemClock
from ronda.commands.shared import FINE, TROUBLE, inventory_or_exit, print_json, stop_on_bad_input
from ronda.errors import BadInputError
from ronda.settings import Settings
from topology.model import CredentialId


def scan_and_print(
    text: str,
    settings: Settings,
    community_env: str | None,
    credential: str | None,
    port: int,
    *,
    force: bool,
    as_json: bool,
) -> int:
    """The exit code: 0 found some, 1 found nobody. Bad input ends the command."""
    with stop_on_bad_input():
        try:
            network = network_of(text)
        except ValueError as error:
            raise BadInputError(
                f"--scan {text!r}: {error}. For example 10.64.0.0/24 or fd00::/120"
            ) from error
        tuning = settings.discovery
        if size_of(network) > tuning.scan_most and not force:
            minutes = size_of(network) * 2 / tuning.scan_packets_per_s / 60
            raise BadInputError(
                f"--scan {network}: {size_of(network):,} addresses would take about {minutes:,.0f} minutes; "
                f"more than {tuning.scan_most:,} (discovery.scan_most) takes --force"
            )
        secrets = _secrets(settings, community_env, credential)
        try:
            speakers = asyncio.run(_run(network, secrets, settings, port, as_json=as_json))
        except KeyboardInterrupt:
            raise BadInputError("stopped") from None
    if as_json:
        print_json({"network": str(network), "speakers": [asdict(s) for s in speakers]})
    else:
        _print(speakers, network)
    return FINE if speakers else TROUBLE


def _secrets(settings: Settings, community_env: str | None, credential: str | None) -> list[SnmpSecret]:
    if community_env is not None:
        community = os.environ.get(community_env)
        if not community:
            raise BadInputError(f"--community-env: the environment variable {community_env} is not set")
        return [CommunitySecret(CredentialId("command line"), "2c", community)]
    known = inventory_or_exit(settings.inventory)
    wanted = known.credentials
    if credential is not None:
        if CredentialId(credential) not in known.credentials:
            names = ", ".join(known.credentials) or "none"
            raise BadInputError(f"--credential {credential!r}: the inventory has {names}")
        wanted = {CredentialId(credential): known.credentials[CredentialId(credential)]}
    found: list[SnmpSecret] = []
    for declared in wanted.values():
        try:
            secret = resolve(declared, os.environ)
        except SecretError as error:
            if credential is not None:
                raise BadInputError(error.error.message) from error
            continue
        if not isinstance(secret, SshSecret):
            found.append(secret)
    if not found:
        raise BadInputError("no SNMP credential with a secret at hand: --community-env, or --credential ID")
    return found


async def _run(
    network: Network, secrets: list[SnmpSecret], settings: Settings, port: int, *, as_json: bool
) -> list[Speaker]:
    console = Console(stderr=True)
    found: list[Speaker] = []
    with Progress(
        TextColumn("scanning {task.fields[net]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[found]} found"),
        console=console,
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as bar:
        task = bar.add_task("scan", total=size_of(network), net=str(network), found=0)
        async for speaker in scan(
            network,
            secrets,
            load_profiles(),
            SystemClock(),
            port=port,
            packets_per_s=settings.discovery.scan_packets_per_s,
            timeout_s=settings.poll.timeout_s,
            done=lambda: bar.advance(task),
        ):
            found.append(speaker)
            bar.update(task, found=len(found))
            if not as_json and sys.stderr.isatty():
                bar.console.print(Text(f"{speaker.address}  {speaker.sys_name or '-'}  {speaker.profile}"))
    return sorted(found, key=lambda s: int(ip_address(s.address)))


def _print(speakers: list[Speaker], network: Network) -> None:
    console = Console(highlight=False)
    if not speakers:
        console.print(f"nobody in {network} answered SNMP with these credentials")
        return
    table = Table("Address", "sysName", "Profile", "Credential", title=str(network))
    table.add_column("What it is", no_wrap=True, overflow="ellipsis")
    for s in speakers:
        what = next(iter((s.sys_descr or "").splitlines()), "")
        table.add_row(*map(Text, (s.address, s.sys_name or "-", s.profile, s.credential, what)))
    console.print(table)
