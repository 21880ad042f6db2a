"""The sheet, the printed page and the values say the same."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from reports import formats
from reports.availability import Part
from reports.page import sla_page, sla_workbook
from reports.sheet import csv_text
from reports.tables import Cell, Column, Table, all_tables
from storage.records.outage_causes import CauseKind
from topology.model import Language, OfficeId

Story = Any  # of conftest.py, which importlib mode can't import


@pytest.fixture
def eventful(story: Story) -> Story:
    story.cut("kuaro", story.day(3), story.day(3, 7, 12))
    story.cut("beyond", story.day(4), story.day(4, 0, 4), by=story.link("icon-beyond"))
    power = story.cut("beyond", story.day(5), story.day(5, 3), by=story.device("beyond-r1"))
    story.found(power, CauseKind.LISTRIK, '=HYPERLINK("http://x")')
    story.window(story.link("telkom-long"), story.day(6), story.day(6, 2))
    story.monitor("blind", story.day(7))
    story.monitor("seeing", story.day(7, 1))
    return story


def sheets(content: bytes) -> dict[str, list[list[Any]]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return {s.title: [[c.value for c in row] for row in s.iter_rows()] for s in book.worksheets}


def test_the_sheet_holds_the_figures_of_the_report(eventful: Story) -> None:
    report = eventful.report()
    found = sheets(sla_workbook(report, Language.ID))
    assert list(found) == ["Ringkasan", "Per kantor", "Per sirkit", "Gangguan", "Pengecualian"]
    rows = {row[0]: row for row in found["Per kantor"][1:]}
    for office in report.offices:
        row = rows[office.name]
        assert row[4] == office.availability_percent
        assert row[5] == office.up_percent
        assert row[7:9] == [office.outages_counted, office.outages_short]
        assert row[9:16] == [getattr(office.seconds, f"{p}_s") for p in Part]
        assert sum(row[9:16]) == row[16] == office.seconds.total_s
    summary = {row[0]: row for row in found["Ringkasan"]}
    for provider in report.providers:
        assert summary[provider.name][-2:] == [provider.fee_idr, provider.restitution_idr]
    circuits = {row[2]: row for row in found["Per sirkit"][1:]}
    for circuit in (c for p in report.providers for c in p.circuits):
        assert circuits[circuit.circuit_id][-1] == circuit.restitution_idr
    assert len(found["Gangguan"]) - 1 == sum(len(o.outages) for o in report.offices)


@pytest.mark.parametrize("language", list(Language))
def test_the_page_holds_the_cells_of_the_tables(eventful: Story, language: Language) -> None:
    report = eventful.report()
    page = sla_page(report, language, css_href="/reports/static/sla.css")
    body = re.findall(r"<tbody>(.*?)</tbody>", page, re.S)
    tables = [t for t in all_tables(report, language) if t.rows]
    assert len(body) == len(tables)
    for text, table in zip(body, tables, strict=True):
        rows = [
            re.findall(r"<td[^>]*>(.*?)</td>", row, re.S) for row in re.findall(r"<tr>(.*?)</tr>", text, re.S)
        ]
        assert len(rows) == len(table.rows)
        for shown, row in zip(rows, table.rows, strict=True):
            for cell, value, column in zip(shown, row, table.columns, strict=True):
                _same(unescape(re.sub(r"<[^>]+>", "", cell)), value, column, language)


def _same(text: str, value: Any, column: Column, language: Language) -> None:
    if value is None:
        assert text == "–"
        return
    plain = text.replace(".", "").replace(",", ".") if language is Language.ID else text.replace(",", "")
    match column.kind:
        case Cell.PERCENT:
            assert float(plain.rstrip("%")) == value
        case Cell.RUPIAH:
            assert int(plain.removeprefix("Rp")) == value
        case Cell.COUNT:
            assert int(plain) == value
        case Cell.SECONDS:
            hours, minutes, seconds = map(int, text.split(":"))
            assert hours * 3600 + minutes * 60 + seconds == value
        case Cell.MOMENT:
            local = datetime.strptime(text, "%d-%m-%Y %H:%M:%S").replace(tzinfo=ZoneInfo("Asia/Makassar"))
            assert local == value
        case Cell.TEXT:
            assert text == value
        case _:
            assert text in {"ya", "tidak", "yes", "no"}


def test_text_is_never_a_formula(eventful: Story) -> None:
    offices = dict(eventful.inventory.offices)
    name = OfficeId("kuaro")
    offices[name] = replace(offices[name], name="=cmd|'/c calc'!A1")
    eventful.inventory = replace(eventful.inventory, offices=offices)
    book = openpyxl.load_workbook(io.BytesIO(sla_workbook(eventful.report(), Language.ID)))
    cells = [c for sheet in book.worksheets for row in sheet.iter_rows() for c in row if c.value is not None]
    dangerous = [c for c in cells if isinstance(c.value, str) and c.value[0] in "=+-@"]
    assert any(c.value.startswith("=cmd") for c in dangerous)
    assert {c.data_type for c in dangerous} == {"s"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1"])
def test_csv_takes_the_edge_off_formulas(text: str) -> None:
    table = Table("t", (Column("=label"), Column("n", Cell.COUNT)), ((text, -5),))
    out = csv_text(table)
    assert out.startswith("\ufeff'=label,n\r\n'")
    assert out.endswith(",-5\r\n")


def test_markup_in_names_stays_text(eventful: Story) -> None:
    offices = dict(eventful.inventory.offices)
    name = OfficeId("kuaro")
    offices[name] = replace(offices[name], name="<script>alert(1)</script>")
    eventful.inventory = replace(eventful.inventory, offices=offices)
    page = sla_page(eventful.report(), Language.ID, css_href="/x.css")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "style=" not in page
    assert "<style" not in page
    assert "<style>" in sla_page(eventful.report(), Language.ID)


def test_control_characters_do_not_break_the_sheet(eventful: Story) -> None:
    offices = dict(eventful.inventory.offices)
    name = OfficeId("kuaro")
    offices[name] = replace(offices[name], name="a\x00b\x0bc")
    eventful.inventory = replace(eventful.inventory, offices=offices)
    found = sheets(sla_workbook(eventful.report(), Language.EN))
    assert "a\ufffdb\ufffdc" in [row[0] for row in found["By office"]]


def test_an_empty_month_has_all_its_sheets_and_says_that_there_was_nothing(story: Story) -> None:
    report = story.report()
    found = sheets(sla_workbook(report, Language.ID))
    assert [len(rows) for name, rows in found.items() if name in ("Gangguan", "Pengecualian")] == [1, 1]
    assert "Tidak ada." in sla_page(report, Language.ID)


def test_numbers_and_dates_as_indonesians_write_them() -> None:
    assert formats.number(1234.56, Language.ID, 2) == "1.234,56"
    assert formats.number(1234.56, Language.EN, 2) == "1,234.56"
    assert formats.rupiah(1_234_567, Language.ID) == "Rp1.234.567"
    assert formats.percent(99.5, Language.ID) == "99,500%"
    assert formats.day(date(2026, 11, 21), Language.ID) == "21 November 2026"
    assert formats.day(date(2026, 8, 17), Language.ID) == "17 Agustus 2026"
    at = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
    assert formats.moment(at, ZoneInfo("Asia/Makassar"), Language.ID) == "21 November 2026 14:00:00 WITA"
    assert formats.length(93909.6) == "26:05:10"
