"""Numbers, money, dates and lengths of time as a reader writes them, in Indonesian or English. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo

from topology.model import Language

_MONTHS = {
    Language.ID: (
        "Januari",
        "Februari",
        "Maret",
        "April",
        "Mei",
        "Juni",
        "Juli",
        "Agustus",
        "September",
        "Oktober",
        "November",
        "Desember",
    ),
    Language.EN: (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
}
_ZONES = {7: "WIB", 8: "WITA", 9: "WIT"}


def number(value: float, language: Language, places: int = 0) -> str:
    """1.234,56 in Indonesian, 1,234.56 in English."""
    text = f"{value:,.{places}f}"
    if language is Language.ID:
        return text.translate(str.maketrans(",.", ".,"))
    return text


def percent(value: float | None, language: Language) -> str:
    return "–" if value is None else f"{number(value, language, 3)}%"


def rupiah(value: int | None, language: Language) -> str:
    return "–" if value is None else f"Rp{number(value, language)}"


def day(value: date, language: Language) -> str:
    """21 November 2026."""
    return f"{value.day} {_MONTHS[language][value.month - 1]} {value.year}"


def month(value: str, language: Language) -> str:
    """`2026-11` as November 2026."""
    year, number_ = value.split("-")
    return f"{_MONTHS[language][int(number_) - 1]} {int(year)}"


def moment(value: datetime, zone: tzinfo, language: Language) -> str:
    """21 November 2026 14:05:09 WITA."""
    local = value.astimezone(zone)
    return f"{day(local.date(), language)} {local:%H:%M:%S} {zone_name(local)}"


def brief_moment(value: datetime, zone: tzinfo) -> str:
    """21-11-2026 14:05:09, for tables that say the zone once."""
    return f"{value.astimezone(zone):%d-%m-%Y %H:%M:%S}"


def zone_name(local: datetime) -> str:
    """WIB, WITA or WIT in Indonesia, else what the zone calls itself."""
    offset = local.utcoffset() or timedelta()
    name = local.tzname() or ""
    hours = _ZONES.get(int(offset.total_seconds() // 3600))
    return hours if hours is not None and offset.seconds % 3600 == 0 and name[:1] in "W+" else name


def length(seconds: float) -> str:
    """Hours, minutes and seconds: 26:05:09. Rounded to whole seconds."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
