"""`ronda diagnose`: an offline verdict, from an inventory and a file of observations."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from dateutil import parser as dates
from rich.console import Console
from rich.table import Table

from ronda.commands.shared import FINE, TROUBLE, inventory_or_exit, print_json, stop_on_bad_input
from ronda.errors import BadInputError
from topology.findings import Component, Connectivity, Verdict
from topology.graph import NetworkGraph
from topology.model import DeviceId, PortRef
from topology.observations import (
    AdminStatus,
    Light,
    Means,
    Neighbor,
    Observation,
    OperStatus,
    OpticalReading,
    PortStatus,
    Reachability,
)
from topology.verdict import Judge, VerdictSettings

KINDS = ("reach", "port", "neighbor", "optic")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OFFLINE = VerdictSettings(silent_after_probes=1, settle_s=0.0, together_s=float("inf"))
"""A file has no three probes in a row: one that was not answered counts as all of them. Nor does it tell when
things began, only when they were seen."""
_ADMIN = {"1": AdminStatus.UP, "2": AdminStatus.DOWN, "3": AdminStatus.TESTING}
_OPER = {str(n): status for n, status in enumerate(OperStatus, start=1)}
_OPER |= {"4": OperStatus.UNKNOWN, "5": OperStatus.DORMANT, "6": OperStatus.NOT_PRESENT}
_DARK_DBM = -40.0


def diagnose(
    inventory: Annotated[Path, typer.Option("--inventory", "-i", help="Inventory file (YAML or JSON).")],
    observations: Annotated[
        Path, typer.Option("--observations", "-o", help="JSON list of observations, see docs/verdict.md.")
    ],
    now: Annotated[
        str | None,
        typer.Option(help="Moment of the verdict: seconds or ISO 8601. Default: the newest observation."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Say what broke, where, and which offices it cut off, from observations in a file.

    One unanswered reach counts as silence; devices that are not mentioned are unknown, never down. Exit 0:
    nothing is wrong; 1: a cause was found; 2: the input can't be used.
    """
    known = inventory_or_exit(inventory)
    with stop_on_bad_input():
        items = read_items(observations)
        moment = _moment(items, now)
        seen = [observation_of(item, n, moment) for n, item in enumerate(items, start=1)]
    judge = Judge(NetworkGraph(known), OFFLINE)
    for observation in seen:
        judge.observe(observation)
    verdict = judge.verdict(moment)
    if unknown := sum(judge.counters[c] for c in ("unknown_device", "unknown_port")):
        typer.echo(f"{unknown} observations are about no declared device or port: ignored", err=True)
    if as_json:
        print_json(as_contract(verdict))
    else:
        show(verdict)
    raise typer.Exit(TROUBLE if verdict.causes or verdict.blind else FINE)


def as_contract(verdict: Verdict) -> dict[str, Any]:
    """The JSON form that is promised: states by id, causes best first."""

    def pairs(components: Iterable[Component]) -> list[dict[str, str]]:
        return [{"kind": c.kind.value, "id": c.id} for c in components]

    return {
        "at": verdict.at.isoformat(),
        "offices": {o: v.connectivity.value for o, v in verdict.offices.items()},
        "devices": {d: c.value for d, c in verdict.devices.items()},
        "links": {link: c.value for link, c in verdict.links.items()},
        "causes": [
            {
                "components": pairs(cause.components),
                "explains": pairs(cause.explains),
                "confidence": cause.confidence,
                "why": cause.why,
                "group": cause.group,
                "rank": cause.rank,
                "since": cause.since.isoformat(),
                "cut": list(cause.cut),
                "degraded": list(cause.degraded),
            }
            for cause in verdict.causes
        ],
        "blind": verdict.blind,
        "applications": [
            {"id": a.application, "lost_by": list(a.lost_by)} for a in verdict.applications.values()
        ],
        "management_faults": list(verdict.management_faults),
    }


def read_items(path: Path) -> list[dict[str, Any]]:
    """Raises BadInputError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadInputError(f"{path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadInputError(f"{path}: not JSON: {error}") from error
    except RecursionError as error:
        raise BadInputError(f"{path}: nested too deep for a list of observations") from error
    if isinstance(data, dict) and isinstance(data.get("observations"), list):
        data = data["observations"]
    if not isinstance(data, list):
        raise BadInputError(f"{path}: expected a list of observations, found {type(data).__name__}")
    for n, item in enumerate(data, start=1):
        if not isinstance(item, dict):
            raise BadInputError(f"{path}: observation {n} is no mapping: {item!r}")
    return data


def observation_of(item: Mapping[str, Any], number: int, now: datetime) -> Observation:
    """Raises BadInputError."""
    where = f"observation {number}"
    kind, name = item.get("kind"), item.get("device")
    if kind not in KINDS:
        raise BadInputError(f"{where}: kind {kind!r} is none of {', '.join(KINDS)}")
    if not isinstance(name, str | int) or name == "":
        raise BadInputError(f"{where}: `device` is missing")
    device = DeviceId(str(name))
    at = now if item.get("at") is None else moment_of(item["at"], where)
    port = None if item.get("port") is None else str(item["port"])
    try:
        if kind == "reach":
            answered = _truth(item.get("answered", True))
            return Reachability(device, at, answered, Means(str(item.get("means", "icmp")).lower()))
        if kind == "neighbor":
            return Neighbor(device, at, str(item.get("protocol", "lldp")), port, item.get("remote_system"))
        if port is None:
            raise BadInputError(f"{where}: an observation of kind {kind} needs `port`")
        if kind == "port":
            admin = _status(item.get("admin", "up"), AdminStatus, _ADMIN)
            oper = _status(item.get("oper", "unknown"), OperStatus, _OPER)
            return PortStatus(
                PortRef(device, port),
                at,
                admin,
                oper,
                if_descr=item.get("if_descr"),
                if_alias=item.get("if_alias"),
            )
        return _optic(item, device, port, at)
    except (ValueError, TypeError) as error:
        raise BadInputError(f"{where}: {error}") from error


def _optic(item: Mapping[str, Any], device: DeviceId, port: str, at: datetime) -> OpticalReading:
    rx = item.get("rx_dbm")
    rx_dbm = None if rx is None else float(rx)
    if "light" in item:
        light = Light(str(item["light"]).lower())
    elif rx_dbm is None:
        light = Light.UNSUPPORTED
    else:
        light = Light.DARK if rx_dbm <= _DARK_DBM else Light.LIT
    return OpticalReading(device, at, port, if_name=port, light=light, rx_dbm=rx_dbm)


def _status(value: Any, kind: Any, by_number: Mapping[str, Any]) -> Any:
    """By name in any case, or by its number in IF-MIB."""
    text = str(value).strip()
    if isinstance(value, bool):
        text = "up" if value else "down"
    if text in by_number:
        return by_number[text]
    for status in kind:
        if status.value.lower() == text.lower():
            return status
    raise ValueError(f"{text!r} is no port status ({', '.join(s.value for s in kind)})")


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in (0, 1):
        return bool(value)
    raise ValueError(f"`answered` is {value!r}, expected true or false")


def moment_of(value: Any, where: str) -> datetime:
    """Seconds (of any clock, all of one) or ISO 8601; without a zone, UTC. Raises BadInputError."""
    try:
        if isinstance(value, bool):
            raise ValueError(value)
        if isinstance(value, int | float):
            return EPOCH + timedelta(seconds=value)
        text = str(value).strip()
        try:
            return EPOCH + timedelta(seconds=float(text))
        except ValueError:
            at = dates.isoparse(text)
    except (ValueError, OverflowError) as error:
        raise BadInputError(f"{where}: {value!r} is no time (seconds or ISO 8601)") from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _moment(items: list[dict[str, Any]], now: str | None) -> datetime:
    if now is not None:
        return moment_of(now, "--now")
    times = [
        moment_of(item["at"], f"observation {n}")
        for n, item in enumerate(items, start=1)
        if item.get("at") is not None
    ]
    return max(times, default=EPOCH)


def show(verdict: Verdict) -> None:
    """The verdict for a terminal."""
    console = Console()
    if verdict.blind:
        console.print("[bold red]The monitor is blind: nothing is said about offices.[/]")
    counts = Counter(v.connectivity for v in verdict.offices.values())
    console.print(", ".join(f"{counts[c]} {c.value.replace('_', ' ')}" for c in Connectivity if counts[c]))
    if verdict.causes:
        table = Table("cause", "confidence", "cut", "why", box=None, pad_edge=False)
        for cause in verdict.causes:
            names = " + ".join(f"{c.kind.value} {c.id}" for c in cause.components)
            lead = "" if cause.rank == 1 else "  or "
            table.add_row(
                lead + names,
                f"{cause.confidence:.0%}",
                ", ".join(cause.cut) if cause.rank == 1 else "",
                cause.why,
            )
        console.print(table)
    for office, found in verdict.offices.items():
        if found.connectivity in (Connectivity.CUT, Connectivity.DEGRADED, Connectivity.UNKNOWN):
            paths = f" ({found.paths} of {found.paths_designed} paths)" if found.paths_designed else ""
            console.print(f"  {office}: {found.connectivity.value}{paths}")
