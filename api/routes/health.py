"""Whether this process lives, whether its answers can be trusted, and what moves inside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from api import own_figures
from api.answers import respond
from api.auth import Authenticator
from api.backend import Backend
from api.dependencies import AuthenticatorDep, BackendDep, OptionalScopeDep, ScopeDep, forbid_unless
from api.problems import RESPONSES
from api.schemas import CheckOut, HealthOut, ReadyOut
from topology.findings import Connectivity, DeviceCondition, LinkCondition
from topology.model import ConnectionStage

router = APIRouter(tags=["health"])

CONNECTIVITY_CODE = {
    Connectivity.CUT: 0,
    Connectivity.DEGRADED: 1,
    Connectivity.CONNECTED: 2,
    Connectivity.UNKNOWN: -1,
    Connectivity.NOT_CONNECTED: -2,
}

FAMILIES: Mapping[str, tuple[str, str]] = {
    "ronda_offices": ("gauge", "Offices by connectivity."),
    "ronda_office_connectivity": (
        "gauge",
        "0 cut, 1 degraded, 2 connected, -1 unknown, -2 not yet connected.",
    ),
    "ronda_office_paths": ("gauge", "Risk-disjoint paths to a hub that are left."),
    "ronda_devices": ("gauge", "Devices by condition."),
    "ronda_links": ("gauge", "Links by condition."),
    "ronda_link_up": ("gauge", "1 up, 0 down or disabled; no sample while unknown."),
    "ronda_blind": ("gauge", "1 while the monitor itself is cut off."),
    "ronda_verdict_age_seconds": ("gauge", "Since the newest verdict."),
    "ronda_stream_listeners": ("gauge", "Open event streams."),
    "ronda_changes_published_total": ("counter", "Changes told to event streams since the start."),
    "ronda_stream_resets_total": ("counter", "Event streams that had to be told to read everything anew."),
    "ronda_login_failures_total": ("counter", "Tokens and cookies that were not known, since the start."),
    "ronda_login_refused_total": ("counter", "Logins not looked at: too many failures from that address."),
    "ronda_activity_total": (
        "counter",
        "What was done since the start, by part: what has no name of its own yet.",
    ),
    "ronda_level": ("gauge", "Levels inside the process, by part: what has no name of its own yet."),
}
ALL_FAMILIES: Mapping[str, tuple[str, str]] = {
    **FAMILIES,
    **{family.name: (family.kind, family.words) for family in own_figures.FAMILIES},
}
Sample = tuple[str, Mapping[str, str], float]


@router.get("/healthz", response_model=HealthOut, summary="The process answers")
async def healthz() -> HealthOut:
    return HealthOut()


@router.get(
    "/readyz",
    response_model=ReadyOut,
    responses={503: {"model": ReadyOut, "description": "Not ready; the checks say why."}},
    summary="Answers can be trusted",
)
async def readyz(request: Request, backend: BackendDep, scope: OptionalScopeDep) -> Response:
    """Asked without a token it says what is wrong, not why: that may name what is not everybody's to know."""
    told = scope is not None and scope.sees_design
    checks = [CheckOut(name=c.name, ok=c.ok, why=c.why if told else "") for c in await backend.readiness()]
    ready = bool(checks) and all(c.ok for c in checks)
    return respond(request, ReadyOut(ready=ready, checks=checks), status=200 if ready else 503)


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses=RESPONSES,
    summary="Prometheus text format 0.0.4",
)
async def metrics(backend: BackendDep, scope: ScopeDep, authenticator: AuthenticatorDep) -> Response:
    """A token of the role viewer is enough: `authorization: {credentials_file: ...}` in Prometheus."""
    forbid_unless(scope.sees_design, "read the metrics of the whole network")
    return Response(
        render(chain(_samples(backend), _logins(authenticator))),
        media_type="text/plain; version=0.0.4; charset=utf-8",
    )


def _samples(backend: Backend) -> Iterator[Sample]:
    verdict = backend.verdict()
    if verdict is not None:
        offices = backend.inventory.offices
        yield from _by(
            "ronda_offices", "connectivity", Connectivity, (v.connectivity for v in verdict.offices.values())
        )
        for office in verdict.offices.values():
            known = offices.get(office.office)
            kecamatan = known.kecamatan if known is not None else None
            labels: dict[str, str] = {"office": office.office, "kecamatan": kecamatan or ""}
            yield "ronda_office_connectivity", labels, CONNECTIVITY_CODE[office.connectivity]
            if known is not None and known.connection is ConnectionStage.ACTIVE:
                yield "ronda_office_paths", labels, office.paths
        yield from _by("ronda_devices", "condition", DeviceCondition, verdict.devices.values())
        yield from _by("ronda_links", "condition", LinkCondition, verdict.links.values())
        for link, condition in verdict.links.items():
            if condition is not LinkCondition.UNKNOWN:
                yield "ronda_link_up", {"link": link}, float(condition is LinkCondition.UP)
        yield "ronda_blind", {}, float(verdict.blind)
        yield "ronda_verdict_age_seconds", {}, (backend.clock.now() - verdict.at).total_seconds()
    yield "ronda_stream_listeners", {}, backend.feed.listeners
    yield "ronda_changes_published_total", {}, backend.feed.published
    yield "ronda_stream_resets_total", {}, backend.feed.resets
    yield from own_figures.samples(backend.self_counters())


def _logins(authenticator: Authenticator) -> Iterator[Sample]:
    yield "ronda_login_failures_total", {}, authenticator.attempts.failures
    yield "ronda_login_refused_total", {}, authenticator.attempts.refused


def _by(name: str, label: str, states: Iterable[str], values: Iterable[str]) -> Iterator[Sample]:
    """Every state has a sample, so that a rule need not care whether a line is there."""
    counted = Counter(values)
    for state in states:
        yield name, {label: str(state)}, counted[state]


def render(samples: Iterable[Sample]) -> str:
    """Families in order, each with HELP and TYPE once, as the text format wants."""
    lines: dict[str, list[str]] = {name: [] for name in ALL_FAMILIES}
    for name, labels, value in samples:
        family = name if name in lines else name.rpartition("_")[0]  # of a histogram: _bucket, _sum, _count
        inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        number = str(int(value)) if float(value).is_integer() else repr(float(value))
        lines[family].append(f"{name}{{{inner}}} {number}" if inner else f"{name} {number}")
    text = []
    for name, (kind, what) in ALL_FAMILIES.items():
        if lines[name]:
            text += [f"# HELP {name} {what}", f"# TYPE {name} {kind}", *lines[name]]
    return "\n".join(text) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
