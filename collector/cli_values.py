"""Texts of a command's output to values: numbers with units, durations, states of light. Pure.

A text that is no value of its kind raises UnreadableError; one that says "nothing here" gives None.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass

from topology.observations import Light

_NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?"
_FIRST_NUMBER = re.compile(rf"(?<![\w.])({_NUMBER})\s*(%|[A-Za-z\u00b5\u03bc\u00b0]*)")
_ABSENT = frozenset(
    ("", "-", "--", "---", "n/a", "na", "n.a.", "none", "null", "nil", "unknown", "unsupported",
     "not supported", "not available", "not applicable", "unavailable", "undefined",
     "invalid", "not present", "?", "n/s")
)  # fmt: skip
_DARK = re.compile(
    r"^[<=~ ]*-?\s*inf(?:inite|inity)?(?:\s*dbm)?$"
    r"|^no[ _-]?(?:rx[ _-]?)?(?:light|signal|power|rx)|^los$|^loss of signal|^rx[ _-]?los$|^dark$|^low light",
    re.IGNORECASE,
)
_BELOW = re.compile(rf"^<=?\s*({_NUMBER})")
DARK_AT_DBM = -39.9
"""At or below this a receiver sees nothing; many devices say -40."""
_TO_DBM = re.compile(rf"({_NUMBER}|-?\s*inf(?:inity)?)\s*\(?dbm\b", re.IGNORECASE)
_TO_MW = re.compile(rf"({_NUMBER})\s*\(?mw\b", re.IGNORECASE)
_TO_UW = re.compile(rf"({_NUMBER})\s*\(?[u\u00b5\u03bc]w\b", re.IGNORECASE)


class UnreadableError(ValueError):
    """The text is none of the kind; the message quotes it."""


@dataclass(frozen=True, slots=True)
class PowerText:
    dbm: float | None
    light: Light


UNSUPPORTED = PowerText(None, Light.UNSUPPORTED)
DARK = PowerText(None, Light.DARK)


def is_absent(text: str, absent: Collection[str] = ()) -> bool:
    plain = text.strip().strip("()[]").strip().lower()
    return plain in _ABSENT or plain in {a.lower() for a in absent}


def power(
    text: str, unit: str | None = "dbm", *, dark: Collection[str] = (), absent: Collection[str] = ()
) -> PowerText:
    """Optical power in dBm. Raises UnreadableError."""
    plain = text.strip()
    if plain.lower() in {d.lower() for d in dark} or _DARK.match(plain):
        return DARK
    if is_absent(plain, absent):
        return UNSUPPORTED
    below = _BELOW.match(plain)
    if below is not None:  # "less than what can be measured"
        return DARK
    return _measured(_dbm(plain, unit or "dbm"), plain)


def _dbm(text: str, unit: str) -> float:
    """dBm, -inf for no power at all. A unit in the text goes before the column's, and dBm before watts."""
    if found := _TO_DBM.search(text):
        word = found.group(1).replace(" ", "").lower()
        return -math.inf if "inf" in word else _float(word)
    for pattern, factor in ((_TO_MW, 1.0), (_TO_UW, 0.001)):
        if found := pattern.search(text):
            return _of_mw(_float(found.group(1)) * factor, text)
    number = _FIRST_NUMBER.search(text)
    if number is None or number.start() > 0:
        raise UnreadableError(f"{_quoted(text)} is no optical power")
    value = _float(number.group(1))
    match unit:
        case "dbm_x100":
            return value / 100.0
        case "mw":
            return _of_mw(value, text)
        case "uw":
            return _of_mw(value / 1000.0, text)
        case _:
            return value


def _of_mw(milliwatts: float, text: str) -> float:
    if milliwatts < 0:
        raise UnreadableError(f"{_quoted(text)} is less than no power")
    return 10.0 * math.log10(milliwatts) if milliwatts > 0 else -math.inf


def _measured(dbm: float, text: str) -> PowerText:
    if dbm <= DARK_AT_DBM:
        return DARK
    if not dbm < 35.0:
        raise UnreadableError(f"{_quoted(text)}: no fiber carries {dbm:g} dBm")
    return PowerText(round(dbm, 3), Light.LIT)


def limit_dbm(text: str, unit: str | None = "dbm") -> float | None:
    """A threshold: None where it is unset, or lower than anything that can be seen."""
    return power(text, unit).dbm


_SCALES: dict[str, dict[str, float]] = {
    "celsius": {"": 1.0, "c": 1.0, "degrees": 1.0, "deg": 1.0, "celsius": 1.0, "degc": 1.0, "\u00b0c": 1.0,
                "\u00b0": 1.0},
    "volts": {"v": 1.0, "volts": 1.0, "volt": 1.0, "mv": 1e-3, "uv": 1e-6, "\u00b5v": 1e-6},
    "ma": {"ma": 1.0, "ua": 1e-3, "\u00b5a": 1e-3, "a": 1000.0, "milliamps": 1.0, "amps": 1000.0},
    "bps": {"bps": 1.0, "b/s": 1.0, "kbps": 1e3, "kbit": 1e3, "kb": 1e3, "k": 1e3, "mbps": 1e6, "mbit": 1e6,
            "mb": 1e6, "m": 1e6, "gbps": 1e9, "gbit": 1e9, "gb": 1e9, "g": 1e9, "tbps": 1e12, "bit": 1.0,
            "gigabit": 1e9, "gb/s": 1e9, "mb/s": 1e6},
    "bytes": {"b": 1.0, "bytes": 1.0, "k": 1024.0, "kb": 1024.0, "kib": 1024.0, "kbytes": 1024.0,
              "m": 1024.0**2, "mb": 1024.0**2, "mib": 1024.0**2, "g": 1024.0**3, "gb": 1024.0**3,
              "gib": 1024.0**3},
}  # fmt: skip
_BASE = {
    "mv": ("volts", 1e-3),
    "ua": ("ma", 1e-3),
    "amperes": ("ma", 1000.0),
    "kbps": ("bps", 1e3),
    "mbps": ("bps", 1e6),
    "gbps": ("bps", 1e9),
}


def number(text: str, unit: str | None = None, *, absent: Collection[str] = ()) -> float | None:
    """A number in the base of its unit: celsius, volts, ma, bps, bytes, or as it stands (`ratio` of a
    percentage is 0 to 1). A unit in the text goes before `unit`. Raises UnreadableError."""
    if is_absent(text, absent):
        return None
    found = _FIRST_NUMBER.search(text)
    if found is None:
        raise UnreadableError(f"{_quoted(text)} is no number")
    value = _float(found.group(1))
    said = found.group(2).lower().replace("\u03bc", "\u00b5")
    if unit in ("percent", "ratio"):
        return value / 100.0 if unit == "percent" or said == "%" else value
    base, factor = _BASE.get(unit or "", (unit or "", 1.0))
    if said in ("f", "fahrenheit") and base == "celsius":
        return round((value - 32.0) / 1.8, 3)
    scale = _SCALES.get(base, {}).get(said) if said else None
    return value * (factor if scale is None else scale)


def whole(text: str, *, absent: Collection[str] = ()) -> int | None:
    """A counter or an index. Raises UnreadableError."""
    if is_absent(text, absent):
        return None
    found = re.search(r"(?<![\w.])-?\d[\d,]*", text)
    if found is None:
        raise UnreadableError(f"{_quoted(text)} is no number")
    value = int(found.group().replace(",", ""))
    if not 0 <= value < 1 << 64:
        raise UnreadableError(f"{_quoted(text)} is no counter")
    return value


_SPANS_S = (
    ("year", 365 * 86_400.0),
    ("week", 7 * 86_400.0),
    ("day", 86_400.0),
    ("hour", 3_600.0),
    ("min", 60.0),
    ("sec", 1.0),
)
_LETTERS_S = {"y": 365 * 86_400.0, "w": 7 * 86_400.0, "d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}
_WORDED = re.compile(r"(\d+)\s*(year|week|day|hour|hr|min|sec)", re.IGNORECASE)
_LETTERED = re.compile(r"(\d+)([ywdhms])(?![a-z])|(\d+)([ywdhms])(?=\d)", re.IGNORECASE)
_CLOCK = re.compile(r"(?<![\d:])(\d+):(\d\d)(?::(\d\d))?(?:\.\d+)?(?![\d:])")


def duration_s(text: str) -> float | None:
    """ "2 years, 31 weeks", "6w5d11h55m45s", "5 days, 22:53", "86400.5" (seconds). Raises UnreadableError."""
    if is_absent(text):
        return None
    total_s, seen = 0.0, False
    for amount, word in _WORDED.findall(text):
        unit = "hour" if word.lower() == "hr" else word.lower()
        total_s, seen = total_s + int(amount) * dict(_SPANS_S)[unit], True
    if not seen:
        for a, b, c, d in _LETTERED.findall(text):
            total_s, seen = total_s + int(a or c) * _LETTERS_S[(b or d).lower()], True
    clock = _CLOCK.search(text)
    if clock is not None:
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        total_s, seen = total_s + hours * 3600.0 + minutes * 60.0 + seconds, True
    if seen:
        return total_s
    plain = re.fullmatch(r"\s*(\d+(?:\.\d+)?)(?:\s+\d+(?:\.\d+)?)?\s*", text)  # /proc/uptime has two
    if plain is None:
        raise UnreadableError(f"{_quoted(text)} is no span of time")
    return float(plain.group(1))


def _float(text: str) -> float:
    value = float(text.replace(",", ""))
    if not math.isfinite(value):
        raise UnreadableError(f"{_quoted(text)} is no number")
    return value


def _quoted(text: str) -> str:
    plain = " ".join(text.split())
    return repr(plain if len(plain) <= 60 else f"{plain[:57]}...")
