"""Measured values for a chart: one field, cut down to as many points as the chart is wide."""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.answers import respond
from api.dependencies import BackendDep, ScopeDep, VisibleDep, forbid_unless
from api.paging import Moment
from api.problems import RESPONSES, ProblemError
from api.schemas_design import SeriesListOut, SeriesOut
from api.visible import Visible
from storage.metrics import names
from storage.metrics.names import FieldKind
from storage.metrics.store import Aggregate, Series
from topology.model import DeviceId, LinkId, OfficeId, ProviderId

router = APIRouter(tags=["measured"], responses=RESPONSES)

DAY = timedelta(days=1)
LONGEST = timedelta(days=800)
MOST_SERIES = 200
Filter = Annotated[list[str] | None, Query(max_length=200, description="Repeat it for several.")]


@router.get(
    "/series/{measurement}", response_model=SeriesListOut, summary="Measured values for a chart, downsampled"
)
async def series(
    request: Request,
    backend: BackendDep,
    scope: ScopeDep,
    visible: VisibleDep,
    measurement: Annotated[str, Path(examples=["interface"])],
    field: Annotated[str, Query(description="As docs/metrics.md lists them.", examples=["in_bps"])],
    office: Filter = None,
    device: Filter = None,
    if_name: Filter = None,
    link: Filter = None,
    application: Filter = None,
    since: Annotated[Moment | None, Query(description="Default: a day before `until`.")] = None,
    until: Annotated[Moment | None, Query(description="Default: now.")] = None,
    points: Annotated[int, Query(ge=2, le=2000, description="At most so many a series.")] = 300,
    aggregate: Annotated[
        Aggregate | None,
        Query(description="Of a period; default: `mean` of what varies, `last` of counters and states."),
    ] = None,
) -> Response:
    """At most 200 series at once: name an office, a device or a link where there are more."""
    forbid_unless(scope.sees_devices, "read measured values")
    known = names.MEASUREMENTS.get(measurement)
    if known is None or (not visible.everything and measurement not in PROVIDERS_MAY_READ):
        raise ProblemError(404, f"no measurement is called {measurement[:100]!r}")
    asked = known.fields.get(field)
    if asked is None:
        raise ProblemError(422, f"{measurement} has no field {field[:100]!r}: {', '.join(known.fields)}")
    end = until or backend.clock.now()
    start = since or max(end, datetime.min.replace(tzinfo=UTC) + DAY) - DAY
    if start >= end:
        raise ProblemError(422, "since has to be before until")
    if end - start > LONGEST:
        raise ProblemError(422, f"at most {LONGEST.days} days at once")
    how = aggregate or (Aggregate.MEAN if asked.kind is FieldKind.GAUGE else Aggregate.LAST)
    every_s = _period_s((end - start).total_seconds() / points)
    given = {
        names.TAG_OFFICE: office,
        names.TAG_DEVICE: device,
        names.TAG_IF_NAME: if_name,
        names.TAG_LINK: link,
        names.TAG_APPLICATION: application,
    }
    where: dict[str, str | Collection[str]] = {}
    for tag, values in given.items():
        if values and tag not in known.tags:
            raise ProblemError(422, f"{measurement} is not told apart by {tag}: {', '.join(known.tags)}")
        if values:
            where[tag] = values
    found = await backend.series(
        measurement,
        field,
        start_s=int(start.timestamp()),
        end_s=math.ceil(end.timestamp()),
        where=_narrowed(where, known.tags, visible),
        every_s=every_s,
        aggregate=how,
    )
    by_port = bool(device or if_name)
    shown = [one for one in found if one.rows and _is_visible(measurement, one, visible, by_port=by_port)]
    if len(shown) > MOST_SERIES:
        raise ProblemError(
            422, f"{len(shown)} series: name an office, a device or a link ({MOST_SERIES} at most)"
        )
    body = SeriesListOut(
        measurement=measurement,
        field=field,
        unit=asked.unit,
        what=asked.what,
        every_s=every_s,
        aggregate=how.value,
        series=[SeriesOut(tags=_tags(one, visible), points=_points(one, field)) for one in shown],
    )
    return respond(request, body)


def _period_s(seconds: float) -> int:
    """Whole, and where it matters a length that divides an hour or a day, so that periods end where people
    look."""
    for step in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400):
        if seconds <= step:
            return step
    return math.ceil(seconds / 86400) * 86400


def _points(one: Series, field: str) -> list[tuple[str, float]]:
    return [
        (datetime.fromtimestamp(row.at_s, UTC).isoformat(), float(row.values[field]))
        for row in one.rows
        if field in row.values
    ]


# --- a provider's

PROVIDERS_MAY_READ = frozenset(
    {names.INTERFACE, names.OPTICS, names.PROBE, names.DEVICE, names.SENSOR, names.OFFICE, names.LINK}
)
_INSIDE = frozenset({names.DEVICE, names.SENSOR})
"""How a device fares within: a provider reads it of its own devices only."""
_PORTS = frozenset({names.INTERFACE, names.OPTICS})


def _narrowed(
    where: dict[str, str | Collection[str]], tags: tuple[str, ...], visible: Visible
) -> dict[str, str | Collection[str]]:
    """So that the store need not read what would be thrown away."""
    if visible.everything:
        return where
    own: tuple[tuple[str, Collection[str]], ...] = (
        (names.TAG_DEVICE, _devices_with_values(visible)),
        (names.TAG_LINK, visible.links if names.TAG_DEVICE not in tags else ()),
        (names.TAG_OFFICE, visible.offices if names.TAG_DEVICE not in tags else ()),
    )
    for tag, ids in own:
        if tag in tags and ids:
            asked = where.get(tag)
            where[tag] = [i for i in ids if asked is None or i in asked] or [""]
    return where


def _devices_with_values(visible: Visible) -> set[DeviceId]:
    """Its own, and those whose ports its circuits end at, a hub's among them."""
    links = visible.inventory.links
    return {end.device for i in visible.links for end in links[i].ends} | set(visible.devices)


def _is_visible(measurement: str, one: Series, visible: Visible, *, by_port: bool) -> bool:
    """`by_port`: asked for by device or port, so that an answer would confirm that there is such a one."""
    if visible.everything:
        return True
    tags = one.tags
    device = visible.inventory.devices.get(DeviceId(tags.get(names.TAG_DEVICE, "")))
    own = device is not None and device.provider == visible.provider
    if by_port and (device is None or device.id not in visible.devices):
        return False
    if measurement in _PORTS:
        return own or LinkId(tags.get(names.TAG_LINK, "")) in visible.links
    if measurement in _INSIDE:
        return own
    if measurement == names.PROBE:
        return device is not None and device.id in visible.devices
    if measurement == names.LINK:
        return LinkId(tags.get(names.TAG_LINK, "")) in visible.links
    return OfficeId(tags.get(names.TAG_OFFICE, "")) in visible.offices


def _tags(one: Series, visible: Visible) -> dict[str, str]:
    """Without what names somebody else's: a hub's device and port, another provider."""
    if visible.everything:
        return dict(one.tags)
    shown = dict(one.tags)
    if names.TAG_PROVIDER in shown and ProviderId(shown[names.TAG_PROVIDER]) not in visible.providers:
        del shown[names.TAG_PROVIDER]
    if names.TAG_OFFICE in shown and OfficeId(shown[names.TAG_OFFICE]) not in visible.places:
        del shown[names.TAG_OFFICE]
    if names.TAG_DEVICE in shown and DeviceId(shown[names.TAG_DEVICE]) not in visible.devices:
        for tag in (names.TAG_DEVICE, names.TAG_IF_NAME, names.TAG_MODULE, names.TAG_LANE):
            shown.pop(tag, None)
    return shown
