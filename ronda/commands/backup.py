"""`ronda backup`: read configurations now, list what is kept, show it, and what changed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from alerts.maintenance import Window
from collector.profile import load_profiles
from collector.ssh import SshPoller
from ronda.backup_settings import directory_of
from ronda.clock import SystemClock
from ronda.commands.shared import (
    FINE,
    TROUBLE,
    inventory_or_exit,
    print_json,
    settings_or_exit,
    stop_on_bad_input,
)
from ronda.config_backup import backed_up, planned_between
from ronda.config_fetch import Fetched, fetch
from ronda.errors import BadInputError
from ronda.settings import Settings
from ronda.ssh_settings import ssh_settings
from storage.configs import ConfigChange, ConfigStore, ConfigStoreError
from storage.records import Records, RecordsError
from storage.records.configurations import BackupState, note, states
from topology.model import Device, DeviceId, Inventory


def backup(
    devices: Annotated[
        list[str] | None, typer.Argument(help="Device ids; left out: all with an SSH credential.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="What is kept; how the last try went.")] = False,
    show: Annotated[str | None, typer.Option(metavar="DEVICE", help="Print its configuration.")] = None,
    diff: Annotated[str | None, typer.Option(metavar="DEVICE", help="Print its last change.")] = None,
    log: Annotated[str | None, typer.Option(metavar="DEVICE", help="Print when it changed.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="With --diff: an older commit.")] = None,
    to: Annotated[str | None, typer.Option(help="With --diff or --show: this commit.")] = None,
    inventory: Annotated[Path | None, typer.Option("--inventory", "-i", help="The inventory.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Whose copies (the demo's: var/demo/data).")] = None,
    known_hosts: Annotated[Path | None, typer.Option("--known-hosts", help="Trusted host keys.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
    settings: Annotated[Path | None, typer.Option("--settings", "-s", help="Settings file.")] = None,
) -> None:
    """Read the running configuration of devices over SSH and keep it in git, without its secrets.

    A running server does this daily and after a change; this is for now, and for looking. What is empty or
    cut off never takes the place of a good copy.

    Exit code: 0 fine, 1 a device's could not be read, 2 bad input.
    """
    chosen = settings_or_exit(settings, inventory=inventory, data_dir=data_dir)
    known = inventory_or_exit(chosen.inventory)
    if sum(map(bool, (list_, show, diff, log))) > 1 or (devices and (list_ or show or diff or log)):
        with stop_on_bad_input():
            raise BadInputError("one of DEVICE..., --list, --show, --diff and --log at a time")
    with stop_on_bad_input():
        try:
            store = ConfigStore(directory_of(chosen.backup, chosen.data_dir))
            store.start()
            if show is not None:
                device = _known(known, show)
                _text(store.text(device, _commit(store, device, to)), show)
            elif diff is not None:
                device = _known(known, diff)
                ends = (_commit(store, device, c) for c in (from_, to))
                _text(store.diff(device, *ends), diff)
            elif log is not None:
                _log(store.changes(_known(known, log)), known, as_json=as_json)
            elif list_:
                with _records(chosen) as records:
                    _list(store.devices(), records.read(states), known, as_json=as_json)
            else:
                raise typer.Exit(_read(chosen, known, store, devices or [], known_hosts, as_json=as_json))
        except (ConfigStoreError, RecordsError) as error:
            raise BadInputError(str(error)) from error


def _known(known: Inventory, name: str) -> DeviceId:
    if DeviceId(name) not in known.devices:
        raise BadInputError(f"the inventory has no device {name!r}")
    return DeviceId(name)


def _commit(store: ConfigStore, device: DeviceId, text: str | None) -> str | None:
    """A commit by its first characters, as --log prints them. Raises BadInputError."""
    if text is None:
        return None
    found = [c.commit for c in store.changes(device, limit=100_000) if c.commit.startswith(text.lower())]
    if len(found) != 1 or len(text) < 4:
        many = "several changes" if found else "no change"
        raise BadInputError(f"{device}: {many} of {text!r}; `ronda backup --log {device}` lists them")
    return found[0]


@contextmanager
def _records(settings: Settings) -> Iterator[Records]:
    """Made where there are none yet. Raises RecordsError, BadInputError."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(f"{settings.data_dir}: {error.strerror}") from error
    records = Records(settings.records_url or f"sqlite:///{settings.data_dir / 'records.sqlite'}")
    records.start()
    try:
        yield records
    finally:
        records.stop()


def _text(text: str | None, device: str) -> None:
    if text is None:
        raise BadInputError(f"{device}: there is no such copy; `ronda backup --list` says what there is")
    sys.stdout.write(text)


def _read(
    settings: Settings,
    known: Inventory,
    store: ConfigStore,
    names: list[str],
    known_hosts: Path | None,
    *,
    as_json: bool,
) -> int:
    wanted = [known.devices[_known(known, name)] for name in names]
    for device in wanted:
        if not backed_up(device):
            raise BadInputError(f"{device.id} has no SSH credential or no address: see docs/ssh.md")
    wanted = wanted or [d for d in known.devices.values() if backed_up(d)]
    if not wanted:
        raise BadInputError("no device has an SSH credential: see docs/ssh.md")
    tuning = settings.ssh
    if known_hosts is not None:
        tuning = tuning.model_copy(update={"known_hosts": known_hosts})
    poller = SshPoller(
        known.credentials, load_profiles(), SystemClock(), settings=ssh_settings(tuning, settings.data_dir)
    )
    with _records(settings) as records:
        windows = records.maintenance_windows(SystemClock().now() - timedelta(days=7))
        got = asyncio.run(_all(poller, store, wanted, known, records, windows, as_json=as_json))
    if as_json:
        print_json({"devices": [_as_json(g) for g in got]})
    return TROUBLE if any(g.failed for g in got) else FINE


async def _all(
    poller: SshPoller,
    store: ConfigStore,
    wanted: list[Device],
    known: Inventory,
    records: Records,
    windows: Sequence[Window],
    *,
    as_json: bool,
) -> list[Fetched]:
    await poller.start()
    clock, before = SystemClock(), records.read(states)

    async def one(device: Device) -> Fetched:
        now, state = clock.now(), before.get(device.id)
        since = now if state is None or state.good_at is None else state.good_at
        planned = planned_between(known, device.id, windows, since, now)
        got = await fetch(device, poller, store, clock, planned=planned)
        records.write(lambda c: note(c, device.id, got.at, got.reason))
        if not as_json:
            _say(got)
        return got

    try:
        return list(await asyncio.gather(*map(one, wanted)))
    finally:
        await poller.stop()


def _say(got: Fetched) -> None:
    name = got.device.id
    if got.reason is not None:
        typer.secho(f"{name}: NOT KEPT: {got.reason}", fg=typer.colors.RED, err=True)
    elif got.change is None:
        typer.echo(f"{name}: as it was")
    elif got.change.first:
        typer.echo(f"{name}: first copy, {got.change.lines_added} lines")
    else:
        c = got.change
        by = f" by {c.who}" if c.who else ""
        typer.echo(f"{name}: changed{by}: +{c.lines_added} -{c.lines_removed} ({c.summary})")


def _as_json(got: Fetched) -> Mapping[str, Any]:
    outcome = "failed" if got.failed else "unchanged" if got.change is None else "changed"
    shown = None if got.change is None else _change_as_json(got.change)
    return {"device": got.device.id, "outcome": outcome, "reason": got.reason, "change": shown}


def _change_as_json(change: ConfigChange) -> Mapping[str, Any]:
    return {
        "at": change.at.isoformat(),
        "commit": change.commit,
        "lines_added": change.lines_added,
        "lines_removed": change.lines_removed,
        "summary": change.summary,
        "who": change.who,
        "planned": change.planned,
        "first": change.first,
    }


def _list(
    kept: Mapping[DeviceId, ConfigChange],
    tried: Mapping[DeviceId, BackupState],
    known: Inventory,
    *,
    as_json: bool,
) -> None:
    names = sorted({d.id for d in known.devices.values() if backed_up(d)} | kept.keys())
    if as_json:
        rows = []
        for name in names:
            state, change = tried.get(name), kept.get(name)
            rows.append(
                {
                    "device": name,
                    "good_at": state and state.good_at and state.good_at.isoformat(),
                    "tried_at": state and state.tried_at.isoformat(),
                    "failures": state.failures if state else 0,
                    "reason": state and state.reason,
                    "changed": change and _change_as_json(change),
                }
            )
        print_json({"devices": rows})
        return
    table = Table("Device", "Last change", "By", "Read", "Trouble")
    for name in names:
        state, change = tried.get(name), kept.get(name)
        table.add_row(
            Text(name),
            Text(f"{_local(change.at, known)} {change.summary}" if change else "no copy yet"),
            Text((change and change.who) or "-"),
            _local(state.good_at, known) if state and state.good_at else "-",
            Text(state.reason or "" if state else "not tried yet", "red"),
        )
    Console().print(table)


def _log(changes: list[ConfigChange], known: Inventory, *, as_json: bool) -> None:
    if as_json:
        print_json({"changes": [_change_as_json(c) for c in changes]})
        return
    for c in changes:
        who = f" by {c.who}" if c.who else ""
        plan = ", planned" if c.planned else ""
        lines = f"+{c.lines_added} -{c.lines_removed}"
        typer.echo(f"{c.commit[:12]}  {_local(c.at, known)}  {lines:>10}  {c.summary}{who}{plan}")
    if not changes:
        typer.echo("no copy yet")


def _local(at: datetime, known: Inventory) -> str:
    return f"{at.astimezone(ZoneInfo(known.network.timezone)):%Y-%m-%d %H:%M}"
