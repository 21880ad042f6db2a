"""The roll-out register over the wire: who sees and says what, and what is late."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import openpyxl
import pytest

from topology.findings import Component, ComponentKind, StateChange
from topology.model import ConnectionStage, OfficeId

Backend = Any  # SampleBackend of conftest.py, which importlib mode can't import
OURS, THEIRS = "pkm-muara-komam", "smpn-1-tanah-grogot"
"""Both to be connected, by telkom and by icon."""


def bearer(backend: Backend, role: str, **more: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {backend.access.make(role, **more)}"}


async def test_open_offices_come_with_plan_and_lateness(client: httpx.AsyncClient, backend: Backend) -> None:
    body = (await client.get("/api/v1/rollout")).json()
    assert {o["id"] for o in (await client.get("/api/v1/offices?connection=installing")).json()["items"]} <= {
        r["office"] for r in body["items"]
    }
    assert body["total"] == sum(
        o.connection is not ConnectionStage.ACTIVE for o in backend.inventory.offices.values()
    )
    dates = [r["target_date"] for r in body["items"]]
    assert dates == sorted(dates)
    row = next(r for r in body["items"] if r["office"] == OURS)
    assert row["stage"] == row["connection"] == "installing"
    assert row["target_date"] == "2026-12-15"
    assert (row["late"], row["late_days"]) == (False, None)
    everything = (await client.get("/api/v1/rollout?which=all&limit=1000")).json()
    assert everything["total"] == len(backend.inventory.offices)


async def test_late_after_the_target_date_in_local_time(client: httpx.AsyncClient, backend: Backend) -> None:
    backend.clock.at = backend.clock.at.replace(month=12, day=15, hour=15, minute=59)  # 23:59 WITA
    assert not (await client.get(f"/api/v1/rollout/{OURS}")).json()["late"]
    backend.clock.at += timedelta(minutes=2)
    row = (await client.get(f"/api/v1/rollout/{OURS}")).json()
    assert (row["late"], row["late_days"]) == (True, 1)
    late = (await client.get("/api/v1/rollout?late=true")).json()["items"]
    assert OURS in [r["office"] for r in late]


async def test_a_coordinator_reports_progress_of_its_own_office(
    client: httpx.AsyncClient, backend: Backend
) -> None:
    headers = bearer(backend, "provider", provider="telkom", label="Telkom NOC")
    engineer = bearer(backend, "engineer")
    url = f"/api/v1/rollout/{OURS}/progress"
    answer = await client.post(url, json={"promised_date": "2027-01-10"}, headers=headers)
    assert answer.status_code == 201
    body = answer.json()
    assert body["late"] is True
    assert body["late_days"] == 26
    assert body["promised_date"] == "2027-01-10"
    link = "https://arsip.example.id/ba.pdf"
    answer = await client.post(
        url, json={"stage": "active", "note": "selesai", "link": link}, headers=headers
    )
    body = answer.json()
    assert (body["stage"], body["connection"], body["reported_active"]) == ("active", "installing", True)
    assert body["late"] is False
    assert [e["stage"] for e in body["progress"]] == [None, "active"]
    assert [e["who"] for e in body["progress"]] == [None, None]  # names of staff are not for a provider
    staff = (await client.get(f"/api/v1/rollout/{OURS}", headers=engineer)).json()
    assert {e["who"] for e in staff["progress"]} == {"Telkom NOC"}
    assert [e.action for e in backend.access.log] == ["report_progress", "report_progress"]
    assert backend.access.log[-1].detail["stage"] == "active"


async def test_a_foreign_office_is_as_unknown_as_none(client: httpx.AsyncClient, backend: Backend) -> None:
    headers = bearer(backend, "provider", provider="telkom")
    for path in (f"/api/v1/rollout/{THEIRS}", "/api/v1/rollout/nobody"):
        assert (await client.get(path, headers=headers)).status_code == 404
    answers = [
        await client.post(f"/api/v1/rollout/{name}/progress", json={"note": "x"}, headers=headers)
        for name in (THEIRS, "nobody")
    ]
    assert [a.status_code for a in answers] == [404, 404]
    said = [a.json()["detail"].replace(n, "?") for a, n in zip(answers, (THEIRS, "nobody"), strict=True)]
    assert said[0] == said[1]
    assert backend.records.read(lambda c: c.exec_driver_sql("select count(*) from rollout").scalar()) == 0


async def test_a_provider_reads_its_own_rows_only(client: httpx.AsyncClient, backend: Backend) -> None:
    engineer = bearer(backend, "engineer")
    headers = bearer(backend, "provider", provider="telkom")
    await client.post(
        f"/api/v1/rollout/{OURS}/progress", json={"note": "Icon+ lebih cepat dari Telkom"}, headers=engineer
    )
    for path in ("/rollout?which=all", "/rollout.csv?which=all", f"/rollout/{OURS}", "/rollout/summary"):
        text = (await client.get(f"/api/v1{path}", headers=headers)).text.lower()
        assert "icon" not in text, path
        assert "starlink" not in text, path
        assert THEIRS not in text, path
    rows = (await client.get("/api/v1/rollout?which=all", headers=headers)).json()["items"]
    assert {r["provider"] for r in rows} == {"telkom"}
    summary = (await client.get("/api/v1/rollout/summary", headers=headers)).json()
    assert summary["all"]["now"]["total"] == len(rows)
    assert [g["group"] for g in summary["by_provider"]] == ["telkom"]


@pytest.mark.parametrize("role", ["viewer", "oncall"])
async def test_others_may_read_but_not_report(client: httpx.AsyncClient, backend: Backend, role: str) -> None:
    headers = bearer(backend, role)
    assert (await client.get(f"/api/v1/rollout/{OURS}", headers=headers)).status_code == 200
    answer = await client.post(f"/api/v1/rollout/{OURS}/progress", json={"note": "x"}, headers=headers)
    assert answer.status_code == 403


async def test_a_stage_goes_back_with_a_reason_only(client: httpx.AsyncClient, backend: Backend) -> None:
    url = f"/api/v1/rollout/{OURS}/progress"
    answer = await client.post(url, json={"stage": "ordered"})
    assert answer.status_code == 422
    assert "goes back from installing to ordered" in answer.json()["detail"]
    answer = await client.post(url, json={"stage": "ordered", "note": "kontrak batal, dipesan ulang"})
    assert answer.json()["stage"] == "ordered"
    assert (await client.get(f"/api/v1/rollout/{OURS}")).json()["connection"] == "installing"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"note": "   "},
        {"link": "javascript:alert(1)"},
        {"stage": "done"},
        {"promised_date": "2027-02-30"},
        {"note": "x" * 2001},
        {"unknown": 1},
    ],
)
async def test_bad_progress_is_refused_and_nothing_kept(
    client: httpx.AsyncClient, backend: Backend, body: dict[str, Any]
) -> None:
    answer = await client.post(f"/api/v1/rollout/{OURS}/progress", json=body)
    assert answer.status_code == 422
    assert (await client.get(f"/api/v1/rollout/{OURS}")).json()["progress"] == []


async def test_csv_and_sheet_hold_the_rows_and_no_formula(
    client: httpx.AsyncClient, backend: Backend
) -> None:
    note = '=HYPERLINK("http://x";"klik")'
    await client.post(f"/api/v1/rollout/{OURS}/progress", json={"note": note})
    rows = (await client.get("/api/v1/rollout")).json()["items"]
    text = (await client.get("/api/v1/rollout.csv")).content.decode("utf-8-sig")
    table = list(csv.reader(io.StringIO(text)))
    assert table[0][:2] == ["Kode kantor", "Kantor"]
    assert [r[0] for r in table[1:]] == [r["office"] for r in rows]
    by_id = {r[0]: r for r in table[1:]}
    assert by_id[OURS][-1] == f"'{note}"
    assert by_id[OURS][7] == "2026-12-15"
    content = (await client.get("/api/v1/rollout.xlsx")).content
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    cell = next(c for row in sheet.iter_rows() for c in row if c.value == note)
    assert cell.data_type == "s"


async def test_percent_connected_over_time(client: httpx.AsyncClient, backend: Backend) -> None:
    offices = dict(backend.inventory.offices)
    joined = OfficeId(OURS)
    offices[joined] = replace(offices[joined], connection=ConnectionStage.ACTIVE)
    backend.inventory = replace(backend.inventory, offices=offices)
    start = backend.clock.at - timedelta(days=70)
    changes = []
    for office in offices.values():
        subject = Component(ComponentKind.OFFICE, office.id)
        active = office.connection is ConnectionStage.ACTIVE and office.id != OURS
        changes.append(StateChange(start, subject, None, "connected" if active else "not_connected"))
    subject = Component(ComponentKind.OFFICE, OURS)
    changes.append(StateChange(start + timedelta(days=30), subject, "not_connected", "connected"))
    changes.append(StateChange(start + timedelta(days=31), subject, "connected", "cut"))
    backend.records.append_changes(changes)
    body = (await client.get("/api/v1/rollout/summary?months=4")).json()
    assert body["months"] == ["2026-08", "2026-09", "2026-10", "2026-11"]
    active = sum(o.connection is ConnectionStage.ACTIVE for o in offices.values())
    assert [m and m["connected"] for m in body["all"]["months"]] == [None, active - 1, active, active]
    komam = next(g for g in body["by_kecamatan"] if g["group"] == "Muara Komam")
    assert [m and m["connected"] for m in komam["months"]] == [None, 1, 2, 2]
    assert komam["now"] == komam["months"][-1]


async def test_pages_go_on_where_they_ended(client: httpx.AsyncClient) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        body = (await client.get("/api/v1/rollout", params={"limit": 2, "cursor": cursor})).json()
        seen += [r["office"] for r in body["items"]]
        if body["next_cursor"] is None:
            break
        cursor = body["next_cursor"]
    assert len(seen) == len(set(seen)) == body["total"]
