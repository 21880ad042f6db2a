"""Raw SNMP values to typed ones. Pure, and total: whatever an agent sends, a value or None comes out.

A value of the wrong type, out of its range, or one of the many ways to say "nothing" spoils its own cell
only. Units follow the names used everywhere here: dBm, milliamperes, volts, degrees Celsius.
"""

from __future__ import annotations

import math
import re
import struct
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from collector.transport import Value

_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,3})?")
_TWO_TO: Final = {32: 1 << 32, 64: 1 << 64}
_OPAQUE_FLOAT = b"\x9f\x78\x04"
"""net-snmp's Opaque float: tag 0x9f 0x78, length 4, then IEEE 754 single (UCD-SNMP-MIB's NetSnmpFloat)."""
_OPAQUE_DOUBLE = b"\x9f\x79\x08"
_DBM_TEXT = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*dbm", re.IGNORECASE)
_MAX_TEXT_CHARS: Final = 1024
_DBM_FLOOR, _DBM_CEILING = -99.0, 60.0


def as_int(value: Value) -> int | None:
    """An integer; also of octets that hold decimal digits, as some agents give numbers."""
    if type(value) is int:  # nearly always
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else None
    if isinstance(value, bytes):
        text = value.strip(b" \x00\r\n\t")
        digits = text[1:] if text[:1] in (b"-", b"+") else text
        if 0 < len(digits) <= 20 and digits.isdigit():
            return int(text)
    return None


def as_counter(value: Value, bits: int) -> int | None:
    """A Counter32 or Counter64 in its range. Agents that sign-extend (-1 for 2^32-1) are put right."""
    limit = _TWO_TO[bits]
    if type(value) is int:
        if 0 <= value < limit:
            return value
        value += limit
        return value if 0 <= value < limit else None
    return None


def as_gauge(value: Value) -> int | None:
    """A number that can't be negative."""
    number = as_int(value)
    return None if number is None or number < 0 else number


def as_float(value: Value) -> float | None:
    """A number: integer, Opaque float, or the first number in a text ("-12.3 dBm")."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int):
        try:
            return float(value)
        except OverflowError:
            return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        number = _opaque(value)
        if number is None:
            match = _NUMBER.search(value[:64].decode("latin-1"))
            number = float(match.group()) if match else None
        return number if number is not None and math.isfinite(number) else None
    return None


def as_power(value: Value) -> float | None:
    """Like `as_float`; of a text with several numbers the one that says dBm ("0.01 mW (-20.0 dBm)")."""
    if isinstance(value, bytes):
        match = _DBM_TEXT.search(value[:64].decode("latin-1"))
        if match:
            return float(match.group(1))
    return as_float(value)


def as_numbers(value: Value) -> list[float]:
    """Every number of a text with one a lane ("-2.19,-2.10"), or the single number that it is."""
    if isinstance(value, bytes):
        return [float(text) for text in _NUMBER.findall(value[:256].decode("latin-1"))]
    number = as_float(value)
    return [] if number is None else [number]


def _opaque(value: bytes) -> float | None:
    if value[:3] == _OPAQUE_FLOAT and len(value) == 7:
        return float(struct.unpack(">f", value[3:])[0])
    if value[:3] == _OPAQUE_DOUBLE and len(value) == 11:
        return float(struct.unpack(">d", value[3:])[0])
    return None


@lru_cache(maxsize=8192, typed=True)
def as_text(value: Value) -> str | None:
    """Text for people: UTF-8, else Latin-1; without NULs and other control characters; None when empty."""
    if isinstance(value, bytes):
        raw = value[: _MAX_TEXT_CHARS * 4].rstrip(b"\x00")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
    elif isinstance(value, str):
        text = value
    elif value is None or isinstance(value, bool | float):
        return None
    else:
        text = str(value)
    cleaned = "".join(c if c.isprintable() or c in "\n\r\t" else "" for c in text).strip()
    return cleaned[:_MAX_TEXT_CHARS] or None


def as_oid(value: Value) -> str | None:
    if isinstance(value, str) and value and all(part.isdigit() for part in value.split(".")):
        return value
    return None


def as_mac(value: Value) -> str | None:
    """aa:bb:cc:dd:ee:ff of six octets."""
    if isinstance(value, bytes) and len(value) == 6:
        return value.hex(":")
    return None


def as_address(value: Value) -> str | None:
    """An IP address of 4 or 16 octets (InetAddress, LLDP management address).

    An IPv4 address that an agent padded to 16 octets comes out as IPv4.
    """
    if isinstance(value, str):
        return value or None
    if isinstance(value, bytes):
        if len(value) == 4:
            return str(IPv4Address(value))
        if len(value) == 16:
            address = IPv6Address(value)
            return str(IPv4Address(value[12:])) if not any(value[:12]) and any(value) else str(address)
    return None


def as_seconds(value: Value) -> float | None:
    """TimeTicks (hundredths of a second) in seconds."""
    if type(value) is int and 0 <= value < 0x1_0000_0000:
        return value / 100.0
    ticks = as_counter(value, 32)
    return None if ticks is None else ticks / 100.0


def plausible_dbm(value: float | None) -> float | None:
    """Power that a fiber can carry; anything else is a sentinel that nobody declared."""
    if value is None or not _DBM_FLOOR < value < _DBM_CEILING:
        return None
    return value


def dbm_of_mw(milliwatts: float) -> float | None:
    """0 mW is no light, and has no dBm value."""
    return 10.0 * math.log10(milliwatts) if milliwatts > 0 else None
