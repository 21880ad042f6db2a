"""What neighbours tell against what is declared."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.answers import respond
from api.dependencies import BackendDep, ScopeDep, VisibleDep, forbid_unless
from api.problems import RESPONSES
from api.schemas import Out
from topology.discovery_model import Finding, FindingKind

router = APIRouter(tags=["discovery"], responses=RESPONSES)


class DiscoveredEndOut(Out):
    device: str
    port: str | None


class NeighbourOut(Out):
    system: str | None
    address: str | None
    heard_at: list[DiscoveredEndOut]


class FindingOut(Out):
    kind: FindingKind
    links: list[str]
    devices: list[str]
    declared: str | None
    seen: str | None
    why: str | None = Field(description="In English; null for a provider.")
    since: datetime | None = Field(description="Null for a note.")
    note: bool = Field(description="Worth knowing, and no mismatch.")
    ends: list[DiscoveredEndOut] | None = Field(description="Of a link that is seen and not declared.")
    neighbour: NeighbourOut | None


class UnprovenOut(Out):
    link: str
    why: str


class DiscoveryOut(Out):
    at: datetime | None = Field(description="When it was compared; null: not yet.")
    asked: int = Field(description="Devices that told something; of others nothing is concluded.")
    confirmed: int = Field(description="Declared links whose ends hear each other.")
    mismatches: int
    items: list[FindingOut]
    unproven: list[UnprovenOut] = Field(description="Links that could be neither seen nor missed.")


@router.get("/discovery", response_model=DiscoveryOut, summary="Declared links against what neighbours tell")
async def discovery(request: Request, backend: BackendDep, scope: ScopeDep, visible: VisibleDep) -> Response:
    forbid_unless(scope.sees_devices, "read equipment")
    compared = backend.findings.compared()
    if compared is None:
        empty = DiscoveryOut(at=None, asked=0, confirmed=0, mismatches=0, items=[], unproven=[])
        return respond(request, empty)
    found = compared.comparison
    items = []
    for finding in found.findings:
        if not visible.everything and not _of_provider(finding, visible.links):
            continue
        items.append(
            _finding(
                finding,
                compared.since.get(finding.key),
                devices=[d for d in finding.devices if d in visible.devices],
                words=visible.everything,
                addresses=scope.sees_addresses,
            )
        )
    body = DiscoveryOut(
        at=found.at,
        asked=len([d for d in found.asked if d in visible.devices]),
        confirmed=len([i for i in found.confirmed if i in visible.links]),
        mismatches=sum(not item.note for item in items),
        items=items,
        unproven=[
            UnprovenOut(link=i, why=why if visible.everything else "")
            for i, why in sorted(found.unproven.items())
            if i in visible.links
        ],
    )
    return respond(request, body)


def _of_provider(finding: Finding, links: object) -> bool:
    """Of a provider's own links, and of those only."""
    return bool(finding.links) and all(i in links for i in finding.links)  # type: ignore[operator]  # a set of ids


def _finding(
    finding: Finding, since: datetime | None, *, devices: list[str], words: bool, addresses: bool
) -> FindingOut:
    """Without `words` nothing that names equipment; without `addresses` no address."""
    stranger, cable = finding.stranger, finding.found
    told = words and (addresses or stranger is None)
    name_only = stranger.system if stranger is not None else None
    hides = finding.kind is FindingKind.NAME_DIFFERS and not addresses
    return FindingOut(
        kind=finding.kind,
        links=list(finding.links),
        devices=devices,
        declared=finding.declared if words and not hides else None,
        seen=finding.seen if told and not hides else (name_only if words else None),
        why=finding.why if words and not hides else None,
        since=since,
        note=finding.note,
        ends=[DiscoveredEndOut(device=e.device, port=e.port) for e in (cable.a, cable.b)]
        if words and cable is not None
        else None,
        neighbour=NeighbourOut(
            system=stranger.system,
            address=stranger.address if addresses else None,
            heard_at=[DiscoveredEndOut(device=e.device, port=e.port) for e, _ in stranger.heard],
        )
        if words and stranger is not None
        else None,
    )
