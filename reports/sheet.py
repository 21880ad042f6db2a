"""Tables as a workbook (XLSX) and as CSV. No cell of text is ever a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from reports.labels import WORDS
from reports.tables import Cell, Table, Value
from topology.model import Language

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
_NUMBERS = {
    Cell.COUNT: "0",
    Cell.PERCENT: "0.000",
    Cell.SECONDS: "0.###",
    Cell.RUPIAH: "#,##0",
    Cell.MOMENT: "yyyy-mm-dd hh:mm:ss",
    Cell.DAY: "yyyy-mm-dd",
}
_WIDTHS = {Cell.TEXT: 28, Cell.MOMENT: 20, Cell.RUPIAH: 16}
_LONGEST = 32_000
"""A cell of Excel holds 32,767 characters."""
_BAD_IN_NAMES = re.compile(r"[\[\]:*?/\\]")
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def workbook(
    tables: Sequence[Table], head: Sequence[Sequence[Value]], zone: ZoneInfo, language: Language
) -> bytes:
    """One sheet a table; `head` stands above the first one. Moments are local time, without a zone: the head
    says which."""
    book = Workbook(write_only=True)
    for number, table in enumerate(tables):
        sheet = book.create_sheet(_BAD_IN_NAMES.sub(" ", table.name)[:31])
        for place, column in enumerate(table.columns, 1):
            sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS.get(column.kind, 14)
        if number == 0:
            for row in head:
                sheet.append([_cell(sheet, value, Cell.TEXT, zone, language) for value in row])
            sheet.append([])
        else:
            sheet.freeze_panes = "A2"
        sheet.append([_bold(sheet, column.label, zone, language) for column in table.columns])
        kinds = [column.kind for column in table.columns]
        for row in table.rows:
            sheet.append([_cell(sheet, v, kind, zone, language) for v, kind in zip(row, kinds, strict=True)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _bold(sheet: Any, label: str, zone: ZoneInfo, language: Language) -> Any:
    cell = _cell(sheet, label, Cell.TEXT, zone, language)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, value: Value, kind: Cell, zone: ZoneInfo, language: Language) -> Any:
    if value is None:
        return WriteOnlyCell(sheet, value=None)
    if isinstance(value, bool):
        value = WORDS[language]["yes" if value else "no"]
    if isinstance(value, str):
        cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("\ufffd", value)[:_LONGEST])
        cell.data_type = "s"  # a text that begins with "=" is a text
        cell.quotePrefix = value.startswith(_STARTS)
        return cell
    if isinstance(value, datetime):
        value = value.astimezone(zone).replace(tzinfo=None)
    cell = WriteOnlyCell(sheet, value=value)
    if kind in _NUMBERS:
        cell.number_format = _NUMBERS[kind]
    return cell


def csv_text(table: Table) -> str:
    """RFC 4180 with a byte order mark, so that spreadsheets read UTF-8. Moments are ISO 8601 in UTC.

    A text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection).
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_plain(column.label) for column in table.columns])
    for row in table.rows:
        writer.writerow([_plain(value) for value in row])
    return "\ufeff" + out.getvalue()


def _plain(value: Value) -> str | int | float | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        text = value.replace("\0", "\ufffd")
        return f"'{text}" if text.lstrip(" ").startswith(_STARTS) else text
    return value
