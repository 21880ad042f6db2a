"""`ronda discover`: who is beside whom, compared with the inventory; or who speaks SNMP in a range."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from collector.poll import Poller
from collector.profile import load_profiles
from collector.ssh import SshPoller
from ronda.build import poll_settings
from ronda.clock import SystemClock
from ronda.commands.discover_scan import scan_and_print
from ronda.commands.shared import (
    FINE,
    TROUBLE,
    inventory_or_exit,
    print_json,
    settings_or_exit,
    stop_on_bad_input,
)
from ronda.discovery_crawl import Additions, Crawled, CrawlSettings, additions, comment, crawl
from ronda.discovery_words import comparison_as_json, finding_line
from ronda.errors import BadInputError
from ronda.settings import Settings
from ronda.ssh_settings import ssh_settings
from topology.discovery_model import PLACEHOLDER_OFFICE, FindingKind
from topology.discovery_yaml import CannotWriteError, add_rows
from topology.model import Device, DeviceId, Inventory, OfficeId
from topology.observations import Means, PollResult, PortStatus

_DEADLINE_S = 40.0
_ADDED = frozenset({FindingKind.NOT_DECLARED, FindingKind.UNKNOWN_NEIGHBOUR})


def discover(
    inventory: Annotated[Path | None, typer.Option("--inventory", "-i", help="The inventory.")] = None,
    seed: Annotated[
        str | None, typer.Option("--from", help="Begin at this device; else all devices are asked.")
    ] = None,
    hops: Annotated[
        int | None, typer.Option(min=0, help="With --from: how far; else as far as it goes.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Add what is not declared to the inventory file.")
    ] = False,
    office: Annotated[
        str | None, typer.Option(help="With --write: office of the devices that were found.")
    ] = None,
    any_address: Annotated[
        bool, typer.Option("--any-address", help="Ask unknown neighbours at public addresses, too.")
    ] = False,
    show_all: Annotated[
        bool, typer.Option("--all", help="Also list the links that could be neither seen nor missed.")
    ] = False,
    scan: Annotated[
        str | None,
        typer.Option(metavar="NETWORK", help="Find SNMP speakers, e.g. 10.64.0.0/24 or fd00::/120."),
    ] = None,
    community_env: Annotated[
        str | None, typer.Option(help="With --scan: environment variable with the community.")
    ] = None,
    credential: Annotated[
        str | None, typer.Option(help="With --scan: an SNMP credential of the inventory.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="With --scan: UDP port.")] = 161,
    force: Annotated[
        bool, typer.Option("--force", help="With --scan: however large the network is.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
    settings: Annotated[Path | None, typer.Option("--settings", "-s", help="Settings file.")] = None,
) -> None:
    """Ask devices for their neighbours (LLDP, CDP, OSPF) and compare with the inventory.

    Asks the devices itself, over SNMP, or SSH where there is no SNMP; unknown neighbours at private addresses
    are asked with the inventory's SNMP credentials. --write adds what is missing behind the file's own lines;
    the file as it was stays beside it (.bak). Run it twice: the second time nothing is to add.

    Exit code: 0 all as declared (or now written), 1 something differs, 2 bad input.
    """
    chosen = settings_or_exit(settings, inventory=inventory)
    if scan is not None:
        raise typer.Exit(
            scan_and_print(scan, chosen, community_env, credential, port, force=force, as_json=as_json)
        )
    path = chosen.inventory
    known = inventory_or_exit(path)
    with stop_on_bad_input():
        seeds = _seeds(known, seed)
        if office is not None and OfficeId(office) not in known.offices:
            raise BadInputError(f"--office {office!r}: {path} has no such office")
        crawled = asyncio.run(
            _crawl(known, seeds, chosen, CrawlSettings(hops if seed else None, any_address))
        )
        if not crawled.answered:
            why = crawled.silent.get(seeds[0], "no answer")
            who = seed or f"none of {len(seeds)} devices answered, {seeds[0]} for one"
            raise BadInputError(f"{who}: {why}")
        raw = path.read_bytes().decode("utf-8")
        offices = {d: OfficeId(office) for d in crawled.found} if office else {}
        if write and not office and not as_json and sys.stdin.isatty():
            offices = _ask_offices(known, crawled)
        new = additions(crawled, known, offices, _default_snmp(raw))
        written: tuple[Path, Path] | None = None
        if write and new:
            written = _write(path, raw, new, seed)
    if as_json:
        print_json(_as_json(crawled, known, new, written))
    else:
        _print(crawled, known, new, written, wanted=write, show_all=show_all)
    assert crawled.comparison is not None
    left = [f for f in crawled.comparison.mismatches if not (written and f.kind in _ADDED)]
    raise typer.Exit(TROUBLE if left else FINE)


def _seeds(known: Inventory, seed: str | None) -> list[DeviceId]:
    def askable(device: Device) -> bool:
        return device.address is not None and bool(device.snmp or device.ssh)

    if seed is not None:
        device = known.devices.get(DeviceId(seed))
        if device is None:
            raise BadInputError(f"--from {seed!r}: no such device in the inventory")
        if not askable(device):
            raise BadInputError(f"--from {seed}: it has no address, or no SNMP or SSH credential")
        return [device.id]
    found = [d.id for d in known.devices.values() if askable(d)]
    if not found:
        raise BadInputError("no device of the inventory has an address and an SNMP or SSH credential")
    return found


async def _crawl(known: Inventory, seeds: list[DeviceId], settings: Settings, how: CrawlSettings) -> Crawled:
    clock, profiles = SystemClock(), load_profiles()
    snmp = Poller(known.credentials, profiles, clock, settings=poll_settings(settings.poll))
    ssh = SshPoller(
        known.credentials, profiles, clock, settings=ssh_settings(settings.ssh, settings.data_dir)
    )

    async def ask(device: Device) -> PollResult:
        result = PollResult(device.id, clock.now(), 0.0, means=Means.SSH)
        if device.snmp:
            result = await snmp.poll(device, deadline_s=_DEADLINE_S)
        if device.ssh and not any(isinstance(o, PortStatus) for o in result.observations):
            result = await ssh.poll(device)
        return result

    await snmp.start()
    await ssh.start()
    try:
        with _progress() as bar:
            task = bar.add_task("asking", total=len(seeds))
            return await crawl(
                known, seeds, ask, clock, how, lambda done, all_: bar.update(task, completed=done, total=all_)
            )
    finally:
        await snmp.stop()
        await ssh.stop()


def _progress() -> Progress:
    """On stderr; nothing where that is no terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def _ask_offices(known: Inventory, crawled: Crawled) -> dict[DeviceId, OfficeId]:
    chosen: dict[DeviceId, OfficeId] = {}
    for id_, stranger in crawled.found.items():
        where = stranger.heard[0][0]
        while True:
            answer = typer.prompt(
                f"Office of {id_} (heard at {where})", default=PLACEHOLDER_OFFICE, err=True
            ).strip()
            if answer == PLACEHOLDER_OFFICE or OfficeId(answer) in known.offices:
                break
            typer.secho(f"the inventory has no office {answer!r}", err=True, fg=typer.colors.RED)
        chosen[id_] = OfficeId(answer)
    return chosen


def _default_snmp(raw: str) -> list[str]:
    from ruamel.yaml import YAML

    defaults = (YAML(typ="safe").load(raw) or {}).get("defaults") or {}
    found = defaults.get("snmp") or []
    return [str(found)] if not isinstance(found, list) else [str(name) for name in found]


def _write(path: Path, raw: str, new: Additions, seed: str | None) -> tuple[Path, Path]:
    """The file and its copy as it was. Raises BadInputError."""
    try:
        text = add_rows(raw, new.rows(), comment=comment(SystemClock().now(), seed), source=str(path))
    except CannotWriteError as error:
        raise BadInputError(str(error)) from error
    target = path.resolve()  # a link to the file stays a link
    copy = target.with_name(target.name + ".bak")
    try:
        if target.read_bytes().decode("utf-8") != raw:
            raise BadInputError(f"{path} was changed meanwhile, so it was left alone: run it again")
        _replace(copy, raw, target)
        _replace(target, text, target)
    except OSError as error:
        raise BadInputError(f"{path}: {error.strerror}") from error
    return path, copy


def _replace(path: Path, text: str, like: Path) -> None:
    """Whole or not at all, with the permissions of `like`."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(text.encode("utf-8"))
            out.flush()
            os.fsync(out.fileno())
        Path(name).chmod(like.stat().st_mode & 0o7777)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _print(
    crawled: Crawled,
    known: Inventory,
    new: Additions,
    written: tuple[Path, Path] | None,
    *,
    wanted: bool,
    show_all: bool,
) -> None:
    out, compared = Console(highlight=False, soft_wrap=True), crawled.comparison
    assert compared is not None
    declared = [i for i in compared.confirmed if i in known.links]
    out.print(
        f"{len(crawled.answered)} of {len(crawled.asked)} devices answered; "
        f"{len(declared)} of {len(known.links)} declared links confirmed"
    )
    for finding in compared.findings:
        sign, style, words = finding_line(finding)
        out.print(Text.assemble((f"{sign} ", style), words))
    for id_, stranger in crawled.found.items():
        if id_ not in crawled.answered:
            why = crawled.silent.get(id_, "it tells no address")
            out.print(Text.assemble(("? ", "cyan"), f"{stranger.key}: not asked, or no answer ({why})"))
    silent = {d: why for d, why in crawled.silent.items() if d in known.devices}
    if silent:
        out.print(f"{len(silent)} gave no answer, so nothing is concluded of them:")
        for id_, why in sorted(silent.items()):
            out.print(Text(f"  {id_}: {why}"))
    unproven = {i: why for i, why in compared.unproven.items() if i in known.links}
    if unproven:
        more = ":" if show_all else " (--all lists them)"
        out.print(f"{len(unproven)} links can be neither confirmed nor missed{more}")
        for link, why in sorted(unproven.items() if show_all else ()):
            out.print(Text(f"  {link}: {why}"))
    _print_additions(out, new, written, wanted=wanted)


def _print_additions(
    out: Console, new: Additions, written: tuple[Path, Path] | None, *, wanted: bool
) -> None:
    for why in new.skipped:
        out.print(Text(f"not added: {why}"))
    counts = f"{len(new.devices)} devices, {len(new.links)} links"
    if written is not None:
        out.print(Text(f"written to {written[0]}: {counts}. As it was: {written[1]}"))
        if new.offices or any(d["office"] == PLACEHOLDER_OFFICE for d in new.devices):
            out.print(f"Where they stand is not known: give each device in {PLACEHOLDER_OFFICE} its office.")
    elif new:
        out.print(f"to add: {counts}; --write adds them")
    elif wanted:
        out.print("nothing to add")


def _as_json(
    crawled: Crawled, known: Inventory, new: Additions, written: tuple[Path, Path] | None
) -> Mapping[str, Any]:
    assert crawled.comparison is not None
    unproven = {i: w for i, w in crawled.comparison.unproven.items() if i in known.links}
    confirmed = tuple(i for i in crawled.comparison.confirmed if i in known.links)
    shown = replace(crawled.comparison, confirmed=confirmed, unproven=unproven)
    return {
        **comparison_as_json(shown),
        "asked": sorted(crawled.asked),
        "silent": [{"device": d, "why": why} for d, why in sorted(crawled.silent.items())],
        "additions": {**{k: list(v) for k, v in new.rows().items()}, "skipped": list(new.skipped)},
        "written": written is not None,
    }
