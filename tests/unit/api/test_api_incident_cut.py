"""What of an incident reaches whom: windows that hold it, evidence, and the words of its timeline."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.model import (
    AffectedOffice,
    ConditionKind,
    Fact,
    Happened,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentStatus,
    Severity,
    TimelineEntry,
)
from topology.findings import Component, ComponentKind, Connectivity
from topology.model import OfficeId

DOCUMENT = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
TELKOMS = Component(ComponentKind.LINK, "kuaro-long-ikis")
ICONS = Component(ComponentKind.LINK, "icon-bapenda")
SERVED = OfficeId("camat-long-kali")
"""By telkom's circuit `long-ikis-long-kali`, which ends in its own device."""
REGIONS_DEVICE = Component(ComponentKind.DEVICE, "batu-engau-d1")
"""Where a circuit of telkom's ends, in an office that it serves; the region's own."""
TOLD_A_PROVIDER = {"opened", "acknowledged", "unacknowledged", "ticketed", "resolved", "reopened"}


def an_incident(now: datetime, *components: Component, **more: Any) -> Incident:
    began = now - timedelta(minutes=5)
    made = Incident(
        IncidentId("R-261121-009"),
        IncidentKind.CONDITION,
        IncidentStatus.OPEN,
        Severity.WARNING,
        components,
        (),
        0.9,
        "rahasia",
        began,
        opened_at=began,
        condition=ConditionKind.OPTICAL_LOW,
        held_by=("W-261121-001",),
        facts=(("rx_dbm", -28.1), ("limit_dbm", -27.0), ("place", "dkisp-core-1:sfp9"), ("seen", 3.0)),
        timeline=tuple(TimelineEntry(began, what, "rahasia", "Rina") for what in Happened),
    )
    return replace(made, **more)


async def seen(client: Any, backend: Any, incident: Incident, role: str) -> Any:
    """The detail as this role gets it; None: it is not there."""
    backend.told = [incident]
    token = backend.access.make(role, provider="telkom" if role == "provider" else None)
    backend.clock.at += timedelta(seconds=2)  # a new token is known within a second
    answer = await client.get(
        f"/api/v1/incidents/{incident.id}", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code in (200, 404), answer.text
    return answer.json() if answer.status_code == 200 else None


@pytest.mark.parametrize("role", ["viewer", "oncall", "engineer", "admin"])
async def test_staff_see_which_maintenance_holds_it_and_what_was_measured(
    client: Any, backend: Any, role: str
) -> None:
    body = await seen(client, backend, an_incident(backend.clock.now(), ICONS), role)
    assert body["held_by"] == ["W-261121-001"]
    assert body["condition"] == "optical_low"
    assert body["facts"] == {
        "rx_dbm": -28.1,
        "limit_dbm": -27.0,
        "place": "dkisp-core-1:sfp9",
        "seen": 3.0,
    }
    assert [e["what"] for e in body["timeline"]] == [h.value for h in Happened]


async def test_a_wall_is_told_neither(client: Any, backend: Any) -> None:
    body = await seen(client, backend, an_incident(backend.clock.now(), ICONS), "wall")
    assert (body["held_by"], body["facts"]) == ([], {})
    assert "rahasia" not in str(body)


async def test_a_provider_gets_the_figures_of_its_own_circuit_and_no_words(client: Any, backend: Any) -> None:
    body = await seen(client, backend, an_incident(backend.clock.now(), TELKOMS), "provider")
    assert body["facts"] == {"rx_dbm": -28.1, "limit_dbm": -27.0}
    assert body["held_by"] == []
    assert {e["what"] for e in body["timeline"]} == TOLD_A_PROVIDER
    assert {(e["why"], e["who"]) for e in body["timeline"]} == {("", None)}
    assert "rahasia" not in str(body)


@pytest.mark.parametrize(
    "facts", [(("rx_dbm", "icon"),), (("place", "icon-metro"),), (("direction", "in"),)], ids=str
)
async def test_only_figures_are_evidence(client: Any, backend: Any, facts: tuple[Fact, ...]) -> None:
    incident = an_incident(backend.clock.now(), TELKOMS, facts=facts)
    assert (await seen(client, backend, incident, "provider"))["facts"] == {}


async def test_no_figures_where_something_else_is_blamed_too(client: Any, backend: Any) -> None:
    body = await seen(client, backend, an_incident(backend.clock.now(), TELKOMS, ICONS), "provider")
    assert [c["id"] for c in body["components"]] == [TELKOMS.id]
    assert body["facts"] == {}


@pytest.mark.parametrize("kind", [IncidentKind.CONDITION, IncidentKind.MANAGEMENT])
@pytest.mark.parametrize(
    "component",
    [
        REGIONS_DEVICE,
        ICONS,
        Component(ComponentKind.PORT, "batu-engau-d1:ge9"),
        Component(ComponentKind.MONITOR, "disk"),
        Component(ComponentKind.APPLICATION, "simpeg"),
        Component(ComponentKind.CONNECTION, "smpn-1-tanah-grogot"),
    ],
    ids=str,
)
async def test_how_the_regions_own_equipment_is_is_none_of_a_providers_business(
    client: Any, backend: Any, component: Component, kind: IncidentKind
) -> None:
    affected = (AffectedOffice(SERVED, Connectivity.DEGRADED, backend.clock.now()),)
    incident = an_incident(backend.clock.now(), component, kind=kind, offices=affected)
    assert await seen(client, backend, incident, "provider") is None
    assert await seen(client, backend, incident, "viewer") is not None


async def test_an_outage_of_an_office_it_serves_is_whoever_is_blamed(client: Any, backend: Any) -> None:
    affected = (AffectedOffice(SERVED, Connectivity.CUT, backend.clock.now()),)
    incident = an_incident(backend.clock.now(), ICONS, kind=IncidentKind.OUTAGE, offices=affected)
    body = await seen(client, backend, incident, "provider")
    assert [o["office"] for o in body["offices"]] == [SERVED]
    assert body["components"] == []


@pytest.mark.parametrize(
    "component",
    [
        Component(ComponentKind.PORT, "long-kali-r1:ge9"),
        Component(ComponentKind.CONNECTION, "pkm-long-kali"),
        Component(ComponentKind.DEVICE, "long-kali-r1"),
    ],
    ids=str,
)
async def test_its_own_devices_ports_and_lines_are(client: Any, backend: Any, component: Component) -> None:
    assert await seen(client, backend, an_incident(backend.clock.now(), component), "provider") is not None


def test_every_word_of_a_timeline_is_explained() -> None:
    section = DOCUMENT.split("## An incident's timeline")[1].split("\n## ")[0]
    assert [h.value for h in Happened if f"`{h.value}`" not in section] == []
