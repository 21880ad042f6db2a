"""Walks every route of the application's own table, with every id of the network in every place that takes
one. A route, a parameter or a body that it does not know fails the test: teach it the new one."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI
from two_providers import MARK

from storage.metrics import names
from topology.model import Inventory

NOWHERE = "nowhere"
STREAMS = {"/api/v1/stream"}
"""Endless: read by a test of its own."""
WINDOW = {
    "title": "x",
    "starts_at": "2026-11-22T15:00:00Z",
    "ends_at": "2026-11-22T17:00:00Z",
    "who": "Ani",
}
BODIES: dict[str, list[dict[str, Any]]] = {
    "/api/v1/session": [{"token": "rnd_wrong"}],
    "/api/v1/incidents/{incident_id}/acknowledge": [{"who": "Ani"}],
    "/api/v1/incidents/{incident_id}/unacknowledge": [{"who": "Ani"}],
    "/api/v1/incidents/{incident_id}/comment": [{"who": "Ani", "text": "x"}],
    "/api/v1/incidents/{incident_id}/assign": [{"who": "Ani", "to": "Ani"}],
    "/api/v1/incidents/{incident_id}/ticket": [{"who": "Ani", "ticket": "T-1"}],
    "/api/v1/incidents/{incident_id}/cause": [{"who": "Ani", "cause": "power", "evidence": "x", "note": "x"}],
    "/api/v1/maintenance/preview": [{**WINDOW, "subjects": [f"link:{MARK}-up"]}],
    "/api/v1/maintenance": [{**WINDOW, "subjects": [f"link:{MARK}-up"], "accept_cut": True}],
    "/api/v1/rollout/{office_id}/progress": [
        {"who": "Ani", "stage": "surveyed", "note": "x"},
        {"who": "Ani", "stage": None, "note": "x", "promised_date": "2026-12-24"},
    ],
}
"""Changes; sent after everything was read, with every id in the path."""


@dataclass(frozen=True)
class Visit:
    method: str
    path: str
    query: dict[str, str]
    body: dict[str, Any] | None
    asked: str | None
    """The id that was put in; an answer may repeat it."""
    twin: Visit | None = None
    """The same with an id that nothing has: answered with the same bytes when the id is not to be seen."""

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.query}"


def ids_of(inventory: Inventory, incidents: list[str]) -> dict[str, list[str]]:
    """Name of a parameter to the ids that it may take."""
    offices, links, devices = list(inventory.offices), list(inventory.links), list(inventory.devices)
    components = (
        [f"office:{i}" for i in offices]
        + [f"link:{i}" for i in links]
        + [f"device:{i}" for i in devices]
        + [f"risk_group:{i}" for i in inventory.risk_groups]
        + [f"provider:{i}" for i in inventory.providers]
    )
    kecamatan = sorted({o.kecamatan or "" for o in inventory.offices.values()})
    return {
        "office_id": offices,
        "link_id": links,
        "device_id": devices,
        "risk_group_id": list(inventory.risk_groups),
        "provider_id": list(inventory.providers),
        "application_id": list(inventory.applications),
        "incident_id": incidents,
        "window_id": [f"M-{MARK}"],
        "office": offices,
        "device": devices,
        "link": links,
        "risk_group": list(inventory.risk_groups),
        "provider": list(inventory.providers),
        "application": list(inventory.applications),
        "lost_by": offices,
        "kecamatan": kecamatan,
        "subject": components,
        "down": components,
        "if_name": [f"ge0/{n}" for n in range(2)],
        "who": ["Ani"],
        "action": ["acknowledge"],
    }


CHOICES: dict[str, list[str]] = {
    "format": ["json", "geojson", "graphml"],
    "at": ["2026-11-21T05:30:00Z"],
    "since": ["2026-11-20T00:00:00Z"],
    "until": ["2026-11-21T06:00:00Z"],
    "status": ["all", "resolved"],
    "month": ["2026-11", "2026-10"],
    "language": ["id", "en"],
    "lang": ["id", "en"],
    "limit": ["1", "3"],
    "late": ["true", "false"],
    "up": ["false"],
    "points": ["10"],
    "cursor": [],
    "last-event-id": [],
    "from": ["0" * 40],
    "to": ["5f0c9a3e" * 5],
    "commit": ["5f0c9a3e" * 5],
}
"""Parameters that are no ids. Enumerations and numbers need no entry: they name nothing."""


def known_routes(app: FastAPI) -> Iterator[Any]:
    """Everything that is asked by method and path; files under a mount are the program's own."""
    yield from (route for route in _flat(app.routes) if route.path not in STREAMS)


def _flat(routes: Iterable[Any]) -> Iterator[Any]:
    """FastAPI keeps routers that were included as they are; each tells its routes with their whole paths."""
    for route in routes:
        if hasattr(route, "effective_candidates"):
            yield from _flat(route.effective_candidates())
        elif hasattr(route, "dependant"):
            yield route


def visits(app: FastAPI, ids: dict[str, list[str]]) -> Iterator[Visit]:
    """Reads first, then changes."""
    routes = sorted(known_routes(app), key=lambda r: "GET" not in r.methods)
    for route in routes:
        for method in sorted(route.methods - {"HEAD"}):
            yield from _of_route(route, method, ids)


def _of_route(route: Any, method: str, ids: dict[str, list[str]]) -> Iterator[Visit]:
    if not route.include_in_schema:  # a page of the board: the same bytes whatever it is asked for
        assert method == "GET", route.path
        yield Visit(method, re.sub(r"\{\w+\}", NOWHERE, route.path), {}, None, None)
        return
    places = [p.alias for p in route.dependant.path_params]
    bodies: list[dict[str, Any] | None] = [None]
    if method in ("POST", "PUT", "PATCH"):
        assert route.path in BODIES, f"{method} {route.path}: say in walk.BODIES what to send it"
        bodies = list(BODIES[route.path])
    assert len(places) <= 1, f"{route.path}: the walk fills one place"
    if places == ["measurement"]:
        yield from _of_series(route, ids)
        return
    if places:
        assert places[0] in ids, f"{route.path}: say in walk.ids_of what {places[0]} may be"
    values = ids[places[0]] if places else [None]
    for body in bodies:
        for value in values:
            twin = None
            if value is not None:
                twin = Visit(method, route.path.format_map({places[0]: NOWHERE}), {}, body, NOWHERE)
            path = route.path if value is None else route.path.format_map({places[0]: value})
            yield Visit(method, path, _required(route, ids), body, value, twin)
    if method == "GET":
        first = next((v for v in values if v is not None and MARK not in v), NOWHERE)
        yield from _filters(route, route.path.format_map(dict.fromkeys(places, first)), ids)


def _required(route: Any, ids: dict[str, list[str]]) -> dict[str, str]:
    found = {}
    for parameter in _query(route):
        if parameter.field_info.is_required():
            found[parameter.alias] = (ids.get(parameter.alias) or CHOICES[parameter.alias])[0]
    return found


def _query(route: Any) -> list[Any]:
    found, waiting = [], [route.dependant]
    while waiting:
        here = waiting.pop()
        found += here.query_params
        waiting += here.dependencies
    return found


def _filters(route: Any, path: str, ids: dict[str, list[str]]) -> Iterator[Visit]:
    required = _required(route, ids)
    for parameter in _query(route):
        name = parameter.alias
        if name in ids:
            for value in _some(ids[name]):
                unknown = {
                    **required,
                    name: f"{value.partition(':')[0]}:{NOWHERE}" if ":" in value else NOWHERE,
                }
                twin = Visit("GET", path, unknown, None, unknown[name])
                yield Visit("GET", path, {**required, name: value}, None, value, twin)
        elif name in CHOICES:
            for value in CHOICES[name]:
                yield Visit("GET", path, {**required, name: value}, None, None)
        else:
            schema = str(parameter.field_info.annotation)
            assert "str" not in schema.replace("StrEnum", "") or "Literal" in schema, (
                f"{route.path}: say in walk.ids_of or walk.CHOICES what {name} may be"
            )


def _some(values: list[str]) -> list[str]:
    """Filters that take any value need not be asked for each: strange ones first, then one that is not."""
    strange = [v for v in values if MARK in v]
    return strange[:3] + [v for v in values if MARK not in v][:1]


def _of_series(route: Any, ids: dict[str, list[str]]) -> Iterator[Visit]:
    for measurement in (*names.MEASUREMENTS.values(), None):
        if measurement is None:
            yield Visit("GET", route.path.format(measurement=NOWHERE), {"field": "x"}, None, NOWHERE)
            continue
        path = route.path.format(measurement=measurement.name)
        field = next(iter(measurement.fields))
        yield Visit("GET", path, {"field": field}, None, None)
        for tag in set(measurement.tags) & {"office", "device", "link", "application"}:
            for value in _some(ids[tag]):
                twin = Visit("GET", path, {"field": field, tag: NOWHERE}, None, NOWHERE)
                yield Visit("GET", path, {"field": field, tag: value}, None, value, twin)


async def answers(client: httpx.AsyncClient, visit: Visit) -> AsyncIterator[tuple[httpx.Response, str]]:
    """The answer, and those of the following pages, each with its whole text: headers, body, and what lies in
    an archive."""
    query = dict(visit.query)
    for _ in range(4):
        response = await client.request(visit.method, visit.path, params=query, json=visit.body)
        yield response, text_of(response)
        following = None
        if response.headers.get("content-type", "") == "application/json" and response.content:
            body = response.json()
            following = body.get("next_cursor") if isinstance(body, dict) else None
        if following is None:
            return
        query["cursor"] = following


def text_of(response: httpx.Response) -> str:
    parts = [f"{name}: {value}" for name, value in response.headers.items()]
    if response.content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
            parts += [archive.read(name).decode("utf-8", "replace") for name in archive.namelist()]
    else:
        parts.append(response.content.decode("utf-8", "replace"))
    return "\n".join(parts).lower()
