"""Questions to the drawing: `ronda whatif`, `ronda spof`, `ronda path`, `ronda suggest`."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Annotated

import typer

from ronda.commands.shared import FINE, TROUBLE, inventory_or_exit, print_json, stop_on_bad_input
from ronda.errors import BadInputError
from topology.design import PathAndSpare, Way, path_and_spare, suggest_links
from topology.findings import Component, ComponentKind
from topology.graph import NetworkGraph, UnknownComponentError
from topology.model import LinkId, OfficeId
from topology.whatif import WhatIf, n_minus_one, single_points_of_failure, what_if

InventoryOption = Annotated[Path, typer.Option("--inventory", "-i", help="Inventory file (YAML or JSON).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
_HERE = Path("inventory.yaml")
_KINDS = {
    "link": ComponentKind.LINK,
    "device": ComponentKind.DEVICE,
    "risk": ComponentKind.RISK_GROUP,
    "risk_group": ComponentKind.RISK_GROUP,
    "provider": ComponentKind.PROVIDER,
    "office": ComponentKind.OFFICE,
}


def component_of(text: str) -> Component:
    """`link:ID`, `device:ID`, `risk:ID` (or `risk_group:ID`), `provider:ID`, `office:ID`.

    Raises BadInputError.
    """
    kind, colon, name = text.partition(":")
    if not colon or not name or kind.strip().lower() not in _KINDS:
        raise BadInputError(f"{text!r}: expected KIND:ID, with KIND one of {', '.join(_KINDS)}")
    return Component(_KINDS[kind.strip().lower()], name.strip())


def whatif(
    inventory: InventoryOption = _HERE,
    down: Annotated[
        list[str] | None,
        typer.Option("--down", "-d", help="link:ID, device:ID, risk:ID or provider:ID; may be repeated."),
    ] = None,
    each: Annotated[
        bool, typer.Option("--each", help="Instead: what the loss of each component alone would cost (N-1).")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Say which offices and applications are lost when something is taken down.

    Exit 0: no office is cut off; 1: at least one is; 2: the input can't be used.
    """
    graph = NetworkGraph(inventory_or_exit(inventory))
    if each:
        _each(graph, as_json=as_json)
    with stop_on_bad_input():
        if not down:
            raise BadInputError(
                "nothing to take down: give --down link:ID, device:ID, risk:ID or provider:ID"
            )
        components = [component_of(text) for item in down for text in item.split(",")]
        try:
            lost = what_if(graph, components)
        except UnknownComponentError as error:
            raise BadInputError(f"{error}: not in {inventory}") from error
    if as_json:
        print_json(lost.as_json())
    else:
        _show_loss(lost)
    raise typer.Exit(TROUBLE if lost.cut else FINE)


def _each(graph: NetworkGraph, *, as_json: bool) -> None:
    losses = [loss for loss in n_minus_one(graph) if loss.cut or loss.degraded]
    if as_json:
        print_json(
            [
                {
                    "component": {"kind": x.component.kind.value, "id": x.component.id},
                    **WhatIf(x.cut, x.degraded, x.applications).as_json(),
                }
                for x in losses
            ]
        )
    else:
        for x in losses:
            cut = f"cuts {', '.join(x.cut)}" if x.cut else "cuts nobody"
            typer.echo(f"{x.component}: {cut}; {len(x.degraded)} lose a path")
    raise typer.Exit(TROUBLE if any(x.cut for x in losses) else FINE)


def _show_loss(lost: WhatIf) -> None:
    typer.echo(f"cut off ({len(lost.cut)}): {', '.join(lost.cut) or 'nobody'}")
    typer.echo(f"with fewer paths ({len(lost.degraded)}): {', '.join(lost.degraded) or 'nobody'}")
    for application in lost.applications:
        typer.echo(f"{application.id}: lost by {', '.join(application.lost_by)}")


def spof(inventory: InventoryOption = _HERE, as_json: JsonOption = False) -> None:
    """List every link, device and risk group whose loss alone cuts an office off.

    Exit 0: there is none; 1: there is at least one; 2: the inventory can't be used.
    """
    found = single_points_of_failure(NetworkGraph(inventory_or_exit(inventory)))
    if as_json:
        print_json(found.as_json())
    else:
        for title, rows in (
            ("links", found.links),
            ("devices", found.devices),
            ("risk groups", found.risk_groups),
        ):
            typer.echo(f"{title}: {len(rows) or 'none'}")
            for row in sorted(rows, key=lambda r: (-len(r.offices), r.component)):
                typer.echo(f"  {row.component.id}: {', '.join(row.offices)}")
    raise typer.Exit(TROUBLE if found else FINE)


def path(
    office: Annotated[str, typer.Argument(help="Office id.")],
    inventory: InventoryOption = _HERE,
    loads: Annotated[
        Path | None,
        typer.Option(help="JSON mapping of link id to today's load in bits per second, to check the spare."),
    ] = None,
    measured: Annotated[
        bool, typer.Option("--measured", help="Take the loads of the last 24 hours from the metrics.")
    ] = False,
    settings: Annotated[Path | None, typer.Option("--settings", "-s", help="With --measured.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="With --measured: whose metrics.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show an office's path to its hub and its spare: what they share, and whether the load would fit.

    Exit 0: it has a spare that shares nothing with the path, and the load fits as far as known; 1: not so;
    2: the input can't be used.
    """
    graph = NetworkGraph(inventory_or_exit(inventory))
    with stop_on_bad_input():
        known = _measured(settings, data_dir) if measured else None
        if loads is not None:
            known = {**(known or {}), **_loads(loads)}
        try:
            found = path_and_spare(graph, OfficeId(office), known)
        except UnknownComponentError as error:
            raise BadInputError(f"{error}: not in {inventory}") from error
    if as_json:
        print_json(found.as_json())
    else:
        _show_path(found)
    at_hub = found.path is not None and not found.path.links
    good = at_hub or (found.spare is not None and not found.shared and found.fits is not False)
    raise typer.Exit(FINE if good else TROUBLE)


def _measured(settings: Path | None, data_dir: Path | None) -> dict[LinkId, float]:
    # Imported here: the questions to the drawing alone need neither settings nor a store.
    from ronda.build import open_for_reading, storage_settings
    from ronda.clock import SystemClock
    from ronda.commands.shared import settings_or_exit
    from ronda.loads import busiest
    from storage.metrics.store import StoreError

    chosen = settings_or_exit(settings, data_dir=data_dir)
    clock = SystemClock()

    async def read() -> dict[LinkId, float]:
        store = open_for_reading(storage_settings(chosen, os.environ), clock)
        await store.start()
        try:
            return await busiest(store, clock.now())
        finally:
            await store.stop()

    try:
        return asyncio.run(read())
    except (StoreError, OSError) as error:
        raise BadInputError(f"no loads from the metrics in {chosen.data_dir}: {error}") from error


def _loads(file: Path) -> dict[LinkId, float]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        return {LinkId(str(k)): float(v) for k, v in data.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BadInputError(
            f"{file}: expected a JSON mapping of link id to bits per second: {error}"
        ) from error


def _show_path(found: PathAndSpare) -> None:
    def line(name: str, way: Way | None) -> None:
        if way is None:
            typer.echo(f"{name}: none")
            return
        steps = " - ".join(way.devices)
        speed = "" if way.capacity_bps is None else f", {way.capacity_bps / 1e6:g} Mbit/s"
        length = "" if way.length_m is None else f", {way.length_m / 1000:.1f} km"
        typer.echo(f"{name}: {steps} (over {', '.join(way.links) or 'no link'}{speed}{length})")

    line("path", found.path)
    line("spare", found.spare)
    if found.shared:
        typer.echo("both depend on: " + ", ".join(map(str, found.shared)))
    if found.load_bps is not None:
        free = "unknown" if found.spare_free_bps is None else f"{found.spare_free_bps / 1e6:.1f} Mbit/s"
        fits = {True: "fits", False: "does not fit", None: "can't be compared"}[found.fits]
        typer.echo(f"load today {found.load_bps / 1e6:.1f} Mbit/s, free on the spare {free}: {fits}")


def suggest(
    inventory: InventoryOption = _HERE,
    at_most: Annotated[int, typer.Option("--at-most", "-n", min=1, help="So many suggestions.")] = 5,
    max_km: Annotated[
        float | None, typer.Option(help="Only links up to this length, between offices with coordinates.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Suggest single new links that would remove the most single points of failure.

    Exit 0: always, unless the inventory can't be used (2).
    """
    graph = NetworkGraph(inventory_or_exit(inventory))
    found = suggest_links(graph, at_most, None if max_km is None else max_km * 1000)
    if as_json:
        print_json([s.as_json() for s in found])
        return
    if not found:
        typer.echo("no single new link between existing sites removes a single point of failure")
    for s in found:
        length = "" if s.length_m is None else f", {s.length_m / 1000:.1f} km as the crow flies"
        typer.echo(
            f"{s.a} - {s.b}{length}: removes {len(s.removes)} single points of failure, "
            f"helps {', '.join(s.spares)}"
        )
