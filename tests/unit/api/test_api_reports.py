"""SLA over the wire: the same figures in every form, what each caller sees, and what people find."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import httpx
import jsonschema
import openpyxl
import pytest

from alerts.model import (
    AffectedOffice,
    Incident,
    IncidentId,
    IncidentKind,
    IncidentStatus,
    Severity,
)
from storage.records.history import keep_watch
from topology.findings import Component, ComponentKind, Connectivity, StateChange
from topology.model import ConnectionStage, LinkId, OfficeId

Backend = Any  # SampleBackend of conftest.py, which importlib mode can't import
MONTH = "2026-10"
BEGAN = datetime(2026, 9, 20, tzinfo=UTC)
CUT = datetime(2026, 10, 10, 2, 0, tzinfo=UTC)
OFFICE = "camat-muara-komam"
"""Telkom's: its circuit is cut for six hours."""


def bearer(backend: Backend, role: str, **more: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {backend.access.make(role, **more)}"}


def incident(id_: str, circuit: str, office: str, since: datetime, hours: float) -> Incident:
    until = since + timedelta(hours=hours)
    blamed = (Component(ComponentKind.LINK, circuit),)
    return Incident(
        IncidentId(id_),
        IncidentKind.OUTAGE,
        IncidentStatus.RESOLVED,
        Severity.MAJOR,
        blamed,
        blamed,
        0.9,
        "its port is down at a neighbour of Icon+",
        since,
        opened_at=since + timedelta(seconds=5),
        resolved_at=until,
        offices=(AffectedOffice(OfficeId(office), Connectivity.CUT, since, until),),
        ticket=f"TT-{id_}",
    )


def circuit_at(backend: Backend, office: str, provider: str) -> LinkId:
    devices = {d.id for d in backend.inventory.devices.values() if d.office == office}
    return next(
        i
        for i, link in backend.inventory.links.items()
        if link.provider == provider and devices & {link.a.device, link.b.device}
    )


def tell(backend: Backend, one: Incident) -> None:
    (affected,) = one.offices
    office, link = Component(ComponentKind.OFFICE, affected.office), one.components[0]
    backend.told.append(one)
    assert affected.until is not None
    backend.records.append_changes(
        [
            StateChange(affected.since, link, "up", "down"),
            StateChange(affected.since, office, "connected", "cut"),
            StateChange(affected.until, link, "down", "up"),
            StateChange(affected.until, office, "cut", "connected"),
        ]
    )


@pytest.fixture
def october(backend: Backend) -> Backend:
    """A month in which Telkom's circuit was cut for six hours and Icon+'s for one."""
    changes = []
    for office in backend.inventory.offices.values():
        state = "connected" if office.connection is ConnectionStage.ACTIVE else "not_connected"
        changes.append(StateChange(BEGAN, Component(ComponentKind.OFFICE, office.id), None, state))
    backend.records.append_changes(changes)
    backend.records.write(lambda c: keep_watch(c, BEGAN, backend.clock.at))
    tell(backend, incident("R-1", circuit_at(backend, OFFICE, "telkom"), OFFICE, CUT, 6))
    tell(backend, incident("R-2", circuit_at(backend, "bapenda", "icon"), "bapenda", CUT, 1))
    return backend


class Cells(HTMLParser):
    """The body's table cells, by section and row."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.styled: list[str] = []
        self._open = self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.styled += [tag for name, _ in attrs if name == "style" or name.startswith("on")]
        if tag in ("style", "script"):
            self.styled.append(tag)
        if tag == "tbody":
            self.tables.append([])
            self._inside = True
        elif tag == "tr" and self._inside:
            self.tables[-1].append([])
        elif tag == "td":
            self.tables[-1][-1].append("")
            self._open = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            self._open = False
        elif tag == "tbody":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._open:
            self.tables[-1][-1][-1] += data


async def test_the_three_forms_hold_the_same_figures(client: httpx.AsyncClient, october: Backend) -> None:
    report = (await client.get(f"/api/v1/reports/sla?month={MONTH}")).json()
    assert report["complete"]
    content = (await client.get(f"/api/v1/reports/sla.xlsx?month={MONTH}")).content
    book = openpyxl.load_workbook(io.BytesIO(content))
    page = await client.get(f"/reports/sla?month={MONTH}")
    assert page.headers["content-type"].startswith("text/html")
    cells = Cells(page.text)
    assert cells.styled == []
    offices = list(book["Per kantor"].iter_rows(min_row=2, values_only=True))
    for office, row, shown in zip(report["offices"], offices, cells.tables[1], strict=True):
        assert row[0] == shown[0] == office["name"]
        assert row[4] == office["availability_percent"]
        percent = f"{office['availability_percent']:.3f}%".replace(".", ",") if row[4] is not None else "–"
        assert shown[4] == percent
        assert list(row[9:17]) == list(office["seconds"].values())
        assert [_seconds(text) for text in shown[9:17]] == list(office["seconds"].values())
    rows = list(book["Ringkasan"].iter_rows(values_only=True))[-len(report["providers"]) :]
    for provider, row, shown in zip(report["providers"], rows, cells.tables[0], strict=True):
        assert row[-1] == provider["restitution_idr"]
        money = "–" if row[-1] is None else f"Rp{row[-1]:,}".replace(",", ".")
        assert shown[-1] == money


def _seconds(text: str) -> float:
    hours, minutes, seconds = map(int, text.split(":"))
    return float(hours * 3600 + minutes * 60 + seconds)


async def test_parts_add_up_and_restitution_is_the_formula(
    client: httpx.AsyncClient, october: Backend
) -> None:
    report = (await client.get(f"/api/v1/reports/sla?month={MONTH}")).json()
    assert (report["since"], report["until"]) == ("2026-09-30T16:00:00Z", "2026-10-31T16:00:00Z")
    for office in report["offices"]:
        *parts, total = office["seconds"].values()
        assert sum(parts) == total == 31 * 86400
    telkom = next(p for p in report["providers"] if p["provider"] == "telkom")
    fee = october.inventory.providers["telkom"].monthly_fee_idr
    assert telkom["restitution_idr"] == round(fee * 6 / (31 * 24))
    row = next(o for o in report["offices"] if o["office"] == OFFICE)
    (outage,) = row["outages"]
    assert outage["seconds"]["down_counted_s"] == 6 * 3600
    assert outage["cause"]["kind"] == "penyedia"
    assert outage["against"] == ["telkom"]


async def test_every_outage_links_to_its_events(client: httpx.AsyncClient, october: Backend) -> None:
    october.log = october.records.changes()
    report = (await client.get(f"/api/v1/reports/sla?month={MONTH}&office={OFFICE}")).json()
    assert [o["office"] for o in report["offices"]] == [OFFICE]
    (outage,) = report["offices"][0]["outages"]
    lines = (await client.get(outage["events_url"])).json()["items"]
    assert [(e["was"], e["now"]) for e in lines] == [("connected", "cut"), ("cut", "connected")]
    known = {e.id: e.change for e in october.log}
    assert {known[i].now for i in outage["events"]} == {"cut", "down"}
    assert lines[0]["id"] in outage["events"]


async def test_a_provider_sees_its_own_figures_only(client: httpx.AsyncClient, october: Backend) -> None:
    devices = {d.id: d for d in october.inventory.devices.values()}
    telkom = bearer(october, "provider", provider="telkom")
    icon = bearer(october, "provider", provider="icon")
    engineer = bearer(october, "engineer")
    october.told = [replace(i, ticket="Icon+ 4711") if i.id == "R-2" else i for i in october.told]
    for path in (f"/api/v1/reports/sla?month={MONTH}", f"/reports/sla?month={MONTH}"):
        text = (await client.get(path, headers=telkom)).text
        assert "Telkom" in text
        for foreign in ("Icon+", "ICON", "Starlink", "R-2", "4711", "bapenda", "its port is down"):
            assert foreign not in text, foreign
        for device in devices.values():
            assert device.address is None or f'"{device.address.host}"' not in text
    report = (await client.get(f"/api/v1/reports/sla?month={MONTH}", headers=telkom)).json()
    assert [p["provider"] for p in report["providers"]] == ["telkom"]
    whole = (await client.get(f"/api/v1/reports/sla?month={MONTH}", headers=engineer)).json()
    own = next(p for p in whole["providers"] if p["provider"] == "telkom")
    assert report["providers"][0]["restitution_idr"] == own["restitution_idr"]
    other = (await client.get(f"/api/v1/reports/sla?month={MONTH}", headers=icon)).json()
    assert "R-1" not in str(other)
    for query in ("provider=icon", "provider=none", "office=bapenda", "office=none"):
        answer = await client.get(f"/api/v1/reports/sla?month={MONTH}&{query}", headers=telkom)
        assert answer.status_code == 404


async def test_a_cause_found_changes_the_report_and_is_kept(
    client: httpx.AsyncClient, october: Backend
) -> None:
    engineer = bearer(october, "engineer", label="Rina")
    telkom, icon = (bearer(october, "provider", provider=p) for p in ("telkom", "icon"))
    viewer = bearer(october, "viewer")
    url = "/api/v1/incidents/R-1/cause"
    body = {"cause": "listrik", "evidence": "Foto kWh padam", "note": "dicek Budi"}
    assert (await client.post(url, json=body, headers=viewer)).status_code == 403
    assert (await client.post(url, json=body, headers=telkom)).status_code == 403
    assert (await client.post(url, json=body, headers=icon)).status_code == 404
    assert (await client.post(url, json=body, headers=engineer)).status_code == 201
    sla = f"/api/v1/reports/sla?month={MONTH}&office={OFFICE}"
    row = (await client.get(sla, headers=engineer)).json()["offices"][0]
    assert row["seconds"]["excluded_power_s"] == 6 * 3600
    assert row["availability_percent"] == 100.0
    assert row["outages"][0]["cause"]["who"] == "Rina"
    seen = (await client.get(sla, headers=telkom)).json()["offices"][0]["outages"][0]["cause"]
    assert (seen["evidence"], seen["who"], seen["note"]) == ("Foto kWh padam", None, None)
    again = {"cause": "penyedia", "evidence": "Telkom mengaku kabel putus"}
    assert (await client.post(url, json=again, headers=engineer)).status_code == 201
    row = (await client.get(sla, headers=engineer)).json()["offices"][0]
    assert row["seconds"]["down_counted_s"] == 6 * 3600
    items = (await client.get(url, headers=engineer)).json()["items"]
    assert [i["cause"] for i in items] == ["listrik", "penyedia"]
    theirs = (await client.get(url, headers=telkom)).json()["items"]
    assert {(i["who"], i["note"]) for i in theirs} == {(None, None)}
    assert [e.action for e in october.access.log] == ["add_cause", "add_cause"]
    assert october.access.log[0].detail["evidence"] == "Foto kWh padam"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"cause": "listrik"}, "evidence"),
        ({"cause": "hujan", "evidence": "x"}, "cause"),
        ({"cause": "listrik", "evidence": "x", "offices": ["bapenda"]}, "not cut off in R-1"),
        ({"cause": "listrik", "evidence": "x", "provider": "icon"}, "penyedia only"),
        ({"cause": "penyedia", "evidence": "x", "provider": "nobody"}, "no provider has the id"),
    ],
)
async def test_bad_causes_are_refused(
    client: httpx.AsyncClient, october: Backend, body: dict[str, Any], why: str
) -> None:
    answer = await client.post("/api/v1/incidents/R-1/cause", json=body)
    assert answer.status_code == 422
    assert why in answer.json()["detail"]
    assert (await client.get("/api/v1/incidents/R-1/cause")).json()["items"] == []
    assert (await client.post("/api/v1/incidents/R-9/cause", json=body)).status_code in (404, 422)


@pytest.mark.parametrize(
    ("month", "why"),
    [("2027-03", "has not begun yet"), ("2026-13", "write it as 2026-11"), ("", "write it as 2026-11")],
)
async def test_no_month_is_a_clear_422(client: httpx.AsyncClient, month: str, why: str) -> None:
    for path in ("/api/v1/reports/sla", "/api/v1/reports/sla.xlsx", "/reports/sla"):
        answer = await client.get(path, params={"month": month})
        assert answer.status_code == 422
        assert why in answer.json()["detail"]


async def test_a_month_without_any_record_is_unknown_not_perfect(client: httpx.AsyncClient) -> None:
    report = (await client.get("/api/v1/reports/sla?month=2026-05")).json()
    assert {o["availability_percent"] for o in report["offices"]} == {None}
    assert {o["seconds"]["unknown_s"] for o in report["offices"]} == {31 * 86400.0}
    page = (await client.get("/reports/sla?month=2026-05")).text
    assert "100,000%" not in page


async def test_the_page_is_indonesian_with_an_english_switch(
    client: httpx.AsyncClient, october: Backend
) -> None:
    page = await client.get(f"/reports/sla?month={MONTH}", headers={"Accept-Language": "en"})
    assert '<html lang="id">' in page.text
    assert "Oktober 2026" in page.text
    assert "Kepala DKISP" in page.text
    assert "style-src 'self'" in page.headers["content-security-policy"]
    assert f"?month={MONTH}&amp;lang=en" in page.text
    english = (await client.get(f"/reports/sla?month={MONTH}&lang=en")).text
    assert '<html lang="en">' in english
    assert "October 2026" in english
    style = await client.get("/reports/static/sla.css")
    assert style.status_code == 200
    assert "counter(page)" in style.text


async def test_the_running_month_is_the_default(client: httpx.AsyncClient, october: Backend) -> None:
    report = (await client.get("/api/v1/reports/sla")).json()
    assert (report["month"], report["complete"]) == ("2026-11", False)
    assert report["until"] == "2026-11-21T06:00:00Z"


async def test_a_wall_screen_reads_no_reports(client: httpx.AsyncClient, october: Backend) -> None:
    wall = bearer(october, "wall")
    for path in ("/api/v1/reports/sla", "/api/v1/reports/sla.xlsx", "/reports/sla", "/api/v1/rollout"):
        assert (await client.get(path, headers=wall)).status_code == 403


@pytest.fixture(autouse=True)
def _closed(backend: Backend) -> Iterator[None]:
    yield
    backend.records.stop()


@pytest.mark.parametrize(
    "path",
    [
        "/reports/sla",
        "/rollout",
        "/rollout/summary",
        "/rollout/{office_id}",
        "/incidents/{incident_id}/cause",
    ],
)
async def test_answers_have_the_form_that_openapi_promises(
    client: httpx.AsyncClient, october: Backend, path: str
) -> None:
    body = {"cause": "listrik", "evidence": "foto"}
    assert (await client.post("/api/v1/incidents/R-1/cause", json=body)).status_code == 201
    progress = {"stage": "installing", "note": "tiang berdiri", "promised_date": "2026-12-20"}
    answer = await client.post("/api/v1/rollout/pkm-muara-komam/progress", json=progress)
    assert answer.status_code == 201
    document = (await client.get("/openapi.json")).json()
    promised = document["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]["application/json"]
    real = path.format(office_id="pkm-muara-komam", incident_id="R-1")
    month = {"month": MONTH} if path == "/reports/sla" else {}
    found = (await client.get(f"/api/v1{real}", params=month)).json()
    schema = {**promised["schema"], "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(found)
